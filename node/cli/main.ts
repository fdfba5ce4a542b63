#!/usr/bin/env node
/**
 * The `coalesce` command. Exit codes: 0 done; 1 failed or refused; 2 bad usage or input; 3 nothing
 * found, and the look was complete; 4 could not look (architecture.md 6).
 *
 * @module
 */

import '../../protocols/polyfills.ts';
import { runCli } from './run-cli.ts';

// `coalesce … | head` closes the pipe early: that ends the command, and is no error.
process.stdout.on('error', () => process.exit(0));
process.exitCode = await runCli(process.argv.slice(2));
