import { readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { drawNetwork, type DrawnNetwork } from '@refold/draw';
import { writeModelFile } from '@refold/formats';
import { initialise, type Graph } from '@refold/graph';
import { mobileoneGraph, mobileoneVariants } from '@refold/plugin-model-mobileone';
import { repvggGraph, repvggVariants } from '@refold/plugin-model-repvgg';
import { fuse, outlineFusion } from '@refold/reparam';
import { DOMParser, onErrorStopParsing, type Element } from '@xmldom/xmldom';
import { runCli, root } from './spec-kit/run-cli.js';
import { temporaryFolder } from './spec-kit/temporary-folder.js';
import { writeTinyConfig } from './spec-kit/tiny-config.js';

const folder = temporaryFolder();
const context = {
  numClasses: 1000,
  sample: { channels: 3, height: 224, width: 224 },
  normalization: { mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2] },
};
/** Of each kind of block: plain, in groups, deep, with squeeze-excite, depthwise; and the largest. */
const models: [string, () => Graph][] = [
  ...['repvgg_a0', 'repvgg_b1g4', 'repvgg_b3', 'repvgg_d2se'].map((name): [string, () => Graph] => [
    name,
    () => repvggGraph(repvggVariants[name]!, context),
  ]),
  ...['mobileone_s0', 'mobileone_s4'].map((name): [string, () => Graph] => [
    name,
    () => mobileoneGraph(mobileoneVariants[name]!, context),
  ]),
];

function networkOf(title: string, graph: Graph): DrawnNetwork {
  const { train, fused, regions } = outlineFusion(graph);
  const drawn = regions.map(({ name, region }) => ({
    name,
    nodes: region.nodes.map((node) => node.name),
  }));
  return { title, train, fused, regions: drawn };
}

interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly right: number;
  readonly bottom: number;
}

/** Boxes of nodes, by column, as a reader of the file sees them. */
function boxesOf(svg: string): readonly (readonly Rectangle[])[] {
  const document = new DOMParser({ onError: onErrorStopParsing }).parseFromString(
    svg,
    'image/svg+xml',
  );
  const groups = [...document.getElementsByTagName('g')];
  return groups
    .filter((group) => group.getAttribute('class')?.startsWith('form-'))
    .map((column) =>
      [...column.getElementsByTagName('g')].map((group) => {
        const box = group.getElementsByTagName('rect')[0]!;
        const [x, y, width, height] = ['x', 'y', 'width', 'height'].map((key) =>
          numberAt(box, key),
        );
        return { x: x!, y: y!, right: x! + width!, bottom: y! + height! };
      }),
    );
}

const numberAt = (element: Element, key: string) => Number(element.getAttribute(key));

function overlaps(boxes: readonly Rectangle[]): number {
  const apart = (a: Rectangle, b: Rectangle) =>
    a.right <= b.x || b.right <= a.x || a.bottom <= b.y || b.bottom <= a.y;
  return boxes.filter((a, i) => boxes.slice(i + 1).some((b) => !apart(a, b))).length;
}

describe('a picture of the networks that come with Refold', () => {
  it.each(models)(
    '%s: readable by XML readers, no boxes over each other, few of them',
    (name, make) => {
      const network = networkOf(name, make());
      const columns = boxesOf(drawNetwork(network));
      expect(columns).toHaveLength(2);
      for (const boxes of columns) expect(overlaps(boxes)).toBe(0);
      // RepVGG-B3 has 202 nodes, D2se 624, MobileOne-S0 508: what repeats is folded.
      expect(columns[0]!.length).toBeLessThan(170);
      expect(network.regions.length).toBeGreaterThan(20);
      const collapsed = boxesOf(drawNetwork(network, { collapse: true }));
      expect(collapsed[0]!.length).toBe(collapsed[1]!.length);
    },
  );

  it('holds every node of a thousand when it is not folded', () => {
    const spec = { ...mobileoneVariants['mobileone_s0']!, branches: 10 };
    const network = networkOf('wide', mobileoneGraph(spec, context));
    expect(network.train!.nodes.length).toBeGreaterThan(1000);
    const [train] = boxesOf(drawNetwork(network, { fold: false }));
    expect(train).toHaveLength(network.train!.nodes.length);
    expect(overlaps(train!)).toBe(0);
    expect(boxesOf(drawNetwork(network))[0]!.length).toBeLessThan(110);
  });
});

