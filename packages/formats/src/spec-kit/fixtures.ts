import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bytesInMemory } from '../bytes/bytes-in-memory.js';
import { readAll } from '../tensors/tensor-source.js';
import { openWeightsFrom } from '../weights/open-weights.js';
import type { WeightsFile } from '../weights/weights-file.js';

/** Path of a file that a real program wrote; fixtures/README.md says which. */
export function fixture(name: string): string {
  return join(import.meta.dirname, '..', '..', 'fixtures', name);
}

/** Its bytes. */
export function fixtureBytes(name: string): Uint8Array {
  return new Uint8Array(readFileSync(fixture(name)));
}

/** Opens bytes as a file of weights. */
export function openMemory(bytes: Uint8Array): Promise<WeightsFile> {
  return openWeightsFrom(bytesInMemory('memory', bytes));
}

/** Tensors of a file as `name: type [shape] hex`, which are easily compared. */
export async function contentOf(
  file: Pick<WeightsFile, 'tensors'>,
): Promise<Record<string, string>> {
  const lines: Record<string, string> = {};
  for (const [name, { dtype, shape, data }] of await readAll(file.tensors)) {
    lines[name] = `${dtype} [${shape.join(', ')}] ${Buffer.from(data).toString('hex')}`;
  }
  return lines;
}
