import { describe, expect, it } from '@jest/globals';
import { GraphBuilder } from '@refold/graph';
import { DOMParser, onErrorStopParsing } from '@xmldom/xmldom';
import fc from 'fast-check';
import { drawNetwork } from './draw-network.js';
import type { DrawnNetwork } from './drawn-network.js';
import { arbitraryNetwork } from './spec-kit/arbitrary-network.js';

/** Parses strictly. @throws ParseError for what is no well-formed XML */
function parse(text: string) {
  return new DOMParser({ onError: onErrorStopParsing }).parseFromString(text, 'image/svg+xml');
}

function chain(names: readonly string[], title = 'chain'): DrawnNetwork {
  const b = new GraphBuilder({ shape: [3, 8, 8], dtype: 'float32' });
  let x = b.input;
  for (const name of names) x = b.activation('relu', name, x);
  return { title, fused: b.build(x), regions: [] };
}

describe('drawNetwork', () => {
  it('writes well-formed XML of any names, the same each time', () =>
    fc.assert(
      fc.property(arbitraryNetwork, fc.boolean(), (network, fold) => {
        const svg = drawNetwork(network, { fold });
        expect(drawNetwork(network, { fold })).toBe(svg);
        const { documentElement } = parse(svg);
        expect(documentElement!.getAttribute('role')).toBe('img');
      }),
      { numRuns: 40 },
    ));

  it('shows names as they are, whatever is in them', () => {
    const name = `</text><script>alert("&amp; 'x'")</script>`;
    const svg = drawNetwork(chain([name], name));
    const document = parse(svg);
    expect(document.getElementsByTagName('script')).toHaveLength(0);
    expect(document.getElementsByTagName('title')[0]!.textContent).toBe(`${name}, fused form`);
    const texts = [...document.getElementsByTagName('text')].map(({ textContent }) => textContent);
    expect(texts).toContain(name);
    expect(texts.every((text) => !text!.includes('undefined'))).toBe(true);
  });

  it('replaces what XML cannot say', () => {
    const svg = drawNetwork(chain(['a\u0000b\ud800c\uffffd']));
    expect(svg).toContain('a\ufffdb\ufffdc\ufffdd');
  });

  it('says in words what it shows, and needs nothing from elsewhere', () => {
    const svg = drawNetwork(chain(['one', 'two', 'three']));
    const document = parse(svg);
    const labels = document.documentElement!.getAttribute('aria-labelledby')!.split(' ');
    const [title, description] = labels.map((id) => document.getElementById(id)!.textContent);
    expect(title).toBe('chain, fused form');
    expect(description).toContain('4 nodes');
    expect(description).toContain('Drawn once: × 3');
    expect(svg).toContain('@media (prefers-color-scheme:dark)');
    expect(svg.replace('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|@import|url\((?!#)/);
  });

  it('draws equal neighbours once, from the start of a block', () => {
    const b = new GraphBuilder({ shape: [4, 8, 8], dtype: 'float32' });
    let x = b.activation(
      'relu',
      'stem.act',
      b.conv2d('stem.conv', b.input, { outChannels: 4, kernel: 3, padding: 1 }),
    );
    for (let i = 0; i < 12; i++) {
      const conv = b.conv2d(`blocks.${i}.conv`, x, { outChannels: 4, kernel: 1 });
      x = b.activation('relu', `blocks.${i}.act`, conv);
    }
    const svg = drawNetwork({ title: 'net', fused: b.build(x), regions: [] });
    expect(svg).toContain('× 12, from blocks.0 to blocks.11');
    expect(svg).toContain('>blocks.0.conv<');
    expect(svg).not.toContain('blocks.1.conv');
    expect(
      drawNetwork({ title: 'net', fused: b.build(x), regions: [] }, { fold: false }),
    ).toContain('>blocks.11.conv<');
  });

  it('does not fold blocks of other shapes or attributes', () => {
    const b = new GraphBuilder({ shape: [4, 8, 8], dtype: 'float32' });
    const first = b.conv2d('a', b.input, { outChannels: 4, kernel: 3, padding: 1 });
    const second = b.conv2d('b', first, { outChannels: 4, kernel: 3, padding: 1, bias: true });
    const graph = b.build(
      b.conv2d('c', second, { outChannels: 4, kernel: 3, padding: 1, groups: 2 }),
    );
    expect(drawNetwork({ title: 'net', fused: graph, regions: [] })).not.toContain('Drawn once');
  });

  it('writes kernel, channels, groups, stride, shape and costs', () => {
    const b = new GraphBuilder({ shape: [4, 8, 8], dtype: 'uint8' });
    const conv = {
      outChannels: 8,
      kernel: [3, 5],
      stride: 2,
      padding: 1,
      groups: 2,
      bias: true,
    } as const;
    const wise = b.conv2d('wise', b.conv2d('conv', b.input, conv), {
      outChannels: 8,
      kernel: 3,
      padding: 1,
      groups: 8,
    });
    const svg = drawNetwork({ title: 'net', fused: b.build(wise), regions: [] });
    // 8·2·15 + 8 parameters; 8·4·3 values of 30 multiply-adds each.
    expect(svg).toContain('>conv 3×5, 4 → 8, 2 groups, stride 2, padding 1<');
    expect(svg).toContain('>8 × 4 × 3 · 248 parameters · 2.88 kMACs<');
    expect(svg).toContain('>depthwise conv 3×3, 8 → 8<');
  });
});
