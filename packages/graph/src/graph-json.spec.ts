import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { arbitraryGraph } from './spec-kit/arbitrary-graph.js';
import { codeOf } from './spec-kit/code-of.js';
import { GraphBuilder } from './graph-builder.js';
import { graphFromJson, graphToJson } from './graph-json.js';
import { withLoss } from './loss.js';

/** The code of the error, or `graph` when the text is one. */
const outcome = (text: string) => codeOf(() => graphFromJson(text)) ?? 'graph';

const small = new GraphBuilder({ shape: [3, 4, 4], dtype: 'float32' });
const conv = small.conv2d('conv', small.input, { outChannels: 4, kernel: 3 });
const network = small.build(small.linear('fc', small.flatten('flat', conv), { outFeatures: 2 }));

describe('graph JSON', () => {
  it('gives every graph back as it was, with and without loss', () => {
    fc.assert(
      fc.property(arbitraryGraph, (graph) => {
        const trained = withLoss(graph, { labelSmoothing: 0.1, targets: 'soft' });
        expect(graphFromJson(graphToJson(graph))).toEqual(graph);
        expect(graphFromJson(graphToJson(trained))).toEqual(trained);
      }),
      { numRuns: 60 },
    );
  });

  it('takes no JSON value for a graph that is none', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(outcome(text)).toBe('RF-GRAPH-JSON');
      }),
    );
  });

  it('survives any value at any place', () => {
    const hostile = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.constantFrom(1e308, -1, 0.5, 2 ** 53, '__proto__', 'constructor', 'input', 'conv'),
    );
    fc.assert(
      fc.property(fc.nat(), hostile, (place, value) => {
        let leaves = 0;
        const replace = (_key: string, old: unknown): unknown =>
          typeof old !== 'object' && leaves++ === place % 60 ? value : old;
        const text = JSON.stringify(network, replace);
        expect(['graph', 'RF-GRAPH-JSON']).toContain(outcome(text));
      }),
      { numRuns: 400 },
    );
  });

  it('survives damaged text', () => {
    const text = graphToJson(network);
    fc.assert(
      fc.property(fc.nat(text.length), fc.nat(3), fc.string(), (at, cut, insert) => {
        const damaged = text.slice(0, at) + insert + text.slice(at + cut);
        expect(['graph', 'RF-GRAPH-JSON']).toContain(outcome(damaged));
      }),
      { numRuns: 300 },
    );
    expect(outcome('['.repeat(200_000))).toBe('RF-GRAPH-JSON');
  });

  const text = graphToJson(network);
  it.each([
    ['an input of a node that does not exist', text.replace('["conv"]', '["cnov"]')],
    ['a node twice', text.replace('"flat"', '"conv"')],
    ['an unknown op', text.replace('"flatten"', '"constructor"')],
    ['another version', text.replace('"version":1', '"version":2')],
    ['an output that does not exist', text.replace('"output":"fc"', '"output":"no"')],
    ['a loss that is none', text.replace('"output":"fc"', '"output":"fc","loss":"conv"')],
    ['a network larger than any memory', text.replace('"outChannels":4', '"outChannels":1e15')],
    ['a channel count that is no integer', text.replace('"outChannels":4', '"outChannels":4.5')],
    ['a key that ops do not have', text.replace('"outChannels":4', '"outChannels":4,"x":1')],
  ])('refuses %s', (_what, bad) => {
    expect(bad).not.toBe(text);
    expect(outcome(bad)).toBe('RF-GRAPH-JSON');
  });
});
