import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { probeOnednn } from '@refold/plugin-device-onednn';
import { root } from './spec-kit/run-cli.js';
import { temporaryFolder } from './spec-kit/temporary-folder.js';

const run = promisify(execFile);

/** What a release has is made here where the device itself could be built. */
const { usable, reason } = probeOnednn();
const isPossible =
  usable && process.platform === 'linux' && process.env['REFOLD_ONEDNN_ADDON'] === undefined;
const suite = isPossible ? describe : describe.skip;

/** Trains two steps, and says what it ran on and which oneDNN was loaded. */
const program = `
import { readFileSync } from 'node:fs';
import { GraphBuilder, expr, initialise, withLoss } from '@refold/graph';
import { onednnDevice, buildAddon } from '@refold/plugin-device-onednn';

const b = new GraphBuilder({ shape: [3, 8, 8], dtype: 'float32' });
const norm = b.batchNorm('bn', b.conv2d('conv', b.input, { outChannels: 16, kernel: 3, padding: 1 }));
const vector = b.flatten('flat', b.globalAvgPool('pool', b.activation('relu', 'act', norm)));
const graph = withLoss(b.build(b.linear('head', vector, { outFeatures: 2 })), { labelSmoothing: 0, targets: 'index' });
const step = expr.sub(expr.parameter, expr.mul(expr.rate, expr.gradient));
const updateRule = { name: 'sgd', slots: [], hyper: {}, assignments: [{ target: { parameter: true }, value: step }] };
const device = onednnDevice();
const session = await device.load(graph, {
  kind: 'training', batchSize: 4, precision: 'float32', seed: 1, updateRule, weights: initialise(graph, 1),
});
const batch = {
  images: 4, channels: 3, height: 8, width: 8, layout: 'NCHW',
  data: Float32Array.from({ length: 768 }, (_, i) => Math.sin(i)),
  labels: Int32Array.of(0, 1, 0, 1), samples: Int32Array.of(0, 1, 2, 3),
};
const losses = [];
for (let i = 0; i < 3; i++) {
  losses.push((await session.backward(batch)).loss);
  await session.update(0.5);
}
const rebuild = await buildAddon().then(() => 'built', ({ code }) => code);
const [library] = readFileSync('/proc/self/maps', 'utf8').match(/\\S*libdnnl\\.so\\S*/) ?? ['linked in'];
console.log(JSON.stringify({ losses, library, rebuild, device: device.info.library }));
await device.close();
`;

/** The device and what it needs of ours. */
const PACKED = ['packages/graph', 'packages/core', 'packages/quantise', 'plugins/device-onednn'];

suite('the packed device onednn, where there is neither compiler nor oneDNN', () => {
  if (!isPossible) it.skip(`a release of onednn: ${reason}`, () => undefined);
  const folder = temporaryFolder();
  const modules = path.join(folder, 'node_modules');
  const home = path.join(modules, '@refold', 'plugin-device-onednn');

  beforeAll(async () => {
    await run(process.execPath, [path.join(root, 'tools', 'prebuild.mjs')], { maxBuffer: 1 << 26 });
    for (const dir of PACKED) install(dir);
  }, 600_000);

  /** As npm would, but for other people's packages, which are those of the repository: no network is needed. */
  function install(dir: string): void {
    const packed = path.join(folder, 'packed');
    mkdirSync(packed, { recursive: true });
    const source = path.join(root, dir);
    const npm = ['pack', '--ignore-scripts', '--silent', '--pack-destination', packed];
    const tarball = execFileSync('npm', npm, { cwd: source, encoding: 'utf8' }).trim();
    const target = path.join(
      modules,
      '@refold',
      tarball.replace(/^refold-(.*)-\d+\.\d+\.\d+\.tgz$/, '$1'),
    );
    mkdirSync(target, { recursive: true });
    execFileSync('tar', ['-xzf', path.join(packed, tarball), '-C', target, '--strip-components=1']);
    const own = path.join(source, 'node_modules');
    if (existsSync(own)) symlinkSync(own, path.join(target, 'node_modules'));
  }

  it('has the addon, what it needs and the licences, the sources, and no build of ours', () => {
    const { arch } = process;
    const prebuilt = readdirSync(path.join(home, 'prebuilds', `linux-${arch}`));
    expect(prebuilt).toEqual(expect.arrayContaining(['licenses', 'refold-onednn.node']));
    const packed = readdirSync(home).filter((name) => name !== 'node_modules');
    const expected = ['CMakeLists.txt', 'dist', 'native', 'package.json', 'prebuilds'];
    expect(packed.toSorted()).toEqual(expected.toSorted());
  });

  it('trains with the oneDNN that it brought', async () => {
    for (const name of readdirSync(path.join(root, 'node_modules')))
      if (!name.startsWith('.') && name !== '@refold')
        symlinkSync(path.join(root, 'node_modules', name), path.join(modules, name));
    const script = path.join(folder, 'train.mjs');
    writeFileSync(script, program);
    const { stdout } = await run(process.execPath, [script], {
      cwd: folder,
      env: { PATH: folder },
    });
    const result = JSON.parse(stdout) as Record<'device' | 'library' | 'rebuild', string> & {
      losses: number[];
    };
    expect(result.device).toMatch(/^oneDNN \d/);
    expect(result.losses[2]).toBeLessThan(result.losses[0]!);
    if (result.library !== 'linked in') expect(result.library.startsWith(home)).toBe(true);
    // What the command would do here: nothing can be built, so the result came from what was shipped.
    expect(result.rebuild).toMatch(/^RF-SETUP-ONEDNN-/);
  });
});
