import { createWriteStream, type WriteStream } from 'node:fs';
import { once } from 'node:events';
import path from 'node:path';
import { Callback, definePlugin } from '@refold/core';
import { z } from 'zod';

/** Writes `step,loss,rate` of every update to a CSV file in the run's output folder. */
export default definePlugin({
  name: 'refold-plugin-callback-csv',
  apiVersion: 1,
  section: 'csv',
  options: z.strictObject({
    file: z
      .string()
      .min(1)
      .default('losses.csv')
      .describe('Name of the file in the output folder.'),
  }),
  setup({ options: { file }, provide }) {
    provide(Callback, {
      create: () => {
        let stream: WriteStream | undefined;
        return {
          name: 'csv',
          async runStarting(run) {
            stream = createWriteStream(path.join(run.outputDir, file), { flags: 'a' });
            await once(stream, 'open');
            if (run.position.step === 0) stream.write('step,loss,rate\n');
          },
          stepEnded(run, { loss, rate }) {
            stream?.write(`${run.position.step},${loss},${rate}\n`);
            return Promise.resolve();
          },
          /** The pipeline closes every instance at the end of a run, however it ends. */
          async close() {
            if (stream) await new Promise((done) => stream!.end(done));
          },
        };
      },
    });
  },
});
