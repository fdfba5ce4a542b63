import { describe, expect, it } from 'vitest';
import { Identity } from '../../../crypto/identity.ts';
import { ReceiptBook } from '../../../protocols/settlement/receipt-book.ts';
import { FakeNetwork } from '../../../protocols/test/a2a/fake-secure-streams.ts';
import {
  FakeClock,
  FakeKeyValueStore,
  FakeLogger,
  FakeRandom,
} from '../../../protocols/test/negotiation/fake-world.ts';
import { CertificateIssuer } from '../../certificates/certificate-issuer.ts';
import { Attestor } from '../../tasks/attestor.ts';
import { ContractorFailedError } from '../../tasks/outsourcing.ts';
import { DailySpending } from '../../tasks/daily-spending.ts';
import type { StoredDailySpending } from '../../tasks/daily-spending.ts';
import { MemoryJsonSection, MemorySection } from '../memory-section.ts';
import {
  FakeOutsourcing,
  FakeProcessor,
  PRICE_MICRO_USD,
  TERM,
  never,
  peer,
} from './client-fakes.ts';
import type { Conduct } from './client-fakes.ts';

/** An attestor of a peer that does each task in its turn as it is told, and well after that. */
function setUp(conducts: readonly Conduct[], limitMicroUsd = Infinity) {
  const identity = Identity.fromSeed(new Uint8Array(32).fill(1));
  const clock = new FakeClock();
  const random = new FakeRandom('attestor');
  const outsourcing = new FakeOutsourcing(new FakeProcessor());
  const issued = new MemorySection();
  const settings = new MemoryJsonSection<StoredDailySpending>();
  const daily = new DailySpending({ settings, clock, limitMicroUsd });
  const issuer = new CertificateIssuer({ identity, issued, clock, random });
  const scores: unknown[] = [];
  const issue = issuer.issue.bind(issuer);
  issuer.issue = (order) => {
    scores.push(order.claims.find(({ kind }) => kind === 'canaryScore'));
    return issue(order);
  };
  const attestor = new Attestor({
    outsourcing,
    issuer,
    // Nobody takes the certificate: what is issued is seen in `issued`.
    streams: new FakeNetwork().join(identity.peerId),
    receipts: new ReceiptBook(new FakeKeyValueStore()),
    daily,
    clock,
    random,
    logger: new FakeLogger(),
  });
  const next = [...conducts];
  const turn = () => void outsourcing.conduct.set(peer(1), next.shift() ?? 'good');
  turn();
  const { settle, perform } = outsourcing;
  outsourcing.settle = (...args) => settle.apply(outsourcing, args).finally(turn);
  outsourcing.perform = (...args) =>
    perform.apply(outsourcing, args).catch((error: unknown) => {
      turn();
      throw error;
    });
  const attest = (tasks: number) => attestor.attest({ peerId: peer(1), term: TERM, tasks }, never);
  const count = () => [...issued.values.keys()].filter((key) => key.length === 43).length;
  return { attest, count, scores, outsourcing, daily, clock };
}

const times = (count: number, conduct: Conduct) => Array<Conduct>(count).fill(conduct);

