/**
 * Measures one network on one device, in a process of its own. Prints one line of JSON.
 *
 *     node benchmarks/run-ours.mjs '{"device":"wasm","model":"repvgg_a0","kind":"training","precision":"float32","batchSize":32,"resolution":224,"steps":4}'
 *
 * `kind`: `training`, `train-form` (multi-branch inference) or `fused` inference; `info` tells what the device is.
 * The first step is not among `msPerStep`: it counts into `firstStepSeconds`, from `device.load`.
 */
import { loadNetwork, openDevice, openPlugins, randomBatch } from './open-network.mjs';

const job = JSON.parse(process.argv[2]);
const device = await openDevice(job.device);
const result = job.kind === 'info' ? device.info : await measure();
await device.close();
process.stdout.write(`${JSON.stringify(result)}\n`);

async function measure() {
  const plugins = await openPlugins(job.model);
  const batch = randomBatch(job.batchSize, job.resolution);
  const { session, step, loading } = await loadNetwork(device, plugins, job);
  await step(batch);
  const firstStepSeconds = (performance.now() - loading) / 1000;
  const msPerStep = [];
  for (let i = 0; i < job.steps; i++) {
    const started = performance.now();
    await step(batch);
    msPerStep.push(performance.now() - started);
  }
  const peakMemoryBytes = process.resourceUsage().maxRSS * 1024;
  const { operations: _, ...compiled } = session.compiled ?? {};
  return { msPerStep, firstStepSeconds, peakMemoryBytes, compiled };
}
