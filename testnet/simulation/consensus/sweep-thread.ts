/**
 * Entry of a thread that runs its share of the seeds (consensus-sweep.ts).
 *
 * @module
 */

import { parentPort, workerData } from 'node:worker_threads';
import { answersTo } from './consensus-sweep.ts';
import type { ThreadTask } from './consensus-sweep.ts';

for (const answer of answersTo(workerData as ThreadTask)) parentPort?.postMessage(answer);
