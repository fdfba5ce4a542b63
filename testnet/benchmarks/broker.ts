/**
 * `broker`: an index of 10,000 signed records, asked from memory and over the session of two real
 * nodes in this process, the client's verification included. Each record has its own key and two
 * to four terms of the vocabulary, so that common terms have hundreds of peers, three of a network.
 * A question wants as many records as a client does.
 *
 * @module
 */

import { MemoryDatastore } from 'datastore-core';
import { Identity } from '../../crypto/identity.ts';
import { silentLogger } from '../../node/logger.ts';
import { SeededRandom } from '../../node/decision/exploration/seeded-random.ts';
import { CONCEPTS } from '../../node/skills/vocabulary.ts';
import { systemClock, systemRandom } from '../../node/system-clock.ts';
import { RECORDS_ASKED } from '../../protocols/broker/brokered-search.ts';
import { askBroker } from '../../protocols/broker/client.ts';
import { encodeFound } from '../../protocols/broker/messages.ts';
import type { BrokerAnswer, BrokerQuestion } from '../../protocols/broker/messages.ts';
import { RecordIndex } from '../../protocols/broker/record-index.ts';
import { serveQueries } from '../../protocols/broker/server.ts';
import { nowSeconds } from '../../protocols/components.ts';
import { createHost } from '../../protocols/libp2p-host.ts';
import type { Host } from '../../protocols/libp2p-host.ts';
import { SessionManager } from '../../protocols/secure-channel/session-manager.ts';
import { RECORD_NAMESPACE } from '../../protocols/skill-discovery/dht-keys.ts';
import { signSkillRecord } from '../../protocols/skill-discovery/skill-record.ts';
import { ancestorsOf } from '../../protocols/skill-discovery/terms.ts';
import { RecordGuard, selectRecord } from '../../protocols/skill-discovery/validator.ts';
import { contentOf } from './discovery-network.ts';
import { measureReferenceUs, median, percentile, rowOf } from './measuring.ts';
import type { Bench, BenchRow } from './measuring.ts';

const SEED = 20_261_129;
const RECORDS = 10_000;
/** Different contents: a vector takes a millisecond, and the broker never sees one. */
const CONTENTS = 500;
const QUERIES = 1_000;
/** Of each client: the server gives a peer 32 at once, then 4 a second, and all 128. */
const SESSION_QUERIES = 30;
const CLIENTS = 4;
/** As many as a client asks for. */
const LIMIT = RECORDS_ASKED;
/** Peers of one /24. */
const PEERS_PER_NETWORK = 3;
const MAX_QUERY_MS = 20;

function fill(index: RecordIndex, random: SeededRandom): void {
  const nowS = nowSeconds(systemClock);
  const contents = Array.from({ length: CONTENTS }, () => {
    const count = 2 + random.integer(3);
    const terms = Array.from({ length: count }, () => CONCEPTS[random.integer(CONCEPTS.length)]!);
    const skills = [...new Set(terms)].map(({ term, label, definition }) => {
      return { id: term, term, name: label, description: definition };
    });
    return contentOf(skills, 100 + random.integer(9_900));
  });
  for (let i = 0; i < RECORDS; i++) {
    const identity = Identity.generate();
    const { peerId } = identity;
    const network = Math.floor(i / PEERS_PER_NETWORK);
    const host = `20.${network >> 8}.${network & 255}.${1 + (i % PEERS_PER_NETWORK)}`;
    const addresses = [`/ip4/${host}/tcp/4001/p2p/${peerId}`];
    const times = { seq: nowS, iat: nowS, exp: nowS + 3_600 };
    const content = contents[i % CONTENTS]!;
    const body = { v: 1, typ: 'record', peerId, ...times, addresses, ...content } as const;
    index.put(signSkillRecord(body, identity));
  }
}

/** Terms, their ancestors, and 16 buckets at once as free text asks for them. */
function questions(random: SeededRandom): readonly BrokerQuestion[] {
  return Array.from({ length: QUERIES }, (_, i) => {
    const { term, label } = CONCEPTS[random.integer(CONCEPTS.length)]!;
    if (i % 3 === 0) return { keys: [term], limit: LIMIT };
    if (i % 3 === 1) return { keys: [ancestorsOf(term).at(-1) ?? term], limit: LIMIT };
    const skill = { id: term, term, name: label, description: label };
    return { keys: contentOf([skill]).embeddings.buckets, limit: LIMIT };
  });
}

