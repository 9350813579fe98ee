import { existsSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { openWeights } from '../weights/open-weights.js';
import { contentOf, fixture, fixtureBytes, openMemory } from '../spec-kit/fixtures.js';
import { makeZip, type MadeEntry } from '../spec-kit/make-zip.js';

const pickled = (pickle: string, data: Record<string, Uint8Array> = {}): Uint8Array => {
  const entries: MadeEntry[] = [{ name: 'x/data.pkl', content: Buffer.from(pickle, 'latin1') }];
  for (const [key, content] of Object.entries(data))
    entries.push({ name: `x/data/${key}`, content });
  return makeZip(entries);
};
const outcome = async (bytes: Uint8Array) =>
  openMemory(bytes).then(
    (file) => Object.fromEntries([...file.tensors].map(([name, { shape }]) => [name, shape])),
    (error: unknown) => (error as { code?: string }).code ?? error,
  );

/** `{'w': _rebuild_tensor_v2(storage 0 of `elements` floats, offset, size, stride, …)}` with numbers as Python writes them. */
const tensorPickle = (elements: string, offset: string, size: string, stride: string): string => {
  const int = (value: string) => `I${value}\n`;
  const tuple = (values: string) => `(${values.split(',').filter(Boolean).map(int).join('')}t`;
  const storage = `(S'storage'\nctorch\nFloatStorage\nS'0'\nS'cpu'\n${int(elements)}tQ`;
  const args = `(${storage}${int(offset)}${tuple(size)}${tuple(stride)}I00\n}t`;
  return `\x80\x02}S'w'\nctorch._utils\n_rebuild_tensor_v2\n${args}Rs.`;
};

describe('openPytorch', () => {
  it.each([
    ['kinds.pth', 'kinds'],
    ['kinds-legacy.pth', 'kinds'],
    ['kinds-big-endian.pth', 'kinds'],
    ['kinds-deflated.pth', 'kinds'],
    ['views.pth', 'views'],
    ['views-legacy.pth', 'views'],
  ])('reads %s as the safetensors library wrote the same tensors', async (name, truth) => {
    const file = await openWeights(fixture(name));
    const expected = await openWeights(fixture(`${truth}.safetensors`));
    const readable = new Map([...file.tensors].filter(([key]) => key !== 'complex64'));
    expect(file.format).toBe('pytorch');
    expect(await contentOf({ tensors: readable })).toEqual(await contentOf(expected));
    expect([...file.tensors.keys()][0]).toBe(truth === 'kinds' ? 'float16' : 'whole');
    await Promise.all([file.close(), expected.close()]);
  });

  it.each(['module.pth', 'module-protocol4.pth', 'script.pt'])(
    'reads the whole model of %s as its state_dict',
    async (name) => {
      const [file, expected] = [
        openMemory(fixtureBytes(name)),
        openMemory(fixtureBytes('module.safetensors')),
      ];
      expect(await contentOf(await file)).toEqual(await contentOf(await expected));
    },
  );

  it('takes a training checkpoint apart: tensors by their paths, scalars, objects as notes', async () => {
    const { tensors, metadata, notes } = await openMemory(fixtureBytes('checkpoint.pth'));
    expect([...tensors.keys()]).toEqual([
      ...['conv.weight', 'conv.bias', 'bn.weight', 'bn.bias'].map((key) => `state_dict.${key}`),
      ...['running_mean', 'running_var', 'num_batches_tracked'].map(
        (key) => `state_dict.bn.${key}`,
      ),
      ...[0, 1, 2, 3].map((i) => `optimizer.state.${i}.momentum_buffer`),
      ...['rng', 'parameter'],
    ]);
    expect(metadata).toMatchObject({
      epoch: '12',
      arch: 'tiny',
      best_acc: '71.5',
      done: 'false',
      device: 'cpu',
      size: '[2,3]',
      'optimizer.param_groups.0.lr': '0.1',
      'optimizer.param_groups.0.params': '[0,1,2,3]',
    });
    expect(Object.keys(metadata).filter((key) => key.startsWith('args'))).toEqual([]);
    expect(notes).toEqual(["'args': an object of argparse.Namespace, which was not built."]);
  });

  it('lists what it cannot read, and refuses it by name when asked', async () => {
    const { tensors, notes } = await openMemory(fixtureBytes('odd.pth'));
    expect([...tensors.keys()]).toEqual(['plain', 'q', 'sparse', 'meta']);
    expect(notes).toHaveLength(3);
    for (const name of ['q', 'sparse', 'meta']) {
      await expect(tensors.get(name)!.read()).rejects.toMatchObject({
        code: 'RF-FILE-DTYPE',
        message: expect.stringContaining(`'${name}'`),
      });
    }
    const { tensors: kinds } = await openMemory(fixtureBytes('kinds.pth'));
    await expect(kinds.get('complex64')!.read()).rejects.toMatchObject({ code: 'RF-FILE-DTYPE' });
  });

  it('runs nothing: a file that would run a command is refused and the command was not run', async () => {
    const witness = join(tmpdir(), `refold-pwned-${process.pid}`);
    rmSync(witness, { force: true });
    const command = `\x80\x02cposix\nsystem\n(S'touch ${witness}'\ntR.`;
    expect(await outcome(pickled(command))).toBe('RF-FILE-PICKLE-UNSAFE');
    const legacy = fixtureBytes('kinds-legacy.pth');
    const start = Buffer.from(legacy).indexOf(Buffer.from([0x80, 2, 0x63]));
    const attack = Buffer.concat([
      legacy.subarray(0, Math.max(start, 20)),
      Buffer.from(command, 'latin1'),
    ]);
    expect(await outcome(new Uint8Array(attack))).toMatch(/^RF-FILE-/);
    expect(existsSync(witness)).toBe(false);
  });

  it('keeps tensors inside objects that it does not know', async () => {
    const whole = tensorPickle('2', '0', '2', '1').slice(2, -1);
    const bytes = pickled(`\x80\x02cmy.lab\nThing\n(t\x81${whole}b.`, { 0: new Uint8Array(8) });
    expect(await outcome(bytes)).toEqual({ w: [2] });
    const { notes } = await openMemory(bytes);
    expect(notes).toEqual(['The saved object: an object of my.lab.Thing, which was not built.']);
  });

  const data = { 0: new Uint8Array(16) };
  it.each<[string, string, Uint8Array]>([
    ['a storage that is missing', 'RF-FILE-MALFORMED', pickled(tensorPickle('4', '0', '4', '1'))],
    [
      'a storage that is too short',
      'RF-FILE-MALFORMED',
      pickled(tensorPickle('5', '0', '4', '1'), data),
    ],
    [
      'an offset beyond the end',
      'RF-FILE-MALFORMED',
      pickled(tensorPickle('4', '1', '4', '1'), data),
    ],
    ['a negative offset', 'RF-FILE-MALFORMED', pickled(tensorPickle('4', '-1', '4', '1'), data)],
    ['a negative size', 'RF-FILE-MALFORMED', pickled(tensorPickle('4', '0', '-4', '1'), data)],
    ['a negative stride', 'RF-FILE-MALFORMED', pickled(tensorPickle('4', '3', '4', '-1'), data)],
    [
      'strides beyond the end',
      'RF-FILE-MALFORMED',
      pickled(tensorPickle('4', '0', '2,2', '3,1'), data),
    ],
    [
      'strides that overflow',
      'RF-FILE-MALFORMED',
      pickled(tensorPickle('4', '0', '2,2', `${2 ** 53 - 1},${2 ** 53 - 1}`), data),
    ],
    [
      'fewer strides than sizes',
      'RF-FILE-MALFORMED',
      pickled(tensorPickle('4', '0', '2,2', '1'), data),
    ],
    [
      'terabytes by a stride of 0',
      'RF-FILE-LIMIT',
      pickled(tensorPickle('4', '0', `${2 ** 40}`, '0'), data),
    ],
    [
      'a size that overflows',
      'RF-FILE-LIMIT',
      pickled(tensorPickle('4', '0', `${2 ** 52},${2 ** 52}`, '0,0'), data),
    ],
    ['a pickle cut off', 'RF-FILE-MALFORMED', pickled('\x80\x02}(')],
    ['no data.pkl', 'RF-FILE-UNSUPPORTED', makeZip([{ name: 'a/b', content: new Uint8Array(1) }])],
    [
      'two objects',
      'RF-FILE-MALFORMED',
      makeZip(['a', 'b'].map((top) => ({ name: `${top}/data.pkl`, content: Buffer.from('N.') }))),
    ],
    ['a bare pickle', 'RF-FILE-UNSUPPORTED', new Uint8Array(Buffer.from('\x80\x04N.', 'latin1'))],
    [
      'a tar',
      'RF-FILE-UNSUPPORTED',
      new Uint8Array(Buffer.concat([Buffer.alloc(257), Buffer.from('ustar\0'), Buffer.alloc(300)])),
    ],
  ])('refuses %s', async (_, code, bytes) => {
    expect(await outcome(bytes)).toBe(code);
  });

  it('ends on tuples that unfold to a billion, lists in lists, and lists that contain themselves', async () => {
    const laughs = `)q\0${'0h\0h\0\x86q\0'.repeat(40)}.`;
    expect(await outcome(pickled(`\x80\x02${laughs}`))).toBe('RF-FILE-LIMIT');
    expect(await outcome(pickled(`\x80\x02${']'.repeat(5000)}${'a'.repeat(4999)}.`))).toBe(
      'RF-FILE-LIMIT',
    );
    // A dict of 60,000 entries that are the dict itself: whatever is found out about it is found out once.
    const entry = (i: number) => `M${String.fromCharCode(i & 255, i >> 8)}h\0`;
    const selves = Array.from({ length: 60_000 }, (_, i) => entry(i)).join('');
    const wide = `\x80\x02ccollections\nOrderedDict\n)Rq\0(${selves}u.`;
    expect(await outcome(pickled(wide))).toEqual({});
    const { notes } = await openMemory(pickled('\x80\x02}q\0X\x04\0\0\0selfh\0s.'));
    expect(notes).toEqual(["'self' contains itself; what is inside was taken once."]);
  });

  it('says of a script without tensors what to do', async () => {
    const entries = ['data.pkl', 'constants.pkl'].map((name) => ({
      name: `x/${name}`,
      content: Buffer.from('\x80\x02).', 'latin1'),
    }));
    expect(await outcome(makeZip(entries))).toBe('RF-FILE-UNSUPPORTED');
  });

  it('reads the real files of this folder from disk as from memory', async () => {
    const file = await openWeights(fixture('views.pth'));
    const inMemory = await openMemory(new Uint8Array(readFileSync(fixture('views.pth'))));
    expect(await contentOf(file)).toEqual(await contentOf(inMemory));
    await file.close();
  });
});
