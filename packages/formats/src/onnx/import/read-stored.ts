import {
  graphFromJson,
  isRefoldError,
  tensorsOf,
  type Graph,
  type HostTensor,
  type Quantisation,
} from '@refold/graph';
import { z } from 'zod';
import { bytesAt } from '../../protobuf/place.js';
import { checkWeights } from '../../refold-file/check-weights.js';
import type { FilePreprocessing } from '../../refold-file/refold-file.js';
import { nodesDigest } from '../nodes-digest.js';
import type { OnnxModel } from '../onnx-model.js';
import { loadConstant } from './load-constants.js';

const positive = z.number().positive();
const schemas = {
  classes: z.array(z.string()),
  preprocessing: z
    .object({
      resize: positive.int().nullable(),
      crop: positive.int(),
      interpolation: z.enum(['bilinear', 'bicubic']),
      channels: z.union([z.literal(1), z.literal(3)]),
    })
    .nullable(),
  quantisation: z.object({
    values: z.record(
      z.string(),
      z.object({
        dtype: z.enum(['uint8', 'int8']),
        scale: positive,
        zeroPoint: z.number().int(),
      }),
    ),
    weights: z.record(z.string(), z.array(positive)),
  }),
};

/** What Refold keeps in a model's metadata. */
export interface StoredNetwork {
  readonly graph?: Graph;
  readonly weights: ReadonlyMap<string, HostTensor>;
  readonly classes: readonly string[];
  readonly preprocessing: FilePreprocessing | null;
  readonly quantisation: Quantisation | null;
}

/**
 * What `writeOnnx` put into a model. The graph and weights are only there while they are true: where another program has
 * changed nodes or taken weights away since, the nodes say what the network is.
 *
 * @returns undefined for models that Refold did not write
 */
export async function readStored(
  model: OnnxModel,
): Promise<
  | (StoredNetwork & { readonly graph: Graph })
  | (StoredNetwork & { readonly graph?: never })
  | undefined
> {
  const { metadata } = model;
  if (metadata.get('refold.format') !== '1') return undefined;
  const json = <T>(key: string, schema: z.ZodType<T>): T | undefined => {
    const result = schema.safeParse(parsed(metadata.get(`refold.${key}`)));
    return result.success ? result.data : undefined;
  };
  const rest = {
    classes: json('classes', schemas.classes) ?? [],
    preprocessing: json('preprocessing', schemas.preprocessing) ?? null,
    quantisation: json('quantisation', schemas.quantisation) ?? null,
  };
  const text = metadata.get('refold.graph');
  const unchanged = metadata.get('refold.nodes') === (await digestOf(model));
  if (text === undefined || !unchanged) return { ...rest, weights: new Map() };
  try {
    const graph = graphFromJson(text);
    const weights = await weightsOf(model, graph);
    checkWeights(model.path, graph, weights);
    return { ...rest, graph, weights };
  } catch (error) {
    const expected = isRefoldError(error) && /^RF-GRAPH-|^RF-FILE-WEIGHTS$/.test(error.code);
    if (expected) return { ...rest, weights: new Map() };
    throw error;
  }
}

async function digestOf({ graph }: OnnxModel): Promise<string> {
  const nodes: Uint8Array[][] = [];
  for (const { field } of graph.fields) {
    if (field.number === 1 && field.wire === 'bytes') nodes.push([await bytesAt(field.place)]);
  }
  return nodesDigest(nodes);
}

async function weightsOf(
  { path, graph: { initializers } }: OnnxModel,
  graph: Graph,
): Promise<ReadonlyMap<string, HostTensor>> {
  const weights = new Map<string, HostTensor>();
  for (const { name, shape } of tensorsOf(graph)) {
    const direct = initializers.get(name);
    const [stored, scale] = [
      initializers.get(`${name}_quantized`),
      initializers.get(`${name}_scale`),
    ];
    if (direct) {
      const { data } = await loadConstant(path, direct);
      if (data.length === shape.reduce((a, b) => a * b, 1)) {
        weights.set(name, { shape, data: Float32Array.from(data) });
      }
    } else if (stored && scale) {
      const [values, scales] = [await loadConstant(path, stored), await loadConstant(path, scale)];
      const per = values.data.length / scales.data.length;
      const data = Float32Array.from(
        { length: values.data.length },
        (_, i) => values.data[i]! * scales.data[Math.floor(i / per)]!,
      );
      weights.set(name, { shape: stored.shape, data });
    }
  }
  return weights;
}

function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
