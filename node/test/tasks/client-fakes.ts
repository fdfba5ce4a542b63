/**
 * The client's money path for tests: real decisions, checks, books and prices; fake contractors, a
 * fake processor, and a fake survey.
 *
 * @module
 */

import { toBase64Url } from '../../../crypto/bytes.ts';
import { Identity } from '../../../crypto/identity.ts';
import type { MarketQuote } from '../../../protocols/broker/client.ts';
import type { Contract } from '../../../protocols/negotiation/contract.ts';
import type { VerdictAsk } from '../../../protocols/negotiation/verdict-body.ts';
import { ReceiptBook } from '../../../protocols/settlement/receipt-book.ts';
import type { ContractorHit } from '../../../protocols/skill-discovery/find-contractors.ts';
import {
  FakeClock,
  FakeKeyValueStore,
  FakeLogger,
  FakeRandom,
} from '../../../protocols/test/negotiation/fake-world.ts';
import {
  bytes32,
  makeChain,
  makeQuote,
  makeRequest,
} from '../../../protocols/test/negotiation/fixture.ts';
import { UNPROVED } from '../../certificates/trust.ts';
import { loadConfig } from '../../config/load.ts';
import type { Config, ConfigFile } from '../../config/schema.ts';
import { silentLogger } from '../../logger.ts';
import { ContractorSurvey } from '../../tasks/contractor-survey.ts';
import type { Survey, SurveyQuestion, SurveyedContractor } from '../../tasks/contractor-survey.ts';
import type { CrowdMember } from '../../tasks/crowd-limit.ts';
import type { Prospect } from '../../tasks/decision-request.ts';
import { ProspectFinder } from '../../tasks/prospect-finder.ts';
import { Sentiment } from '../../tasks/executors/sentiment.ts';
import type { SkillExecutor } from '../../tasks/executors/skill-executor.ts';
import { LocalMachine } from '../../tasks/local-machine.ts';
import { OutcomeBook } from '../../tasks/outcomes.ts';
import { ContractorFailedError, Outsourcing } from '../../tasks/outsourcing.ts';
import type { DeliveredResult, QuotedTask, Settlement } from '../../tasks/outsourcing.ts';
import { prepareTask, wireTask } from '../../tasks/prepared-task.ts';
import type { PreparedTask } from '../../tasks/prepared-task.ts';
import { SkillShelf } from '../../tasks/skill-shelf.ts';
import { TaskExecution } from '../../tasks/task-execution.ts';
import { taskForSkill } from '../../tasks/task-for-skill.ts';
import type { ResultPart } from '../../tasks/task-parts.ts';
import type { Processor } from '../../system-clock.ts';
import { CandidateTable } from '../../decision/candidate-table.ts';
import { DecisionEngine } from '../../decision/engine.ts';
import type { Decision } from '../../decision/engine.ts';
import { DecisionMemory } from '../../tasks/decision-memory.ts';
import { candidate, request } from '../decision/requests.ts';
import { MemoryJsonSection } from '../memory-section.ts';

/** PeerId of the client. */
export const SELF = 'me';
export const TERM = 'performs:nlp/sentiment';
export const PRICE_MICRO_USD = 1_500;
export const never = new AbortController().signal;
export const WRONG: ResultPart[] = [{ mediaType: 'application/json', data: { documents: [] } }];

/** One for all tests: each new one makes the model of the language larger. */
const SENTIMENT = new Sentiment();

/** A second of this processor costs 1,000 micro-USD. */
const CONFIG: ConfigFile = {
  hardware: { peakFlops: 1e9, utilisation: 0.5, memoryGib: 2, powerWatts: 100, purchaseUsd: 0 },
  prices: { computeUsdPerHour: 3.6, memoryUsdPerHour: 0, energyUsdPerKwh: 0 },
  verification: { auditRateNew: 1, auditRateKnown: 0 },
};

/** Peers 1, 2, 3, ... */
export function peer(number: number): string {
  return Identity.fromSeed(new Uint8Array(32).fill(100 + number)).peerId;
}

/** A task that costs 10,000 micro-USD here and is worth twice that. */
export function task(change: object = {}): PreparedTask {
  const specification = taskForSkill({
    term: TERM,
    inputs: [{ file: 'a.txt', mediaType: 'text/plain' }],
    valueMicroUsd: 20_000,
  });
  const files = new Map([['a.txt', new TextEncoder().encode('A good day. A bad night.')]]);
  return prepareTask({ ...specification, resources: { flops: 5e9 }, ...change }, files);
}

export class FakeProcessor implements Processor {
  now = 0;
  seconds(): number {
    return this.now;
  }
}

/** Random bytes that take processor time: the price of a check that does not repeat the work. */
export class FakeCostlyRandom extends FakeRandom {
  costSeconds = 0;
  readonly #processor: FakeProcessor;

  constructor(processor: FakeProcessor) {
    super('client');
    this.#processor = processor;
  }

  override bytes(length: number): Uint8Array {
    this.#processor.now += this.costSeconds;
    return super.bytes(length);
  }
}

