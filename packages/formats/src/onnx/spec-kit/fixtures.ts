import path from 'node:path';
import type { HostTensor } from '@refold/graph';
import { readSafetensors } from '../../safetensors/read-safetensors.js';
import { toNamedTensors } from '../../tensors/to-named-tensors.js';

/** Files that `e2e/python/make-onnx-fixtures.py` made. */
export const fixtureFolder = path.join(import.meta.dirname, '../../../fixtures/onnx');

export function fixture(name: string): string {
  return path.join(fixtureFolder, `${name}.onnx`);
}

/** PyTorch's outputs for an input, beside a fixture: `input`, `output0`, … */
export async function expectedOf(name: string): Promise<(key: string) => HostTensor> {
  const file = path.join(fixtureFolder, `${name}.safetensors`);
  const tensors = toNamedTensors(file, (await readSafetensors(file)).tensors);
  return (key) => tensors.get(key)!;
}
