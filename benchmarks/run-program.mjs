import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Compiles a program of this folder for this machine (CXX names the compiler, default g++) and runs it.
 *
 * @param {string} source its file
 * @param {...string[]} flags the compiler's; of several lists the first that compiles is taken
 * @returns the JSON that it printed
 */
export function runProgram(source, ...flags) {
  const folder = mkdtempSync(join(tmpdir(), 'refold-program-'));
  try {
    const program = join(folder, 'program');
    const args = ['-march=native', join(import.meta.dirname, source), '-o', program];
    compile(args, flags);
    return JSON.parse(execFileSync(program, { encoding: 'utf8' }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Only the last list's messages are for people: others may fail. */
function compile(args, [flags, ...more]) {
  const stdio = ['ignore', 2, more.length === 0 ? 'inherit' : 'ignore'];
  try {
    execFileSync(process.env.CXX ?? 'g++', [...args, ...flags], { stdio });
  } catch (error) {
    if (more.length === 0) throw error;
    compile(args, more);
  }
}