describe('attestation of a skill', () => {
  it.each([
    [8, 10, true],
    [7, 10, false],
    [10, 10, true],
    [4, 5, true],
    [3, 4, false],
    [0, 8, false],
  ])(
    'claimed but failing its canaries: %i right of %i, certified is %s',
    async (right, run, isCertified) => {
      const { attest, count } = setUp(times(run - right, 'wrong'));
      const document = await attest(run);
      expect(document).toMatchObject({ passed: right, run, delivered: false });
      expect(document.certId !== null).toBe(isCertified);
      expect(document.isWrong).toBe(!isCertified);
      expect(count()).toBe(isCertified ? 1 : 0);
    },
  );

  it.each([1, 2, 3])(
    'is refused with %i tasks, which luck may pass, before any is sent',
    async (run) => {
      const { attest, outsourcing, count } = setUp([]);
      await expect(attest(run)).rejects.toThrow(`at least 4 known-answer tasks, got ${run}`);
      expect(outsourcing.handedOut).toHaveLength(0);
      expect(count()).toBe(0);
    },
  );

  it('is not called wrong for tasks that were not answered', async () => {
    const { attest } = setUp([...times(2, 'breaks'), ...times(2, 'wrong')]);
    const document = await attest(10);
    expect(document).toMatchObject({ passed: 6, isWrong: false, certId: null });
  });

  /** From the `at`th quote or delivery on the peer says that it was tested enough. */
  function refuseFrom(outsourcing: FakeOutsourcing, step: 'quote' | 'delivery', at: number) {
    let asked = 0;
    const details = { peerId: peer(1), step, isAgreed: step === 'delivery' } as const;
    const refuse = () =>
      Promise.reject(
        new ContractorFailedError({ ...details, refusal: 'TESTED_ENOUGH' }, 'TESTED_ENOUGH'),
      );
    const { quote, perform } = outsourcing;
    if (step === 'quote') {
      outsourcing.quote = (...args) => (++asked >= at ? refuse() : quote.apply(outsourcing, args));
    } else {
      outsourcing.perform = (...args) =>
        ++asked >= at ? refuse() : perform.apply(outsourcing, args);
    }
    return () => asked;
  }

  it('whose round is cut by the peer counts what was not taken as not passed', async () => {
    const ahead = setUp([]);
    const asked = refuseFrom(ahead.outsourcing, 'quote', 5);
    const document = await ahead.attest(8);
    expect(document).toMatchObject({ run: 8, passed: 4, isWrong: false, certId: null });
    expect(document.failures).toEqual([
      expect.stringMatching(/^4 tasks were not taken: the peer has no more time for tests/),
    ]);
    // It says so once, and is not asked again and again.
    expect(asked()).toBe(5);
    const nearlyAll = setUp([]);
    refuseFrom(nearlyAll.outsourcing, 'quote', 8);
    expect(await nearlyAll.attest(8)).toMatchObject({ run: 8, passed: 7 });
    expect(nearlyAll.count()).toBe(1);
    // What was not taken stands in the certificate as well.
    expect(nearlyAll.scores).toMatchObject([{ name: TERM, passed: 7, run: 8 }]);
  });

  it('whose round is cut is not called wrong for one wrong answer', async () => {
    const { attest, outsourcing } = setUp(['wrong']);
    refuseFrom(outsourcing, 'quote', 2);
    expect(await attest(8)).toMatchObject({ passed: 0, isWrong: false, certId: null });
  });

  it('of a peer without any time for tests is refused, and says when to come', async () => {
    const { attest, outsourcing } = setUp([]);
    refuseFrom(outsourcing, 'quote', 1);
    await expect(attest(8)).rejects.toThrow(/has no more time for tests now.*come back later/);
  });

  it('goes on after a task that was read and not answered: it was not passed', async () => {
    const { attest, outsourcing } = setUp([]);
    const asked = refuseFrom(outsourcing, 'delivery', 5);
    expect(await attest(8)).toMatchObject({ run: 8, passed: 4, certId: null });
    expect(asked()).toBe(8);
  });

  it('ends where the limit of the day leaves too little for another task', async () => {
    const { attest, outsourcing, count, daily } = setUp([], 3 * PRICE_MICRO_USD);
    await expect(attest(4)).rejects.toThrow(/maxPerDayUsd/);
    expect(outsourcing.settled).toHaveLength(3);
    expect(daily.leftMicroUsd).toBe(0);
    expect(count()).toBe(0);
  });

  it('hands out other tasks each time, so that no table of answers passes', async () => {
    const { attest, outsourcing } = setUp([]);
    const inputs = async () => {
      outsourcing.handedOut.length = 0;
      await attest(4);
      return outsourcing.handedOut.map(({ parts }) =>
        parts.map(({ bytes }) => new TextDecoder().decode(bytes)).join(),
      );
    };
    const [first, second] = [await inputs(), await inputs()];
    expect(new Set(first).size).toBe(4);
    expect(first.filter((input) => second.includes(input))).toEqual([]);
  });

  it('tells for how long the peer had the tasks, of all the time that it took', async () => {
    const { attest, outsourcing, clock } = setUp([]);
    outsourcing.onDelivery = () => clock.advanceSeconds(2);
    const { settle } = outsourcing;
    outsourcing.settle = (...args) => {
      clock.advanceSeconds(1);
      return settle.apply(outsourcing, args);
    };
    expect(await attest(4)).toMatchObject({ busyMs: 8_000, elapsedMs: 12_000 });
  });

  it('pays for right answers only', async () => {
    const { attest, outsourcing } = setUp(times(2, 'wrong'));
    await attest(4);
    const outcomes = outsourcing.settled.map(({ verdict }) => verdict.outcome);
    expect(outcomes).toEqual(['fail', 'fail', 'pass', 'pass']);
  });
});
