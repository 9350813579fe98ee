import {
  checkQuantisation,
  graphFromJson,
  isRefoldError,
  type Graph,
  type HostTensor,
  type NamedTensors,
  type Quantisation,
} from '@refold/graph';
import { z } from 'zod';
import { badMetadata, checksumMismatch, notRefold, unknownFormat } from '../errors.js';
import { readSafetensors } from '../safetensors/read-safetensors.js';
import { readHostTensor, toNamedTensors } from '../tensors/to-named-tensors.js';
import { openWeights } from '../weights/open-weights.js';
import { checkWeights } from './check-weights.js';
import { checksum, CHECKSUM_KEY } from './checksum.js';
import type { RefoldFile } from './refold-file.js';

const count = z.number().int().nonnegative();
const record = z.record(z.string(), z.unknown()).nullable();
const schemas = {
  kind: z.enum(['checkpoint', 'model']),
  form: z.enum(['train', 'fused']),
  classes: z.array(z.string()),
  preprocessing: z
    .object({
      resize: z.number().int().positive().nullable(),
      crop: z.number().int().positive(),
      interpolation: z.enum(['bilinear', 'bicubic']),
      channels: z.union([z.literal(1), z.literal(3)]),
    })
    .nullable(),
  config: record,
  position: z
    .object({
      ...{ epoch: count, batch: count, step: count },
      replicas: count.positive().exactOptional(),
    })
    .nullable(),
  best: record,
  quantisation: z.object({
    values: z.record(
      z.string(),
      z.object({ dtype: z.enum(['uint8', 'int8']), scale: z.number(), zeroPoint: z.number() }),
    ),
    weights: z.record(z.string(), z.array(z.number())),
  }),
};

/**
 * Reads a checkpoint or model and verifies it: checksum, graph, and that the weights are the graph's.
 *
 * @throws RefoldError `RF-FILE-*`: unreadable, damaged, of another format, without a Refold network
 */
export async function readModelFile(path: string): Promise<RefoldFile> {
  const { tensors, metadata } = await readSafetensors(path);
  const format = metadata['refold.format'];
  if (format === undefined) throw notRefold(path, describeKeys(metadata));
  if (format !== '1') throw unknownFormat(path, format);
  const expected = metadata[CHECKSUM_KEY] ?? 'none';
  const received = checksum(tensors, metadata);
  if (expected !== received) throw checksumMismatch(path, expected, received);

  const text = (key: string): string => {
    const value = metadata[`refold.${key}`];
    if (value === undefined) throw badMetadata(path, `refold.${key}`, 'nothing');
    return value;
  };
  const parsed = <T>(key: string, schema: z.ZodType<T>, value: unknown): T => {
    const result = schema.safeParse(value);
    if (!result.success) throw badMetadata(path, `refold.${key}`, z.prettifyError(result.error));
    return result.data;
  };
  const json = <T>(key: string, schema: z.ZodType<T>): T => parsed(key, schema, jsonOf(text(key)));

  const weights: NamedTensors = toNamedTensors(path, tensors);
  const graph = graphOf(path, text('graph'));
  checkWeights(path, graph, weights);
  const quantisation = metadata['refold.quantisation'] !== undefined && {
    quantisation: fitting(path, graph, json('quantisation', schemas.quantisation)),
  };
  return {
    ...quantisation,
    kind: parsed('kind', schemas.kind, text('kind')),
    form: parsed('form', schemas.form, text('form')),
    model: text('model'),
    graph,
    weights,
    classes: json('classes', schemas.classes),
    preprocessing: json('preprocessing', schemas.preprocessing),
    config: json('config', schemas.config),
    position: json('position', schemas.position),
    best: json('best', schemas.best),
  };
}

/**
 * Weights alone, of a Refold file or of any file of weights, whose names are taken as they are. Optimizer slots of ours are
 * left out.
 *
 * @throws RefoldError `RF-FILE-*`
 */
export async function readWeights(path: string): Promise<NamedTensors> {
  const file = await openWeights(path);
  try {
    const weights = new Map<string, HostTensor>();
    if (file.format === 'safetensors' && file.metadata['refold.format'] !== undefined) {
      for (const [name, tensor] of (await readModelFile(path)).weights) {
        if (!name.startsWith('optimizer.')) weights.set(name, tensor);
      }
      return weights;
    }
    for (const [name, source] of file.tensors) {
      weights.set(name, await readHostTensor(path, name, source));
    }
    return weights;
  } finally {
    await file.close();
  }
}

function graphOf(path: string, text: string): RefoldFile['graph'] {
  try {
    return graphFromJson(text);
  } catch (error) {
    if (!isRefoldError(error)) throw error;
    throw badMetadata(path, 'refold.graph', error.message);
  }
}

function fitting(path: string, graph: Graph, quantisation: Quantisation): Quantisation {
  try {
    checkQuantisation(graph, quantisation);
    return quantisation;
  } catch (error) {
    if (!isRefoldError(error)) throw error;
    throw badMetadata(path, 'refold.quantisation', error.message);
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function describeKeys(metadata: Readonly<Record<string, string>>): string {
  const keys = Object.keys(metadata);
  return keys.length === 0 ? 'no metadata' : `metadata ${keys.slice(0, 6).join(', ')}`;
}