/** This machine, on which each run of an executor takes a set processor time. */
export class FakeTimedMachine extends LocalMachine {
  workSeconds = 0;
  /** What an executor here gives in place of the true result. */
  wrongResult: readonly ResultPart[] | undefined;
  readonly #processor: FakeProcessor;

  constructor(config: Config, processor: FakeProcessor) {
    const shelf = new SkillShelf({
      section: new MemoryJsonSection(),
      baseDirectory: import.meta.dirname,
      random: new FakeRandom('shelf'),
      logger: silentLogger,
    });
    super({ config, shelf, settings: new MemoryJsonSection(), processor });
    this.#processor = processor;
  }

  override executor(term: string): SkillExecutor | undefined {
    if (term !== TERM) return undefined;
    const real = SENTIMENT;
    return {
      term,
      recomputeTolerance: real.recomputeTolerance,
      checkInput: (work) => real.checkInput(work),
      estimate: (input) => real.estimate(input),
      execute: async (work, options) => {
        this.#processor.now += this.workSeconds;
        const result = await real.execute(work, options);
        return this.wrongResult ? { parts: this.wrongResult } : result;
      },
    };
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => {
    signal.addEventListener('abort', resolve, { once: true });
  });
}

/** How a contractor behaves. */
export type Conduct =
  'good' | 'wrong' | 'declines' | 'breaks' | 'unsigned' | 'contests' | 'noQuote' | 'stalls';

/** Contractors that behave as they are told, and a note of what they were asked. */
export class FakeOutsourcing extends Outsourcing {
  readonly conduct = new Map<string, Conduct>();
  readonly performed: string[] = [];
  readonly handedOut: PreparedTask[] = [];
  readonly released: string[] = [];
  readonly settled: { readonly peerId: string; readonly verdict: VerdictAsk }[] = [];
  /** Counter-offers, in micro-USD. */
  readonly offered: bigint[] = [];
  /** Least price that a contractor takes; undefined: none below its own. */
  floorMicroUsd: bigint | undefined;
  /** What every contractor quotes. */
  priceMicroUsd = PRICE_MICRO_USD;
  performSeconds = 0;
  settleSeconds = 0;
  /** Called when a result is here. */
  onDelivery = (): void => undefined;
  readonly #processor: FakeProcessor;
  #contracts = 0;

  constructor(processor: FakeProcessor) {
    super({} as never);
    this.#processor = processor;
  }

  override quote(peerId: string, asked: PreparedTask, signal: AbortSignal): Promise<QuotedTask> {
    const conduct = this.conduct.get(peerId);
    if (conduct === 'noQuote') {
      const details = { peerId, step: 'quote', isAgreed: false };
      return Promise.reject(new ContractorFailedError(details, 'the contractor refuses: BUSY'));
    }
    if (conduct === 'stalls') {
      return aborted(signal).then(() => Promise.reject(signal.reason as Error));
    }
    const { quoted } = prospect(peerId, asked);
    const quote = { ...quoted.quote, price: String(this.priceMicroUsd) };
    return Promise.resolve({ ...quoted, quote });
  }

  override bargain({ quote }: QuotedTask, priceMicroUsd: bigint): Promise<bigint> {
    this.offered.push(priceMicroUsd);
    const isTaken = this.floorMicroUsd !== undefined && priceMicroUsd >= this.floorMicroUsd;
    return Promise.resolve(isTaken ? priceMicroUsd : BigInt(quote.price));
  }

  override release({ peerId }: QuotedTask): Promise<void> {
    this.released.push(peerId);
    return Promise.resolve();
  }

  override async perform(
    quoted: QuotedTask,
    asked: PreparedTask,
    signal: AbortSignal,
  ): Promise<DeliveredResult> {
    const { peerId } = quoted;
    this.performed.push(peerId);
    this.handedOut.push(asked);
    this.#processor.now += this.performSeconds;
    const conduct = this.conduct.get(peerId) ?? 'good';
    if (conduct === 'stalls') await aborted(signal);
    if (conduct === 'declines' || conduct === 'breaks' || conduct === 'stalls') {
      const isAgreed = conduct !== 'declines';
      throw new ContractorFailedError({ peerId, step: 'task', isAgreed }, `it ${conduct}`);
    }
    const parts = conduct === 'wrong' ? WRONG : await rightResult(asked);
    this.onDelivery();
    return { quoted, parts, contractId: 'contract' };
  }

