#!/usr/bin/env node
import { guardProcess, main } from '../dist/index.js';

const settled = guardProcess();
process.exitCode = await main(process.argv.slice(2));
settled();
