/**
 * One rank of benchmarks/ranks.mjs; rank 0 prints a line of JSON.
 *
 *     mpirun -n 2 node benchmarks/run-rank.mjs '{"work":"training","resolution":64,"batchSize":32,"steps":10}'
 *     mpirun -n 2 node benchmarks/run-rank.mjs '{"work":"training","resolution":64,"batchSize":32,"steps":10,"sums":false}'
 *     mpirun -n 2 node benchmarks/run-rank.mjs '{"work":"all-reduce","count":9130000,"turns":20}'
 *     mpirun -n 2 node benchmarks/run-rank.mjs '{"work":"shared-sum","count":9130000,"turns":20}'
 */
import { distributedDevice, MpiGroup } from '@refold/plugin-device-distributed';
import { onednnDevice } from '@refold/plugin-device-onednn';
import { loadNetwork, openPlugins, randomBatch } from './open-network.mjs';

const job = JSON.parse(process.argv[2]);
const group = await MpiGroup.open();
const works = { training, 'all-reduce': allReduce, 'shared-sum': sharedSum };
const result = await works[job.work]();
if (group.rank === 0) process.stdout.write(`${JSON.stringify(result)}\n`);
await group.close();

async function training() {
  const options = { syncBatchNorm: false, compression: job.compression ?? 'none' };
  const own = onednnDevice({ threads: 1 });
  const meanwhile = noteSumsMeanwhile();
  // Without sums each rank trains for itself: what the cores take from each other.
  const device = job.sums === false ? own : distributedDevice(own, group, options);
  const plugins = await openPlugins('repvgg_a0');
  const { session } = await loadNetwork(device, plugins, {
    kind: 'training',
    precision: 'float32',
    ...job,
  });
  const batch = randomBatch(job.batchSize, job.resolution);
  const msPerStep = [];
  const waitMs = [];
  const parts = { forwardMs: [], backwardMs: [], updateMs: [] };
  for (let step = -2; step < job.steps; step++) {
    await group.barrier();
    const started = performance.now();
    const { allReduceMs = 0, forwardMs, backwardMs } = await session.backward(batch);
    const updating = performance.now();
    await session.update(0.001);
    if (step < 0) continue;
    parts.forwardMs.push(forwardMs);
    parts.backwardMs.push(backwardMs);
    parts.updateMs.push(performance.now() - updating);
    msPerStep.push(performance.now() - started);
    waitMs.push(allReduceMs);
  }
  await device.close();
  const bucketBytes = session.gradients.map(({ length }) => 4 * length);
  return { msPerStep, waitMs, ...parts, bucketBytes, meanwhile: meanwhile.slice(-job.steps) };
}

/**
 * Notes at the end of each pass what share of its gradients this rank has done its part of the sums of; nothing where ranks
 * share no memory.
 */
function noteSumsMeanwhile() {
  const shares = [];
  const share = group.share.bind(group);
  group.share = async (floats) => {
    const memory = await share(floats);
    if (!memory) return null;
    const { add, finish } = memory;
    let added = 0;
    memory.add = (from, to) => {
      added += to - from;
      return add(from, to);
    };
    // It is called when the pass has ended and waits for what is left.
    memory.finish = () => {
      shares.push(1 - memory.pending() / added);
      added = 0;
      return finish();
    };
    return memory;
  };
  return shares;
}

async function allReduce() {
  const values = new Float32Array(job.count).fill(1);
  return timed(() => group.allReduceSum(values));
}

async function sharedSum() {
  const { own, add, finish } = await group.share(job.count);
  own.fill(1);
  return timed(async () => {
    await add(0, job.count);
    await finish();
  });
}

async function timed(collective) {
  const turns = [];
  for (let turn = -2; turn < job.turns; turn++) {
    await group.barrier();
    const started = performance.now();
    await collective();
    if (turn >= 0) turns.push(performance.now() - started);
  }
  return turns;
}
