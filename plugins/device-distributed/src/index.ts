import { Callback, Device, definePlugin, launchedRank } from '@refold/core';
import { z } from 'zod';
import { compareReplicas } from './compare-replicas.js';
import { distributedDevice } from './distributed-device.js';
import { mpiMissing } from './errors.js';
import { installMpi } from './install-mpi.js';
import { findMpi, MpiGroup } from './mpi/index.js';

export { distributedDevice, type DistributedOptions } from './distributed-device.js';
export { findMpi, MpiGroup } from './mpi/index.js';
export type { ReplicaSums } from './replica-sums.js';

const options = z.strictObject({
  syncBatchNorm: z
    .boolean()
    .default(false)
    .describe(
      'Batch norms use the statistics of the global batch: n replicas train what one would.',
    ),
  compression: z
    .enum(['none', 'bfloat16'])
    .default('none')
    .describe('How gradients travel between replicas; bfloat16: half the bytes, eight bits.'),
  timeoutMs: z
    .int()
    .nonnegative()
    .default(300_000)
    .describe('Longest wait for other replicas before the run is given up; 0: no limit.'),
});

/** The device `distributed`: any other device in several processes that train together, by MPI. */
export default definePlugin({
  name: '@refold/plugin-device-distributed',
  apiVersion: 1,
  installs: {
    mpi: {
      description:
        'an MPI library with mpirun, for several processes (Open MPI, as root on Debian)',
      install: (report) => Promise.resolve().then(() => installMpi(report)),
    },
  },
  setup({ provide }) {
    provide(Device, {
      use: ['distributed'],
      options,
      wraps: () => launchedRank() !== null,
      probe() {
        const mpi = findMpi();
        return Promise.resolve(
          mpi.found
            ? { usable: true, library: mpi.library, reason: `${mpi.library} found (${mpi.file})` }
            : { usable: false, reason: mpiMissing(mpi.tried).message },
        );
      },
      async create({ inner, options: { timeoutMs, ...own } }) {
        const device = inner as Device;
        try {
          return distributedDevice(device, await MpiGroup.open({ timeoutMs }), own);
        } catch (error) {
          await device.close();
          throw error;
        }
      },
    });
    provide(Callback, {
      needs: { device: Device },
      create: ({ device }) => compareReplicas(device.group),
    });
  },
});
