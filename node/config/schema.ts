/**
 * Schema of a node's configuration. Unknown keys are refused; every problem is reported at once.
 * Each setting's meaning stands in its `describe`, which the documentation prints.
 *
 * @module
 */

import { multiaddr } from '@multiformats/multiaddr';
import { z } from 'zod';
import { isPeerId } from '../../crypto/identity.ts';
import { MAX_MEASURED_MIB } from '../../protocols/attestation/memory-challenge.ts';
import { EXPLORATION_STRATEGIES } from '../decision/exploration/exploration-strategy.ts';
import { POLICY_NAMES } from '../decision/policy.ts';
import { LOG_LEVELS } from '../logger.ts';
import { DEFAULTS } from './defaults.ts';
import { rungLimit } from './rung-limit.ts';

function isMultiaddr(text: string): boolean {
  try {
    return multiaddr(text).getComponents().length > 0;
  } catch {
    return false;
  }
}

const peerId = z.string().refine(isPeerId, 'expected the PeerId of an Ed25519 key (12D3Koo...)');
const address = z
  .string()
  .refine(isMultiaddr, 'expected a multiaddr, for example /ip4/127.0.0.1/tcp/4001');
const peerAddress = address.refine(
  (text) => text.includes('/p2p/'),
  'expected a multiaddr that ends in /p2p/ and a PeerId',
);
const share = z.number().min(0).max(1);
const usd = z.number().min(0).max(1e6);

const network = z.strictObject({
  listen: z
    .array(address)
    .min(1)
    .max(8)
    .default(DEFAULTS.network.listen)
    .describe('Multiaddrs to listen on'),
  bootstrap: z.array(address).max(32).default([]).describe('Multiaddrs of peers to join through'),
  isLocalNetwork: z
    .boolean()
    .default(DEFAULTS.network.isLocalNetwork)
    .describe(
      'All peers share one host: lifts the limits on connections and handshakes per address',
    ),
  hasMdns: z
    .boolean()
    .default(DEFAULTS.network.hasMdns)
    .describe('Whether peers on the LAN are looked for by multicast DNS'),
  isRelay: z
    .boolean()
    .default(DEFAULTS.network.isRelay)
    .describe('Whether this node relays connections to peers behind NAT'),
  relays: z
    .array(peerAddress)
    .max(4)
    .default([])
    .describe('Multiaddrs with /p2p/ of relays through which others reach this node'),
  hasHolePunching: z
    .boolean()
    .default(DEFAULTS.network.hasHolePunching)
    .describe('Whether relayed connections are turned into direct ones (DCUtR)'),
  brokers: z
    .array(peerAddress)
    .max(8)
    .default([])
    .describe('Multiaddrs with /p2p/ of brokers to ask where the DHT cannot answer'),
  keyFile: z
    .string()
    .min(1)
    .max(4_096)
    .optional()
    .describe('File with the key of a private network, from the data directory; unset: none'),
  queryTimeoutMs: z
    .number()
    .int()
    .min(100)
    .max(120_000)
    .default(DEFAULTS.network.queryTimeoutMs)
    .describe('Time limit of one look in the DHT'),
});

const http = z.strictObject({
  host: z
    .enum(['127.0.0.1', '::1', 'localhost'])
    .default(DEFAULTS.http.host)
    .describe('Loopback address of the HTTP API'),
  port: z
    .number()
    .int()
    .min(0)
    .max(65_535)
    .default(DEFAULTS.http.port)
    .describe('Port of the HTTP API, 0 for a free one'),
});

const a2a = z.strictObject({
  isServed: z
    .boolean()
    .default(DEFAULTS.a2a.isServed)
    .describe('Whether A2A clients are served over HTTP'),
  host: z
    .union([z.ipv4(), z.ipv6()])
    .default(DEFAULTS.a2a.host)
    .describe('Address that the A2A endpoint listens on'),
  port: z
    .number()
    .int()
    .min(0)
    .max(65_535)
    .default(DEFAULTS.a2a.port)
    .describe('Its port, 0 for a free one'),
  publicUrl: z
    .url({ protocol: /^https?$/ })
    .refine((url) => !url.endsWith('/'), 'expected no slash at the end')
    .optional()
    .describe('Where clients reach it, if not at that address: for the agent card'),
  unpaidWork: z
    .enum(['none', 'any'])
    .default(DEFAULTS.a2a.unpaidWork)
    .describe(
      "Whose tasks are done here without payment, beside the owner's: nobody's, or anybody's",
    ),
  isPrivatePushAllowed: z
    .boolean()
    .default(DEFAULTS.a2a.isPrivatePushAllowed)
    .describe('Whether push notifications may go to addresses that are not public'),
});

const level = z.number().int().min(0).max(3);

