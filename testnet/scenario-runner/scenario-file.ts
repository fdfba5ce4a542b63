/**
 * Scenario files: a network, what happens to it and when, and what must come out, with numbers.
 * `testnet/scenarios/README.md` says what the keys mean.
 *
 * @module
 */

import { LineCounter, isNode, parseDocument } from 'yaml';
import type { Document } from 'yaml';
import { z } from 'zod';
import { configSchema } from '../../node/config/schema.ts';
import type { ConfigFile } from '../../node/config/schema.ts';
import { BadInputError } from '../../node/errors.ts';
import { COMMITTEE_SIZES } from '../../protocols/pbft/committee.ts';
import { durationMs, kilobits, percent } from '../faults/quantities.ts';
import { PRICE_SWITCHES } from '../adversaries/price-switcher.ts';
import { MAX_NODES, MIN_NODES } from '../local-plan.ts';
import { MEASURES } from './measurements.ts';

const MAX_FILE_BYTES = 65_536;
const MAX_STEPS = 200;
const MAX_TASKS = 5_000;

const name = z.string().regex(/^[a-z][a-z0-9-]{0,63}$/, 'expected lower-case words with dashes');
const nodes = z.string().min(1).max(1_024);

/** A text that `parse` understands, as what it means. */
function quantity(parse: (text: string) => number | undefined, form: string) {
  return z.unknown().transform((written, context) => {
    const value = typeof written === 'string' ? parse(written) : undefined;
    if (value !== undefined) return value;
    const got = JSON.stringify(written)?.slice(0, 80) ?? 'nothing';
    context.addIssue({ code: 'custom', message: `expected ${form}, got ${got}` });
    return z.NEVER;
  });
}
const time = quantity(durationMs, 'a time such as 200ms, 5s or 2m');
const victims = nodes.default('contractors');
/** Of an attacker. */
const peers = z.int().min(1).max(64);
const ends = { from: nodes.optional(), to: nodes.optional(), oneWay: z.boolean().optional() };

/** Settings of nodes; each node checks them when it starts, so here their keys alone. */
const config = z.custom<ConfigFile>(
  (value) => configSchema.safeParse(value).success,
  'expected settings as in node/docs/config.md',
);

const effects = {
  tasks: z.strictObject({
    count: z.int().min(1).max(MAX_TASKS),
    /** Pause before each. */
    every: time.optional(),
    atOnce: z.int().min(1).max(16).default(1),
    /** Prefix of its measures. */
    name: name.optional(),
    bytes: z.int().min(1).max(600_000).default(200),
    /** Of the data, and worth of the result in micro-USD. */
    sensitivity: z.enum(['low', 'medium', 'high']).default('low'),
    value: z.int().min(1).max(1e12).default(1_000_000),
    /** Puts a mark into each input, by which a copy that turns up is known. */
    hasCanary: z.boolean().default(false),
  }),
  queries: z.strictObject({
    count: z.int().min(1).max(MAX_TASKS),
    every: time.optional(),
    from: nodes.default('client'),
    name: name.optional(),
  }),
  latency: z.strictObject({ time, jitter: time.optional(), ...ends }),
  bandwidth: z.strictObject({
    rate: quantity(kilobits, 'a rate such as 256kbit or 10mbit'),
    ...ends,
  }),
  loss: z.strictObject({ share: quantity(percent, 'a share such as 30%'), ...ends }),
  reset: z.strictObject({ time, ...ends }),
  partition: z.strictObject(ends),
  heal: z.literal('all'),
  pause: nodes,
  resume: nodes,
  kill: nodes,
  restart: nodes,
  /** Contractors publish their offers again, with these prices. */
  reprice: z.strictObject({ nodes, price: z.int().min(1).max(1e9) }),
  /** Contractors that worked well begin to do what their role says. */
  turn: nodes,
  poison: z.strictObject({ records: z.int().min(1).max(10_000) }),
  /** Attacks on the wire, in the background: to the end of the timeline, or until they are done. */
  floodQuotes: z.strictObject({
    nodes: victims,
    peers: peers.default(20),
    requests: z.int().min(1).max(32).default(10),
    every: time.default(500),
  }),
  idleStreams: z.strictObject({
    nodes: victims,
    peers: peers.default(10),
    streams: z.int().min(1).max(10_000).default(1_000),
  }),
  malformedFrames: z.strictObject({
    nodes: victims,
    peers: peers.default(4),
    frames: z.int().min(1).max(1_000_000).default(10_000),
  }),
  lieInLookups: z.strictObject({ nodes: nodes.default('all'), peers: peers.default(4) }),
  hoard: z.strictObject({ nodes: victims, peers: peers.default(10) }),
  freeRide: z.strictObject({
    nodes: victims,
    peers: peers.default(10),
    /** Call every result bad, rather than say nothing. */
    isContesting: z.boolean().default(false),
  }),
  /** One after the other, drawn from the seed, in the background. */
  randomFaults: z.strictObject({
    nodes: victims,
    /** In all. */
    lasting: time,
    /** Of each, on average. */
    hold: time.default(5_000),
  }),
  /** To the end of the timeline; of each process since it is first seen, without its warm-up. */
  watchMemory: z.strictObject({
    nodes: nodes.default('all'),
    every: time.default(5_000),
    warmup: time.default(60_000),
  }),
  /** For the work that was begun in the background, or so long. */
  wait: z.union([z.enum(['tasks', 'queries', 'attacks', 'faults', 'task-running']), time]),
} as const;

