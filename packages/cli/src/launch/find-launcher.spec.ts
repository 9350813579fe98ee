import { chmodSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from '@jest/globals';
import { findLauncher } from './find-launcher.js';

const folder = mkdtempSync(path.join(tmpdir(), 'refold-mpirun-'));
afterAll(() => rmSync(folder, { recursive: true }));

function launcherThatSays(text: string): NodeJS.ProcessEnv {
  const file = path.join(folder, 'mpirun');
  writeFileSync(file, `#!/bin/sh\necho '${text}'\n`);
  chmodSync(file, 0o755);
  return { REFOLD_MPIRUN: file };
}

it.each([
  ['mpirun (Open MPI) 4.1.4', 'openmpi'],
  ['prte (PRRTE) 3.0.2', 'openmpi'],
  ['HYDRA build details:', 'hydra'],
  ['Intel(R) MPI Library for Linux* OS, Version 2021.11', 'hydra'],
])('tells by its version whose mpirun it is: %s', (text, family) => {
  expect(findLauncher(launcherThatSays(text))).toMatchObject({ family, version: text });
});

it("goes past Intel's script, which a signal would end", () => {
  const script = launcherThatSays('Intel(R) MPI Library for Linux* OS, Version 2021.11');
  const env: NodeJS.ProcessEnv = { ...script, I_MPI_ROOT: folder };
  const hydra = path.join(folder, 'mpiexec.hydra');
  expect(findLauncher(env).command).toBe(env['REFOLD_MPIRUN']);
  copyFileSync(env['REFOLD_MPIRUN']!, hydra);
  expect(findLauncher(env).command).toBe(hydra);
  expect(findLauncher(script).command).toBe(script['REFOLD_MPIRUN']);
  rmSync(hydra);
});

it('says what to install where there is none', () => {
  expect(() => findLauncher({ REFOLD_MPIRUN: path.join(folder, 'none') })).toThrow(
    expect.objectContaining({
      code: 'RF-LAUNCH-NO-MPI',
      message: expect.stringContaining('apt-get install openmpi-bin') as unknown,
    }),
  );
});
