import { composeResolved, type Plan } from '@refold/core';
import { count } from '@refold/graph';
import { fusedForm } from '@refold/reparam';
import type { Command } from 'commander';
import { configuredCommand } from '../common-options.js';
import { loadConfig } from '../load-config.js';
import { printTable } from '../output/print-table.js';
import { readArguments } from '../read-arguments.js';
import type { DefineCommand } from './commands.js';

/** `refold plan`: who takes part, and the numbers of the run, before anything is computed. */
export const planCommand: DefineCommand = (io) =>
  configuredCommand('plan', 'Show what a run would do, without computing anything.', [
    'refold plan -c configs/repvgg/repvgg_a1.yaml --data-dir /path/to/imagenet',
  ]).action(async (_options: unknown, command: Command) => {
    const given = readArguments(command, 0);
    const config = await loadConfig(io, given);
    const { plan, graph } = await composeResolved(config, { baseDir: io.cwd }).inspect();
    const fused = count(fusedForm(graph));
    const { parameters, macs, ...rest } = plan;
    const document = {
      ...rest,
      parameters: { train: parameters, fused: fused.parameters },
      macs: { train: macs, fused: fused.macs },
    };
    io.stdout.write(given.options.json ? `${JSON.stringify(document)}\n` : describe(plan, fused));
  });

function describe(plan: Plan, fused: { parameters: number; macs: number }): string {
  const integer = (n: number): string => n.toLocaleString('en-US');
  const reference = plan.referenceGlobalBatch;
  const numbers = [
    ['model', plan.model],
    ['parameters', `${integer(plan.parameters)} train, ${integer(fused.parameters)} fused`],
    ['BN buffers', integer(plan.buffers)],
    ['multiply-adds', `${integer(plan.macs)} train, ${integer(fused.macs)} fused`],
    ['device', `${plan.device.name} (${plan.device.library}): ${plan.device.reason}`],
    [
      'global batch',
      `${plan.globalBatch} = ${plan.batchSize} × ${plan.replicas} replicas × ${plan.accumulate} accumulated` +
        (reference === null ? '' : `; recipe's: ${reference}`),
    ],
    ['rate', `${plan.rate} at its highest, from base ${plan.baseRate}`],
    ...plan.ratePolicies.map((text) => ['', text]),
    ['steps', `${integer(plan.steps)} (${plan.epochs} epochs of ${plan.stepsPerEpoch})`],
    ['memory', `about ${(plan.memoryBytes / 2 ** 20).toFixed(0)} MiB`],
    ['output', plan.outputDir],
  ];
  const providers = [
    ['point', 'plugin', 'name'],
    ...plan.providers.map(({ point, plugin, name }) => [point, plugin, name]),
  ];
  const lines = numbers.map(([name = '', value = '']) => `${name.padEnd(14)} ${value}`);
  const warnings = plan.warnings.map((text) => `warning: ${text}`);
  return `${printTable(providers)}\n${[...lines, ...warnings].join('\n')}\n`;
}
