import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock, FakeRandom } from '../../../protocols/test/negotiation/fake-world.ts';
import {
  LINK_LIFE_MS,
  MAX_LINKS,
  MAX_SESSIONS,
  PageSessions,
  SESSION_LIFE_MS,
} from '../../dashboard/page-sessions.ts';

let clock: FakeClock;
let sessions: PageSessions;

beforeEach(() => {
  clock = new FakeClock();
  sessions = new PageSessions(clock, new FakeRandom('sessions'));
});

describe('a link to the dashboard', () => {
  it('opens one session, and is worth nothing the second time', () => {
    const token = sessions.newLink();
    const session = sessions.open(token)!;
    expect(sessions.isOpen(session)).toBe(true);
    expect(sessions.open(token)).toBeUndefined();
  });

  it('is worth nothing after its time', () => {
    const token = sessions.newLink();
    clock.advanceSeconds(LINK_LIFE_MS / 1_000 - 1);
    const later = sessions.newLink();
    clock.advanceSeconds(1);
    expect(sessions.open(token)).toBeUndefined();
    expect(sessions.open(later)).toBeDefined();
  });

  it.each(['', 'a', 'A'.repeat(43), 'ä'.repeat(43)])('cannot be guessed: %j', (token) => {
    sessions.newLink();
    expect(sessions.open(token)).toBeUndefined();
  });

  it('gives way to newer ones beyond the limit', () => {
    const tokens = Array.from({ length: MAX_LINKS + 1 }, () => sessions.newLink());
    expect(new Set(tokens).size).toBe(MAX_LINKS + 1);
    expect(sessions.open(tokens[0]!)).toBeUndefined();
    expect(sessions.open(tokens[1]!)).toBeDefined();
  });
});

describe('a session of the dashboard', () => {
  const opened = () => sessions.open(sessions.newLink())!;

  it('needs both of its halves, and those of one session', () => {
    const [a, b] = [opened(), opened()];
    expect(sessions.isOpen({ cookie: a.cookie, key: b.key })).toBe(false);
    expect(sessions.isOpen({ cookie: a.cookie, key: '' })).toBe(false);
    expect(sessions.isOpen({ cookie: '', key: a.key })).toBe(false);
    expect(sessions.isOpen({ cookie: a.key, key: a.cookie })).toBe(false);
    expect(sessions.isOpen(a)).toBe(true);
  });

  it('ends when it was not used for its time, and lasts while it is', () => {
    const [used, unused] = [opened(), opened()];
    clock.advanceSeconds(SESSION_LIFE_MS / 1_000 - 1);
    expect(sessions.isOpen(used)).toBe(true);
    clock.advanceSeconds(1);
    expect(sessions.isOpen(unused)).toBe(false);
    expect(sessions.isOpen(used)).toBe(true);
  });

  it('gives way to newer ones beyond the limit', () => {
    const first = opened();
    for (let i = 0; i < MAX_SESSIONS; i++) opened();
    expect(sessions.isOpen(first)).toBe(false);
  });
});
