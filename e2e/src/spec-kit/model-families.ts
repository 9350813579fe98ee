import { readFileSync } from 'node:fs';
import path from 'node:path';
import { tensorsOf, type Graph, type HostTensor, type NamedTensors } from '@refold/graph';
import {
  fastvitGraph,
  fastvitVariants,
  timmWeightName,
  type FastvitSpec,
} from '@refold/plugin-model-fastvit';
import { repghostGraph, repghostVariants, type RepghostBlock } from '@refold/plugin-model-repghost';
import { repvitGraph, repvitVariants } from '@refold/plugin-model-repvit';

/** timm's tensors of a network, in the order of its state dict, without counters. */
export type TimmTensors = readonly (readonly [name: string, shape: readonly number[]])[];

/** A network of `e2e/python/model_families.py`. */
export interface FamilyNetwork {
  readonly name: string;
  graph(side: number, numClasses: number): Graph;
}

const contextOf = (side: number, numClasses: number) => ({
  numClasses,
  sample: { channels: 3, height: side, width: side },
});
const ghost = (
  kernel: number,
  hidden: number,
  out: number,
  squeezeExcite: number,
  stride: number,
): RepghostBlock => ({ kernel, hidden, out, squeezeExcite, stride });
const tinyFastvit: FastvitSpec = {
  ...{ depths: [1, 2], widths: [8, 16], mlpRatios: [3, 3] },
  ...{ layerScale: 1e-5, dropRate: 0, dropPathRate: 0 },
};

/** As `TINY` there. */
export const tinyNetworks: readonly FamilyNetwork[] = [
  {
    name: 'repghost',
    graph: (side, classes) =>
      repghostGraph(
        {
          width: 0.5,
          stages: [
            [ghost(3, 8, 16, 0, 1)],
            [ghost(5, 24, 24, 0.25, 2)],
            [ghost(3, 36, 24, 0.25, 1), ghost(3, 40, 32, 0, 1)],
          ],
          dropRate: 0,
        },
        contextOf(side, classes),
      ),
  },
  ...[
    { name: 'repvit', depths: [1, 2], widths: [16, 32], legacy: false, distillation: true },
    { name: 'repvit-legacy', depths: [2, 1], widths: [8, 24], legacy: true, distillation: false },
  ].map(({ name, ...spec }) => ({
    name,
    graph: (side: number, classes: number) =>
      repvitGraph({ ...spec, dropRate: 0 }, contextOf(side, classes)),
  })),
  {
    name: 'fastvit',
    graph: (side, classes) => fastvitGraph(tinyFastvit, contextOf(side, classes)),
  },
];

/** Every variant that timm has. */
export const familyVariants: readonly FamilyNetwork[] = [
  ...Object.entries(repghostVariants).map(([name, spec]) => ({
    name,
    graph: (side: number, classes: number) =>
      repghostGraph({ ...spec, dropRate: 0 }, contextOf(side, classes)),
  })),
  ...Object.entries(repvitVariants)
    .filter(([name]) => name !== 'repvit_m0_6')
    .map(([name, spec]) => ({
      name,
      graph: (side: number, classes: number) => repvitGraph(spec, contextOf(side, classes)),
    })),
  ...Object.entries(fastvitVariants).map(([name, spec]) => ({
    name,
    graph: (side: number, classes: number) => fastvitGraph(spec, contextOf(side, classes)),
  })),
];

/** Our name of a tensor of timm's; only FastViT's layer scales have another there. */
export const oursOf = (timm: string): string =>
  timm.endsWith('.gamma') ? timmWeightName(timm)! : timm;

/** timm's tensors under our names; layer scales, `[C, 1, 1]` there, as `[C]`. */
export function asOurs(tensors: NamedTensors, graph: Graph): Map<string, HostTensor> {
  const shapes = new Map(tensorsOf(graph).map(({ name, shape }) => [name, shape]));
  return new Map(
    [...tensors].map(([timm, { shape, data }]) => {
      const name = oursOf(timm);
      return [name, { shape: timm.endsWith('.gamma') ? shapes.get(name)! : shape, data }];
    }),
  );
}

export interface TinyFixture {
  readonly tensors: TimmTensors;
  readonly logits: readonly number[];
}

/** What timm computes for a tiny network with the weights of {@link formulaWeights}, in float64. */
export function readTinyFixture(name: string): TinyFixture {
  const folder = path.join(import.meta.dirname, '..', '..', 'fixtures', 'families');
  return JSON.parse(readFileSync(path.join(folder, `${name}.json`), 'utf8')) as TinyFixture;
}

/** Weights by formula, the same as `fill(model, waves)` makes; in float64, which `evaluate` takes as it is. */
export function formulaWeights(tensors: TimmTensors): Map<string, HostTensor> {
  return new Map(
    tensors.map(([name, shape], index) => {
      const size = shape.reduce((a, b) => a * b, 1);
      const scale = Math.sqrt(2 / (size / shape[0]!));
      const around = (x: number): number => {
        if (name.endsWith('running_var')) return 0.5 + x * x;
        if (name.endsWith('gamma')) return 0.5 * x;
        if (shape.length > 1) return x * scale;
        return name.endsWith('weight') ? 1 + 0.3 * x : 0.2 * x;
      };
      const data = Float64Array.from({ length: size }, (_, i) =>
        around(Math.sin(0.7 * i + index + 1)),
      );
      return [name, { shape, data: data as unknown as Float32Array }];
    }),
  );
}

/** The images of the fixtures, `[2, 3, 32, 32]`. */
export const formulaImages = {
  shape: [2, 3, 32, 32],
  data: Float64Array.from({ length: 2 * 3 * 32 * 32 }, (_, i) => Math.sin(0.01 * i * i)),
};
