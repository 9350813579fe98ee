import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { InternalError } from '@refold/graph';
import { DecodePool } from './decode-pool.js';
import { jpeg, put, temporaryFolder } from './spec-kit/image-tree.js';

const folder = temporaryFolder();
beforeAll(async () => put(folder.path, 'a.jpg', await jpeg(1)));
afterAll(folder.remove);

const sampleBytes = 16 * 16 * 3;
const jobOf = (names: readonly string[]) => ({
  files: names.map((name) => path.join(folder.path, name)),
  samples: Int32Array.from(names.keys()),
  recipe: { kind: 'evaluation', resize: 20, crop: 16, interpolation: 'bilinear' } as const,
  seed: 0,
  epoch: 0,
  out: new SharedArrayBuffer(names.length * sampleBytes),
  sampleBytes,
  cache: null,
});
/** The thread that takes its sample dies: there is no room to write to. */
const deadly = () => ({ ...jobOf(['a.jpg']), out: new SharedArrayBuffer(1) });

describe('DecodePool', () => {
  it('says by position what could not be made', async () => {
    const pool = new DecodePool(3);
    const failures = await pool.start(jobOf(['b.jpg', 'a.jpg', 'c.jpg', 'a.jpg'])).done;
    expect(failures.map(({ position }) => position)).toEqual([0, 2]);
    await pool.close();
  });

  it('leaves undone what is cancelled', async () => {
    const pool = new DecodePool(1);
    const job = pool.start(jobOf(['b.jpg', 'c.jpg']));
    job.cancel();
    expect(await job.done).toEqual([]);
    await pool.close();
  });

  it('finishes what it has on close and takes nothing afterwards', async () => {
    const pool = new DecodePool(2);
    const { done } = pool.start(jobOf(['a.jpg', 'b.jpg']));
    await pool.close();
    expect(await done).toHaveLength(1);
    await expect(pool.start(jobOf(['a.jpg'])).done).rejects.toMatchObject({
      code: 'RF-DATA-CLOSED',
    });
  });

  it('fails all jobs when a thread dies, and can still be closed', async () => {
    const pool = new DecodePool(2);
    const jobs = [deadly(), jobOf(['a.jpg'])].map((job) => pool.start(job).done);
    for (const done of jobs) await expect(done).rejects.toThrow(InternalError);
    await expect(pool.start(jobOf(['a.jpg'])).done).rejects.toThrow(InternalError);
    await pool.close();
  });
});
