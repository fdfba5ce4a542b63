import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, u64 } from '../../../crypto/bytes.ts';
import { SESSION_LIMITS } from '../../secure-channel/limits.ts';
import { ReplayWindow } from '../../secure-channel/replay-window.ts';
import { SESSION_ROLES } from '../../secure-channel/session-keys.ts';
import { SessionStore } from '../../secure-channel/session-store.ts';
import { Session } from '../../secure-channel/session.ts';
import {
  OPEN_BYTES,
  encodeReject,
  parseOpenHeader,
  sealOpen,
} from '../../secure-channel/stream-open.ts';
import { MAX_BUCKETS, TokenBuckets } from '../../token-bucket.ts';
import { RESPONDER, repeat, runHandshake, sessionPair } from './example-session.ts';

const BODY = { purpose: 1, context: repeat(0), nonce: repeat(5) };
const { lifetimeMs, graceMs } = SESSION_LIMITS;

/** A session whose id is made of `tag`. */
function fakeSession(tag: number, remotePeer = 'peer', nowMs = 0): Session {
  const empty = () => repeat(tag);
  const session = new Session({
    remotePeer,
    role: SESSION_ROLES.initiator,
    keys: {
      exporterSecret: empty(),
      id: concatBytes(u64(tag), u64(0)),
      hash: empty(),
      confirm: empty(),
      openKeys: { [SESSION_ROLES.initiator]: empty(), [SESSION_ROLES.responder]: empty() },
    },
    limits: SESSION_LIMITS,
    nowMs,
  });
  session.confirm(nowMs);
  return session;
}

