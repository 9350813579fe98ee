import { composeResolved, predictScaling, type Plan } from '@refold/core';
import { count } from '@refold/graph';
import { fusedForm } from '@refold/reparam';
import type { Command } from 'commander';
import { configuredCommand, type CommonOptions } from '../common-options.js';
import { loadConfig } from '../load-config.js';
import { compileInIntegers } from '../quantise/compile-in-integers.js';
import { describeProgram } from '../output/describe-program.js';
import { describeScaling } from '../output/describe-scaling.js';
import { printTable } from '../output/print-table.js';
import { programDocument } from '../program-document.js';
import { readArguments } from '../read-arguments.js';
import { networkOf, nodesUpTo } from '../scaling-options.js';
import type { DefineCommand } from './commands.js';

interface PlanOptions extends CommonOptions {
  readonly operations?: boolean;
  readonly nodes?: string;
  readonly network?: string;
}

/** `refold plan`: who takes part, and the numbers of the run, before anything is computed; and what the device compiles. */
export const planCommand: DefineCommand = (io) =>
  configuredCommand('plan', 'Show what a run would do, without training anything.', [
    'refold plan -c configs/repvgg/repvgg_a1.yaml --data-dir /path/to/imagenet',
    'refold plan -c configs/imagenette.yaml --data-dir D --device onednn --operations',
    'refold plan -c configs/imagenette.yaml --data-dir D --nodes 8 --network 25Gb',
  ])
    .option('--operations', 'list every operation that a compiling device makes of the network')
    .option('--nodes <count>', 'measure a step here, and predict it on up to so many machines')
    .option('--network <speed>', "their network, as 25Gb or 25Gb,10us (default: '10Gb')")
    .action(async (_options: unknown, command: Command) => {
      const given = readArguments<PlanOptions>(command, 0);
      const { options } = given;
      const config = await loadConfig(io, given);
      const pipeline = composeResolved(config, { baseDir: io.cwd });
      const nodes = options.nodes === undefined ? [] : nodesUpTo(options.nodes);
      const network = networkOf(options.network ?? '10Gb');
      const { plan, graph, compiled, step } = await pipeline.inspect(nodes.length > 0);
      const scaling = step && nodes.map((count) => predictScaling(step, count, network));
      const fused = count(fusedForm(graph));
      const all = options.operations === true;
      const isInt8 = config.core.device.precision === 'int8';
      const network8 = isInt8 ? await compileInIntegers(pipeline, graph, plan.batchSize) : compiled;
      const program = network8 && programDocument(network8, all);
      const { parameters, macs, ...rest } = plan;
      const document = {
        ...rest,
        parameters: { train: parameters, fused: fused.parameters },
        macs: { train: macs, fused: fused.macs },
        ...(program && { compiled: program }),
        ...(scaling && { scaling: { step, network, predictions: scaling } }),
      };
      io.stdout.write(
        options.json
          ? `${JSON.stringify(document)}\n`
          : describe(plan, fused) +
              (program ? `\n${describeProgram(program)}` : '') +
              (step && scaling
                ? `\n${describeScaling(step, network, scaling, plan.batchSize)}`
                : ''),
      );
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