/** Entries of the form PEER=VALUE, so that a list of them can stand in a variable. */
const perPeer = (what: string, value: RegExp) =>
  z.array(
    z.string().refine((entry) => {
      const at = entry.indexOf('=');
      return at > 0 && isPeerId(entry.slice(0, at)) && value.test(entry.slice(at + 1));
    }, `expected PEER=${what}`),
  );

const trust = z.strictObject({
  attestors: z.array(peerId).max(64).default([]).describe('Peers whose attestations count'),
  scopes: perPeer('TERM', /^[a-zA-Z]+(?::[a-z0-9-]+(?:\/[a-z0-9-]+)*)?$/)
    .max(256)
    .default([])
    .describe(
      'PEER=TERM: an attestor counts for terms below this one alone (repeatable); without one, for all',
    ),
  operators: perPeer('GROUP', /^[\w.-]{1,64}$/)
    .max(64)
    .default([])
    .describe('PEER=GROUP: who runs an attestor; those of one group count once for level 3'),
  jointGroups: z
    .number()
    .int()
    .min(2)
    .max(8)
    .default(DEFAULTS.trust.jointGroups)
    .describe('Groups that must attest the same within a day for level 3'),
  isMeasuredOnly: z
    .boolean()
    .default(DEFAULTS.trust.isMeasuredOnly)
    .describe(
      'Whether a resource counts only where its attestor measured it over the network, by its word',
    ),
  leastLevel: z
    .strictObject({
      low: level
        .default(DEFAULTS.trust.leastLevel.low)
        .describe('Least level of a contractor for data of low sensitivity'),
      medium: level
        .default(DEFAULTS.trust.leastLevel.medium)
        .describe('The same for medium sensitivity'),
      high: level.default(DEFAULTS.trust.leastLevel.high).describe('The same for high sensitivity'),
    })
    .prefault({}),
  attestedFromUsd: usd
    .optional()
    .describe('Tasks worth this or more go to contractors of level 2 alone; unset: no such bound'),
  jointlyAttestedFromUsd: usd.optional().describe('The same for level 3'),
  known: z.array(peerId).max(1_024).default([]).describe('Peers that are not treated as newcomers'),
});

const disclosure = z.strictObject({
  highestRungs: z
    .array(rungLimit)
    .max(64)
    .default([])
    .describe(
      'TERM=N: never prove more than N of a resource, N a rung (1, 2, 4, 8, 16, 24, 40, 48, 80, ...) or 0; read when a certificate of it comes in',
    ),
  isShowingReceipts: z
    .boolean()
    .default(DEFAULTS.disclosure.isShowingReceipts)
    .describe(
      'Whether whoever asks is shown receipts of this node for work of low sensitivity: client, skill, price, sizes, limits, checks and times',
    ),
});

const MAX_CREDIT_MICRO_USD = 1e12;

const accept = z.strictObject({
  maxInBytes: z
    .number()
    .int()
    .min(1)
    .max(8_388_608)
    .default(DEFAULTS.accept.maxInBytes)
    .describe('Largest task input; an offer may ask for less'),
  newcomerSlots: z
    .number()
    .int()
    .min(0)
    .max(1_000)
    .default(DEFAULTS.accept.newcomerSlots)
    .describe('Unpaid tasks in work at a time for all unknown clients together'),
  maxMeasuredMib: z
    .number()
    .int()
    .min(1)
    .max(MAX_MEASURED_MIB)
    .default(DEFAULTS.accept.maxMeasuredMib)
    .describe('Most memory that a trusted attestor may have filled to measure it, in MiB'),
  creditPerPeerMicroUsd: z
    .number()
    .int()
    .min(0)
    .max(MAX_CREDIT_MICRO_USD)
    .default(DEFAULTS.accept.creditPerPeerMicroUsd)
    .describe(
      'Most that a known client may owe for work without a ledger, work under way included',
    ),
  newcomerCreditMicroUsd: z
    .number()
    .int()
    .min(0)
    .max(MAX_CREDIT_MICRO_USD)
    .default(DEFAULTS.accept.newcomerCreditMicroUsd)
    .describe('The same for all unknown clients together: any number of names gets no more'),
});

const attestation = z.strictObject({
  isRenewing: z
    .boolean()
    .default(DEFAULTS.attestation.isRenewing)
    .describe('Whether what this node has attested is attested again before it ends'),
});

const spending = z.strictObject({
  maxPerDayUsd: usd
    .optional()
    .describe(
      'Most that this node pays for work in a day of UTC, fees included; left out: no limit',
    ),
});

const planner = z.strictObject({
  maxParallel: z
    .number()
    .int()
    .min(1)
    .max(64)
    .default(DEFAULTS.planner.maxParallel)
    .describe('Subtasks of one run that are at work at the same time'),
});

