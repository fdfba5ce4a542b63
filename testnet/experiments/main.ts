#!/usr/bin/env node
/**
 * `coalesce simulate`: the experiments, as a program of their own. It loads no network.
 *
 * @module
 */

import '../../protocols/polyfills.ts';
import { runSimulateCli } from './simulate-cli.ts';

process.exitCode = await runSimulateCli(process.argv.slice(2));
