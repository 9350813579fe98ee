import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { checkOnnx } from '@refold/cli';
import { openWeights, readOnnxNetwork, writeOnnx } from '@refold/formats';
import {
  evaluate,
  initialise,
  randomOf,
  sizeOf,
  type Graph,
  type HostTensor,
  type NamedTensors,
} from '@refold/graph';
import { mobileoneGraph, mobileoneVariants } from '@refold/plugin-model-mobileone';
import { repvggGraph, repvggVariants } from '@refold/plugin-model-repvgg';
import { fuse } from '@refold/reparam';
import { runCli } from './spec-kit/run-cli.js';
import { temporaryFolder } from './spec-kit/temporary-folder.js';

const folder = temporaryFolder();
const context = {
  numClasses: 10,
  sample: { channels: 3, height: 64, width: 64 },
  normalization: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
};
const quarter = <S extends { readonly widths: readonly number[]; readonly stem: number }>(
  spec: S,
) => ({
  ...spec,
  widths: spec.widths.map((width) => width / 4),
  stem: spec.stem / 4,
});
/** A quarter as wide as their names say. */
const networks: Readonly<Record<string, Graph>> = {
  repvgg_a0: repvggGraph(quarter(repvggVariants['repvgg_a0']!), context),
  mobileone_s0: mobileoneGraph(quarter(mobileoneVariants['mobileone_s0']!), context),
};

/** As after some training: batch norms have seen images. */
function trained(graph: Graph): Map<string, HostTensor> {
  const random = randomOf(3, 'statistics');
  return new Map(
    [...initialise(graph, 1)].map(([name, { shape, data }]) => {
      if (name.endsWith('running_var')) {
        return [name, { shape, data: data.map(() => 0.5 + random.uniform()) }];
      }
      if (name.endsWith('running_mean')) {
        return [name, { shape, data: data.map(() => random.normal() / 10) }];
      }
      return [name, { shape, data }];
    }),
  );
}

function formsOf(graph: Graph): Readonly<Record<string, { graph: Graph; weights: NamedTensors }>> {
  const weights = trained(graph);
  return { train: { graph, weights }, fused: fuse(graph, weights) };
}