/** What one step does. */
export type Action = {
  [Name in keyof typeof effects]: { readonly [Key in Name]: z.output<(typeof effects)[Name]> };
}[keyof typeof effects];

const actionNames = Object.keys(effects) as (keyof typeof effects)[];
const step = z
  .strictObject({
    /** Since the network was ready. */
    at: time.optional(),
    ...Object.fromEntries(actionNames.map((key) => [key, effects[key].optional()])),
  })
  .refine((value) => actionNames.filter((key) => key in value).length === 1, {
    message: `expected exactly one of ${actionNames.join(', ')}`,
  });

const assertion = z
  .strictObject({
    measure: z.string().refine((text) => MEASURES.has(text.split('.').at(-1)!), {
      error: `expected one of ${[...MEASURES].join(', ')}, or WORKLOAD and a dot before one`,
    }),
    atLeast: z.number().optional(),
    atMost: z.number().optional(),
  })
  .refine(({ atLeast, atMost }) => atLeast !== undefined || atMost !== undefined, {
    message: 'expected atLeast, atMost or both',
  });

const contractor = z.strictObject({
  count: z.int().min(1).max(MAX_NODES).default(1),
  price: z.int().min(1).max(1e9).default(10),
  /** What it is apart from honest. */
  role: z.enum(['fabricator', 'slow', 'leech', 'whitewasher', ...PRICE_SWITCHES]).optional(),
  /** `false`: it asks no attestor, though the network is attested. */
  isAttested: z.boolean().default(true),
});

const scenarioSchema = z.strictObject({
  title: z.string().min(1).max(200),
  about: z.string().max(2_000).optional(),
  /** Of an attack: what stands against it, in a few words for the table of all attacks. */
  defence: z.string().max(200).optional(),
  seed: z.int().min(0).default(1),
  network: z.strictObject({
    contractors: z.array(contractor).min(1).max(MAX_NODES),
    replicas: z
      .int()
      .refine((size) => size === 0 || COMMITTEE_SIZES.includes(size), {
        error: `expected 0, ${COMMITTEE_SIZES.join(', ')}`,
      })
      .default(0),
    /** `one` is lighter; with `each` a node can be killed alone. */
    processes: z.enum(['one', 'each']).default('one'),
    isAttested: z.boolean().default(false),
    config: config.optional(),
    client: config.optional(),
  }),
  /** What the second run of an attack leaves away. */
  withoutDefences: z
    .strictObject({
      client: config.optional(),
      isAttested: z.boolean().optional(),
      /** Of all nodes. */
      config: config.optional(),
      recordValidation: z.literal(false).optional(),
      /** Limits on questions, on open quotes and on streams of one client, and puzzles. */
      quoteLimits: z.literal(false).optional(),
      assert: z.array(assertion).min(1).max(64),
    })
    .optional(),
  timeline: z.array(step).min(1).max(MAX_STEPS),
  assert: z.array(assertion).min(1).max(64),
});

type Parsed = z.output<typeof scenarioSchema>;

/** A scenario. */
export type Scenario = Omit<Parsed, 'timeline'> & {
  readonly name: string;
  readonly timeline: readonly { readonly at?: number; readonly action: Action }[];
};
/** What must hold at the end. */
export type Assertion = z.output<typeof assertion>;

function lineOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length--) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}

/**
 * Reads a scenario.
 *
 * @param path - For messages.
 * @throws {@link BadInputError} with every problem and its line at once.
 */
export function parseScenario(scenarioName: string, path: string, text: string): Scenario {
  if (Buffer.byteLength(text) > MAX_FILE_BYTES) {
    throw new BadInputError(`${path}: expected at most ${MAX_FILE_BYTES} bytes`);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  if (document.errors.length > 0) {
    const problems = document.errors.map(
      ({ pos, message }) => `line ${lines.linePos(pos[0]).line}: ${message.split('\n')[0]}`,
    );
    throw new BadInputError(`${path}: is not YAML`, { problems });
  }
  const parsed = scenarioSchema.safeParse(document.toJS({ maxAliasCount: 0 }));
  if (!parsed.success) {
    const problems = parsed.error.issues
      .map((issue) => ({
        line: lineOf(document, lines, issue.path),
        text: `${issue.path.join('.') || 'file'}: ${issue.message}`,
      }))
      .sort((a, b) => a.line - b.line)
      .map(({ line, text: what }) => `line ${line}: ${what}`);
    throw new BadInputError(`${path}: is no scenario`, { problems });
  }
  checkSize(path, parsed.data);
  const timeline = parsed.data.timeline.map(({ at, ...action }) => ({
    ...(at === undefined ? {} : { at }),
    action: action as unknown as Action,
  }));
  return { ...parsed.data, name: scenarioName, timeline };
}

function checkSize(path: string, { network }: Parsed): void {
  const size = sizeOf(network);
  const problems = [
    ...(size < MIN_NODES || size > MAX_NODES
      ? [`network.contractors: expected ${MIN_NODES - 2} to ${MAX_NODES - 2} in all`]
      : []),
    ...(network.replicas > size ? [`network.replicas: ${network.replicas} of ${size} nodes`] : []),
  ];
  if (problems.length > 0) throw new BadInputError(`${path}: is no scenario`, { problems });
}

/** Nodes: one client, one attestor, and the contractors. */
export function sizeOf({ contractors }: Pick<Parsed['network'], 'contractors'>): number {
  return 2 + contractors.reduce((sum, { count }) => sum + count, 0);
}
