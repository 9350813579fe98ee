import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { contentOf } from '../spec-kit/fixtures.js';
import { describeWithPython } from '../spec-kit/python.js';
import { DTYPE_BYTES, type Dtype } from '../tensors/dtype.js';
import type { StoredTensor } from '../tensors/stored-tensor.js';
import { sourcesOf } from '../tensors/tensor-source.js';
import { openWeights } from './open-weights.js';
import { weightsWriters } from './weights-writers.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'refold-writers-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Types that a format lacks. */
const LACKING: Record<keyof typeof weightsWriters, readonly Dtype[]> = {
  safetensors: [],
  pytorch: [],
  mindspore: ['F8_E4M3', 'F8_E5M2'],
  numpy: ['BF16', 'F8_E4M3', 'F8_E5M2'],
};
const formats = Object.keys(weightsWriters) as (keyof typeof weightsWriters)[];

function tensors(types: readonly Dtype[]): fc.Arbitrary<Map<string, StoredTensor>> {
  const tensor = fc
    .tuple(fc.constantFrom(...types), fc.array(fc.nat(4), { maxLength: 4 }))
    .chain(([dtype, shape]) => {
      const length = shape.reduce((a, b) => a * b, DTYPE_BYTES[dtype]);
      return fc
        .uint8Array({ minLength: length, maxLength: length })
        .map((data): StoredTensor => ({ dtype, shape, data }));
    });
  // An empty MindSpore file is no file; MindSpore has no empty vectors either: it takes [0] for a scalar.
  return fc
    .dictionary(fc.stringMatching(/^[a-zé][\wé]*(\.[\w]+){0,3}$/), tensor, {
      minKeys: 1,
      maxKeys: 6,
    })
    .map((found) => new Map(Object.entries(found)));
}

describe.each(formats)('the writer of %s', (format) => {
  const all = Object.keys(DTYPE_BYTES) as Dtype[];
  const types = all.filter((dtype) => !LACKING[format].includes(dtype));

  it('is read back bit for bit, whatever the types and shapes', async () => {
    const path = join(folder, `round.${format}`);
    await fc.assert(
      fc.asyncProperty(tensors(types), async (written) => {
        const sources = sourcesOf(written);
        const bytes = await weightsWriters[format](path, sources);
        const file = await openWeights(path);
        expect(file.format).toBe(format);
        expect(file.notes).toEqual([]);
        expect(await contentOf(file)).toEqual(await contentOf({ tensors: sources }));
        expect(bytes).toBeGreaterThan(0);
        await file.close();
      }),
      { numRuns: 60 },
    );
  });

  it('refuses types that the format lacks, and writes nothing', async () => {
    for (const dtype of LACKING[format]) {
      const path = join(folder, `${dtype}.${format}`);
      const data = new Uint8Array(DTYPE_BYTES[dtype]);
      const writing = weightsWriters[format](
        path,
        sourcesOf(new Map([['w', { dtype, shape: [], data }]])),
      );
      await expect(writing).rejects.toMatchObject({ code: 'RF-FILE-DTYPE' });
      await expect(openWeights(path)).rejects.toMatchObject({ code: 'RF-FILE-UNREADABLE' });
    }
  });
});

/** One tensor of each type with shapes of rank 0 to 4; an empty one too. */
function oneOfEach(types: readonly Dtype[]): Map<string, StoredTensor> {
  const shapes = [[], [3], [2, 3], [1, 2, 3], [2, 1, 3, 2]];
  const made = types.map((dtype, i): [string, StoredTensor] => {
    const shape = shapes[i % shapes.length]!;
    const length = shape.reduce((a, b) => a * b, DTYPE_BYTES[dtype]);
    // Bits that are a number in every type, and 0 or 1 as booleans.
    const data = Uint8Array.from({ length }, (_, at) =>
      dtype === 'BOOL' ? at % 2 : (at * 7 + i) % 60,
    );
    return [`layer.${i}.${dtype}`, { dtype, shape, data }];
  });
  return new Map(made);
}

const all = Object.keys(DTYPE_BYTES) as Dtype[];

