import type { TensorMetadata, TFEOpAttr } from '@tensorflow/tfjs-node/dist/tfjs_binding.js';
import { TENSORFLOW_ATTRIBUTES, TENSORFLOW_TYPES } from './tensorflow-data-types.js';

/** What the detour needs of the binding. */
export interface OpRunner {
  shapeOf(tensorId: number): number[];
  tensorDataSync(tensorId: number): ArrayLike<number>;
  createTensor(shape: number[], dtype: number, values: unknown): number;
  deleteTensor(tensorId: number): void;
  executeOp(name: string, attrs: TFEOpAttr[], inputs: number[], outputs: number): TensorMetadata[];
}

/** oneDNN's channel block with AVX-512; with AVX2 it is 8. Fewer input channels are at risk. */
const CHANNEL_BLOCK = 16;

/**
 * Computes the filter gradient of a strided 1×1 convolution over few channels (RepVGG's first
 * block) without oneDNN's strided kernel, or returns undefined for every other op.
 *
 * That kernel writes past its work space when the input has fewer channels than a block: heap
 * corruption, a hang or wrong gradients some steps later (uxlfoundation/oneDNN issue 6035; seen
 * here with TensorFlow 2.15 to 2.21). A strided 1×1 convolution reads every stride-th pixel only,
 * so taking those pixels first and convolving with stride 1 is the same gradient, exactly.
 *
 * Inputs of the op: x [N, H, W, C], filter sizes [4], dy [N, H', W', K]; padding adds nothing.
 */
export function stridedPointwiseGradient(
  runner: OpRunner,
  opName: string,
  attributes: readonly TFEOpAttr[],
  inputs: readonly number[],
): TensorMetadata[] | undefined {
  if (opName !== 'Conv2DBackpropFilter') return undefined;
  const [x, filterSizes, dy] = inputs as [number, number, number];
  const strides = attributes.find(({ name }) => name === 'strides')?.value as number[];
  const layout = attributes.find(({ name }) => name === 'data_format')?.value ?? 'NHWC';
  if (layout !== 'NHWC' || strides.every((stride) => stride === 1)) return undefined;
  if ((runner.shapeOf(x).at(3) ?? 0) >= CHANNEL_BLOCK) return undefined;
  const [height, width] = Array.from(runner.tensorDataSync(filterSizes));
  if (height !== 1 || width !== 1) return undefined;

  const pixels = everyStridethPixel(runner, x, strides);
  try {
    const others = attributes.filter(({ name }) => !REPLACED.has(name));
    return runner.executeOp(opName, [...others, ...UNIT_STRIDE], [pixels, filterSizes, dy], 1);
  } finally {
    runner.deleteTensor(pixels);
  }
}

const REPLACED = new Set(['strides', 'padding', 'explicit_paddings']);

const UNIT_STRIDE: readonly TFEOpAttr[] = [
  { name: 'strides', type: TENSORFLOW_ATTRIBUTES.int, value: [1, 1, 1, 1] },
  { name: 'padding', type: TENSORFLOW_ATTRIBUTES.string, value: 'VALID' },
];

/** x[:, ::strides[1], ::strides[2], :] as a new tensor. */
function everyStridethPixel(runner: OpRunner, x: number, strides: readonly number[]): number {
  const bounds = [[0, 0, 0, 0], runner.shapeOf(x), strides].map((values) =>
    runner.createTensor([4], TENSORFLOW_TYPES.int32, Int32Array.from(values)),
  );
  try {
    const [pixels] = runner.executeOp('StridedSlice', [], [x, ...bounds], 1);
    return (pixels as TensorMetadata).id;
  } finally {
    for (const bound of bounds) runner.deleteTensor(bound);
  }
}
