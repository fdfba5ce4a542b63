/** Each example is run as a person runs it: the built file, in a process of its own. */

import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { TaskState } from '@a2a-js/sdk';
import type { ExecutionEventBus, RequestContext } from '@a2a-js/sdk/server';
import { afterEach, describe, expect, it } from 'vitest';
import { Speaker, startAgent, textPart } from '../../node/test/tasks/a2a-agent.ts';
import { startFakeChatService, stream } from '../../node/test/tasks/fake-chat-service.ts';

const SOURCES = fileURLToPath(new URL('../examples', import.meta.url));
const BUILT = fileURLToPath(new URL('../../dist/testnet/examples', import.meta.url));
const TIMEOUT_MS = 60_000;

const run = new Set<string>();
let ends: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of ends) await end();
  ends = [];
});

/** Lines of stdout. Anything on stderr, or an exit code that is not 0, fails. */
function linesOf(example: string, environment: Record<string, string> = {}): Promise<string[]> {
  run.add(example);
  return new Promise((resolve, reject) => {
    const options = { env: { ...process.env, ...environment }, timeout: TIMEOUT_MS };
    execFile(process.execPath, [`${BUILT}/${example}.js`], options, (error, stdout, stderr) => {
      if (error ?? stderr !== '') reject(error ?? new Error(stderr));
      else resolve(stdout.trimEnd().split('\n'));
    });
  });
}

describe('the examples', () => {
  it(
    'sell a skill, which another node finds',
    async () => {
      expect(await linesOf('01-sell-a-skill')).toEqual([
        'published performs:nlp/sentiment, read back: true',
        'hits: 1, complete',
        'performs:nlp/sentiment at the seller: 20 micro-USD, certificate level 0',
      ]);
    },
    TIMEOUT_MS,
  );

  it(
    'outsource a task to a seller that was attested, and check and pay it',
    async () => {
      expect(await linesOf('02-outsource-a-task')).toEqual([
        'the attestor certified the seller: 8 of 8 tasks passed',
        'the decision would be OUTSOURCE',
        expect.stringMatching(/^completed by the seller, \d+ micro-USD paid$/),
        'check well-formed: passed',
        'check recompute: passed',
        'receipt signed by both',
      ]);
    },
    TIMEOUT_MS,
  );

  it(
    'sell what a model behind an OpenAI-compatible service does',
    async () => {
      const answer = '{"summary":"A fast, quiet kettle with a weak lid."}';
      const service = await startFakeChatService((response) => stream(response, answer));
      ends.push(() => service.close());
      const environment = { MODEL_URL: service.baseUrl, MODEL: 'test-model' };
      expect(await linesOf('03-wrap-a-model', environment)).toEqual([
        expect.stringMatching(/^completed, [1-9]\d* micro-USD paid$/),
        answer,
      ]);
      expect(service.asked).toHaveLength(1);
      const { model, messages } = service.asked[0]!.body;
      expect(model).toBe('test-model');
      expect(JSON.stringify(messages)).toContain('The kettle boils fast and is quiet.');
    },
    TIMEOUT_MS,
  );

  it(
    'sell what an A2A agent does that knows nothing of this network',
    async () => {
      const agent = await startAgent({
        async execute(context: RequestContext, bus: ExecutionEventBus) {
          const speaker = new Speaker(context, bus);
          speaker.artifact([textPart(speaker.texts.at(-1)!.toUpperCase())]);
          speaker.end(TaskState.TASK_STATE_COMPLETED);
        },
        async cancelTask() {},
      });
      ends.push(() => agent.close());
      const lines = await linesOf('04-wrap-an-a2a-agent', { AGENT_URL: agent.url });
      expect(lines).toEqual([
        expect.stringMatching(/^completed, [1-9]\d* micro-USD paid$/),
        'A QUIET KETTLE',
      ]);
      expect(agent.calls.map(({ method }) => method)).toEqual(['SendStreamingMessage']);
    },
    TIMEOUT_MS,
  );

  it(
    'make a network that only who has the key can join',
    async () => {
      expect(await linesOf('05-private-network')).toEqual([
        'with the key: 1 hit, complete',
        'without it: 0 hits, unreachable',
      ]);
    },
    TIMEOUT_MS,
  );

  it(
    'pay for what a check of their own accepts, and not for the rest',
    async () => {
      expect(await linesOf('06-custom-verifier')).toEqual([
        expect.stringMatching(/^A QUIET KETTLE: completed, [1-9]\d* micro-USD paid$/),
        'check custom: passed, every letter is a capital',
        'no answer: refused, 0 micro-USD paid',
        'check custom: failed, a letter is no capital',
      ]);
    },
    TIMEOUT_MS,
  );

  it('are all run above', () => {
    const names = readdirSync(SOURCES).filter((name) => name.endsWith('.ts'));
    expect([...run].sort()).toEqual(names.map((name) => name.replace(/\.ts$/, '')).sort());
  });
});