describeWithPython('REFOLD_PYTHON', 'files of ours in Python', (python) => {
  const PYTORCH = `
import sys, json, torch
def content(t):
    raw = t.contiguous().reshape(-1).view(torch.uint8) if t.numel() else t.new_empty(0).view(torch.uint8)
    return [str(t.dtype), list(t.shape), bytes(raw.tolist()).hex()]
loads = [dict(weights_only=True), dict(weights_only=True, mmap=True)]
a, b = (torch.load(sys.argv[1], **options) for options in loads)
assert type(a).__name__ == "OrderedDict"
assert all(torch.equal(a[k].reshape(-1).view(torch.uint8), b[k].reshape(-1).view(torch.uint8)) for k in a)
print(json.dumps({k: content(t) for k, t in a.items()}))
`;
  it('torch.load(weights_only=True), mapped too, gives the same bits', async () => {
    const path = join(folder, 'ours.pth');
    const written = oneOfEach(all);
    await weightsWriters.pytorch(path, sourcesOf(written));
    const read = JSON.parse(python(PYTORCH, path)) as Record<string, [string, number[], string]>;
    expect(Object.keys(read)).toEqual([...written.keys()]);
    for (const [name, { shape, data }] of written) {
      expect([name, ...read[name]!.slice(1)]).toEqual([
        name,
        shape,
        Buffer.from(data).toString('hex'),
      ]);
    }
    expect(Object.values(read).map(([type]) => type.replace('torch.', ''))).toEqual(
      [
        'bool',
        'uint8',
        'int8',
        'float8_e5m2',
        'float8_e4m3fn',
        'int16',
        'uint16',
        'float16',
      ].concat(['bfloat16', 'int32', 'uint32', 'float32', 'float64', 'int64', 'uint64']),
    );
  });

  it('numpy.load without pickles gives the same bits', async () => {
    const path = join(folder, 'ours.npz');
    const written = oneOfEach(all.filter((dtype) => !LACKING.numpy.includes(dtype)));
    await weightsWriters.numpy(path, sourcesOf(written));
    const program = `
import sys, json, numpy as np
f = np.load(sys.argv[1], allow_pickle=False)
print(json.dumps({k: [f[k].dtype.str, list(f[k].shape), f[k].tobytes().hex()] for k in f.files}))`;
    const read = JSON.parse(python(program, path)) as Record<string, [string, number[], string]>;
    const expected = [...written].map(([name, { shape, data }]) => [
      name,
      shape,
      Buffer.from(data).toString('hex'),
    ]);
    expect(Object.entries(read).map(([name, [, shape, hex]]) => [name, shape, hex])).toEqual(
      expected,
    );
    expect(
      read['layer.11.F32'] ?? Object.values(read).find(([type]) => type === '<f4'),
    ).toBeDefined();
  });

  it('safetensors.torch.load_file gives the same bits', async () => {
    const path = join(folder, 'ours.safetensors');
    const written = oneOfEach(all.filter((dtype) => !['U16', 'U32', 'U64'].includes(dtype)));
    await weightsWriters.safetensors(path, sourcesOf(written));
    const program = `
import sys, json, torch
from safetensors.torch import load_file
print(json.dumps({k: bytes(t.reshape(-1).view(torch.uint8).tolist()).hex() for k, t in load_file(sys.argv[1]).items()}))`;
    const read = JSON.parse(python(program, path)) as Record<string, string>;
    expect(read).toEqual(
      Object.fromEntries(
        [...written].map(([name, { data }]) => [name, Buffer.from(data).toString('hex')]),
      ),
    );
  });
});

describeWithPython('REFOLD_MINDSPORE_PYTHON', 'files of ours in MindSpore', (python) => {
  it('load_checkpoint gives the same bits', async () => {
    const path = join(folder, 'ours.ckpt');
    // MindSpore of PyPI has bfloat16 with one version of numpy alone; its bytes are compared by what it gives as float32.
    const written = oneOfEach(all.filter((dtype) => !LACKING.mindspore.includes(dtype)));
    await weightsWriters.mindspore(path, sourcesOf(written));
    const program = `
import sys, json, numpy as np, mindspore as ms
def bits(p):
    if p.dtype != ms.bfloat16: return p.asnumpy().tobytes()
    return (p.astype(ms.float32).asnumpy().view(np.uint32) >> 16).astype(np.uint16).tobytes()
read = ms.load_checkpoint(sys.argv[1])
print(json.dumps({k: [str(p.dtype), list(p.shape), bits(p).hex()] for k, p in read.items()}))`;
    const printed = python(program, path).trim().split('\n').at(-1)!;
    const read = JSON.parse(printed) as Record<string, [string, number[], string]>;
    expect(Object.keys(read)).toEqual([...written.keys()]);
    for (const [name, { shape, data }] of written) {
      expect([name, ...read[name]!.slice(1)]).toEqual([
        name,
        shape,
        Buffer.from(data).toString('hex'),
      ]);
    }
  });
});