async function createPeer(answer?: (question: BrokerQuestion) => BrokerAnswer) {
  const identity = Identity.generate();
  const datastore = new MemoryDatastore();
  const [clock, random, logger] = [systemClock, systemRandom, silentLogger];
  const guard = new RecordGuard({ clock, datastore });
  const host = await createHost({
    clock,
    identity,
    logger,
    datastore,
    isLocalNetwork: true,
    validators: { [RECORD_NAMESPACE]: guard.validate },
    selectors: { [RECORD_NAMESPACE]: selectRecord },
  });
  const streams = new SessionManager({ host: host.libp2p, identity, clock, random, logger });
  const scores = () => Promise.resolve([]);
  if (answer) serveQueries({ streams, answer, scores, clock, logger });
  await streams.start();
  const stop = async (): Promise<void> => {
    await streams.stop();
    await host.stop();
  };
  return { host, guard, clock, streams, stop };
}

async function timeOverSession(
  index: RecordIndex,
  asked: readonly BrokerQuestion[],
): Promise<readonly number[]> {
  const broker = await createPeer((question) => answerOf(index, question));
  const timesMs: number[] = [];
  try {
    for (let i = 0; i <= CLIENTS; i++) {
      const own = asked.slice(i * SESSION_QUERIES, (i + 1) * SESSION_QUERIES);
      const ownMs = await timeClient(broker.host, own);
      if (i > 0) timesMs.push(...ownMs); // the code is compiled while the first client asks
    }
    return timesMs;
  } finally {
    await broker.stop();
  }
}

async function timeClient(broker: Host, asked: readonly BrokerQuestion[]) {
  const client = await createPeer();
  try {
    await client.host.dial(broker.addresses()[0]!);
    const timesMs: number[] = [];
    for (const question of asked) {
      const startMs = systemClock.monotonicMs();
      await askBroker(client, broker.peerId, question);
      timesMs.push(systemClock.monotonicMs() - startMs);
    }
    return timesMs.slice(1); // the first one makes the session
  } finally {
    await client.stop();
  }
}

function answerOf(index: RecordIndex, question: BrokerQuestion): BrokerAnswer {
  const { records, left } = index.find(question, nowSeconds(systemClock));
  return { records, left, outside: [], quotes: [] };
}

function heldMegabytes(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / 1e6;
}

export const benchBroker: Bench = async (onProgress) => {
  onProgress(`broker: signing and indexing ${RECORDS} records`);
  const random = new SeededRandom(SEED);
  const index = new RecordIndex();
  const asked = questions(random);
  const beforeMegabytes = heldMegabytes();
  const before = measureReferenceUs();
  fill(index, random);
  const megabytes = heldMegabytes() - beforeMegabytes;
  onProgress(`broker: ${QUERIES} queries from memory`);
  const timesMs = asked.map((question) => {
    const startMs = systemClock.monotonicMs();
    encodeFound(answerOf(index, question));
    return systemClock.monotonicMs() - startMs;
  });
  onProgress(`broker: ${CLIENTS * SESSION_QUERIES} queries over sessions`);
  const sessionMs = await timeOverSession(index, asked);
  const referenceUs = (before + measureReferenceUs()) / 2;
  const row = (what: string, value: number, unit = 'ms'): BenchRow => {
    return { bench: 'broker', case: `${index.size} records: ${what}`, value, unit };
  };
  const atMost = `at most ${LIMIT} records each`;
  const p95 = row(`the same, p95 of ${timesMs.length}`, percentile(timesMs, 95));
  const wire = 'query over a session, verified by the client';
  const wireP95 = row(`the same, p95 of ${sessionMs.length}`, percentile(sessionMs, 95));
  return [
    row('memory of the index, garbage included', megabytes, 'MB'),
    row(`query from memory to the bytes of the answer, ${atMost}`, median(timesMs)),
    rowOf({ ...p95, bar: MAX_QUERY_MS }, referenceUs),
    row(wire, median(sessionMs)),
    rowOf({ ...wireP95, bar: MAX_QUERY_MS }, referenceUs),
  ];
};
