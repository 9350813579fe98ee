import { Callback, definePlugin } from '@refold/core';
import { z } from 'zod';
import { ProgressWriter, type ProgressOutput } from './progress-writer.js';

const schema = z.strictObject({
  quiet: z.boolean().default(false).describe('Say nothing.'),
  everySteps: z
    .number()
    .int()
    .positive()
    .default(50)
    .describe('Updates between two lines where stderr is no terminal.'),
});

/** Shows how a run goes, on stderr: a bar on a terminal, plain lines elsewhere. */
export default definePlugin({
  name: '@refold/plugin-progress',
  apiVersion: 1,
  section: 'progress',
  options: schema,
  setup({ options: { quiet, everySteps }, provide }) {
    provide(Callback, {
      create: () => ({
        name: 'progress',
        observe(events) {
          if (quiet) return;
          const writer = new ProgressWriter(stderrOutput(), everySteps);
          events.subscribe((event) => writer.take(event));
        },
      }),
    });
  },
});

function stderrOutput(): ProgressOutput {
  return {
    write: (text) => process.stderr.write(text),
    isTerminal: process.stderr.isTTY === true,
    now: () => performance.now(),
  };
}