  override settle(
    { peerId }: QuotedTask,
    verdict: VerdictAsk,
    signal: AbortSignal,
  ): Promise<Settlement> {
    if (signal.aborted) return Promise.reject(signal.reason as Error);
    this.settled.push({ peerId, verdict });
    this.#processor.now += this.settleSeconds;
    const { outcome } = verdict;
    const paid = outcome === 'pass' ? String(PRICE_MICRO_USD) : '0';
    const nonce = bytes32(++this.#contracts);
    const chain = makeChain({ nonce }, { outcome, paid });
    const { request, quote, agreement, delivery, clientVerdict, receipt } = chain;
    const conduct = this.conduct.get(peerId);
    const isSigned = conduct !== 'unsigned' && conduct !== 'contests';
    const unsigned = conduct === 'contests' ? 'DISPUTED' : 'VERDICT';
    const contract: Contract = {
      role: 'client',
      phase: isSigned ? 'RECEIPT' : unsigned,
      sinceSeconds: 0,
      request,
      quote,
      agreement,
      delivery,
      verdict: isSigned ? receipt : clientVerdict,
    };
    return Promise.resolve({ receiptId: isSigned ? toBase64Url(receipt.id) : null, contract });
  }
}

/** What an honest contractor delivers. */
export async function rightResult({ parts }: PreparedTask): Promise<ResultPart[]> {
  const result = await SENTIMENT.execute({ parts }, { signal: never });
  return [...result.parts];
}

/** A member of a crowd that is met on this machine. */
export function crowdMember(peerId: string, change: Partial<CrowdMember> = {}): CrowdMember {
  return {
    peerId,
    connectedAt: ['/ip4/127.0.0.1/tcp/4001'],
    toldAddresses: [],
    attestorGroup: null,
    isNamed: false,
    ...change,
  };
}

/** A contractor of level 2; without a history its results are audited. */
export function contractor(peerId: string, successes = 0): SurveyedContractor {
  const outcomes = { successes, failures: 0, monthsSinceLast: 0 };
  const hit = { peerId, matchedTerm: TERM, offer: { perUnit: 'task' } } as ContractorHit;
  return {
    hit,
    proved: { ...UNPROVED, level: 2 },
    resources: [],
    hasAnswered: true,
    similarity: 0.9,
    history: {
      ...outcomes,
      byType: { [TERM]: outcomes },
      incidents: { disputes: 0, interactions: successes },
    },
    fit: { score: 0.9, ontology: 1, embedding: 0.9, performance: null },
    isKnown: true,
    crowd: crowdMember(peerId),
  };
}

/** A contractor with a quote of {@link PRICE_MICRO_USD}. */
export function prospect(peerId: string, asked: PreparedTask, successes = 0): Prospect {
  const quote = makeQuote(makeRequest(), { price: String(PRICE_MICRO_USD) }).body;
  const wire = wireTask(asked, new FakeRandom(peerId));
  const quoted = { peerId, requestId: new Uint8Array(32), quote, wire };
  return { contractor: contractor(peerId, successes), quoted };
}

/** A decision for one contractor: that costs 1,000 micro-USD instead of about 9,500. */
export function decisionFor(peerId: string): Decision {
  const { candidates, ...query } = request([candidate(peerId)]);
  return new DecisionEngine().decide(new CandidateTable(candidates), query);
}

/** Finds whom it was told to find. */
export class FakeSurvey extends ContractorSurvey {
  contractors: SurveyedContractor[] = [];
  dropped: Survey['search']['dropped'] = [];
  readonly forgotten: string[] = [];
  readonly looks: (readonly [string, string | undefined])[] = [];
  /** Of each look whether brokers were to be asked, and what they hold. */
  readonly forBrokers: boolean[] = [];
  quotes: readonly MarketQuote[] = [];

  constructor() {
    super({} as never);
  }

  override look({ term, description, isForBrokers = false }: SurveyQuestion): Promise<Survey> {
    this.looks.push([term, description]);
    this.forBrokers.push(isForBrokers);
    const brokers = isForBrokers ? { brokers: { outside: [], quotes: this.quotes } } : {};
    const search = { dropped: this.dropped, ...brokers } as unknown as Survey['search'];
    return Promise.resolve({ search, contractors: this.contractors });
  }

  override forget(peerId: string): void {
    this.forgotten.push(peerId);
  }
}

/** A client with everything but a network. */
export async function openClient(change: ConfigFile = {}) {
  const processor = new FakeProcessor();
  const config = loadConfig([
    { origin: 'test', values: CONFIG },
    { origin: 'change', values: change },
  ]);
  const clock = new FakeClock();
  const random = new FakeCostlyRandom(processor);
  const logger = new FakeLogger();
  const machine = new FakeTimedMachine(config, processor);
  const outsourcing = new FakeOutsourcing(processor);
  const outcomes = await OutcomeBook.load(new MemoryJsonSection());
  const receipts = new ReceiptBook(new FakeKeyValueStore());
  const memory = new DecisionMemory({
    settings: new MemoryJsonSection(),
    clock,
    logger,
    isAdaptive: config.decision.isAdaptive,
    maxSpendingShare: config.decision.maxSpendingShare,
  });
  const parts = { outsourcing, machine, outcomes, memory, receipts, config, clock, random, logger };
  const survey = new FakeSurvey();
  const prospects = new ProspectFinder({ survey, outsourcing, config, clock, self: SELF });
  const execution = new TaskExecution({
    ...parts,
    onDeclined: (peerId) => prospects.rest(peerId),
  });
  return { ...parts, processor, execution, survey, prospects };
}

export type Client = Awaited<ReturnType<typeof openClient>>;
