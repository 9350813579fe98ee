import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { badIndex, unreadable } from '../errors.js';
import type { ByteSource } from '../bytes/byte-source.js';
import { openBytes } from '../bytes/open-bytes.js';
import type { TensorSource } from '../tensors/tensor-source.js';
import type { WeightsFile } from '../weights/weights-file.js';
import { openSafetensors } from './read-safetensors.js';
import { scanJson } from './scan-json.js';

const MAX_INDEX_BYTES = 100_000_000;
const MAX_SHARDS = 10_000;
const MAX_DEPTH = 4;

/** True for JSON with the keys of `model.safetensors.index.json`. */
export function looksLikeIndex(head: Uint8Array): boolean {
  const text = Buffer.from(head.buffer, head.byteOffset, head.length).toString('latin1');
  return /^\s*\{/.test(text) && /"(weight_map|metadata)"\s*:/.test(text);
}

/**
 * Weights in several safetensors files, from the index beside them: `{"metadata": {…}, "weight_map": {TENSOR: FILE}}`, as
 * huggingface_hub's `save_torch_state_dict` writes. Every file must lie in the folder of the index. Tensors in the order of
 * the index.
 *
 * @param open of the files beside it; for tests
 * @throws RefoldError `RF-FILE-INDEX`; for the files as {@link openSafetensors}
 */
export async function openSafetensorsIndex(
  source: ByteSource,
  open: (path: string) => Promise<ByteSource> = openShard,
): Promise<WeightsFile> {
  const { weightMap, metadata } = await readIndex(source);
  const shards = new Map<string, WeightsFile>();
  const close = async (): Promise<void> => {
    for (const shard of shards.values()) await shard.close();
    await source.close();
  };
  try {
    for (const file of new Set(weightMap.values())) {
      const bytes = await open(join(dirname(source.path), file));
      try {
        shards.set(file, await openSafetensors(bytes));
      } catch (error) {
        await bytes.close();
        throw error;
      }
    }
    const tensors = new Map<string, TensorSource>();
    for (const [name, file] of weightMap) {
      const tensor = shards.get(file)!.tensors.get(name);
      if (!tensor) throw badIndex(source.path, `'${file}' has no tensor '${name}'.`, 'one', 'none');
      tensors.set(name, tensor);
    }
    const notes: string[] = [];
    for (const [file, shard] of shards) {
      const left = [...shard.tensors.keys()].filter((name) => weightMap.get(name) !== file);
      if (left.length > 0) {
        notes.push(
          `'${file}' has ${left.length} tensors that the index does not name, such as '${left[0]}'; they were left out.`,
        );
      }
    }
    return { format: 'safetensors', tensors, metadata, notes, close };
  } catch (error) {
    for (const shard of shards.values()) await shard.close();
    throw error;
  }
}

/** Only what is a file: opening a pipe would wait for whoever writes to it. Links are followed. */
async function openShard(path: string): Promise<ByteSource> {
  const found = await stat(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  if (!found.isFile()) {
    throw unreadable(path, { code: found.isDirectory() ? 'EISDIR' : 'not a regular file' });
  }
  return openBytes(path);
}

async function readIndex(source: ByteSource): Promise<{
  readonly weightMap: ReadonlyMap<string, string>;
  readonly metadata: Readonly<Record<string, string>>;
}> {
  const { path, size } = source;
  const fail = (message: string, expected: string, received: string): never => {
    throw badIndex(path, message, expected, received);
  };
  if (size > MAX_INDEX_BYTES)
    fail('The index is too long.', `at most ${MAX_INDEX_BYTES} bytes`, String(size));
  const text = Buffer.from(await source.read(0, size)).toString('utf8');
  const finding = scanJson(text, MAX_DEPTH);
  if (finding) fail(finding.message, `unique keys, at most ${MAX_DEPTH} levels`, finding.received);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    fail('The index is not valid JSON.', 'a JSON object', (error as Error).message);
  }
  const { weight_map: map, metadata } = (parsed ?? {}) as Record<string, unknown>;
  if (!isObject(map)) return fail("The index has no 'weight_map'.", 'an object', brief(map));
  const weightMap = new Map<string, string>();
  const files = new Set<string>();
  for (const [name, file] of Object.entries(map)) {
    if (typeof file !== 'string' || !isPlainName(file)) {
      return fail(
        `The file of '${name}' is not beside the index.`,
        'the name of a file in the same folder',
        brief(file),
      );
    }
    weightMap.set(name, file);
    if (files.add(file).size > MAX_SHARDS)
      fail('There are too many files.', `at most ${MAX_SHARDS}`, 'more');
  }
  const texts = Object.entries(isObject(metadata) ? metadata : {}).map(([key, value]) => [
    key,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
  return { weightMap, metadata: Object.fromEntries(texts) as Record<string, string> };
}

/** A name of a file in the same folder, on every system. */
function isPlainName(file: string): boolean {
  return file !== '' && file !== '.' && file !== '..' && !/[/\\:\0]/.test(file);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function brief(value: unknown): string {
  return (JSON.stringify(value) ?? String(value)).slice(0, 80);
}
