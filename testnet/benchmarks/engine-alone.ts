/**
 * Entry of a thread: times the decision engine where nothing else was loaded, and sends the rows.
 *
 * @module
 */

import { parentPort } from 'node:worker_threads';
import { benchEngine } from './decision.ts';

parentPort!.postMessage([...benchEngine(100, ''), ...benchEngine(1_000, '')]);