const hardware = z.strictObject({
  isMeasuredAtStart: z
    .boolean()
    .default(DEFAULTS.hardware.isMeasuredAtStart)
    .describe('Measure the machine at this start too, not at the first one alone'),
  peakFlops: z
    .number()
    .positive()
    .optional()
    .describe('Peak floating point operations per second; unset: measured at the first start'),
  utilisation: z
    .number()
    .gt(0)
    .max(1)
    .default(DEFAULTS.hardware.utilisation)
    .describe('Share of the peak that work reaches'),
  memoryGib: z
    .number()
    .positive()
    .optional()
    .describe('Memory that a task may use; unset: that of the machine or its container'),
  powerWatts: z
    .number()
    .min(0)
    .default(DEFAULTS.hardware.powerWatts)
    .describe('Power draw under full load'),
  purchaseUsd: usd
    .default(DEFAULTS.hardware.purchaseUsd)
    .describe('Purchase price, 0 for a rented machine'),
});

const prices = z.strictObject({
  computeUsdPerHour: usd
    .default(DEFAULTS.prices.computeUsdPerHour)
    .describe('What an hour of this machine costs, capital left out'),
  memoryUsdPerHour: usd
    .default(DEFAULTS.prices.memoryUsdPerHour)
    .describe('What an hour of all its memory costs'),
  energyUsdPerKwh: usd.default(DEFAULTS.prices.energyUsdPerKwh).describe('Price of energy'),
  transferUsdPerGb: usd.default(DEFAULTS.prices.transferUsdPerGb).describe('Price of traffic'),
  bandwidthMbps: z
    .number()
    .positive()
    .default(DEFAULTS.prices.bandwidthMbps)
    .describe(
      'Bandwidth to other peers; kept in every record, but with a price per GB it cancels out of Eq. 8 and changes no cost',
    ),
});

const exploration = z.strictObject({
  strategy: z
    .enum(EXPLORATION_STRATEGIES)
    .default(DEFAULTS.decision.exploration.strategy)
    .describe('How contractors are tried that the decision would not take'),
  rate: share
    .default(DEFAULTS.decision.exploration.rate)
    .describe('epsilon: share of decisions that explore, of those that may'),
  maxSensitivity: z
    .enum(['low', 'medium', 'high'])
    .default(DEFAULTS.decision.exploration.maxSensitivity)
    .describe('Most sensitive data that an exploration may hand out'),
  maxLossShareOfValue: share
    .default(DEFAULTS.decision.exploration.maxLossShareOfValue)
    .describe("Most that one exploration may lose, as a share of its task's value"),
  maxLossShareOfLocal: share
    .default(DEFAULTS.decision.exploration.maxLossShareOfLocal)
    .describe('Most that all explorations may lose, as a share of what all tasks would cost here'),
  learningValueUsd: usd
    .default(DEFAULTS.decision.exploration.learningValueUsd)
    .describe('Worth of one nat of information, for the strategy information-gain'),
});

const decision = z.strictObject({
  policy: z.enum(POLICY_NAMES).default(DEFAULTS.decision.policy).describe('Decision policy'),
  hasEconomicGate: z
    .boolean()
    .optional()
    .describe("Whether a contractor must cost less than this machine; unset: the policy's"),
  isBootstrapped: z
    .boolean()
    .optional()
    .describe("Whether attested tests and testimony count as outcomes; unset: the policy's"),
  isAdaptive: z
    .boolean()
    .default(DEFAULTS.decision.isAdaptive)
    .describe('Whether thresholds give way when next to nothing is outsourced, and come back'),
  maxSpendingShare: z
    .number()
    .gt(0)
    .max(1)
    .default(DEFAULTS.decision.maxSpendingShare)
    .describe('Largest share of the spending for one contractor; 1: no cap'),
  seed: z
    .number()
    .int()
    .min(0)
    .max(4_294_967_295)
    .optional()
    .describe('Fixes every draw of exploration; unset: the system draws'),
  exploration: exploration.prefault({}),
  skillThreshold: share
    .default(DEFAULTS.decision.skillThreshold)
    .describe('theta: least skill compatibility (>=)'),
  scoreThreshold: share
    .default(DEFAULTS.decision.scoreThreshold)
    .describe('tau: least TOPSIS score (>)'),
  confidenceThreshold: share
    .default(DEFAULTS.decision.confidenceThreshold)
    .describe('rho: least confidence (>)'),
  isBargaining: z
    .boolean()
    .default(DEFAULTS.decision.isBargaining)
    .describe('Whether the chosen contractor is offered a lower price once'),
  maxCandidates: z
    .number()
    .int()
    .min(1)
    .max(64)
    .default(DEFAULTS.decision.maxCandidates)
    .describe('Contractors asked for a quote at most'),
  quoteTimeoutMs: z
    .number()
    .int()
    .min(100)
    .max(60_000)
    .default(DEFAULTS.decision.quoteTimeoutMs)
    .describe('Time limit of one quote'),
});

