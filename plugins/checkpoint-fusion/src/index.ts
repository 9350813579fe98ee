import { Callback, definePlugin } from '@refold/core';
import { z } from 'zod';
import { fuseRun } from './fuse-run.js';

const schema = z.strictObject({
  atEnd: z.boolean().default(true).describe('Fuse when the run is complete.'),
  regionTolerance: z
    .number()
    .positive()
    .default(1e-5)
    .describe('Gate per region: largest relative error.'),
  networkTolerance: z
    .number()
    .positive()
    .default(1e-4)
    .describe('Gate for the network: largest relative error of the logits.'),
  probes: z.number().int().positive().default(2).describe('Random images per region of the proof.'),
  images: z
    .number()
    .int()
    .positive()
    .default(256)
    .describe('Validation images on which the whole network is compared.'),
});

/** Fuses and proves the network at the end of a run. Over the gate the run fails and nothing is written. */
export default definePlugin({
  name: '@refold/plugin-checkpoint-fusion',
  apiVersion: 1,
  section: 'fusion',
  options: schema,
  setup({ options, provide }) {
    provide(Callback, {
      create: () => ({
        name: 'checkpoint-fusion',
        async runEnded(run) {
          if (!options.atEnd) return;
          // On several replicas the state is read together.
          if (run.device.group.rank !== 0) return void (await run.state());
          await fuseRun(run, {
            gate: { region: options.regionTolerance, network: options.networkTolerance },
            probes: options.probes,
            images: options.images,
            batchSize: Math.min(options.images, 64),
          });
        },
      }),
    });
  },
});
