import { AgentCard } from '@a2a-js/sdk';
import { describe, expect, it } from 'vitest';
import { Identity } from '../../../crypto/identity.ts';
import { buildAgentCard } from '../../../protocols/a2a/agent-card.ts';
import { ancestorsOf, PREDICATES } from '../../../protocols/skill-discovery/terms.ts';
import { FakeLogger } from '../../../protocols/test/negotiation/fake-world.ts';
import { OutsideAgents } from '../../broker/outside-agents.ts';
import { localEmbedder } from '../../skills/embedding.ts';
import { CONCEPTS } from '../../skills/vocabulary.ts';

const URL_OF_CARD = 'https://agent.example/.well-known/agent-card.json';
const { peerId } = Identity.fromSeed(new Uint8Array(32).fill(1));

/** The card of a node that offers this term, as JSON over HTTP. */
function cardOf(term: string, unit: string | undefined): string {
  const { bytes } = buildAgentCard({
    name: 'agent',
    description: 'An agent.',
    version: '1.0.0',
    peerId,
    multiaddrs: ['/ip4/127.0.0.1/tcp/4001'],
    offers: [
      {
        term,
        description: `Offers ${term}`,
        ...(unit === undefined ? {} : { quantity: 7, unit }),
        priceMicroUsd: 1,
        perUnit: 'task',
        latencyMs: 1,
      },
    ],
  });
  return Buffer.from(bytes).toString('utf8');
}

describe('every term of the vocabulary, through an agent card', () => {
  it('comes back from what the official SDK reads, its predicate and quantity too', () => {
    const seen = new Set<string>();
    for (const { term, unit } of CONCEPTS) {
      const predicate = term.slice(0, term.indexOf(':'));
      const card = AgentCard.fromJSON(JSON.parse(cardOf(term, unit)) as object);
      expect(card.skills.map(({ id }) => id)).toEqual([term]);
      expect(card.skills[0]!.tags[0]).toBe(predicate);
      const params = card.capabilities!.extensions.flatMap(
        ({ params: one }) => one?.['skills'] ?? [],
      );
      const quantity = unit === undefined ? {} : { quantity: 7, unit };
      expect(params, term).toContainEqual({ [term]: { predicate, ...quantity } });
      seen.add(predicate);
    }
    expect([...seen].toSorted()).toEqual(PREDICATES.toSorted());
  });

  it('is found by that term and by each ancestor where a broker reads the card', async () => {
    for (const predicate of PREDICATES) {
      const { term, unit } = CONCEPTS.findLast((one) => one.term.startsWith(`${predicate}:`))!;
      const agents = new OutsideAgents({
        urls: [URL_OF_CARD],
        embedder: localEmbedder,
        logger: new FakeLogger(),
        fetch: () => Promise.resolve(new Response(cardOf(term, unit))),
      });
      await agents.refresh(new AbortController().signal);
      for (const key of [term, ...ancestorsOf(term)]) {
        expect(
          agents.find([key]).map(({ url }) => url),
          key,
        ).toEqual([URL_OF_CARD]);
      }
    }
  });
});
