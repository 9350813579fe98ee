import { expect, it } from '@jest/globals';
import { evaluate, type Graph } from '@refold/graph';
import type { Runner } from './calibrate.js';
import { evaluateQuantised } from './evaluate-quantised.js';
import { layerErrors } from './layer-errors.js';
import { planQuantisation } from './plan-quantisation.js';
import { quantise } from './quantise.js';
import { smallNetwork, someImages, someWeights } from './spec-kit/small-network.js';

const graph = smallNetwork();
const weights = someWeights(graph, 1);
const { values } = planQuantisation(graph);
const ranges = Object.fromEntries(values.map((name) => [name, { min: 0, max: 3 }]));
const quantisation = quantise(graph, weights, ranges);
type Images = ReturnType<typeof someImages>;

const runner =
  (valueOf: (network: Graph, images: Images) => Float64Array) =>
  async (network: Graph): Promise<Runner<Images>> => ({
    infer: async (images) => ({
      images: images.shape[0]!,
      data: Float32Array.from(valueOf(network, images)),
    }),
    close: async () => undefined,
  });
const loadFloat = runner(
  (network, images) => evaluate(network, weights, images).get(network.output)!.data,
);
const loadQuantised = runner(
  (network, images) =>
    evaluateQuantised(network, weights, quantisation, images).get(network.output)!.data,
);
const batches = () => [someImages(2, 1), someImages(3, 2)];

it('tells the error of every stored value and of the output, over all images', async () => {
  const errors = await layerErrors(graph, quantisation, {
    batches,
    loadFloat,
    loadQuantised,
    mostElements: 700,
  });
  expect(errors.map(({ name }) => name)).toEqual([...values, 'fc']);
  const [images] = [batches()];
  let [signal, noise] = [0, 0];
  for (const one of images) {
    const x = evaluate(graph, weights, one, { outputs: ['b.act'] }).get('b.act')!.data;
    const y = evaluateQuantised(graph, weights, quantisation, one, { outputs: ['b.act'] }).get(
      'b.act',
    )!;
    x.forEach((value, i) => {
      signal += value ** 2;
      noise += (value - y.data[i]!) ** 2;
    });
  }
  const { relError, sqnrDb } = errors.find(({ name }) => name === 'b.act')!;
  expect(relError).toBeCloseTo(Math.sqrt(noise / signal), 6);
  expect(sqnrDb).toBeCloseTo(10 * Math.log10(signal / noise), 4);
});

it('says of equal values that nothing is lost', async () => {
  const errors = await layerErrors(graph, quantisation, {
    batches,
    loadFloat,
    loadQuantised: loadFloat,
  });
  for (const { relError, sqnrDb } of errors) expect([relError, sqnrDb]).toEqual([0, Infinity]);
});
