import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { withDeadline } from '../../negotiation/deadline.ts';
import { NegotiationTimeoutError } from '../../negotiation/errors.ts';
import { KeyedLock } from '../../negotiation/keyed-lock.ts';
import { STEP_TIMEOUTS_MS } from '../../negotiation/messages.ts';
import { OpenQuotes } from '../../negotiation/open-quotes.ts';
import { MAX_BUCKETS, TokenBuckets } from '../../token-bucket.ts';
import { Market, SHAPE, TASK_HASH } from './fixture.ts';

const ASK = { taskHash: TASK_HASH, shape: SHAPE };

describe('time limits', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('a step that takes too long fails by name, and leaves no timer', async () => {
    const slow = withDeadline('collect', 1_000, undefined, () => new Promise(() => undefined));
    const failed = expect(slow).rejects.toThrow(NegotiationTimeoutError);
    await vi.advanceTimersByTimeAsync(1_000);
    await failed;
    expect(vi.getTimerCount()).toBe(0);
  });

  it('a step in time leaves no timer and no listener', async () => {
    const { signal } = new AbortController();
    const remove = vi.spyOn(signal, 'removeEventListener');
    await expect(withDeadline('x', 1_000, signal, () => Promise.resolve(7))).resolves.toBe(7);
    expect(vi.getTimerCount()).toBe(0);
    expect(remove).toHaveBeenCalledOnce();
  });

  it('a signal that has fired starts nothing', async () => {
    const work = vi.fn(() => Promise.resolve(1));
    const fired = AbortSignal.abort(new Error('stopped'));
    await expect(withDeadline('x', 1_000, fired, work)).rejects.toThrow('stopped');
    expect(work).not.toHaveBeenCalled();
  });

  it('a policy that never answers is told to stop, and the client gets TIMED_OUT', async () => {
    let signal: AbortSignal | undefined;
    const market = await Market.open({
      quoteFor: (_, given) => {
        signal = given;
        return new Promise(() => undefined);
      },
    });
    const asked = market.client.requestQuote(await market.stream(), ASK);
    await vi.advanceTimersByTimeAsync(STEP_TIMEOUTS_MS.policy);
    expect(await asked).toEqual({ agreed: false, refusal: 'TIMED_OUT', by: 'peer' });
    expect(signal?.aborted).toBe(true);
    expect(market.contractor.openQuotes).toBe(0);
  });

  it('a contractor that never answers costs the client one time-out and the stream', async () => {
    const market = await Market.open();
    market.net.handlers.forEach((_, key) =>
      market.net.handlers.set(key, () => new Promise(() => undefined)),
    );
    const stream = await market.stream();
    const asked = market.client.requestQuote(stream, ASK);
    const failed = expect(asked).rejects.toMatchObject({ code: 'NEGOTIATION_TIMEOUT' });
    await vi.advanceTimersByTimeAsync(STEP_TIMEOUTS_MS.answer);
    await failed;
    await expect(stream.readMessage()).rejects.toMatchObject({ code: 'STREAM_ABORTED' });
  });

  it('slow-loris: a stream without questions is ended by the contractor', async () => {
    const market = await Market.open();
    const stream = await market.stream();
    const reading = expect(stream.readMessage()).rejects.toMatchObject({ code: 'STREAM_ABORTED' });
    await vi.advanceTimersByTimeAsync(STEP_TIMEOUTS_MS.nextQuestion);
    await reading;
    await Promise.all(market.net.served);
  });

  it('a peer that does not close after the last answer is cut off', async () => {
    const market = await Market.open();
    const stream = await market.stream();
    await stream.writeMessage(new Uint8Array([1]));
    await stream.readMessage();
    await vi.advanceTimersByTimeAsync(STEP_TIMEOUTS_MS.drain);
    await Promise.all(market.net.served);
    await expect(stream.writeMessage(new Uint8Array([1]))).resolves.toBeUndefined();
    await expect(stream.readMessage()).rejects.toMatchObject({ code: 'STREAM_ABORTED' });
  });
});

describe('token buckets', () => {
  const one = { burst: 2, perSecond: 1 };

  it('give the burst, then the rate', () => {
    const buckets = new TokenBuckets(one, { burst: 100, perSecond: 100 }, 0);
    expect([0, 0, 0, 999, 1_000, 1_001].map((ms) => buckets.take('a', ms))).toEqual([
      true,
      true,
      false,
      false,
      true,
      false,
    ]);
    expect(buckets.take('b', 1_001)).toBe(true);
  });

  it('bound what all peers together take, however many identities there are', () => {
    const buckets = new TokenBuckets(one, { burst: 10, perSecond: 1 }, 0);
    const taken = Array.from({ length: 50 }, (_, i) => buckets.take(`peer ${i}`, 0));
    expect(taken.filter(Boolean)).toHaveLength(10);
  });

  it('never give tokens for a clock that goes back', () => {
    const buckets = new TokenBuckets(one, { burst: 100, perSecond: 100 }, 10_000);
    buckets.take('a', 10_000);
    buckets.take('a', 10_000);
    expect(buckets.take('a', 5_000)).toBe(false);
  });

  it('keep memory bounded', () => {
    const buckets = new TokenBuckets(one, { burst: 1, perSecond: 1 }, 0);
    for (let i = 0; i < MAX_BUCKETS + 100; i++) buckets.take(`peer ${i}`, 0);
    expect(buckets.size).toBe(MAX_BUCKETS);
  });
});

describe('open quotes', () => {
  const hold = (client: string, expSeconds: number) => ({ client, expSeconds });

  it('are bounded per client and in all, and end at their expiry', () => {
    const quotes = new OpenQuotes({ perClient: 2, total: 3 });
    expect(quotes.hold('1', hold('a', 10), 0)).toBeUndefined();
    expect(quotes.hold('2', hold('a', 10), 0)).toBeUndefined();
    expect(quotes.hold('3', hold('a', 10), 0)).toBe('TOO_MANY_OPEN_QUOTES');
    expect(quotes.hold('4', hold('b', 20), 0)).toBeUndefined();
    expect(quotes.hold('5', hold('c', 20), 0)).toBe('BUSY');
    expect(quotes.count(10)).toBe(3);
    expect(quotes.count(11)).toBe(1);
    expect(quotes.hold('5', hold('a', 20), 11)).toBeUndefined();
  });

  it('hold one slot per request, however often it is asked', () => {
    const quotes = new OpenQuotes({ perClient: 1, total: 1 });
    for (let i = 0; i < 3; i++) expect(quotes.hold('1', hold('a', 10), 0)).toBeUndefined();
    quotes.release('1');
    expect(quotes.count(0)).toBe(0);
  });
});

describe('keyed lock', () => {
  it('runs one task of a key at a time, in order, and other keys meanwhile', async () => {
    const lock = new KeyedLock();
    const log: string[] = [];
    const gate = Promise.withResolvers<void>();
    const first = lock.run('a', async () => {
      await gate.promise;
      log.push('a1');
    });
    const second = lock.run('a', () => Promise.resolve(log.push('a2')));
    await lock.run('b', () => Promise.resolve(log.push('b1')));
    gate.resolve();
    await Promise.all([first, second]);
    expect(log).toEqual(['b1', 'a1', 'a2']);
    expect(lock.size).toBe(0);
  });

  it('goes on after a task that failed', async () => {
    const lock = new KeyedLock();
    const failed = lock.run('a', () => Promise.reject(new Error('no')));
    const next = lock.run('a', () => Promise.resolve('yes'));
    await expect(failed).rejects.toThrow('no');
    await expect(next).resolves.toBe('yes');
    expect(lock.size).toBe(0);
  });
});
