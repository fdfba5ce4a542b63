#!/usr/bin/env node
/**
 * The `coalesce-testnet` command: a local network of real nodes, and the demo that uses one.
 *
 * @module
 */

import '../protocols/polyfills.ts';
import { runTestnetCli } from './testnet-cli.ts';

process.exitCode = await runTestnetCli(process.argv.slice(2));
