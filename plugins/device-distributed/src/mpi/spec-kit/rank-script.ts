import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Folder that all ranks of a run share, and the script's own arguments. */
export const [sharedDir = '.', ...scriptArguments] = process.argv.slice(2);

/** Gives a rank's result to the test that started it. */
export function writeResult(rank: number, result: unknown): void {
  writeFileSync(join(sharedDir, `${rank}.json`), JSON.stringify(result));
}

export const toBase64 = (values: ArrayBufferView) =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');

export const float32From = (text: string) => new Float32Array(bytesFrom(text));

export const float64From = (text: string) => new Float64Array(bytesFrom(text));

const bytesFrom = (text: string) => Uint8Array.from(Buffer.from(text, 'base64')).buffer;