describe('ReplayWindow', () => {
  it('agrees with a plain set for any sequence of indexes', () => {
    const index = fc.oneof(
      fc.nat({ max: 65_600 }),
      fc.integer({ min: 2_000, max: 2_100 }),
      fc.integer({ min: -2, max: 3 }),
    );
    fc.assert(
      fc.property(fc.array(index, { maxLength: 60 }), (indexes) => {
        const window = new ReplayWindow();
        const seen = new Set<number>();
        for (const i of indexes) {
          const highest = Math.max(-1, ...seen);
          const isFresh = i >= 0 && i <= 65_535 && !seen.has(i) && i > highest - 2_048;
          expect(window.isFresh(i)).toBe(isFresh);
          if (isFresh) {
            window.markSeen(i);
            seen.add(i);
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it('forgets nothing within 2,048 indexes when they come one by one', () => {
    const window = new ReplayWindow();
    for (let i = 0; i < 5_000; i++) {
      expect(window.isFresh(i)).toBe(true);
      window.markSeen(i);
      expect(window.isFresh(i)).toBe(false);
    }
    expect(window.isFresh(5_000 - 2_047)).toBe(false);
    expect(window.isFresh(4_999 - 2_048)).toBe(false);
  });
});

describe('Session', () => {
  it('opens streams in both directions with keys of their own', () => {
    const [initiator, responder] = sessionPair();
    const one = initiator.createOpen(BODY, 0);
    const two = responder.createOpen(BODY, 0);
    const first = responder.readOpen(one.open, 0)!.accept(repeat(1))!;
    const second = initiator.readOpen(two.open, 0)!.accept(repeat(1))!;
    expect(one.readAnswer(first.accept).kind).toBe('accepted');
    expect(two.readAnswer(second.accept).kind).toBe('accepted');
    expect(first.secrets.openerToAcceptor).not.toEqual(second.secrets.openerToAcceptor);
  });

  it('takes no new stream after 900 s and no OPEN after 930 s', () => {
    const [initiator, responder] = sessionPair();
    const late = initiator.createOpen(BODY, lifetimeMs - 1);
    expect(initiator.canOpen(lifetimeMs)).toBe(false);
    expect(() => initiator.createOpen(BODY, lifetimeMs)).toThrow(TypeError);
    expect(responder.readOpen(late.open, lifetimeMs + graceMs)).toBeUndefined();
    expect(responder.readOpen(late.open, lifetimeMs + graceMs - 1)).toBeDefined();
  });

  it('takes no stream before it is confirmed, and a valid OPEN of the peer confirms it', () => {
    const { initiatorKeys } = runHandshake();
    const [, responder] = sessionPair();
    const initiator = new Session({
      remotePeer: RESPONDER.peerId,
      role: SESSION_ROLES.initiator,
      keys: initiatorKeys,
      limits: SESSION_LIMITS,
      nowMs: 0,
    });
    expect(initiator.canOpen(0)).toBe(false);
    expect(initiator.readOpen(responder.createOpen(BODY, 0).open, 5)).toBeDefined();
    expect(initiator.canOpen(5)).toBe(true);
  });

  it('uses each index once and stops after 65,536', () => {
    const [initiator, responder] = sessionPair();
    let last = initiator.createOpen(BODY, 0);
    for (let i = 1; i <= 65_535; i++) last = initiator.createOpen(BODY, 0);
    expect(parseOpenHeader(last.open)!.index).toBe(65_535n);
    expect(initiator.canOpen(0)).toBe(false);
    expect(responder.readOpen(last.open, 0)).toBeDefined();
  });

  it('overwrites every secret when it is erased, and then verifies nothing', () => {
    const { initiatorKeys } = runHandshake();
    const [, responder] = sessionPair();
    const initiator = new Session({
      remotePeer: RESPONDER.peerId,
      role: SESSION_ROLES.initiator,
      keys: initiatorKeys,
      limits: SESSION_LIMITS,
      nowMs: 0,
    });
    initiator.confirm(0);
    const outgoing = initiator.createOpen(BODY, 0);
    const incoming = initiator.readOpen(responder.createOpen(BODY, 0).open, 0)!;
    const answer = responder.readOpen(outgoing.open, 0)!.accept(repeat(1))!.accept;
    initiator.erase();
    expect(initiatorKeys.exporterSecret).toEqual(repeat(0));
    expect(initiatorKeys.openKeys[SESSION_ROLES.initiator]).toEqual(repeat(0));
    expect(initiatorKeys.openKeys[SESSION_ROLES.responder]).toEqual(repeat(0));
    expect(outgoing.readAnswer(answer).kind).toBe('invalid');
    expect(incoming.accept(repeat(1))).toBeUndefined();
    expect(initiator.readOpen(responder.createOpen(BODY, 0).open, 0)).toBeUndefined();
  });

  it('gives 256 slots and refuses the 257th live stream until one is released', () => {
    const [session] = sessionPair();
    for (let i = 0; i < 256; i++) expect(session.reserveStream()).toBe(true);
    expect(session.reserveStream()).toBe(false);
    session.releaseStream();
    expect(session.reserveStream()).toBe(true);
  });
});

describe('attacks on OPEN and its answer', () => {
  it('replayed OPEN: the second one is refused', () => {
    const [initiator, responder] = sessionPair();
    const { open } = initiator.createOpen(BODY, 0);
    expect(responder.readOpen(open, 0)).toBeDefined();
    expect(responder.readOpen(open, 0)).toBeUndefined();
  });

  it('reflected OPEN: the side that made it does not accept it', () => {
    const [initiator] = sessionPair();
    const { open } = initiator.createOpen(BODY, 0);
    expect(initiator.readOpen(open, 0)).toBeUndefined();
  });

  it('index window: an index 2,048 below the highest is refused, 2,047 below it is not', () => {
    const [initiator, responder] = sessionPair();
    const opens = Array.from({ length: 2_049 }, () => initiator.createOpen(BODY, 0).open);
    expect(responder.readOpen(opens[2_048]!, 0)).toBeDefined();
    expect(responder.readOpen(opens[0]!, 0)).toBeUndefined();
    expect(responder.readOpen(opens[1]!, 0)).toBeDefined();
  });

  it('index above 65,535: refused although it verifies', () => {
    const { initiatorKeys: keys } = runHandshake();
    const [, responder] = sessionPair();
    const role = SESSION_ROLES.initiator;
    for (const index of [65_536, 2 ** 32, 2 ** 53 - 1]) {
      const { open } = sealOpen(keys.openKeys[role], keys.id, role, index, BODY);
      expect(responder.readOpen(open, 0)).toBeUndefined();
    }
    const { open } = sealOpen(keys.openKeys[role], keys.id, role, 65_535, BODY);
    expect(responder.readOpen(open, 0)).toBeDefined();
  });

  it('every single-bit flip of OPEN is refused, and none uses up the index', () => {
    const [initiator, responder] = sessionPair();
    const { open } = initiator.createOpen(BODY, 0);
    for (let bit = 0; bit < open.length * 8; bit++) {
      const changed = open.slice();
      changed[bit >> 3]! ^= 1 << (bit & 7);
      // The session id only selects the session; the tag covers it all the same.
      expect(responder.readOpen(changed, 0), `bit ${bit}`).toBeUndefined();
    }
    expect(responder.readOpen(open, 0)).toBeDefined();
  });

  it('every single-bit flip of ACCEPT is refused', () => {
    const [initiator, responder] = sessionPair();
    const outgoing = initiator.createOpen(BODY, 0);
    const { accept } = responder.readOpen(outgoing.open, 0)!.accept(repeat(1))!;
    for (let bit = 0; bit < accept.length * 8; bit++) {
      const changed = accept.slice();
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(outgoing.readAnswer(changed).kind, `bit ${bit}`).not.toBe('accepted');
    }
    expect(outgoing.readAnswer(accept).kind).toBe('accepted');
  });

  it('ACCEPT of another stream: refused', () => {
    const [initiator, responder] = sessionPair();
    const one = initiator.createOpen(BODY, 0);
    const two = initiator.createOpen(BODY, 0);
    const { accept } = responder.readOpen(one.open, 0)!.accept(repeat(1))!;
    expect(two.readAnswer(accept).kind).toBe('invalid');
  });

  it('arbitrary bytes never throw and never pass, at the OPEN parser and at the answer', () => {
    const [initiator, responder] = sessionPair();
    const outgoing = initiator.createOpen(BODY, 0);
    const near = fc
      .uint8Array({ minLength: OPEN_BYTES - 19, maxLength: OPEN_BYTES - 19 })
      .map((rest) => concatBytes(outgoing.open.subarray(0, 19), rest));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), near), (bytes) => {
        expect(responder.readOpen(bytes, 0)).toBeUndefined();
        expect(outgoing.readAnswer(bytes).kind).not.toBe('accepted');
      }),
      { numRuns: 2_000 },
    );
  });

  it('reads the code of REJECT and nothing else from it', () => {
    const [initiator] = sessionPair();
    const outgoing = initiator.createOpen(BODY, 0);
    expect(outgoing.readAnswer(encodeReject(2))).toEqual({ kind: 'rejected', code: 2 });
    expect(outgoing.readAnswer(encodeReject(2).subarray(0, 3)).kind).toBe('invalid');
  });
});

describe('SessionStore', () => {
  it('finds a session by its id, for its own peer only, until it expires', () => {
    const store = new SessionStore(SESSION_LIMITS);
    const session = fakeSession(1, 'peer');
    store.add(session);
    expect(store.find(session.id, 'peer', 0)).toBe(session);
    expect(store.find(session.id, 'other', 0)).toBeUndefined();
    expect(store.find(session.id, 'peer', lifetimeMs + graceMs)).toBeUndefined();
    expect(session.isErased).toBe(true);
    expect(store.size).toBe(0);
  });

  it('gives the most recently confirmed session that still takes streams', () => {
    const store = new SessionStore(SESSION_LIMITS);
    const [old, young] = [fakeSession(1, 'peer', 0), fakeSession(2, 'peer', 100)];
    store.add(young);
    store.add(old);
    expect(store.newest('peer', 200)).toBe(young);
    expect(store.newest('peer', lifetimeMs)).toBe(young);
    expect(store.newest('peer', lifetimeMs + 100)).toBeUndefined();
    expect(store.newest('other', 200)).toBeUndefined();
  });

  it('holds four sessions of a peer: the fifth erases the oldest', () => {
    const store = new SessionStore(SESSION_LIMITS);
    const sessions = [1, 2, 3, 4, 5].map((tag) => fakeSession(tag));
    for (const session of sessions) store.add(session);
    expect(sessions.map((session) => session.isErased)).toEqual([true, false, false, false, false]);
    expect(store.size).toBe(4);
  });

  it('at its limit gives up the least recently used session without live streams first', () => {
    const store = new SessionStore({ ...SESSION_LIMITS, maxSessions: 3 });
    const busy = fakeSession(1, 'a', 0);
    busy.reserveStream();
    const idle = fakeSession(2, 'b', 10);
    const later = fakeSession(3, 'c', 20);
    for (const session of [busy, idle, later]) store.add(session);
    store.add(fakeSession(4, 'd', 30));
    expect([busy, idle, later].map((session) => session.isErased)).toEqual([false, true, false]);
    expect(store.size).toBe(3);
  });

  it('erases what has expired when it sweeps, and everything when it clears', () => {
    const store = new SessionStore(SESSION_LIMITS);
    const [old, young] = [fakeSession(1, 'a', 0), fakeSession(2, 'b', 5_000)];
    store.add(old);
    store.add(young);
    store.sweep(lifetimeMs + graceMs);
    expect([old.isErased, young.isErased]).toEqual([true, false]);
    store.clear('nobody');
    expect(young.isErased).toBe(false);
    store.clear();
    expect(young.isErased).toBe(true);
    expect(store.size).toBe(0);
  });
});

describe('TokenBuckets', () => {
  it('lets four handshakes through at once and then one every ten seconds', () => {
    const buckets = new TokenBuckets({ burst: 4, perSecond: 0.1 });
    expect([1, 2, 3, 4, 5].map(() => buckets.take('a', 0))).toEqual([
      true,
      true,
      true,
      true,
      false,
    ]);
    expect(buckets.take('a', 9_999)).toBe(false);
    expect(buckets.take('a', 10_001)).toBe(true);
    expect(buckets.take('a', 10_002)).toBe(false);
    expect(buckets.take('b', 10_002)).toBe(true);
    expect([1, 2, 3, 4, 5].map(() => buckets.take('a', 600_000)).filter(Boolean)).toHaveLength(4);
  });

  it('remembers a bounded number of peers', () => {
    const buckets = new TokenBuckets({ burst: 1, perSecond: 0.1 });
    expect(buckets.take('first', 0)).toBe(true);
    expect(buckets.take('first', 0)).toBe(false);
    for (let i = 0; i < MAX_BUCKETS; i++) buckets.take(`peer ${i}`, 0);
    expect(buckets.take('first', 0)).toBe(true);
  });
});