const verification = z.strictObject({
  auditRateNew: share
    .default(DEFAULTS.verification.auditRateNew)
    .describe('Share of recomputed results of a contractor with few good outcomes'),
  auditRateKnown: share
    .default(DEFAULTS.verification.auditRateKnown)
    .describe('The same once it has enough'),
  knownFromOutcomes: z
    .number()
    .int()
    .min(0)
    .default(DEFAULTS.verification.knownFromOutcomes)
    .describe('Good outcomes, passed tests of attestors included, that are enough'),
});

const embedding = z
  .strictObject({
    provider: z
      .enum(['local', 'openai'])
      .default(DEFAULTS.embedding.provider)
      .describe('Who makes the vectors of texts: this program, or a service of the OpenAI API'),
    baseUrl: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('Of the service, up to and without /embeddings'),
    model: z.string().min(1).max(64).optional().describe('Name of the model at the service'),
    modelId: z
      .string()
      .regex(/^[\x21-\x7e]{1,64}$/)
      .optional()
      .describe('Name under which vectors are published and compared; unset: the model'),
    apiKeyVariable: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/)
      .optional()
      .describe('Environment variable that holds the key; unset: no key is sent'),
    dimensions: z
      .number()
      .int()
      .min(1)
      .max(2_048)
      .optional()
      .describe('Asked of the service; unset: as the first answer has'),
  })
  .refine(
    ({ provider, baseUrl, model }) =>
      provider === 'local' || (baseUrl !== undefined && model !== undefined),
    'provider openai needs baseUrl and model',
  );

const broker = z.strictObject({
  agentCards: z
    .array(z.url({ protocol: /^https?$/ }).max(256))
    .max(64)
    .default([])
    .describe('Of a broker: URLs of cards of A2A agents outside, told of as unverified'),
});

const committee = z.strictObject({
  genesisFile: z
    .string()
    .min(1)
    .max(4_096)
    .optional()
    .describe(
      'Genesis of the ledger, from the data directory; a node that it names as a replica is one; unset: no ledger',
    ),
  withoutLedger: z
    .enum(['refuse', 'bilateral'])
    .default(DEFAULTS.committee.withoutLedger)
    .describe(
      'With peers of another ledger, or while the own cannot be reached: refuse what costs money, or agree bilaterally',
    ),
  patienceMs: z
    .number()
    .int()
    .min(500)
    .max(60_000)
    .default(DEFAULTS.committee.patienceMs)
    .describe(
      'How long the committee may take to hold a price, in milliseconds; then withoutLedger says what is done',
    ),
  sealedFromMicroUsd: z
    .number()
    .int()
    .min(0)
    .max(Number.MAX_SAFE_INTEGER)
    .default(DEFAULTS.committee.sealedFromMicroUsd)
    .describe(
      'Value of a task, in micro-USD, from which its result comes sealed: the key once the ciphertext is acknowledged',
    ),
});

const telemetry = z.strictObject({
  otlpEndpoint: z
    .url({ protocol: /^https?$/ })
    .max(2_048)
    .optional()
    .describe(
      'Base URL of an OpenTelemetry collector that takes traces of tasks (OTLP/HTTP, JSON); unset: nothing is traced',
    ),
});

/** Schema of `config.json`. */
export const configSchema = z.strictObject({
  name: z
    .string()
    .min(1)
    .max(64)
    .regex(/^[\w .-]+$/, 'expected letters, digits, space, dot, dash')
    .default(DEFAULTS.name)
    .describe('Name on the agent card'),
  logLevel: z
    .enum(LOG_LEVELS)
    .default(DEFAULTS.logLevel)
    .describe('Least severe level that is logged'),
  roles: z
    .array(z.enum(['broker']))
    .max(1)
    .default([])
    .describe('What the node does beside buying and selling: broker answers queries of others'),
  network: network.prefault({}),
  broker: broker.prefault({}),
  committee: committee.prefault({}),
  http: http.prefault({}),
  a2a: a2a.prefault({}),
  trust: trust.prefault({}),
  disclosure: disclosure.prefault({}),
  accept: accept.prefault({}),
  attestation: attestation.prefault({}),
  spending: spending.prefault({}),
  planner: planner.prefault({}),
  hardware: hardware.prefault({}),
  prices: prices.prefault({}),
  decision: decision.prefault({}),
  embedding: embedding.prefault({}),
  verification: verification.prefault({}),
  telemetry: telemetry.prefault({}),
});

/** A node's effective configuration. */
export type Config = z.output<typeof configSchema>;

/** The same as it stands in a file: every key optional. */
export type ConfigFile = z.input<typeof configSchema>;
