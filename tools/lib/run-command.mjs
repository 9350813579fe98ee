import { spawn } from 'node:child_process';
import { root } from './root.mjs';

/** A command that ended badly. `exitCode` is its exit code, or 1 when a signal ended it. */
export class CommandFailed extends Error {
  constructor(command, exitCode, signal) {
    super(`\`${command}\` ended with ${signal ? `signal ${signal}` : `exit code ${exitCode}`}.`);
    this.name = 'CommandFailed';
    this.exitCode = exitCode ?? 1;
  }
}

/**
 * Runs a command in the repository root.
 *
 * @param {string} command an executable; `node` is the node that runs this script
 * @param {readonly string[]} args
 * @param {{ capture?: boolean, quiet?: boolean, env?: Record<string, string>, timeoutMs?: number, acceptCodes?: readonly number[] }} options
 *   `capture`: collect stdout and give it back (stderr goes through); `quiet`: hide the output unless the command
 *   fails; `acceptCodes`: exit codes that are no failure (default: 0)
 * @returns {Promise<{ stdout: string, exitCode: number }>}
 * @throws {CommandFailed}
 */
export function runCommand(command, args, options = {}) {
  const { capture = false, quiet = false, env = {}, timeoutMs, acceptCodes = [0] } = options;
  const stdout = capture || quiet ? 'pipe' : 'inherit';
  const stderr = quiet ? 'pipe' : 'inherit';
  return new Promise((resolve, reject) => {
    const child = spawn(command === 'node' ? process.execPath : command, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['inherit', stdout, stderr],
      // npm is a .cmd file on Windows, which only a shell runs.
      shell: process.platform === 'win32' && command === 'npm',
      ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
    });
    let out = '';
    let all = '';
    child.stdout?.setEncoding('utf8').on('data', (text) => {
      out += text;
      all += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text) => (all += text));
    child.on('error', reject);
    child.on('close', (exitCode, signal) => {
      if (exitCode !== null && acceptCodes.includes(exitCode)) resolve({ stdout: out, exitCode });
      else {
        if (quiet) process.stderr.write(all);
        reject(new CommandFailed([command, ...args].join(' '), exitCode, signal));
      }
    });
  });
}
