/** A real node sells work to another, and is then found by what it did. */
import { afterEach, describe, expect, it } from 'vitest';
import { Identity } from '../../crypto/identity.ts';
import { queryBody } from '../http-api/routes/requests.ts';
import type { ConfigFile } from '../config/schema.ts';
import { systemClock } from '../system-clock.ts';
import type { OutcomeEntry } from '../tasks/outcomes.ts';
import { taskForSkill } from '../tasks/task-for-skill.ts';
import { endNodes, startNode } from './real-nodes.ts';

const TERM = 'performs:nlp/sentiment';
const ABOUT = 'blazon the heraldry on this shield';
/** Outcomes from which what was learned counts. */
const OUTCOMES = 8;
const OFFER = {
  skills: [
    {
      term: TERM,
      description: 'Sentiment of a text',
      priceMicroUsd: 10,
      perUnit: 'task',
      latencyMs: 1_000,
      capacity: 4,
      executor: { type: 'builtin' },
    },
  ],
};
const never = new AbortController().signal;

afterEach(endNodes);

const TASK = {
  ...taskForSkill({
    term: TERM,
    inputs: [{ file: 'a.txt', mediaType: 'text/plain' }],
    valueMicroUsd: 1_000_000,
  }),
  description: ABOUT,
};
const FILES = { 'a.txt': Buffer.from('A good day.').toString('base64') };

/** A contractor is believed from its outcomes, and a test has no time for a thousand. */
function believed(peerId: string): OutcomeEntry {
  const lastMs = systemClock.nowMs();
  return { peerId, taskType: TERM, successes: 1_000, failures: 0, lastMs, paidMicroUsd: 0 };
}

describe('work of a real node', () => {
  it('makes it found by text that only its work says, and suggests its buyer a term', async () => {
    const [c, s] = [Identity.generate(), Identity.generate()];
    const seller = await startNode(s, {
      trust: { known: [c.peerId] },
      network: { isLocalNetwork: true },
    });
    const { addresses } = await seller.status();
    const values: ConfigFile = {
      trust: { known: [s.peerId] },
      // Buys at any price.
      decision: { hasEconomicGate: false, confidenceThreshold: 0 },
      network: { isLocalNetwork: true, bootstrap: [...addresses] },
    };
    const client = await startNode(c, values, [believed(s.peerId)]);
    await expect.poll(async () => (await seller.status()).routingTableSize).toBe(1);
    const found = async (query: string) => {
      const { hits } = await client.query(queryBody.parse({ query, limit: 5 }), never);
      return hits.map(({ peerId }) => peerId);
    };
    await seller.publishSkills(OFFER, never);
    await expect.poll(() => found('sentiment of a text')).toEqual([s.peerId]);
    expect(await found(ABOUT)).toEqual([]);

    for (let i = 0; i < OUTCOMES; i++) {
      const { status, subtasks } = await client.run({ task: TASK, files: FILES }, never);
      expect([status, subtasks[0]?.cost.isDoneHere]).toEqual(['completed', false]);
    }
    // The buyer does not wait until the seller has written the receipt.
    const published = async () => {
      await seller.publishSkills(OFFER, never);
      return found(ABOUT);
    };
    await expect.poll(published, { timeout: 20_000 }).toEqual([s.peerId]);

    const [suggestion, ...others] = await client.suggestTerms();
    expect(suggestion).toMatchObject({ tasks: OUTCOMES, examples: [ABOUT] });
    expect(suggestion!.term).toMatch(/^performs:[a-z]+\/blazon-heraldry$/);
    expect(others).toEqual([]);
  }, 60_000);
});
