import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';

const python = process.env.REFOLD_PYTHON ?? 'python3';
const file = (name) => join(import.meta.dirname, name);

/** Measures one job of ours in a process of its own (run-ours.mjs says what a job is). */
export function runOurs(job) {
  return lastLine(process.execPath, [file('run-ours.mjs'), JSON.stringify(job)]);
}

/** Measures the same job in PyTorch + timm. */
export function runPytorch(job) {
  return lastLine(python, [file('run-pytorch.py'), JSON.stringify(job)]);
}

/** What Python has; null without torch and timm. */
export function pytorchVersion() {
  const code =
    'import torch, timm; print(f"PyTorch {torch.__version__} + timm {timm.__version__}")';
  const { status, stdout } = spawnSync(python, ['-c', code], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : null;
}

/** Name, library, threads and precisions of a device; null where it does not work here. */
export function deviceInfo(device) {
  try {
    const job = JSON.stringify({ device, kind: 'info' });
    return lastLine(process.execPath, [file('run-ours.mjs'), job], 'pipe');
  } catch (error) {
    const reason = /^\w*Error.*: .*$/m.exec(error.stderr)?.[0].trim() ?? error.message;
    process.stderr.write(`${device} does not work here: ${reason}\n`);
    return null;
  }
}

/** @param stderr `pipe`: not shown, but part of the error */
function lastLine(command, args, stderr = 'inherit') {
  const stdio = ['ignore', 'pipe', stderr];
  const text = execFileSync(command, args, { encoding: 'utf8', stdio });
  return JSON.parse(text.trim().split('\n').at(-1));
}
