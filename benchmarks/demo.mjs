/**
 * Runs the demo and puts what it says, with the wall time of the whole command, into docs/performance.md.
 *
 *     node benchmarks/demo.mjs [--dry]
 */
import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { writeBetweenMarkers } from './write-between-markers.mjs';

const root = join(import.meta.dirname, '..');
const started = performance.now();
const stdio = ['ignore', 'pipe', 'inherit'];
const said = execFileSync('node', [join(root, 'tools/demo.mjs')], {
  cwd: root,
  encoding: 'utf8',
  stdio,
});
const seconds = (performance.now() - started) / 1000;
const summary = said.replace(/^\n+|\s+$/g, '').replaceAll(`${root}/`, '');
const machine = `${cpus().length} cores (${cpus()[0].model.trim()}), Node ${process.version}`;
const page = `${machine}; ${seconds.toFixed(0)} s with everything installed and built.\n\n\`\`\`text\n${summary}\n\`\`\``;
process.stdout.write(`${page}\n`);
if (!process.argv.includes('--dry')) await writeBetweenMarkers('demo', page);
