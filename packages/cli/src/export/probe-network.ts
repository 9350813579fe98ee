import {
  composeResolved,
  Device,
  mergeConfig,
  type InferenceSession,
  type Logits,
} from '@refold/core';
import { InternalError, randomOf, sizeOf, type Graph } from '@refold/graph';
import type { RefoldFile } from '@refold/formats';
import type { Io } from '../io.js';
import { loadConfig } from '../load-config.js';
import { referenceSession } from '../quantise/reference-session.js';
import type { Arguments } from '../read-arguments.js';

/** A batch of images and what the network answers. */
export interface Probe {
  readonly input: { readonly shape: readonly number[]; readonly data: Float32Array | Uint8Array };
  readonly output: { readonly shape: readonly number[]; readonly data: Float32Array };
}

const IMAGES = 2;
const SEED = 0;

/**
 * Random images at the network's own size with the answers of this machine's device, in float32, or of the integer
 * reference where the network is quantised.
 */
export async function probeNetwork(
  io: Io,
  given: Pick<Arguments, 'options' | 'flags'>,
  network: RefoldFile,
): Promise<readonly Probe[]> {
  const { shape, bytes } = inputOf(network.graph);
  const [channels = 1, height = 1, width = 1] = shape;
  const random = randomOf(SEED, 'export', 'probe');
  const size = IMAGES * sizeOf(shape);
  const data = bytes
    ? Uint8Array.from({ length: size }, () => random.int(256))
    : Float32Array.from({ length: size }, () => random.normal());
  const layout = 'NCHW' as const;
  const batch = { images: IMAGES, channels, height, width, layout, data };
  const { data: logits, classes } = await answer(io, given, network, (session) =>
    session.infer(batch),
  );
  const input = { shape: [IMAGES, ...shape], data };
  return [{ input, output: { shape: [IMAGES, classes], data: logits } }];
}

async function answer(
  io: Io,
  given: Pick<Arguments, 'options' | 'flags'>,
  { graph, weights, quantisation }: RefoldFile,
  infer: (session: InferenceSession) => Promise<Logits>,
): Promise<Logits> {
  if (quantisation) return infer(referenceSession(graph, weights, quantisation));
  const config = await loadConfig(io, given.options.config === undefined ? deviceOf(given) : given);
  const scope = await composeResolved(config, { baseDir: io.cwd }).open();
  try {
    const device = await scope.get(Device);
    const use = { kind: 'inference', batchSize: IMAGES, precision: 'float32', weights } as const;
    const session = await device.load(graph, use);
    const logits = await infer(session);
    await session.close();
    return logits;
  } finally {
    await scope.close();
  }
}

/** Only a device is needed: the flags that say how images are prepared belong to a plugin that is not. */
function deviceOf({ options, flags }: Pick<Arguments, 'options' | 'flags'>) {
  const { device } = mergeConfig({ flags }).tree.value;
  const value = device === undefined ? {} : { device };
  const mindcv = { value: {}, origins: new Map() };
  return { options, flags: { mindcv, tree: { ...flags.tree, value } } };
}

function inputOf(graph: Graph): { shape: readonly number[]; bytes: boolean } {
  const [first] = graph.nodes;
  if (first?.op !== 'input') throw new InternalError('A graph does not start with its input.');
  return { shape: first.attrs.shape, bytes: first.attrs.dtype === 'uint8' };
}
