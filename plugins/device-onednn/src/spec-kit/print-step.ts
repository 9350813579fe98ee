/** A script: one training step of a RepVGG, printed as {@link PrintedStep}. */
import { loadAddon } from '../native/load-addon.js';
import { onednnDevice } from '../onednn-device.js';
import { gradientsOf, noiseFor, repvggNetwork, repvggUse } from './repvgg-network.js';

export interface PrintedStep {
  readonly isa: string;
  readonly loss: number;
  readonly gradients: Readonly<Record<string, readonly number[]>>;
  readonly logits: readonly number[];
  readonly algorithms: readonly string[];
}

const graph = repvggNetwork();
const device = onednnDevice();
const session = await device.load(graph, repvggUse(graph));
const { loss } = await session.backward(noiseFor(graph, 1, 6));
const gradients = await gradientsOf(session);
await session.update(0.01);
const { data } = await session.infer(noiseFor(graph, 2, 6));
const printed: PrintedStep = {
  isa: loadAddon().isa,
  loss,
  gradients: Object.fromEntries([...gradients].map(([name, g]) => [name, Array.from(g)])),
  logits: Array.from(data),
  algorithms: [...new Set(session.compiled!.operations.map(({ algorithm }) => algorithm))],
};
process.stdout.write(JSON.stringify(printed));
await device.close();
