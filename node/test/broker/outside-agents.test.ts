import { describe, expect, it } from 'vitest';
import { FakeLogger } from '../../../protocols/test/negotiation/fake-world.ts';
import { MAX_OUTSIDE_SKILLS, MAX_OUTSIDE_TEXT } from '../../../protocols/broker/messages.ts';
import { probesOf } from '../../../protocols/skill-discovery/similarity-buckets.ts';
import { OutsideAgents } from '../../broker/outside-agents.ts';
import { embedLocally, localEmbedder } from '../../skills/embedding.ts';

const URL_OF_CARD = 'https://agent.example/.well-known/agent-card.json';
const never = new AbortController().signal;

const skill = (change: object = {}) => ({
  id: 'translate',
  name: 'Translation',
  description: 'Translates German contracts into English',
  tags: ['performs:nlp/translation'],
  ...change,
});

async function agentsOf(body: BodyInit, status = 200) {
  const logger = new FakeLogger();
  const agents = new OutsideAgents({
    urls: [URL_OF_CARD],
    embedder: localEmbedder,
    logger,
    fetch: () => Promise.resolve(new Response(body, { status })),
  });
  await agents.refresh(never);
  return { agents, logger };
}

const cardOf = (skills: readonly object[], name = 'Agent') => JSON.stringify({ name, skills });

describe('agents outside the network', () => {
  it('are found by the terms of their skills, by ancestors, and by meaning', async () => {
    const { agents } = await agentsOf(cardOf([skill()]));
    const found = [{ url: URL_OF_CARD, name: 'Agent', skills: ['Translation'] }];
    expect(agents.find(['performs:nlp/translation'])).toEqual(found);
    expect(agents.find(['performs:nlp'])).toEqual(found);
    expect(agents.find(['performs:finance'])).toEqual([]);
    const vector = embedLocally('translate a German contract');
    expect(agents.find(probesOf(vector, localEmbedder.modelId))).toEqual(found);
  });

  it.each<[string, BodyInit, number]>([
    ['that is no JSON', '<html>', 200],
    ['that is not there', '{}', 404],
    ['without end', new Uint8Array(300_000), 200],
  ])('hostile: a card %s is told of no more, and the log says so', async (_, body, status) => {
    const { agents, logger } = await agentsOf(body, status);
    expect(agents.find(['performs:nlp'])).toEqual([]);
    expect(logger.lines).toMatchObject([{ level: 'warn', fields: { url: URL_OF_CARD } }]);
  });

  it('hostile: a good card of more than 256 KiB is not read, one of 256 KiB is', async () => {
    const card = cardOf([skill()]);
    // Space at the end leaves it the card that it was.
    const largest = card.padEnd(262_144, ' ');
    expect((await agentsOf(largest)).agents.find(['performs:nlp'])).toHaveLength(1);
    const { agents, logger } = await agentsOf(`${largest} `);
    expect(agents.find(['performs:nlp'])).toEqual([]);
    const err = expect.objectContaining({ message: 'it is larger than 262144 bytes' }) as Error;
    expect(logger.lines).toMatchObject([{ level: 'warn', fields: { url: URL_OF_CARD, err } }]);
  });

  it('hostile: of a card that goes on and on no more than the limit is taken in', async () => {
    const chunk = new Uint8Array(65_536).fill(0x20);
    let sent = 0;
    let isCancelled = false;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += chunk.length;
        controller.enqueue(chunk);
        // Not for ever: whoever reads on must fail this test, and not run out of memory.
        if (sent >= 16_777_216) controller.close();
      },
      cancel() {
        isCancelled = true;
      },
    });
    const { agents } = await agentsOf(body);
    expect(agents.find(['performs:nlp'])).toEqual([]);
    // The reader is one chunk ahead or two.
    expect(sent).toBeLessThanOrEqual(262_144 + 3 * chunk.length);
    expect(isCancelled).toBe(true);
  });

  it('hostile: long names and many skills are cut to what an answer may hold', async () => {
    const many = Array.from({ length: 100 }, (_, i) =>
      skill({ name: `${'\ud83d\ude00'.repeat(400)}${i}` }),
    );
    const { agents } = await agentsOf(cardOf(many, 'n'.repeat(9_000)));
    const [agent] = agents.find(['performs:nlp']);
    expect(agent!.name).toHaveLength(MAX_OUTSIDE_TEXT);
    expect(agent!.skills).toHaveLength(MAX_OUTSIDE_SKILLS);
    for (const name of agent!.skills) expect(name.length).toBeLessThanOrEqual(MAX_OUTSIDE_TEXT);
  });
});
