import type { Graph } from './graph.js';
import { randomOf } from './random.js';
import { tensorsOf } from './tensors-of.js';
import { sizeOf, type HostTensor, type TensorSpec } from './tensor.js';

/**
 * First values of every tensor of the graph, in the graph's order. Each comes from its own stream, keyed by seed
 * and name, so that it depends on nothing else in the graph: a changed head leaves the body as it was.
 * The caller owns the result.
 */
export function initialise(graph: Graph, seed: number): Map<string, HostTensor> {
  return new Map(tensorsOf(graph).map((spec) => [spec.name, initialTensor(spec, seed)]));
}

/** First values of one tensor. */
export function initialTensor({ name, shape, init }: TensorSpec, seed: number): HostTensor {
  const data = new Float32Array(sizeOf(shape));
  if (init.kind === 'constant') {
    data.fill(init.value);
  } else if (init.kind === 'identity') {
    placeIdentity(data, shape, init.groups);
  } else {
    const { mean = 0, std } = init;
    const random = randomOf(seed, 'initialise', name);
    for (let i = 0; i < data.length; i++) data[i] = mean + std * random.normal();
  }
  return { shape, data };
}

/** As PyTorch's `dirac_`: of even kernels the centre is the later of the two. */
function placeIdentity(kernel_OIHW: Float32Array, shape: readonly number[], groups: number): void {
  const [outputs = 0, inputs = 0, height = 1, width = 1] = shape;
  const centre = Math.floor(height / 2) * width + Math.floor(width / 2);
  const outputsPerGroup = outputs / groups;
  for (let o = 0; o < outputs; o++) {
    const i = o % outputsPerGroup;
    if (i < inputs) kernel_OIHW[(o * inputs + i) * height * width + centre] = 1;
  }
}