describe('refold draw', () => {
  const config = writeTinyConfig(folder);
  const draw = (...args: string[]) => runCli(['draw', ...args], folder);

  it('draws the network of a configuration, and says what it drew', async () => {
    const { code, stdout, stderr } = await draw('-c', config, '-o', 'tiny.svg', '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const output = path.join(folder, 'tiny.svg');
    expect(JSON.parse(stdout)).toEqual({
      ...{ output, bytes: statSync(output).size },
      ...{ nodes: { train: 30, fused: 13 }, regions: 4 },
    });
    const [train, fused] = boxesOf(readFileSync(output, 'utf8'));
    expect([train!.length, fused!.length]).toEqual([30, 13]);
  });

  it('takes a recipe whose data is not here, with a warning', async () => {
    const recipe = path.join(root, 'configs', 'repvgg', 'repvgg_a1.yaml');
    const { code, stderr } = await draw(recipe, '--form', 'fused');
    expect(code).toBe(0);
    expect(stderr).toContain('RF-DATA-NO-FOLDER');
    const svg = readFileSync(path.join(folder, 'repvgg_a1.svg'), 'utf8');
    expect(svg).toContain('repvgg_a1, fused form');
    expect(svg).toContain('linear, 1280 → 1000');
    expect(boxesOf(svg)).toHaveLength(1);
  });

  it('draws a file in train form, and one in fused form', async () => {
    const [train, fused] = [await fileOf('train'), await fileOf('fused')];
    const both = await draw(train, '--collapse', '--unfold', '--json', '-o', 'a.svg');
    expect(JSON.parse(both.stdout)).toMatchObject({
      nodes: { train: 154, fused: 49 },
      regions: 22,
    });
    expect(boxesOf(readFileSync(path.join(folder, 'a.svg'), 'utf8'))[0]).toHaveLength(49);
    const plain = await draw(fused, '--json', '-o', 'b.svg');
    expect(JSON.parse(plain.stdout)).toMatchObject({
      nodes: { train: null, fused: 49 },
      regions: 0,
    });
    const refused = await draw(fused, '--form', 'train');
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('RF-CLI-FORM') });
    const same = await draw(fused, '-o', fused);
    expect(same).toMatchObject({ code: 1, stderr: expect.stringContaining('RF-CLI-SAME-FILE') });
  });

  it('fails with 1 on what is no network, and writes nothing', async () => {
    writeFileSync(path.join(folder, 'note.txt'), 'Dear diary');
    const result = await draw('note.txt', '-o', 'note.svg');
    expect(result).toMatchObject({ code: 1, stderr: expect.stringContaining('RF-FILE-') });
    const nowhere = await draw('-c', config, '-o', path.join('no', 'where.svg'));
    expect(nowhere).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('RF-FILE-UNWRITABLE'),
    });
  });

  async function fileOf(form: 'train' | 'fused'): Promise<string> {
    const file = path.join(folder, `${form}.safetensors`);
    const sample = { channels: 3, height: 32, width: 32 };
    const graph = repvggGraph(repvggVariants['repvgg_a0']!, { ...context, numClasses: 10, sample });
    const weights = initialise(graph, 1);
    const network = form === 'train' ? { graph, weights } : fuse(graph, weights);
    await writeModelFile(file, {
      ...{ kind: 'model', form, model: 'repvgg_a0', graph: network.graph },
      ...{ weights: network.weights, classes: [], preprocessing: null, config: null },
      ...{ position: null, best: null },
    });
    return file;
  }
});
