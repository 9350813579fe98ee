import type { Command } from 'commander';
import type { Io } from '../io.js';
import { benchmarkCommand } from './benchmark.js';
import { configCommand } from './config.js';
import { doctorCommand } from './doctor.js';
import { importCommand } from './import.js';
import { drawCommand } from './draw.js';
import { launchCommand } from './launch.js';
import { fuseCommand } from './fuse.js';
import { planCommand } from './plan.js';
import { pluginsCommand } from './plugins.js';
import { predictCommand } from './predict.js';
import { quantiseCommand } from './quantise.js';
import { setupCommand } from './setup.js';
import { trainCommand } from './train.js';
import { validateCommand } from './validate.js';

/** Defines one sub-command; it tells its exit code through `done` where that is not 0. */
export type DefineCommand = (io: Io, done: (exitCode: number) => void) => Command;

/** In the order of `refold --help`. */
export const commands: readonly DefineCommand[] = [
  trainCommand,
  validateCommand,
  predictCommand,
  fuseCommand,
  importCommand,
  drawCommand,
  quantiseCommand,
  launchCommand,
  benchmarkCommand,
  planCommand,
  configCommand,
  doctorCommand,
  pluginsCommand,
  setupCommand,
];
