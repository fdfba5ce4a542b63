/**
 * Sells a skill: a node that offers sentiment analysis, and a client that finds it in the DHT.
 *
 *     node dist/testnet/examples/01-sell-a-skill.js
 *
 * Both nodes live in this process, on loopback, in directories that go away at the end. On a real
 * network `network.listen` has a public address and `network.bootstrap` a peer that is there.
 *
 * @module
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openAgentNode } from 'coalesce';

const TERM = 'performs:nlp/sentiment';
const signal = AbortSignal.timeout(60_000);
const directory = await mkdtemp(join(tmpdir(), 'coalesce-example-'));

try {
  await using client = await openAgentNode({
    dataPath: join(directory, 'client'),
    config: { network: { isLocalNetwork: true } },
  });
  await using seller = await openAgentNode({
    dataPath: join(directory, 'seller'),
    config: {
      name: 'seller',
      network: { isLocalNetwork: true, bootstrap: [...client.node.addresses()] },
    },
  });

  const published = await seller.node.publishSkills(
    {
      skills: [
        {
          term: TERM,
          description: 'Sentiment of English text, sentence by sentence',
          priceMicroUsd: 20, // $0.00002
          perUnit: 'task',
          latencyMs: 1_000,
          capacity: 4,
          executor: { type: 'builtin' },
        },
      ],
    },
    signal,
  );
  console.log(
    `published ${published.skills.join(', ')}, read back: ${published.readBackBy !== null}`,
  );

  const { outcome, hits } = await client.node.query(
    { query: TERM, limit: 10, minimums: [], brokers: false, trace: false },
    signal,
  );
  console.log(`hits: ${hits.length}, ${outcome}`);
  for (const { peerId, term, priceMicroUsd, level } of hits) {
    const who = peerId === seller.node.peerId ? 'the seller' : peerId;
    console.log(`${term} at ${who}: ${priceMicroUsd} micro-USD, certificate level ${level}`);
  }
} finally {
  await rm(directory, { recursive: true, force: true });
}
