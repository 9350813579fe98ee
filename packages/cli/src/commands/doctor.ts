import { cpus, totalmem } from 'node:os';
import {
  collectProviders,
  Device,
  loadPlugins,
  namesOf,
  optionsForSchema,
  probeDevices,
} from '@refold/core';
import { configuredCommand, type CommonOptions } from '../common-options.js';
import { withImpliedPlugins } from '../implied-plugins.js';
import { pluginFolders } from '../load-config.js';
import { printTable } from '../output/print-table.js';
import { toolVersions } from '../tool-versions.js';
import type { DefineCommand } from './commands.js';

/** `refold doctor`: what this machine has, which devices work, and what is missing. */
export const doctorCommand: DefineCommand = (io) =>
  configuredCommand('doctor', 'Say what works on this machine and what is missing.', [
    'refold doctor',
    'refold doctor --json',
  ]).action(async (options: CommonOptions) => {
    const from = pluginFolders(io);
    const plugins = await loadPlugins(withImpliedPlugins([], from), { from });
    const candidates = collectProviders(plugins, optionsForSchema)
      .filter(({ point }) => point.name === Device.name)
      .flatMap((declared) => namesOf(declared).map((use) => ({ ...declared, use })));
    const devices = (await probeDevices(candidates)).map(({ candidate, probe }) => ({
      name: candidate.use,
      usable: probe.usable,
      library: probe.library ?? null,
      reason: probe.reason,
    }));
    const tools = toolVersions();
    const report = {
      node: process.version,
      platform: `${process.platform} ${process.arch}`,
      cpu: { model: cpus()[0]?.model ?? 'unknown', cores: cpus().length, memoryBytes: totalmem() },
      devices,
      mpi: tools.mpirun ?? null,
      tools,
    };
    if (options.json) {
      io.stdout.write(`${JSON.stringify(report)}\n`);
      return;
    }
    const found = (version: string | null): string => version ?? 'not found';
    io.stdout.write(`Node      ${report.node} on ${report.platform}\n`);
    io.stdout.write(
      `CPU       ${report.cpu.model}, ${report.cpu.cores} cores, ${(report.cpu.memoryBytes / 2 ** 30).toFixed(1)} GiB\n`,
    );
    for (const [name, version] of Object.entries(tools)) {
      io.stdout.write(`${name.padEnd(9)} ${found(version)}\n`);
    }
    io.stdout.write('\n');
    io.stdout.write(
      printTable([
        ['device', 'usable', 'library', 'reason'],
        ...devices.map((d) => [d.name, d.usable ? 'yes' : 'no', d.library ?? '–', d.reason]),
      ]),
    );
    const best = devices.find(({ usable }) => usable);
    io.stdout.write(`\ndevice: auto takes ${best ? best.name : 'none: nothing works here'}.\n`);
  });
