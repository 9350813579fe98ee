import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { count, shapesOf, tensorsOf } from '@refold/graph';
import { fusedForm } from '@refold/reparam';
import { sharedFolder } from '@refold/testing';
import { repghostGraph } from './repghost-graph.js';
import { repghostVariants } from './repghost-spec.js';

const shared = sharedFolder();
const graphOf = (name: string, side = 224) =>
  repghostGraph(repghostVariants[name]!, {
    numClasses: 1000,
    sample: { channels: 3, height: side, width: side },
  });

describe('repghostGraph', () => {
  const inShared = shared ? it : it.skip;
  inShared(
    'counts as every RepGhost of model-facts.json (skipped where shared/ is missing)',
    () => {
      const text = readFileSync(path.join(shared!, 'facts', 'model-facts.json'), 'utf8');
      const facts = JSON.parse(text) as Record<string, Record<string, number>>;
      const rows = Object.entries(facts).filter(([name]) => name.startsWith('repghost'));
      expect(rows).toHaveLength(2);
      for (const [name, row] of rows) {
        const graph = graphOf(name, row['resolution']);
        const [train, fused] = [count(graph), count(fusedForm(graph))];
        expect({ name, ...train }).toMatchObject({
          name,
          parameters: row['train_params'],
          buffers: row['train_bn_buffers'],
          // PyTorch keeps a num_batches_tracked per BN.
          tensors: row['train_tensors']! - train.batchNorms,
          macs: row['train_macs'],
        });
        // timm fuses the ghost modules' sums alone. Each BN that it leaves, of two parameters per channel and five
        // tensors beside a convolution without bias, is a bias here.
        const shapes = shapesOf(graph);
        const left = graph.nodes.filter(
          ({ op, name: node }) =>
            op === 'batch_norm' && !/\.(fusion_bn\.0|cheap_operation\.1)$/.test(node),
        );
        const channels = left.reduce((sum, { name: node }) => sum + shapes.get(node)![0]!, 0);
        expect({ name, ...fused }).toMatchObject({
          name,
          parameters: row['fused_params']! - channels,
          tensors: row['fused_tensors']! - 4 * left.length,
          batchNorms: 0,
          macs: row['fused_macs'],
        });
      }
    },
  );

  it('rounds channels to multiples of four, never more than a tenth down', () => {
    const shapes = new Map(tensorsOf(graphOf('repghostnet_058')).map((t) => [t.name, t.shape]));
    // 16, 8 and 336 times 0.58; 480 · 0.58 / 4; 2 · 480 · 0.58.
    expect(shapes.get('conv_stem.weight')![0]).toBe(12);
    expect(shapes.get('blocks.0.0.ghost1.primary_conv.0.weight')![0]).toBe(8);
    expect(shapes.get('blocks.7.0.conv_dw.weight')![0]).toBe(196);
    expect(shapes.get('blocks.8.1.se.conv_reduce.weight')![0]).toBe(72);
    expect(shapes.get('blocks.9.0.conv.weight')![0]).toBe(556);
  });

  it('takes bytes and normalises them where it is told how', () => {
    const normalization = { mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2] };
    const sample = { channels: 3, height: 32, width: 32 };
    const spec = repghostVariants['repghostnet_050']!;
    const { nodes } = repghostGraph(spec, { numClasses: 10, sample, normalization });
    expect(nodes[0]?.attrs).toMatchObject({ dtype: 'uint8' });
    expect(nodes[1]).toMatchObject({ op: 'normalize', attrs: normalization });
  });
});
