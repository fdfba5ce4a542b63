/** A fetch in time that the test moves on: a holder that answers when told, and a DHT beside it. */

import { peerIdFromString } from '@libp2p/peer-id';
import { MemoryDatastore } from 'datastore-core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Identity } from '../../../crypto/identity.ts';
import type { Host } from '../../libp2p-host.ts';
import { fetchRecord } from '../../skill-discovery/record-fetch.ts';
import type { FetchedRecord } from '../../skill-discovery/record-fetch.ts';
import type { SkillRecord } from '../../skill-discovery/skill-record.ts';
import { Turns } from '../../skill-discovery/turns.ts';
import { RecordGuard } from '../../skill-discovery/validator.ts';
import { recordOf, TestClock } from './fixtures.ts';

const time = vi.hoisted(() => {
  const waiting = new Set<{ atMs: number; end: () => void }>();
  return {
    nowMs: 0,
    waiting,
    after(delayMs: number, end: () => void): void {
      waiting.add({ atMs: this.nowMs + delayMs, end });
    },
  };
});

vi.mock('node:timers/promises', () => ({
  setTimeout: (delayMs: number, _: undefined, { signal }: { signal: AbortSignal }) =>
    new Promise<void>((resolve, reject) => {
      time.after(delayMs, resolve);
      signal.addEventListener('abort', () => reject(signal.reason as Error));
    }),
}));

beforeEach(() => {
  time.nowMs = 0;
  time.waiting.clear();
  vi.spyOn(AbortSignal, 'timeout').mockImplementation((delayMs) => {
    const controller = new AbortController();
    time.after(delayMs, () => controller.abort(new Error('time-out')));
    return controller.signal;
  });
});
afterEach(() => vi.restoreAllMocks());

/** Records whose signatures other threads verify, in a time that is not the test's. */
const verifying = new Set<Promise<unknown>>();

/** Lets everything run that waits for nothing but promises and verifications. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    if (verifying.size === 0) continue;
    await Promise.all(verifying);
    turn = 0;
  }
}

async function advanceTo(atMs: number): Promise<void> {
  await settled();
  time.nowMs = atMs;
  for (const entry of [...time.waiting].filter((one) => one.atMs <= atMs)) {
    time.waiting.delete(entry);
    entry.end();
  }
  await settled();
}

const holder = Identity.fromSeed(new Uint8Array(32).fill(1));
const other = peerIdFromString(Identity.fromSeed(new Uint8Array(32).fill(2)).peerId);

/** The fetch of the holder's record; `copies` are what the DHT has of it. */
class FetchUnderTest {
  readonly clock = new TestClock();
  readonly guard = new RecordGuard({ clock: this.clock });
  walks = 0;
  isHolderGivenUp = false;
  isConnected = true;
  fetched: FetchedRecord | undefined;
  readonly #answer = Promise.withResolvers<Uint8Array | undefined>();

  constructor() {
    const accept = this.guard.accept.bind(this.guard);
    vi.spyOn(this.guard, 'accept').mockImplementation((...args) => {
      const verdict = accept(...args);
      verifying.add(verdict);
      void verdict.finally(() => verifying.delete(verdict));
      return verdict;
    });
  }

  start(copies: readonly Uint8Array[], isWorthWalk = true): void {
    const components = {
      host: this.#host(copies),
      guard: this.guard,
      holderTurns: new Turns(1),
      walkTurns: new Turns(1),
      isWorthWalk: () => Promise.resolve(isWorthWalk),
      onEvent: () => undefined,
      onRefused: () => undefined,
    };
    const { signal } = new AbortController();
    void fetchRecord(components, holder.peerId, signal).then((it) => (this.fetched = it));
  }

  record(seq: number, change: Partial<SkillRecord> = {}): Uint8Array {
    const iat = this.clock.nowSeconds();
    return recordOf(holder, { seq, iat, exp: iat + 600, ...change }).envelope;
  }

  async holderAnswers(value?: Uint8Array): Promise<void> {
    this.#answer.resolve(value);
    await settled();
  }

