import path from 'node:path';
import { readOnnxNetwork, type RefoldFile } from '@refold/formats';
import { withNormalisation } from '../with-normalisation.js';
import type { ImportSettings } from './import-settings.js';

/**
 * The network of an ONNX model, which brings its own graph. What it does not say (how images are prepared) comes from the
 * settings.
 *
 * @throws RefoldError `RF-ONNX-*`, `RF-FILE-*`
 */
export async function readOnnxFile(
  file: string,
  settings: () => Promise<ImportSettings>,
): Promise<{ readonly network: RefoldFile; readonly notes: readonly string[] }> {
  const read = await readOnnxNetwork(file);
  const { weights, quantisation, notes } = read;
  const { options } = await settings();
  const graph = read.exact ? read.graph : withNormalisation(read.graph, options.normalization);
  const [height] = sizeOfImages(graph);
  const preprocessing = { ...options.preprocessing, ...(height !== undefined && { crop: height }) };
  const network: RefoldFile = {
    kind: 'model',
    form: graph.nodes.some(({ op }) => op === 'batch_norm') ? 'train' : 'fused',
    model: path.basename(file).replace(/\.onnx$/i, ''),
    ...{ graph, weights, quantisation },
    classes: read.classes.length > 0 ? read.classes : options.classes,
    preprocessing: read.preprocessing ?? preprocessing,
    ...{ config: null, position: null, best: null },
  };
  return { network, notes };
}

function sizeOfImages({ nodes }: RefoldFile['graph']): readonly number[] {
  const [first] = nodes;
  return first?.op === 'input' ? first.attrs.shape.slice(1) : [];
}
