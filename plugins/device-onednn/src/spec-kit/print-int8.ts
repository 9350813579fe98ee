/** A script: stored values and logits of a network in eight bits, printed as {@link PrintedInt8}. */
import { GraphBuilder } from '@refold/graph';
import { observed } from '@refold/quantise';
import { loadAddon } from '../native/load-addon.js';
import { onednnDevice } from '../onednn-device.js';
import { evenly, weightsOf } from './conv-network.js';
import { imagesFor, inferInt8, quantisationOf } from './quantised-network.js';

export interface PrintedInt8 {
  readonly isa: string;
  readonly values: readonly number[];
  readonly algorithms: readonly string[];
}

const b = new GraphBuilder({ shape: [3, 11, 10], dtype: 'float32' });
const common = { kernel: 3, padding: 1, bias: true };
const first = b.conv2d('first', b.input, { ...common, outChannels: 40, stride: 2 });
const depthwise = { ...common, outChannels: 40, groups: 40 };
const second = b.conv2d('second', b.activation('relu', 'first.act', first), depthwise);
const grouped = { ...common, outChannels: 24, groups: 4 };
const third = b.conv2d('third', b.activation('relu', 'second.act', second), grouped);
const last = { outChannels: 80, kernel: 1, bias: true };
const fourth = b.activation('relu', 'fourth.act', b.conv2d('fourth', third, last));
const vector = b.flatten('flat', b.globalAvgPool('pool', fourth));
const graph = b.build(b.linear('head', vector, { outFeatures: 5 }));
const weights = weightsOf(graph, evenly);
const batch = imagesFor(graph, 3);
const quantisation = quantisationOf(graph, weights, batch);
const device = onednnDevice();
const names = [...Object.keys(quantisation.values), 'head'];
const { data, operations } = await inferInt8(
  device,
  observed(graph, names),
  weights,
  quantisation,
  batch,
);
const printed: PrintedInt8 = {
  isa: loadAddon().isa,
  values: Array.from(data),
  algorithms: [...new Set(operations.map(({ algorithm }) => algorithm))],
};
process.stdout.write(JSON.stringify(printed));
await device.close();
