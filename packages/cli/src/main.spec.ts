import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { runMain } from './spec-kit/run-main.js';

const COMMANDS = [
  ...['train', 'validate', 'predict', 'fuse', 'quantise', 'import', 'export', 'draw', 'plan'],
  ...['benchmark', 'config', 'doctor', 'plugins', 'setup'],
];

describe('help', () => {
  it('lists every command', async () => {
    const { code, stdout } = await runMain(['--help']);
    expect(code).toBe(0);
    for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${command} `, 'm'));
  });

  it.each(COMMANDS)('of %s has an example and the common options', async (command) => {
    const { code, stdout, stderr } = await runMain([command, '--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(new RegExp(`Examples?:\\n  \\$ refold ${command}`));
    for (const option of ['-c, --config <file>', '--json', '--events <file>', '--quiet']) {
      expect(stdout).toContain(option);
    }
    for (const name of ['--data-dir', '--output-dir', '--device', '--resume auto|FILE']) {
      expect(stdout).toContain(name);
    }
  });

  it.each([
    ['validate', '--predictions', '--form'],
    ['predict', '--top', '--form'],
    ['fuse', '--output', '--report'],
    ['import', '--output', '--classes'],
    ['import', '--prefix', '--config'],
    ['export', '--to', '--output'],
    ['export', '--form', '--scheme'],
    ['export', '--tolerance', '--config'],
    ['draw', '--output', '--collapse'],
    ['config', '--explain', '--schema'],
    ['plan', '--operations', '--config'],
    ['benchmark', '--model', '--work'],
    ['benchmark', '--steps', '--precision'],
    ['benchmark', '--warmup', '--resolution'],
  ])('of %s tells of %s and %s', async (command, ...options) => {
    const { stdout } = await runMain([command, '--help']);
    for (const option of options) {
      expect(stdout).toMatch(new RegExp(`^  (-\\w, )?${option}( |$)`, 'm'));
    }
  });

  it('tells the version of the package', async () => {
    const manifest = path.resolve(import.meta.dirname, '..', 'package.json');
    const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
    expect(await runMain(['--version'])).toMatchObject({ code: 0, stdout: `${version}\n` });
  });
});

describe('a mistake of usage exits with 2, says what was likely meant, and prints nothing on stdout', () => {
  it.each<[string, string[], ...string[]]>([
    ['no command', [], 'Usage: refold'],
    ['an unknown command', ['trian'], "unknown command 'trian'", 'train'],
    ['a command of nobody', ['serve', 'x.safetensors'], "unknown command 'serve'"],
    ['an unknown flag', ['train', '--epcohs', '3'], 'RF-USAGE-UNKNOWN-FLAG', "'--epochs'"],
    ['an unknown flag of doctor', ['doctor', '--jso'], 'RF-USAGE-UNKNOWN-FLAG', "'--json'"],
    ['an unknown flag of plugins', ['plugins', '--qiet'], 'RF-USAGE-UNKNOWN-FLAG', "'--quiet'"],
    ['an unknown flag of setup', ['setup', '--evnets', 'x'], 'RF-USAGE-UNKNOWN-FLAG', '--events'],
    [
      'an unknown flag of fuse',
      ['fuse', 'x', '--ouptut', 'y'],
      'RF-USAGE-UNKNOWN-FLAG',
      '--output',
    ],
    ['an unknown flag of config', ['config', '--exlain'], 'RF-USAGE-UNKNOWN-FLAG', "'--explain'"],
    ['an unknown letter', ['plan', '-q'], 'RF-USAGE-UNKNOWN-FLAG', "'-q'"],
    ['a flag without its value', ['train', '--config'], "'-c, --config <file>' argument missing"],
    ['an own flag without its value', ['fuse', '--Report'], 'RF-USAGE-FLAG-VALUE', '--Report'],
    ['a file without its flag', ['train', 'my.yaml'], 'RF-USAGE-WORD', "'--config my.yaml'"],
    ['a word too many', ['fuse', 'a', 'b'], 'RF-USAGE-WORD', "'b'"],
    ['a word for none', ['doctor', 'wasm'], 'RF-USAGE-WORD', "'wasm'"],
    ['no checkpoint to fuse', ['fuse'], 'RF-USAGE-FILE'],
    ['nothing to validate', ['validate'], 'RF-USAGE-FILE'],
    ['nothing to validate after its flag', ['validate', '--ckpt_path'], 'RF-USAGE-FILE'],
    ['nothing to draw', ['draw'], 'RF-USAGE-FILE'],
    ['a picture of no form', ['draw', 'x', '--form', 'fusd'], "'fused'"],
    ['no image', ['predict', 'x.safetensors'], 'RF-USAGE-FILE'],
    ['a form there is not', ['validate', 'x', '--form', 'fusd'], 'RF-USAGE-FLAG-VALUE', "'fused'"],
    [
      'training of the fused form',
      ['benchmark', '--form', 'fused', '--work', 'training'],
      '--form',
    ],
    ['a work there is not', ['benchmark', '--work', 'infrence'], "'inference'"],
    ['no steps', ['benchmark', '--steps', '0'], 'RF-USAGE-FLAG-VALUE', '--steps'],
    ['less than no warm-up', ['benchmark', '--warmup', '-1'], 'RF-USAGE-FLAG-VALUE', '--warmup'],
    ['no number', ['predict', 'x', 'y.jpg', '--top', 'all'], 'RF-USAGE-FLAG-VALUE', "'all'"],
    ['half an image', ['fuse', 'x', '--images', '0.5'], 'RF-USAGE-FLAG-VALUE', "'0.5'"],
    ['no tolerance', ['fuse', 'x', '--region_tolerance', 'low'], 'RF-USAGE-FLAG-VALUE', "'low'"],
  ])('%s', async (_what, args, ...texts) => {
    const { code, stdout, stderr } = await runMain(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    for (const text of texts) expect(stderr).toContain(text);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});
