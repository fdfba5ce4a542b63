import { beforeEach, describe, expect, it } from 'vitest';
import type { MarketQuote } from '../../../protocols/broker/client.ts';
import { FakeRandom } from '../../../protocols/test/negotiation/fake-world.ts';
import { formatDecision } from '../../decision/explanation.ts';
import { RATIONAL_POLICY } from '../../decision/policy.ts';
import { DecisionLog } from '../../tasks/decision-log.ts';
import { MAX_MARKET_REFERENCES, marketReferences } from '../../tasks/market-reference.ts';
import { TaskRunner } from '../../tasks/task-runner.ts';
import { MemorySection } from '../memory-section.ts';
import { PRICE_MICRO_USD, SELF, TERM, contractor, never } from './client-fakes.ts';
import { openClient, peer, task } from './client-fakes.ts';
import type { Client } from './client-fakes.ts';

const NOW = 1_000;
const quote = (number: number, change: Partial<MarketQuote> = {}): MarketQuote => ({
  contractor: peer(number),
  terms: [TERM],
  priceMicroUsd: BigInt(PRICE_MICRO_USD),
  inBytes: 10_000,
  latencyMs: 900,
  expSeconds: NOW + 60,
  ...change,
});
const perUnitOf = (peerId: string) => (peerId === peer(1) ? 'task' : undefined);
const filter = { term: TERM, nowSeconds: NOW, self: SELF, perUnitOf };

describe('the market that brokers tell of', () => {
  it('is of this very term, of others, and of quotes that have not run out', () => {
    const useless = [
      quote(2, { terms: ['performs:nlp'] }),
      quote(2, { terms: [TERM, 'performs:nlp/ner'] }),
      quote(2, { expSeconds: NOW }),
      quote(2, { contractor: SELF }),
    ];
    expect(marketReferences([...useless, quote(1)], filter)).toEqual([
      {
        peerId: peer(1),
        priceMicroUsd: PRICE_MICRO_USD,
        inputBytes: 10_000,
        latencyMs: 900,
        expiresAtSeconds: NOW + 60,
        perUnit: 'task',
      },
    ]);
  });

  it('has one quote of each contractor, the one that lasts longest, and so many at most', () => {
    const twice = [quote(1, { expSeconds: NOW + 9 }), quote(1), quote(1, { expSeconds: NOW + 3 })];
    const [kept, ...others] = marketReferences(twice, filter);
    expect(kept).toMatchObject({ expiresAtSeconds: NOW + 60 });
    expect(others).toEqual([]);
    const many = Array.from({ length: 48 }, (_, number) => quote(number));
    expect(marketReferences(many, filter)).toHaveLength(MAX_MARKET_REFERENCES);
  });
});

describe('the first decision of a client that knows no market', () => {
  let client: Client;
  let log: DecisionLog;
  let runner: TaskRunner;

  beforeEach(async () => {
    client = await openClient();
    const { prospects, execution, machine, memory, config, clock, processor, survey } = client;
    log = new DecisionLog(new MemorySection(), clock, new FakeRandom('log'));
    const recurring = { observe: () => undefined };
    const parts = { prospects, execution, machine, log, memory, recurring, config };
    runner = new TaskRunner({ ...parts, clock, processor, self: SELF });
    const expSeconds = Math.floor(clock.nowMs() / 1_000) + 60;
    survey.contractors = [1, 2, 3, 4].map((number) => contractor(peer(number), 1_000));
    // The contractors ask for 1,500 micro-USD now: of brokers they asked for a tenth of it.
    survey.quotes = [1, 2, 3, 4, 5].map((number) =>
      quote(number, { expSeconds, priceMicroUsd: 150n }),
    );
  });

  it('has it from the brokers, as a reference that no figure rests on', async () => {
    const first = await runner.decide(task(), undefined, {}, never);
    expect(client.survey.forBrokers).toEqual([true]);
    expect(first.request.context.market).toHaveLength(5);
    const text = formatDecision(first);
    expect(text).toContain('Market reference, quotes signed to a broker, which no figure rests on');
    expect(text).toContain(`${peer(5)}: $0.00015 for 10000 bytes`);
    expect(await log.replay(first.result.decisionId)).toMatchObject({ agrees: true });
    // Every price that was judged is of a quote that the contractor gave for this task.
    const prices = first.request.candidates.map((one) => one.quote.priceMicroUsd);
    expect(new Set(prices)).toEqual(new Set([PRICE_MICRO_USD]));
    const second = await runner.decide(task(), undefined, {}, never);
    expect(client.survey.forBrokers).toEqual([true, false]);
    expect(second.request.context).not.toHaveProperty('market');
    const { score, choice, costExternalMicroUsd } = first.result;
    expect(second.result).toMatchObject({ score, choice, costExternalMicroUsd });
  });

  it('is compared with it by the market watch, where the records say what is sold by', async () => {
    // One of four asks ten times what the others asked of the broker.
    client.outsourcing.conduct.set(peer(2), 'noQuote');
    client.outsourcing.conduct.set(peer(3), 'noQuote');
    client.outsourcing.conduct.set(peer(4), 'noQuote');
    const alarms = () => client.memory.status(RATIONAL_POLICY).alarms.map(({ kind }) => kind);
    await runner.run(task(), {}, never);
    expect(alarms()).toEqual(['PRICE_OUTLIER']);
    expect(client.memory.knowsMarket(TERM)).toBe(true);
  });
});
