/**
 * An honest contractor that takes twenty seconds for everything: for faults in the middle of it.
 *
 * @module
 */

import { setTimeout as delay } from 'node:timers/promises';
import type { AgentExecutor } from '@a2a-js/sdk/server';
import { createBuiltinExecutor } from '../../node/tasks/executors/executor-registry.ts';
import { answerWith } from './executor-answer.ts';

const WORK_MS = 20_000;

const slowWorker: AgentExecutor = {
  async execute(context, bus) {
    await delay(WORK_MS);
    const parts = context.userMessage.parts.flatMap(({ content, mediaType }) => {
      const isText = content?.$case === 'text' || content?.$case === 'raw';
      if (!isText || mediaType !== 'text/plain') return [];
      return [{ mediaType, bytes: Buffer.from(content.value) }];
    });
    const sentiment = createBuiltinExecutor('performs:nlp/sentiment')!;
    const { signal } = new AbortController();
    const result = await sentiment.execute({ parts } as never, { signal });
    answerWith(context, bus, result.parts[0]?.data);
  },
  cancelTask: () => Promise.resolve(),
};

export default slowWorker;
