import { describe, expect, it } from '@jest/globals';
import { LauncherMessages } from './launcher-messages.js';

const rule = '-'.repeat(74);

/** As Open MPI 4.1 and Hydra 4.0 wrote them. */
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
const hydra = `
===================================================================================
=   BAD TERMINATION OF ONE OF YOUR APPLICATION PROCESSES
=   PID 4711 RUNNING AT vm
=   EXIT CODE: 9
=   CLEANING UP REMAINING PROCESSES
=   YOU CAN IGNORE THE BELOW CLEANUP MESSAGES
===================================================================================
YOUR APPLICATION TERMINATED WITH THE EXIT STRING: Killed (signal 9)
`;

function read(text: string, chunk = text.length) {
  let shown = '';
  const messages = new LauncherMessages((part) => (shown += part));
  for (let at = 0; at < text.length; at += chunk) messages.take(text.slice(at, at + chunk));
  messages.finish();
  return { shown, end: messages.end, hasReason: messages.hasReason };
}

describe('what a launcher writes', () => {
  it.each([1, 7, 10_000])('is read in pieces of %i characters', (chunk) => {
    expect(read(killed, chunk)).toEqual({
      shown: '',
      end: { rank: 1, host: 'vm', how: 'was ended by signal 9 (Killed)' },
      hasReason: false,
    });
  });

  it('tells a failed rank', () => {
    expect(read(failed).end).toEqual({ rank: 2, host: null, how: 'ended with exit code 3' });
  });

  it('of Hydra tells the signal', () => {
    const { shown, end } = read(hydra);
    expect(shown.trim()).toBe('');
    expect(end).toMatchObject({ rank: null, how: 'was ended by signal 9 (Killed)' });
  });

  it('leaves what ranks say, and knows a reason', () => {
    const said = `epoch 1/1\nRank 1 of 2 on vm: RF-DATA-EMPTY: nothing\n`;
    expect(read(said + killed)).toMatchObject({ shown: said, hasReason: true });
  });

  it('leaves out that a signal is passed on', () => {
    expect(read('mpirun: Forwarding signal 10 to job\n').shown).toBe('');
  });

  it('leaves messages that it does not know', () => {
    const text = `${rule}\nThere are not enough slots available\n${rule}\n`;
    expect(read(text).shown).toBe('There are not enough slots available\n');
  });

  it('hands on a bar that has no end of line', () => {
    let shown = '';
    new LauncherMessages((part) => (shown += part)).take('\r[██░░] 50 %');
    expect(shown).toBe('\r[██░░] 50 %');
  });
});
