import type { Model, ModelContext } from '@refold/core';
import { count, graphFromJson, graphToJson, shapesOf, tensorsOf, type Graph } from '@refold/graph';
import { expectEqual, expectThat } from './framework/expectations.js';
import { frameworkOf, type KitOptions } from './framework/test-framework.js';

export interface ModelKitOptions extends KitOptions {
  /** Samples the model is built for, default colour images of 64 × 64 and 96 × 64. */
  readonly samples?: readonly ModelContext['sample'][];
  /** Foreign names by naming scheme; each must be translated to a tensor of the graph. */
  readonly foreignNames?: Readonly<Record<string, readonly string[]>>;
}

/**
 * Conformance kit for models: purity, names, shapes, JSON, with and without normalisation, weight names.
 *
 * @param name shown in the titles
 */
export function describeModel(
  name: string,
  make: () => Model | Promise<Model>,
  options: ModelKitOptions = {},
): void {
  const { describe, it } = frameworkOf(options.framework);
  const samples = options.samples ?? [
    { channels: 3, height: 64, width: 64 },
    { channels: 3, height: 96, width: 64 },
  ];
  const contexts = samples.flatMap((sample) =>
    [10, 2].map((numClasses) => ({ numClasses, sample })),
  );
  const first = contexts[0]!;
  const test = (title: string, body: (model: Model) => void) =>
    it(title, async () => body(await make()));

  describe(`${name} as a Model`, () => {
    test('has a name', (model) => {
      expectThat(/^[\w.-]+$/.test(model.name), 'name', 'letters, digits, _ . -', model.name);
    });

    for (const context of contexts) {
      const { numClasses, sample } = context;
      const what = `${sample.channels}×${sample.height}×${sample.width}, ${numClasses} classes`;

      test(`${what}: answers with one logit per class`, (model) => {
        const graph = model.build(context);
        expectEqual(shapesOf(graph).get(graph.output), [numClasses], 'Shape of the output');
        expectEqual(graph.loss, undefined, 'The loss, which the pipeline adds');
      });

      test(`${what}: takes the sample as float32 without normalisation`, (model) => {
        const { channels, height, width } = sample;
        const expected = { shape: [channels, height, width], dtype: 'float32' };
        expectEqual(inputOf(model.build(context)), expected, 'Input without normalization');
      });

      test(`${what}: takes bytes and normalises them when asked`, (model) => {
        const mean = Array.from({ length: sample.channels }, (_, c) => 0.4 + c / 20);
        const std = Array.from({ length: sample.channels }, (_, c) => 0.2 + c / 20);
        const graph = model.build({ ...context, normalization: { mean, std } });
        const node = graph.nodes.find(({ op }) => op === 'normalize');
        expectEqual(inputOf(graph).dtype, 'uint8', 'dtype of the input with normalization');
        expectEqual(node?.inputs, ['input'], 'Inputs of the node normalize');
        expectEqual(node?.attrs, { mean, std }, 'Attributes of the node normalize');
        const plain = model.build(context);
        expectEqual(namesOf(graph), namesOf(plain), 'Tensor names, which do not depend on it');
      });
    }

    test('is pure: the same context gives the same graph', (model) => {
      expectEqual(
        graphToJson(model.build(first)),
        graphToJson(model.build(structuredClone(first))),
        'Two builds',
      );
    });

    it('is pure: another object gives the same graph', async () => {
      const [a, b] = [await make(), await make()];
      expectEqual(graphToJson(a.build(first)), graphToJson(b.build(first)), 'Two models');
    });

    test('has parameters, each with its own name', (model) => {
      const graph = model.build(first);
      const { parameters, macs } = count(graph);
      expectThat(parameters > 0, 'Parameters', 'at least one', parameters);
      expectThat(macs > 0, 'Multiply-adds', 'at least one', macs);
      const names = namesOf(graph);
      expectEqual(new Set(names).size, names.length, 'Distinct names');
      for (const tensor of names)
        expectThat(
          /^[\w.]+$/.test(tensor),
          'A tensor name',
          'a path of letters and digits',
          tensor,
        );
    });

    test('survives JSON', (model) => {
      const graph = model.build(first);
      expectEqual(graphToJson(graphFromJson(graphToJson(graph))), graphToJson(graph), 'JSON');
    });

    test('gives the body the same tensors whatever the number of classes', (model) => {
      const shapes = (numClasses: number) =>
        tensorsOf(model.build({ ...first, numClasses })).map(({ name: tensor }) => tensor);
      expectEqual(shapes(5), shapes(first.numClasses), 'Tensor names for 5 classes');
    });

    test('writes the names that it reads', (model) => {
      const own = namesOf(model.build(first));
      for (const [scheme, write] of Object.entries(model.foreignNames ?? {})) {
        const foreign = own.map((tensor) => write(tensor));
        const back = foreign.map((text) => model.weightNames?.[scheme]?.(text ?? ''));
        expectEqual(back, own, `Names through ${scheme} and back`);
        expectEqual(new Set(foreign).size, own.length, `Distinct names of ${scheme}`);
        expectEqual(write('no such weight'), undefined, `${scheme}: a name that is none of ours`);
      }
    });

    test('translates foreign weight names to names of the graph, each to its own', (model) => {
      const own = new Set(namesOf(model.build(first)));
      for (const [scheme, foreign] of Object.entries(options.foreignNames ?? {})) {
        const translate = model.weightNames?.[scheme];
        if (!translate) return expectEqual(translate, `the scheme ${scheme}`, 'weightNames');
        const translated = foreign.map((text) => {
          const ours = translate(text);
          expectThat(
            ours !== undefined && own.has(ours),
            `The ${scheme} name '${text}'`,
            'a tensor of the graph',
            ours,
          );
          return ours;
        });
        expectEqual(new Set(translated).size, foreign.length, `Distinct names from ${scheme}`);
      }
      for (const [scheme, translate] of Object.entries(model.weightNames ?? {}))
        expectEqual(translate('no such weight'), undefined, `${scheme}: a name it does not know`);
      const values = Object.keys(model.weightValues ?? {});
      const nameless = values.filter((scheme) => !model.weightNames?.[scheme]);
      expectEqual(nameless, [], 'Schemes of weightValues that weightNames lacks');
    });
  });
}

function inputOf(graph: Graph): { shape: readonly number[]; dtype: string } {
  const [node] = graph.nodes;
  return node?.op === 'input' ? node.attrs : { shape: [], dtype: 'no input' };
}

function namesOf(graph: Graph): string[] {
  return tensorsOf(graph).map(({ name }) => name);
}
