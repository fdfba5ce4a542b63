/**
 * An honest contractor that takes twenty seconds for everything: for faults in the middle of it.
 *
 * @module
 */

import { setTimeout as delay } from 'node:timers/promises';
import type { AgentExecutor } from '@a2a-js/sdk/server';
import { answerHonestly } from './executor-answer.ts';

const WORK_MS = 20_000;

const slowWorker: AgentExecutor = {
  async execute(context, bus) {
    await delay(WORK_MS);
    await answerHonestly(context, bus);
  },
  cancelTask: () => Promise.resolve(),
};

export default slowWorker;
