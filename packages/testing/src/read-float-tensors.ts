import { readFileSync } from 'node:fs';
import { sizeOf, type HostTensor } from '@refold/graph';

/**
 * Every float32 tensor of a safetensors file whose name starts with `prefix`, without the prefix: reference data of a
 * test. For files that nobody vouches for there is `readSafetensors` of `@refold/formats`.
 */
export function readFloatTensors(file: string, prefix: string): Map<string, HostTensor> {
  const bytes = readFileSync(file);
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, start)) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  const tensors = new Map<string, HostTensor>();
  for (const [name, { dtype, shape, data_offsets }] of Object.entries(header)) {
    if (!name.startsWith(prefix) || dtype !== 'F32') continue;
    const data = new Float32Array(sizeOf(shape));
    for (let i = 0; i < data.length; i++) {
      data[i] = bytes.readFloatLE(start + data_offsets[0] + 4 * i);
    }
    tensors.set(name.slice(prefix.length), { shape, data });
  }
  return tensors;
}
