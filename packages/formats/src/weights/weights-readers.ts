import type { ByteSource } from '../bytes/byte-source.js';
import { looksLikeMindspore, openMindspore } from '../mindspore/open-mindspore.js';
import { looksLikeNumpy, openNumpy } from '../numpy/open-numpy.js';
import { looksLikePytorch, openPytorch } from '../pytorch/open-pytorch.js';
import { looksLikeIndex, openSafetensorsIndex } from '../safetensors/open-safetensors-index.js';
import { looksLikeOnnx, openOnnxWeights } from '../onnx/open-onnx-weights.js';
import { openSafetensors } from '../safetensors/read-safetensors.js';
import type { WeightsFile, WeightsFormat } from './weights-file.js';

/** How one format is recognised and opened. */
export interface WeightsReader {
  readonly format: WeightsFormat;
  /** As messages name it. */
  readonly title: string;
  /** Judges by the file's first bytes, at most {@link HEAD_BYTES}; names are never looked at. */
  looksLike(head: Uint8Array): boolean;
  /** @throws RefoldError `RF-FILE-*` */
  open(source: ByteSource): Promise<WeightsFile>;
}

/** First bytes that readers are shown. */
export const HEAD_BYTES = 512;

/** Every format that can be read; the first that takes the head opens the file. */
export const weightsReaders: readonly WeightsReader[] = [
  {
    format: 'safetensors',
    title: 'safetensors',
    looksLike: (head) => head.length > 8 && head[8] === '{'.charCodeAt(0) && head[7] === 0,
    open: openSafetensors,
  },
  { format: 'numpy', title: 'NumPy (.npz, .npy)', looksLike: looksLikeNumpy, open: openNumpy },
  { format: 'pytorch', title: 'PyTorch', looksLike: looksLikePytorch, open: openPytorch },
  { format: 'mindspore', title: 'MindSpore', looksLike: looksLikeMindspore, open: openMindspore },
  {
    format: 'safetensors',
    title: 'an index of safetensors shards',
    looksLike: looksLikeIndex,
    open: openSafetensorsIndex,
  },
  { format: 'onnx', title: 'ONNX', looksLike: looksLikeOnnx, open: openOnnxWeights },
];