  #host(copies: readonly Uint8Array[]): Host {
    const answered = (from: unknown, value: Uint8Array | undefined) => ({
      ...{ name: 'PEER_RESPONSE', from, providers: [] },
      ...(value && { record: { value } }),
    });
    const run = async function* (this: FetchUnderTest) {
      this.walks += 1;
      yield answered(other, undefined);
      for (const copy of copies) yield answered(other, copy);
    };
    const sendRequest = async function* (
      this: FetchUnderTest,
      to: unknown,
      _: unknown,
      { signal }: { signal: AbortSignal },
    ) {
      const givenUp = new Promise<'given up'>((resolve) => {
        signal.addEventListener('abort', () => resolve('given up'));
      });
      const answer = await Promise.race([this.#answer.promise, givenUp]);
      this.isHolderGivenUp = answer === 'given up';
      if (answer === 'given up') yield { name: 'QUERY_ERROR', from: to, error: new Error(answer) };
      else yield answered(to, answer);
    };
    return {
      peerId: Identity.generate().peerId,
      datastore: new MemoryDatastore(),
      libp2p: {
        getConnections: () => (this.isConnected ? ['open'] : []),
        peerStore: { get: () => Promise.resolve({ addresses: ['known'] }) },
      },
      dht: {
        queryManager: { run: run.bind(this) },
        network: { sendRequest: sendRequest.bind(this) },
        providers: { getProviders: () => Promise.resolve([]) },
      },
    } as unknown as Host;
  }
}

describe('the fetch of a record', () => {
  it('asks the holder alone for 300 ms, then the DHT too, and takes what that has', async () => {
    const test = new FetchUnderTest();
    test.start([test.record(7)]);
    await advanceTo(299);
    expect(test.walks).toBe(0);
    await advanceTo(300);
    expect(test.walks).toBe(1);
    expect(test.fetched).toMatchObject({
      found: true,
      source: 'dht',
      record: { body: { seq: 7 } },
    });
    expect(test.isHolderGivenUp).toBe(true);
  });

  it('gives a holder that must be dialled twice as long alone', async () => {
    const test = new FetchUnderTest();
    test.isConnected = false;
    test.start([test.record(7)]);
    await advanceTo(599);
    expect(test.walks).toBe(0);
    await advanceTo(600);
    expect(test.walks).toBe(1);
    expect(test.fetched).toMatchObject({ found: true, source: 'dht' });
  });

  it.each([true, false])(
    'asks no DHT where the holder answers in time (record: %s)',
    async (has) => {
      const test = new FetchUnderTest();
      test.start([]);
      await advanceTo(299);
      await test.holderAnswers(has ? test.record(7) : undefined);
      expect(test.walks).toBe(has ? 0 : 1);
      expect(test.fetched).toMatchObject(
        has ? { found: true, source: 'holder' } : { found: false, reason: 'NO_RECORD' },
      );
    },
  );

  const oldCopies: [string, (test: FetchUnderTest) => Promise<Uint8Array>][] = [
    [
      'EXPIRED',
      (test) => {
        const iat = test.clock.nowSeconds() - 3_000;
        return Promise.resolve(test.record(1, { iat, exp: iat + 600 }));
      },
    ],
    [
      'ROLLED_BACK',
      async (test) => {
        const older = test.record(1);
        await test.guard.accept(holder.peerId, test.record(2));
        return older;
      },
    ],
  ];

  it.each(oldCopies)(
    'waits for a slow holder where others have copies alone that are %s',
    async (_, oldCopy) => {
      const test = new FetchUnderTest();
      test.start([await oldCopy(test)]);
      await advanceTo(300);
      expect(test.walks).toBe(1);
      await advanceTo(1_999);
      expect(test.fetched).toBeUndefined();
      await test.holderAnswers(test.record(3));
      expect(test.fetched).toMatchObject({ source: 'holder', record: { body: { seq: 3 } } });
    },
  );

  it.each(oldCopies)(
    'says %s where the holder has not answered in 2 s',
    async (reason, oldCopy) => {
      const test = new FetchUnderTest();
      test.start([await oldCopy(test)]);
      await advanceTo(300);
      await advanceTo(2_000);
      expect(test.fetched).toEqual({ found: false, reason });
      expect(test.isHolderGivenUp).toBe(true);
    },
  );

  it.each<[string, readonly Uint8Array[]]>([
    ['NO_RECORD', []],
    ['MALFORMED', [new Uint8Array(40)]],
  ])('gives a slow holder up where a whole lookup gave %s', async (reason, copies) => {
    const test = new FetchUnderTest();
    test.start(copies);
    await advanceTo(300);
    expect(test.fetched).toEqual({ found: false, reason });
    expect(test.isHolderGivenUp).toBe(true);
  });

  it('waits for the holder where the DHT is not worth asking', async () => {
    const test = new FetchUnderTest();
    test.start([test.record(7)], false);
    await advanceTo(1_999);
    expect([test.walks, test.fetched]).toEqual([0, undefined]);
    await test.holderAnswers(test.record(8));
    expect(test.fetched).toMatchObject({ source: 'holder', record: { body: { seq: 8 } } });
    const silent = new FetchUnderTest();
    silent.start([silent.record(7)], false);
    await advanceTo(4_000);
    expect(silent.fetched).toEqual({ found: false, reason: 'NOT_FETCHED' });
  });
});
