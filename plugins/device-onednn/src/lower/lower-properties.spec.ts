import { describe, expect, it } from '@jest/globals';
import type { TrainingUse } from '@refold/core';
import {
  evaluate,
  initialise,
  parametersOf,
  randomOf,
  shapesOf,
  tensorsOf,
  withLoss,
  type Graph,
  type HostTensor,
} from '@refold/graph';
import { relativeError } from '@refold/testing';
import fc from 'fast-check';
import { arbitraryNetwork } from '../spec-kit/arbitrary-network.js';
import { raiseProgram } from '../spec-kit/raise-program.js';
import { momentumRule } from '../spec-kit/tiny-training.js';
import { lowerGraph, type LoweredGraph } from './lower-graph.js';

const common = { batchSize: 2, precision: 'float32' } as const;

function bothWays(graph: Graph, weights: ReadonlyMap<string, HostTensor>): LoweredGraph[] {
  const training: TrainingUse = {
    ...{ kind: 'training', ...common, weights },
    ...{ seed: 1, updateRule: momentumRule },
  };
  const graphWithLoss = withLoss(graph, { labelSmoothing: 0, targets: 'index' });
  return [
    lowerGraph(graph, { kind: 'inference', ...common, weights }),
    lowerGraph(graphWithLoss, training),
  ];
}

/** Nothing at its first value, so that no norm is the identity by chance. */
function someWeights(graph: Graph): Map<string, HostTensor> {
  const weights = initialise(graph, 3);
  for (const [name, { data }] of weights) {
    const random = randomOf(5, name);
    data.forEach((value, i) => (data[i] = value + 0.2 * Math.abs(random.normal())));
  }
  return weights;
}

function output(graph: Graph, weights: ReadonlyMap<string, HostTensor>): Float64Array {
  const sample = shapesOf(graph).get('input')!;
  const random = randomOf(9, 'input');
  const bytes = graph.nodes[0]!.op === 'input' && graph.nodes[0].attrs.dtype === 'uint8';
  const length = 2 * sample.reduce((a, b) => a * b, 1);
  const data = Float64Array.from({ length }, () => (bytes ? random.int(256) : random.normal()));
  return evaluate(graph, weights, { shape: [2, ...sample], data }).get(graph.output)!.data;
}

describe('lowering', () => {
  it('keeps what a network computes', () => {
    fc.assert(
      fc.property(arbitraryNetwork({ drops: true }), (graph) => {
        const weights = someWeights(graph);
        const expected = output(graph, weights);
        for (const lowered of bothWays(graph, weights)) {
          const raised = raiseProgram(lowered, weights);
          expect(relativeError(output(raised.graph, raised.weights), expected)).toBeLessThan(1e-12);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('makes values before they are read, once each, and sums of at most 16', () => {
    fc.assert(
      fc.property(arbitraryNetwork({ drops: true }), (graph) => {
        for (const { program } of bothWays(graph, initialise(graph, 0))) {
          const made = new Set([0]);
          for (const { inputs, output: value, region } of program.steps) {
            for (const input of inputs) expect(made).toContain(input);
            expect(made).not.toContain(value);
            expect(inputs.length).toBeLessThanOrEqual(16);
            expect(program.regions[region]).toBeDefined();
            made.add(value);
          }
          expect(made).toContain(program.output);
        }
      }),
    );
  });

  it('lists every tensor once: parameters as backward finishes them, then buffers', () => {
    fc.assert(
      fc.property(arbitraryNetwork({ drops: true }), (graph) => {
        for (const { program, specs } of bothWays(graph, initialise(graph, 0))) {
          const names = specs.map(({ name }) => name);
          expect(names.toSorted()).toEqual(
            tensorsOf(graph)
              .map(({ name }) => name)
              .toSorted(),
          );
          const { parameterCount } = program;
          const parameters = parametersOf(graph).map(({ name }) => name);
          expect(names.slice(0, parameterCount).toSorted()).toEqual(parameters.toSorted());
          const used = program.steps.toReversed().flatMap(parametersIn);
          // Ascending from 0 without gaps; what no step uses comes after.
          expect(used).toEqual(Array.from({ length: used.length }, (_, i) => i));
        }
      }),
    );
  });
});

function parametersIn(step: LoweredGraph['program']['steps'][number]): number[] {
  if (step.op === 'branches') return step.norms.flatMap((n) => (n ? [n.weight, n.bias] : []));
  const weight = 'weight' in step ? [step.weight] : [];
  return 'bias' in step && step.bias >= 0 ? [...weight, step.bias] : weight;
}
