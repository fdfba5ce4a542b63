/**
 * Queries that were asked a moment ago: how long the kept answer takes.
 *
 * @module
 */

import type { QueryDocument } from '../../node/api-documents.ts';
import { systemClock } from '../../node/system-clock.ts';
import { createTestnet } from '../testnet.ts';
import type { DiscoveryNode } from './discovery-network.ts';
import { askAgain } from './discovery-probes.ts';
import { measureReferenceUs, median, rowOf } from './measuring.ts';
import type { BenchRow } from './measuring.ts';

/** Bar of the median. */
export const MAX_WARM_MS = 5;
const WARM_NODES = 10;
const WARM_QUERIES_PER_NODE = 20;
const API_NODES = 4;
const WARM_API_QUERIES = 100;
const API_TERM = 'performs:nlp/sentiment';

/** The same question again, on nodes that asked it a moment ago: the search alone. */
export async function benchWarm(
  title: string,
  nodes: readonly DiscoveryNode[],
  terms: readonly string[],
): Promise<BenchRow> {
  const timesMs: number[] = [];
  for (const [i, node] of nodes.slice(0, WARM_NODES).entries()) {
    timesMs.push(...(await askAgain(node, terms[i % terms.length]!, WARM_QUERIES_PER_NODE)));
  }
  const name = `${title}: warm query by term, the search alone, p50 of ${timesMs.length}`;
  return { bench: 'discovery', case: name, value: median(timesMs), unit: 'ms' };
}

/** The same over the API of a real daemon, with proofs, ranking and HTTP. */
export async function benchWarmApi(onProgress: (text: string) => void): Promise<BenchRow> {
  onProgress(`discovery: ${API_NODES} real processes, warm queries`);
  const before = measureReferenceUs();
  await using network = await createTestnet(API_NODES);
  const { api } = network.client;
  const ask = () => api.post<QueryDocument>('/v1/query', { query: API_TERM });
  await ask();
  const timesMs: number[] = [];
  for (let i = 0; i < WARM_API_QUERIES; i++) {
    const startMs = systemClock.monotonicMs();
    const { lookAgeMs, hits } = await ask();
    if (lookAgeMs > 0 && hits.length > 0) timesMs.push(systemClock.monotonicMs() - startMs);
  }
  const name = `${API_NODES} processes: warm query over the HTTP API, p50 of ${timesMs.length}`;
  const row = { bench: 'discovery', case: name, value: median(timesMs), unit: 'ms' };
  return rowOf({ ...row, bar: MAX_WARM_MS }, (before + measureReferenceUs()) / 2);
}
