import { describe, expect, it } from 'vitest';
import { RequestPool } from '../../pbft/request-pool.ts';
import { tally } from './tally-application.ts';

const none = (): number => 0;

function poolWith(...requests: [account: string, seq: number][]): RequestPool {
  const pool = new RequestPool({ maxTransactions: 100, maxBytes: 100_000 });
  for (const [account, seq] of requests) pool.add(account, seq, tally(account, seq), 0, seq);
  return pool;
}

describe('the pool of waiting transactions', () => {
  it('takes accounts in turn, so that one with many requests crowds out no other', () => {
    const pool = poolWith(['alice', 1], ['alice', 2], ['alice', 3], ['bob', 1]);
    expect(pool.select(3, 100_000, none)).toEqual([
      tally('alice', 1),
      tally('bob', 1),
      tally('alice', 2),
    ]);
  });

  it('keeps to the size of a block in bytes', () => {
    const pool = poolWith(['alice', 1], ['bob', 1]);
    const { length } = tally('alice', 1);
    expect(pool.select(9, 4 + length, none)).toEqual([tally('alice', 1)]);
  });

  it('starts no clock for a request whose forerunner is missing', () => {
    const pool = poolWith(['alice', 2]);
    expect(pool.oldestReady()).toBeUndefined();
    expect(pool.select(9, 100_000, none)).toEqual([]);
    pool.add('alice', 1, tally('alice', 1), 0, 50);
    expect(pool.oldestReady()).toMatchObject({ account: 'alice', sinceMs: 50 });
  });

  it('lets executed transactions go and puts their account at the end of the queue', () => {
    const pool = poolWith(['alice', 1], ['alice', 2], ['bob', 1]);
    pool.settle('alice', 1, 70);
    expect(pool.holds(tally('alice', 1))).toBe(false);
    expect(pool.oldestReady()).toMatchObject({ account: 'bob' });
    expect(pool.size).toBe(2);
  });

  it('has no room beyond its number and its bytes, and evicts nothing', () => {
    const byNumber = new RequestPool({ maxTransactions: 1, maxBytes: 100_000 });
    byNumber.add('alice', 1, tally('alice', 1), 0, 0);
    expect(byNumber.hasRoomFor(tally('bob', 1))).toBe(false);
    expect(byNumber.holds(tally('alice', 1))).toBe(true);
    const byBytes = new RequestPool({ maxTransactions: 9, maxBytes: 100 });
    expect(byBytes.hasRoomFor(new Uint8Array(101))).toBe(false);
  });
});
