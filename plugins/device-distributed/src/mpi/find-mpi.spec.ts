import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { mpiMissing } from '../errors.js';
import { findMpi } from './find-mpi.js';
import { libraryCandidates } from './library-candidates.js';
import { parseLibraryVersion } from './parse-library-version.js';

describe('parseLibraryVersion', () => {
  it.each([
    ['Open MPI v4.1.4, package: Debian OpenMPI, ident: 4.1.4', 'openmpi', 'Open MPI 4.1.4'],
    ['MPICH Version:\t4.0.2\nMPICH Release date:\tThu Apr  7', 'mpich', 'MPICH 4.0.2'],
    ['Intel(R) MPI Library 2021.9 for Linux* OS\n', 'intel', 'Intel MPI 2021.9'],
    ['MVAPICH2 Version      :\t2.3.7\nMVAPICH2 Release', 'mpich', 'MVAPICH 2.3.7'],
    ['MPI VERSION    : CRAY MPICH version 8.1.25.17 (ANL base', 'mpich', 'Cray MPICH 8.1.25.17'],
  ])('knows %j', (text, family, library) => {
    const version = library.split(' ').at(-1);
    expect(parseLibraryVersion(text)).toEqual({ family, library, version });
  });

  it('takes no other', () => {
    expect(parseLibraryVersion('Platform MPI 9.1')).toBeNull();
  });
});

describe('findMpi', () => {
  it('takes the file of REFOLD_MPI_LIBRARY alone, and says why not', () => {
    const found = findMpi({ REFOLD_MPI_LIBRARY: '/nonexistent/libmpi.so' });
    expect(found).toEqual({
      found: false,
      tried: [expect.stringMatching(/^\/nonexistent\/libmpi\.so: .*No such file/i)],
    });
  });

  it('takes no library that is not MPI', () => {
    const file = process.platform === 'darwin' ? 'libSystem.B.dylib' : 'libc.so.6';
    const found = findMpi({ REFOLD_MPI_LIBRARY: file });
    expect(found).toEqual({
      found: false,
      tried: [expect.stringMatching(/MPI_Get_library_version/)],
    });
  });

  it('tells what to install', () => {
    const error = mpiMissing(['libmpi.so.40: no such file']);
    expect([error.code, error.exitCode]).toEqual(['RF-DISTRIBUTED-NO-MPI', 1]);
    expect(error.message).toMatch(
      /libmpi\.so\.40: no such file[^]*libopenmpi-dev[^]*brew[^]*conda/,
    );
  });
});

describe('libraryCandidates', () => {
  const order = (env: Record<string, string>) => {
    const names = libraryCandidates(env, 'linux');
    return names.indexOf('libmpi.so.40') < names.indexOf('libmpich.so.12') ? 'openmpi' : 'mpich';
  };

  it('begin with the family of the launcher', () => {
    expect(order({})).toBe('openmpi');
    expect(order({ PMI_RANK: '0', PMI_SIZE: '2', MPI_LOCALRANKID: '0' })).toBe('mpich');
    expect(order({ OMPI_COMM_WORLD_SIZE: '2', PMIX_RANK: '0' })).toBe('openmpi');
  });

  it('begin with it where the environment has another, as that of Intel oneAPI has', () => {
    const folder = mkdtempSync(join(tmpdir(), 'refold-oneapi-'));
    mkdirSync(join(folder, 'lib'));
    for (const name of ['libmpi.so', 'libmpi.so.12']) writeFileSync(join(folder, 'lib', name), '');
    const first = (env: Record<string, string>) =>
      libraryCandidates({ ...env, I_MPI_ROOT: folder }, 'linux')[0];
    expect(first({ OMPI_COMM_WORLD_SIZE: '2' })).toBe('libmpi.so.40');
    expect(first({ PMI_RANK: '0' })).toBe(join(folder, 'lib', 'libmpi.so.12'));
    expect(first({})).toBe(join(folder, 'lib', 'libmpi.so'));
    rmSync(folder, { recursive: true });
  });
});
