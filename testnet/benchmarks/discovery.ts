/**
 * `discovery`: queries and publications on a network of real libp2p nodes in this process, and how
 * often free text finds the right skill.
 *
 * Publishers sell one skill that nobody else sells and one that four of them sell. A query misses
 * if a live publisher of its term is not among its hits. Cold queries come from nodes that asked
 * nothing before; another such node lets kad-dht alone look up the same key. Nodes that leave close
 * their connections, as a killed process does; a cable that is pulled is not measured.
 *
 * `COALESCE_BENCH_NODES` sets the number of nodes. The bars on times are for 50 nodes and are not
 * shown for another number; beyond 50 nodes there are 200 queries in the place of 500.
 *
 * @module
 */

import { readFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { SeededRandom } from '../../node/decision/exploration/seeded-random.ts';
import { systemClock } from '../../node/system-clock.ts';
import { localEmbedder } from '../../node/skills/embedding.ts';
import type { BucketLayout } from '../../protocols/skill-discovery/similarity-buckets.ts';
import { ancestorsOf } from '../../protocols/skill-discovery/terms.ts';
import { contentOf, createDiscoveryNetwork, stopNode } from './discovery-network.ts';
import type { DiscoveryNode } from './discovery-network.ts';
import {
  askForTerm,
  lookUpRaw,
  provideRaw,
  timePriceChange,
  timePublication,
} from './discovery-probes.ts';
import type { PublicationTiming, QueryTiming } from './discovery-probes.ts';
import { benchWarm, benchWarmApi, MAX_WARM_MS } from './discovery-warm.ts';
import { bucketRecallAt, recallAt } from './discovery-recall.ts';
import type { LabelledSet, LabelledSkill } from './discovery-recall.ts';
import { measureReferenceUs, median, percentile, rowOf } from './measuring.ts';
import type { Bench, BenchRow } from './measuring.ts';

const SEED = 20_261_121;
const USUAL_NODES = 50;
const PUBLISHERS = 20;
/** Of the nodes of a small network, so that some are left that only ask. */
const MAX_PUBLISHING_SHARE = 0.4;
/** Skills that several publishers sell. */
const SHARED_SKILLS = 5;
const LEAVING_SHARE = 0.2;
const QUERIES = 500;
const QUERIES_OF_MANY_NODES = 200;
const QUERIES_AFTER_LEAVING = 100;
/** Keys that each node asks for after its first, by kad-dht alone or by a search in turn. */
const NEXT_KEYS = 8;
/** Dials, identification and closing streams of one cold query end before the next begins. */
const PAUSE_MS = 50;
/** A series that takes longer ends early, and then its rows say how many there were. */
const MAX_SERIES_MS_PER_NODE = 2_400;
const CHANGED_PRICE_MICRO_USD = 1_600;

const MAX_COLD_RATIO = 1.2;
const MAX_TERM_MS = 2_000;
const MAX_REST_MS = 10_000;
const MIN_RECALL = 0.9;
const MIN_BUCKET_RECALL = 0.95;
const RECALL_PLACES = 10;
const BUCKET_KEYS = 12;
/** Layouts of buckets that the network does not use, for comparison. */
const OTHER_LAYOUTS: readonly BucketLayout[] = [
  { tables: 1, directions: 68 },
  { tables: 2, directions: 40 },
  { tables: 4, directions: 17 },
];

/** A node and what it sells. */
interface Publisher {
  readonly node: DiscoveryNode;
  readonly skills: readonly LabelledSkill[];
}

/** The network as the measurements find it. */
interface Field {
  readonly random: SeededRandom;
  readonly nodes: readonly DiscoveryNode[];
  readonly publishers: Publisher[];
  /** Skills that nobody sells yet. */
  readonly unsold: LabelledSkill[];
  /** Begins every title. */
  readonly title: string;
  readonly hasTimeBars: boolean;
}

function nodesAsked(): number {
  const text = process.env['COALESCE_BENCH_NODES'];
  const nodes = text === undefined ? USUAL_NODES : Number(text);
  if (Number.isSafeInteger(nodes) && nodes >= 10 && nodes <= 200) return nodes;
  throw new RangeError(`COALESCE_BENCH_NODES expected 10 to 200, got ${text}`);
}

function pick<T>(random: SeededRandom, from: readonly T[]): T {
  return from[random.integer(from.length)]!;
}

/** Picks one that is none of `but`. */
function pickOther<T>(random: SeededRandom, from: readonly T[], ...but: readonly T[]): T {
  const others = from.filter((one) => !but.includes(one));
  return pick(random, others);
}

function timer({ nodes }: Field): () => boolean {
  const endMs = systemClock.monotonicMs() + nodes.length * MAX_SERIES_MS_PER_NODE;
  return () => systemClock.monotonicMs() > endMs;
}

async function readLabelledSet(): Promise<LabelledSet> {
  const file = new URL('./data/skill-queries.json', import.meta.url);
  return JSON.parse(await readFile(file, 'utf8')) as LabelledSet;
}

/** Nodes that may publish; the others only ask. */
function publishingNodes({ nodes }: Field): readonly DiscoveryNode[] {
  return nodes.slice(0, Math.min(PUBLISHERS, Math.floor(nodes.length * MAX_PUBLISHING_SHARE)));
}

function idleNodes(field: Field): readonly DiscoveryNode[] {
  return field.nodes.slice(publishingNodes(field).length);
}

interface ColdTimings {
  readonly ours: QueryTiming[];
  readonly raw: QueryTiming[];
}

/** Two nodes ask for one key, one by a search and one by kad-dht alone. */
async function askBoth(
  pair: readonly [DiscoveryNode, DiscoveryNode],
  term: string,
  isRawFirst: boolean,
  { ours, raw }: ColdTimings,
): Promise<void> {
  const [first, second] = pair;
  if (isRawFirst) raw.push(await lookUpRaw(first, term));
  else ours.push(await askForTerm(first, term));
  await delay(PAUSE_MS);
  if (isRawFirst) ours.push(await askForTerm(second, term));
  else raw.push(await lookUpRaw(second, term));
  await delay(PAUSE_MS);
}

async function benchCold(field: Field): Promise<BenchRow[]> {
  const idle = idleNodes(field);
  const terms = [
    ...new Set(field.publishers.flatMap(({ skills }) => skills.map(({ term }) => term))),
  ];
  const cold: ColdTimings = { ours: [], raw: [] };
  const next: ColdTimings = { ours: [], raw: [] };
  const isOver = timer(field);
  for (let round = 0; round <= NEXT_KEYS; round++) {
    for (let i = 0; i + 1 < idle.length && !isOver(); i += 2) {
      const term = terms[(i / 2 + 3 * round) % terms.length]!;
      const isRawFirst = (i / 2 + round) % 2 === 0;
      await askBoth([idle[i]!, idle[i + 1]!], term, isRawFirst, round === 0 ? cold : next);
    }
  }
  return [
    ...coldRows(field, 'cold query by term, first of its node', cold),
    ...(next.raw.length === 0
      ? []
      : coldRows(field, 'query by a term not asked before, of a node with connections', next)),
  ];
}

function coldRows(field: Field, what: string, { ours, raw }: ColdTimings): BenchRow[] {
  const elapsed = pairRow(
    `${field.title}: ${what}, p50 of ${ours.length}; baseline: findProviders to its end`,
    ours.map(({ elapsedMs }) => elapsedMs),
    raw.map(({ elapsedMs }) => elapsedMs),
  );
  const isMet = elapsed.ratio <= MAX_COLD_RATIO;
  const bar = field.hasTimeBars ? { bar: MAX_COLD_RATIO * elapsed.baseline, met: isMet } : {};
  const first = pairRow(
    `${field.title}: ${what}, first verified hit; baseline: first provider`,
    ours.flatMap(({ firstMs }) => firstMs ?? []),
    raw.flatMap(({ firstMs }) => firstMs ?? []),
  );
  return [{ ...elapsed, ...bar }, first];
}

function pairRow(name: string, ours: readonly number[], raw: readonly number[]) {
  const value = median(ours);
  const baseline = median(raw);
  return { bench: 'discovery', case: name, value, unit: 'ms', baseline, ratio: value / baseline };
}

/** Asks for what is sold, each time from a node that does not sell it. */
async function benchMisses(
  field: Field,
  alive: readonly DiscoveryNode[],
  queries: number,
  when: string,
): Promise<BenchRow[]> {
  const { random, publishers, title } = field;
  let misses = 0;
  const timesMs: number[] = [];
  const isOver = timer(field);
  for (let i = 0; i < queries && !isOver(); i++) {
    const { term } = pick(random, pick(random, publishers).skills);
    const sellers = publishers
      .filter(({ skills }) => skills.some((skill) => skill.term === term))
      .map(({ node }) => node);
    const { peerIds, elapsedMs } = await askForTerm(pickOther(random, alive, ...sellers), term);
    if (!sellers.every(({ host }) => peerIds.has(host.peerId))) misses += 1;
    timesMs.push(elapsedMs);
  }
  const name = `${title}: ${when}`;
  return [
    {
      bench: 'discovery',
      case: `${name}, queries of ${timesMs.length} that missed a live publisher`,
      value: misses,
      unit: 'queries',
      bar: 0,
      met: misses === 0 && timesMs.length === queries,
    },
    { bench: 'discovery', case: `${name}, query p50`, value: median(timesMs), unit: 'ms' },
    { bench: 'discovery', case: `${name}, query p95`, value: percentile(timesMs, 95), unit: 'ms' },
  ];
}

/** The observers are other publishers, so that the rest has asked nothing yet. */
async function benchPublications(field: Field, referenceUs: number): Promise<BenchRow[]> {
  const { random, publishers, unsold } = field;
  const nodes = publishingNodes(field);
  const shared = unsold.splice(0, SHARED_SKILLS);
  const timings: PublicationTiming[] = [];
  const rawMs: number[] = [];
  const isOver = timer(field);
  for (const [i, node] of nodes.entries()) {
    if (isOver()) break;
    const own = unsold.shift()!;
    const skills = [own, shared[i % SHARED_SKILLS]!];
    const content = contentOf(skills);
    const bucket = pick(random, content.embeddings.buckets);
    const keys = { term: own.term, ancestor: ancestorsOf(own.term)[0]!, bucket };
    const observe = (): DiscoveryNode => pickOther(random, nodes, node);
    rawMs.push(await provideRaw(observe(), `${own.term}/raw-${i}`));
    timings.push(await timePublication(node, content, keys, [observe(), observe(), observe()]));
    publishers.push({ node, skills });
  }
  const of = (key: keyof PublicationTiming) => timings.map((timing) => timing[key]);
  const rowFor = (what: string, key: keyof PublicationTiming, barMs: number) =>
    waitRow(field, what, { timesMs: of(key), wanted: nodes.length }, barMs, referenceUs);
  const baseline = percentile(rawMs, 95);
  const byTerm = rowFor(
    'publish until another node has the record under its term; baseline: one provide to its end',
    'termMs',
    MAX_TERM_MS,
  );
  return [
    { ...byTerm, baseline, ratio: byTerm.value / baseline },
    rowFor('the same under its nearest ancestor', 'ancestorMs', MAX_REST_MS),
    rowFor('the same under one of its buckets', 'bucketMs', MAX_REST_MS),
  ];
}

async function benchPriceChanges(field: Field, referenceUs: number): Promise<BenchRow> {
  const { random, nodes, publishers } = field;
  const timesMs: number[] = [];
  const isOver = timer(field);
  for (const { node, skills } of publishers) {
    if (isOver()) break;
    const content = contentOf(skills, CHANGED_PRICE_MICRO_USD);
    timesMs.push(await timePriceChange(node, content, pickOther(random, nodes, node)));
  }
  await Promise.all(publishers.map(({ node }) => node.advertiser.settled()));
  const what = 'a price change until another node has it, which asks again and again';
  const waits = { timesMs, wanted: publishers.length };
  return waitRow(field, what, waits, MAX_REST_MS, referenceUs);
}

/** A bar is met only by a series that did not end early. */
function waitRow(
  { title, hasTimeBars }: Field,
  what: string,
  { timesMs, wanted }: { readonly timesMs: readonly number[]; readonly wanted: number },
  bar: number,
  referenceUs: number,
): BenchRow {
  const { length } = timesMs;
  const count = length === wanted ? `${length}` : `${length} (of ${wanted}: the time was up)`;
  const name = `${title}: ${what}, p95 of ${count}`;
  const row = { bench: 'discovery', case: name, value: percentile(timesMs, 95), unit: 'ms' };
  if (!hasTimeBars) return row;
  const judged = rowOf({ ...row, bar }, referenceUs);
  return { ...judged, met: judged.met === true && length === wanted };
}

/** A fifth of the nodes, none of which publishes, stops; the queries follow at once. */
async function benchLeaving(field: Field): Promise<BenchRow[]> {
  const { nodes } = field;
  const leaving = idleNodes(field).slice(0, Math.round(nodes.length * LEAVING_SHARE));
  await Promise.all(leaving.map(stopNode));
  const alive = nodes.filter((node) => !leaving.includes(node));
  const when = `right after ${leaving.length} of ${nodes.length} nodes left`;
  return benchMisses(field, alive, QUERIES_AFTER_LEAVING, when);
}

async function benchNetwork(
  size: number,
  set: LabelledSet,
  onProgress: (text: string) => void,
): Promise<BenchRow[]> {
  const isUsual = size === USUAL_NODES;
  onProgress(`discovery: starting ${size} nodes`);
  const [load = 0] = loadavg();
  const before = measureReferenceUs();
  await using network = await createDiscoveryNetwork(size);
  const { nodes } = network;
  const field: Field = {
    random: new SeededRandom(SEED),
    nodes,
    publishers: [],
    unsold: set.skills.filter(({ term }) => ancestorsOf(term).length > 0),
    title: isUsual ? `${size} nodes` : `${size} nodes (as COALESCE_BENCH_NODES asks)`,
    hasTimeBars: isUsual,
  };
  const plain = (what: string, value: number, unit: string): BenchRow => {
    return { bench: 'discovery', case: `${field.title}: ${what}`, value, unit };
  };
  const connections = nodes.map(({ host }) => host.connectedPeers().length);
  const tables = nodes.map(({ host }) => host.routingTableSize());
  const rows = [
    plain('load of the machine before, one minute', load, 'processes'),
    plain('start until the tables are filled', network.convergenceMs, 'ms'),
    plain('peers in the table of a node', median(tables), 'peers'),
    plain('peers that a node is connected to', median(connections), 'peers'),
  ];
  const referenceUs = (before + measureReferenceUs()) / 2;
  onProgress(`discovery: ${publishingNodes(field).length} nodes publish`);
  rows.push(...(await benchPublications(field, referenceUs)));
  onProgress('discovery: cold queries beside findProviders');
  rows.push(...(await benchCold(field)));
  onProgress('discovery: warm queries');
  const sold = field.publishers.map(({ skills }) => skills[0]!.term);
  const warm = await benchWarm(field.title, idleNodes(field), sold);
  rows.push(isUsual ? rowOf({ ...warm, bar: MAX_WARM_MS }, referenceUs) : warm);
  const queries = size > USUAL_NODES ? QUERIES_OF_MANY_NODES : QUERIES;
  onProgress(`discovery: ${queries} queries for what is published`);
  rows.push(...(await benchMisses(field, nodes, queries, 'all alive')));
  onProgress('discovery: price changes');
  rows.push(await benchPriceChanges(field, referenceUs));
  onProgress('discovery: queries after a fifth of the nodes left');
  rows.push(...(await benchLeaving(field)));
  return rows;
}

async function benchFreeText(set: LabelledSet): Promise<BenchRow[]> {
  const k = RECALL_PLACES;
  const { overall, noSharedStem } = await recallAt(set, localEmbedder, k, 'held-out');
  const buckets = await bucketRecallAt(set, localEmbedder, k, 'held-out', BUCKET_KEYS);
  const others = await Promise.all(
    OTHER_LAYOUTS.map(async (layout) => ({
      ...(await bucketRecallAt(set, localEmbedder, k, 'held-out', BUCKET_KEYS, layout)),
      ...layout,
    })),
  );
  const share = (what: string, value: number, bar?: number): BenchRow => {
    const row = { bench: 'discovery', case: `free text: ${what}`, value: 100 * value, unit: '%' };
    return bar === undefined ? row : { ...row, bar: 100 * bar, met: value >= bar };
  };
  const { length } = set.skills;
  return [
    share(
      `recall@${k} of ${overall.queries} held-out queries over ${length} skills, built-in embedder`,
      overall.recallAtK,
      MIN_RECALL,
    ),
    share(
      `of these, ${noSharedStem.queries} share no stem with their skill`,
      noSharedStem.recallAtK,
    ),
    share(
      `of the first ${k}, found through ${BUCKET_KEYS} bucket keys`,
      buckets.recallAtK,
      MIN_BUCKET_RECALL,
    ),
    share(`of all skills, those that ${BUCKET_KEYS} bucket keys name`, buckets.shareSeen),
    ...others.flatMap(({ tables, directions, recallAtK, shareSeen }) => [
      share(
        `of the first ${k}, through as many keys of ${tables} tables of ${directions}`,
        recallAtK,
      ),
      share(`of all skills, those that such keys name`, shareSeen),
    ]),
  ];
}

export const benchDiscovery: Bench = async (onProgress) => {
  const size = nodesAsked();
  const set = await readLabelledSet();
  onProgress('discovery: free text');
  const freeText = await benchFreeText(set);
  const network = await benchNetwork(size, set, onProgress);
  return [...network, await benchWarmApi(onProgress), ...freeText];
};
