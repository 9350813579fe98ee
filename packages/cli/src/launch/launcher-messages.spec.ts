import { hostname } from 'node:os';
import { Writable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import type { LauncherFamily } from './find-launcher.js';
import { launcherStreams } from './launcher-streams.js';
import { endNotice, startNotice } from './rank-notices.js';

const rule = '-'.repeat(74);

/** As Open MPI 4.1, MPICH 4.0 and Intel MPI 2021.19 wrote them. */
const killed = `${rule}
Primary job  terminated normally, but 1 process returned
a non-zero exit code. Per user-direction, the job has been aborted.
${rule}
${rule}
mpirun noticed that process rank 1 with PID 0 on node vm exited on signal 9 (Killed).
${rule}
`;
const failed = `${rule}
mpirun detected that one or more processes exited with non-zero status, thus causing
the job to be terminated. The first process to do so was:

  Process name: [[29331,1],2]
  Exit code:    3
${rule}
`;
const line = '='.repeat(83);
const mpich = `
${line}
=   BAD TERMINATION OF ONE OF YOUR APPLICATION PROCESSES
=   PID ${process.pid} RUNNING AT ${hostname()}
=   EXIT CODE: 9
=   CLEANING UP REMAINING PROCESSES
=   YOU CAN IGNORE THE BELOW CLEANUP MESSAGES
${line}
YOUR APPLICATION TERMINATED WITH THE EXIT STRING: Killed (signal 9)
This typically refers to a problem with your application.
Please see the FAQ page for debugging suggestions
`;
const intel = `
${line}
=   BAD TERMINATION OF ONE OF YOUR APPLICATION PROCESSES
=   RANK 0 PID 4710 RUNNING AT vm
=   KILLED BY SIGNAL: 15 (Terminated)
${line}

${line}
=   BAD TERMINATION OF ONE OF YOUR APPLICATION PROCESSES
=   RANK 1 PID 4711 RUNNING AT vm
=   KILLED BY SIGNAL: 9 (Killed)
${line}
`;

interface Written {
  readonly stdout?: string;
  readonly stderr?: string;
}

function read(family: LauncherFamily, written: Written, chunk = 10_000) {
  const shown = { stdout: '', stderr: '' };
  const into = (name: keyof Written) =>
    new Writable({
      decodeStrings: false,
      write(text: string, _encoding, done) {
        shown[name] += text;
        done();
      },
    });
  const streams = launcherStreams(family, { stdout: into('stdout'), stderr: into('stderr') });
  for (const name of ['stderr', 'stdout'] as const) {
    const text = written[name] ?? '';
    for (let at = 0; at < text.length; at += chunk) streams[name].take(text.slice(at, at + chunk));
    streams[name].finish();
  }
  const { stderr, stdout } = streams;
  return { ...shown, end: stderr.end ?? stdout.end, hasReason: stderr.hasReason };
}

describe.each([1, 7, 10_000])('what a launcher writes, in pieces of %i characters', (chunk) => {
  it("tells the killed rank, by Open MPI's words", () => {
    expect(read('openmpi', { stderr: killed }, chunk)).toMatchObject({
      ...{ stderr: '', hasReason: false },
      end: { rank: 1, host: 'vm', how: 'was ended by signal 9 (Killed)' },
    });
  });

  it("by Intel MPI's, between results", () => {
    expect(read('hydra', { stdout: `{"a":1}\n\nb\n${intel}` }, chunk)).toMatchObject({
      ...{ stdout: '{"a":1}\n\nb\n', stderr: '' },
      end: { rank: 1, host: 'vm', how: 'was ended by signal 9 (Killed)' },
    });
  });

  it("by MPICH's, which names a process, and what the rank said of itself", () => {
    const host = hostname();
    const how = 'was ended by signal 9 (Killed)';
    const unnamed = read('hydra', { stdout: mpich }, chunk);
    expect(unnamed).toMatchObject({ stdout: '', end: { rank: null, host, how } });
    const named = read('hydra', { stdout: mpich, stderr: startNotice(2) + endNotice(0, 1) }, chunk);
    expect(named).toMatchObject({
      stdout: '',
      stderr: '',
      end: { rank: 2, host, how, mayBeAnother: true },
    });
  });
});

describe('what a launcher writes', () => {
  it('tells a failed rank', () => {
    const how = 'ended with exit code 3';
    expect(read('openmpi', { stderr: failed }).end).toMatchObject({ rank: 2, host: null, how });
    // Others were killed.
    const stdout = mpich.replace('CODE: 9', 'CODE: 3');
    const end = { host: hostname(), how, exitCode: 3 };
    expect(read('hydra', { stdout })).toMatchObject({ stdout: '', end });
  });

  it("tells a signal with which MPICH has mixed others'", () => {
    const stdout = mpich
      .replace('CODE: 9', 'CODE: 134')
      .replace('Killed (signal 9)', 'Terminated (signal 15)');
    expect(read('hydra', { stdout }).end).toMatchObject({ how: 'ended with exit code 134' });
  });

  it('leaves what ranks say, and knows a reason', () => {
    const said = `epoch 1/1\nRank 1 of 2 on vm: RF-DATA-EMPTY: nothing\n`;
    const known = { stderr: said, hasReason: true };
    expect(read('openmpi', { stderr: said + killed })).toMatchObject(known);
    expect(read('hydra', { stderr: said, stdout: mpich })).toMatchObject(known);
    // Of one rank alone.
    const alone = 'RF-PLAN-NO-DEVICE: none\n';
    expect(read('openmpi', { stderr: alone })).toMatchObject({ stderr: alone, hasReason: true });
  });

  it('leaves out that a signal is passed on', () => {
    const stderr = 'mpirun.openmpi: Forwarding signal 10 to job\n';
    expect(read('openmpi', { stderr }).stderr).toBe('');
  });

  it('leaves messages that it does not know', () => {
    const stderr = `${rule}\nThere are not enough slots available\n${rule}\n`;
    expect(read('openmpi', { stderr }).stderr).toBe('There are not enough slots available\n');
  });

  it.each([
    `${rule}\ntable\n${rule}\n`,
    `\n${line}\ntable\n${line}\n`,
    `${line}\n\n${line}\n${line}\n`,
    `${line}\n{}\n`,
    `${line}\n${line}\n`,
    `{}\n${line}\n`,
  ])('leaves rules in results: %j', (stdout) => {
    expect(read('openmpi', { stdout }).stdout).toBe(stdout);
    expect(read('hydra', { stdout }).stdout).toBe(stdout);
    expect(read('hydra', { stdout: stdout + mpich }).stdout).toBe(stdout);
  });

  it('leaves out what Hydra and its library say by the way', () => {
    const stdout = '[mpiexec@vm] Sending Ctrl-C to processes as requested\n{}\n';
    const stderr =
      'Abort(3) on node 1 (rank 1 in comm 0): application called MPI_Abort(MPI_COMM_WORLD, 3) - process 1\n';
    expect(read('hydra', { stdout, stderr })).toMatchObject({ stdout: '{}\n', stderr: '' });
  });

  it('hands on a bar that has no end of line', () => {
    const shown: string[] = [];
    const stderr = new Writable({
      decodeStrings: false,
      write: (text: string, _encoding, done) => (shown.push(text), done()),
    });
    launcherStreams('hydra', { stdout: stderr, stderr }).stderr.take('\r[██░░] 50 %');
    expect(shown).toEqual(['\r[██░░] 50 %']);
  });
});
