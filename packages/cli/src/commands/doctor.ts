import { cpus, totalmem } from 'node:os';
import { collectProviders, Device, namesOf, optionsForSchema, probeDevices } from '@refold/core';
import type { Command } from 'commander';
import { configuredCommand } from '../common-options.js';
import { loadParts } from '../load-config.js';
import { printTable } from '../output/print-table.js';
import { readArguments } from '../read-arguments.js';
import { toolVersions } from '../tool-versions.js';
import type { DefineCommand } from './commands.js';

/** `refold doctor`: what this machine has, which devices work, and what is missing. */
export const doctorCommand: DefineCommand = (io) =>
  configuredCommand('doctor', 'Say what works on this machine and what is missing.', [
    'refold doctor',
    'refold doctor --json',
  ]).action(async (_options: unknown, command: Command) => {
    const given = readArguments(command, 0);
    // Those of the configuration, if there is one, so that a device of one's own is looked at as well.
    const { plugins } = await loadParts(io, given);
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
    if (given.options.json) {
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
        ...devices.map(({ name, usable, library, reason }) => [
          name,
          usable ? 'yes' : 'no',
          library ?? '–',
          reason.split('\n')[0] ?? '',
        ]),
      ]),
    );
    for (const { name, reason } of devices) {
      if (reason.includes('\n')) io.stdout.write(`\n${name}: ${reason}\n`);
    }
    const best = devices.find(({ usable }) => usable);
    io.stdout.write(`\ndevice: auto takes ${best ? best.name : 'none: nothing works here'}.\n`);
  });