describe('ONNX files of real networks', () => {
  it.each([
    ['repvgg_a0', 'train', 'uint8'],
    ['repvgg_a0', 'fused', 'float32'],
    ['mobileone_s0', 'train', 'float32'],
    ['mobileone_s0', 'fused', 'uint8'],
  ] as const)('%s, %s, from %s, answers in ONNX Runtime as here', async (name, form, input) => {
    const network = formsOf(networks[name]!)[form]!;
    const file = path.join(folder, `${name}-${form}.onnx`);
    await writeOnnx(file, { ...network, classes: [], preprocessing: null, input });
    const read = await readOnnxNetwork(file);
    expect(read.exact).toBe(true);
    if (input === 'uint8') expect(read.graph).toEqual(network.graph);

    const random = randomOf(5, 'image');
    const shape = [1, 3, 64, 64];
    const value = input === 'uint8' ? () => random.int(256) : () => random.normal();
    const image = { shape, data: Float32Array.from({ length: sizeOf(shape) }, value) };
    // With floats the graph that was read starts after the normalisation.
    const expected = evaluate(read.graph, read.weights, image).get(read.graph.output)!;
    const check = await checkOnnx(file, [image], [expected]);
    expect(check.maxRelError).toBeLessThan(1e-5);
    await expect(
      checkOnnx(file, [image], [{ shape: [1, 11], data: new Float32Array(11) }]),
    ).rejects.toMatchObject({ code: 'RF-CLI-ONNX-SHAPE' });
  });

  it('refold fuse takes an ONNX file, and says the same in words and in JSON', async () => {
    const network = formsOf(networks['repvgg_a0']!)['train']!;
    const file = path.join(folder, 'model.onnx');
    await writeOnnx(file, { ...network, classes: ['a'], preprocessing: null });
    const text = await runCli(['fuse', 'model.onnx'], folder);
    expect(text).toMatchObject({ code: 0, stdout: expect.stringContaining('22 regions fused') });
    const { stdout } = await runCli(['fuse', 'model.onnx', '-o', 'f.onnx', '--json'], folder);
    const document = JSON.parse(stdout) as Record<string, unknown>;
    // Bytes are normalised before the first block: that shift cannot be part of a padded convolution.
    expect(document).toMatchObject({
      left: [{ name: 'stem.sum', reason: expect.stringContaining('padding puts zeros') }],
      network: { top1Agreement: 1 },
    });
    const read = await readOnnxNetwork(path.join(folder, 'model-fused.onnx'));
    expect(read.classes).toEqual(['a']);
    expect(read.exact).toBe(false);
    expect(read.graph.nodes.filter(({ op }) => op === 'conv2d')).toHaveLength(22);
    expect(read.graph.nodes[1]).toMatchObject({ op: 'normalize' });
  });

  it('says what to install where ONNX Runtime is missing', () => {
    const module = (code: string) => `data:text/javascript,${encodeURIComponent(code)}`;
    const hook = module(`
      export async function resolve(name, context, next) {
        if (name !== 'onnxruntime-node') return next(name, context);
        throw Object.assign(new Error('not here'), { code: 'ERR_MODULE_NOT_FOUND' });
      }`);
    const preload = module(`
      import { register } from 'node:module';
      register(${JSON.stringify(hook)});`);
    const cli = import.meta.resolve('@refold/cli');
    const fixture = path.join(
      import.meta.dirname,
      '../../packages/formats/fixtures/onnx/mindspore.onnx',
    );
    const output = path.join(folder, 'without.onnx');
    const script = `
      const { checkOnnx, fuseOnnx } = await import(${JSON.stringify(cli)});
      const [file, output] = ${JSON.stringify([fixture, output])};
      const { network, notes, regions } = await fuseOnnx(file, output);
      const { code, message } = await checkOnnx(file, [], []).catch((error) => error);
      console.log(JSON.stringify({ network, notes, regions: regions.length, code, message }));`;
    const run = spawnSync(
      process.execPath,
      ['--import', preload, '--input-type=module', '-e', script],
      { encoding: 'utf8', cwd: import.meta.dirname },
    );
    expect(JSON.parse(run.stdout || run.stderr)).toMatchObject({
      network: null,
      notes: [expect.stringContaining('not installed')],
      regions: 1,
      code: 'RF-CLI-ONNXRUNTIME-MISSING',
      message: expect.stringContaining('npm install'),
    });
  });

  const python = process.env['REFOLD_PYTHON'];
  const withOnnx =
    python !== undefined && spawnSync(python, ['-c', 'import onnx']).status === 0 ? it : it.skip;

  withOnnx(
    "onnx's own checker and reader agree (skipped without REFOLD_PYTHON and onnx in it)",
    async () => {
      const { graph, weights } = formsOf(networks['mobileone_s0']!)['train']!;
      const small = path.join(folder, 'small.onnx');
      const large = path.join(folder, 'large.onnx');
      const network = { graph, weights, classes: ['Katze', '犬'], preprocessing: null };
      await writeOnnx(small, network);
      await writeOnnx(large, network, { maxBytes: 100_000 });
      const script = path.join(import.meta.dirname, '../python/check-onnx.py');
      for (const file of [small, large]) {
        const { status, stderr } = spawnSync(python!, [script, file], { encoding: 'utf8' });
        expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
        const ours = await openWeights(file);
        const theirs = readFileSync(`${file}.bytes`);
        const hashes = JSON.parse(theirs.toString()) as Record<string, string>;
        expect(Object.keys(hashes)).toEqual([...ours.tensors.keys()]);
        for (const [name, tensor] of ours.tensors) {
          expect(Buffer.from(await tensor.read()).toString('base64')).toBe(hashes[name]);
        }
        await ours.close();
      }
    },
  );
});
