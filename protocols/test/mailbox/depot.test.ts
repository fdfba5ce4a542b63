import { describe, expect, it } from 'vitest';
import { toBase64Url, u32 } from '../../../crypto/bytes.ts';
import { sha256 } from '../../../crypto/hash.ts';
import { MAX_LETTER_SECONDS } from '../../mailbox/letter.ts';
import type { Letter } from '../../mailbox/letter.ts';
import { MailDepot } from '../../mailbox/depot.ts';
import type { DepotLimits, KeptLetter } from '../../mailbox/depot.ts';
import { FakeClock } from '../negotiation/fake-world.ts';
import { ALICE, BOB, MALLORY, bytes32 } from '../negotiation/fixture.ts';

/** What a depot stores, in memory. */
class FakeLetterSection {
  readonly kept = new Map<string, KeptLetter>();

  put(name: string, one: KeptLetter): Promise<void> {
    return Promise.resolve(void this.kept.set(name, one));
  }

  delete(name: string): Promise<void> {
    return Promise.resolve(void this.kept.delete(name));
  }

  values(): Promise<readonly KeptLetter[]> {
    return Promise.resolve([...this.kept.values()]);
  }
}

/** A depot; the senders `bot-N/I` come from network N. */
class DepotUnderTest {
  readonly clock = new FakeClock();
  readonly section = new FakeLetterSection();
  depot: MailDepot;
  readonly #limits: Partial<DepotLimits>;

  constructor(limits: Partial<DepotLimits> = {}) {
    this.#limits = limits;
    this.depot = this.#open();
  }

  #open(): MailDepot {
    const { clock, section } = this;
    const networkOf = (peerId: string) => /^bot-\d+/.exec(peerId)?.[0];
    return new MailDepot({ clock, section, networkOf }, this.#limits);
  }

  async restart(): Promise<void> {
    this.depot = this.#open();
    await this.depot.load();
  }

  letter(from: string, number: number, change: Partial<Letter> = {}): Letter {
    const contract = toBase64Url(sha256(u32(number)));
    const keys = { fromKey: bytes32(1), toKey: bytes32(2) };
    const exp = this.clock.seconds + 600;
    return { from, to: BOB.peerId, contract, number: 1, exp, ...keys, sealed: 'AAAA', ...change };
  }

  leave(from: string, number: number, change: Partial<Letter> = {}) {
    return this.depot.leave(this.letter(from, number, change), from);
  }

  sendersFor(to = BOB.peerId): readonly string[] {
    return this.depot.lettersFor(to).map(({ from }) => from);
  }
}

describe('a depot of letters', () => {
  it('keeps what is left for a peer, oldest first, until the peer says that it has it', async () => {
    const test = new DepotUnderTest();
    expect(await test.leave(ALICE.peerId, 1)).toBeUndefined();
    expect(await test.leave(MALLORY.peerId, 2)).toBeUndefined();
    expect(await test.leave(ALICE.peerId, 3, { to: MALLORY.peerId })).toBeUndefined();
    expect(test.sendersFor()).toEqual([ALICE.peerId, MALLORY.peerId]);
    const [first] = test.depot.lettersFor(BOB.peerId);
    await test.depot.forget(BOB.peerId, [first!]);
    expect(test.sendersFor()).toEqual([MALLORY.peerId]);
    expect(test.section.kept.size).toBe(2);
  });

  it('has the letters again after a restart, but for those that ran out', async () => {
    const test = new DepotUnderTest();
    await test.leave(ALICE.peerId, 1);
    await test.leave(MALLORY.peerId, 2, { exp: test.clock.seconds + 30 });
    test.clock.advanceSeconds(31);
    await test.restart();
    expect(test.sendersFor()).toEqual([ALICE.peerId]);
    expect(test.section.kept.size).toBe(1);
  });

  it('hands out no letter that has run out, and forgets it with the next sweep', async () => {
    const test = new DepotUnderTest();
    await test.leave(ALICE.peerId, 1);
    test.clock.advanceSeconds(600);
    expect(test.sendersFor()).toEqual([]);
    await test.depot.sweep();
    expect(test.depot.size).toBe(0);
    expect(test.section.kept.size).toBe(0);
  });

  it('replaces a letter of the same name', async () => {
    const test = new DepotUnderTest();
    await test.leave(ALICE.peerId, 1);
    await test.leave(ALICE.peerId, 1, { sealed: 'BBBB' });
    expect(test.depot.lettersFor(BOB.peerId)).toMatchObject([{ sealed: 'BBBB' }]);
  });

  it.each<[string, string, Partial<Letter>]>([
    ['WRONG_SIGNERS', 'in the name of another', { from: ALICE.peerId }],
    ['EXPIRED', 'that has run out', { exp: 1_800_000_000 }],
    ['EXPIRES_TOO_LATE', 'to be kept too long', { exp: 1_800_000_000 + MAX_LETTER_SECONDS + 61 }],
  ])('refuses with %s a letter %s', async (code, _, change) => {
    const test = new DepotUnderTest();
    expect(await test.leave(MALLORY.peerId, 1, change)).toBe(code);
    expect(test.depot.size).toBe(0);
  });

  it('lets a peer take away its own letters only', async () => {
    const test = new DepotUnderTest();
    await test.leave(ALICE.peerId, 1);
    await test.depot.forget(MALLORY.peerId, test.depot.lettersFor(BOB.peerId));
    expect(test.sendersFor()).toEqual([ALICE.peerId]);
  });
});

describe('attack: a flood of letters', () => {
  it('of one sender fills its own share of a box and no more', async () => {
    const test = new DepotUnderTest({ perPair: 3, perRecipient: 100 });
    for (let i = 0; i < 3; i++) expect(await test.leave(MALLORY.peerId, i)).toBeUndefined();
    expect(await test.leave(MALLORY.peerId, 3)).toBe('BUSY');
    expect(await test.leave(ALICE.peerId, 4)).toBeUndefined();
  });

  it('of many names in one network puts out its own letters, and no others', async () => {
    const test = new DepotUnderTest({ perRecipient: 8 });
    await test.leave(ALICE.peerId, 0);
    for (let i = 1; i <= 7; i++) await test.leave(`bot-1/${i}`, i);
    expect(await test.leave('bot-1/8', 8)).toBe('BUSY');
    expect(await test.leave(MALLORY.peerId, 9)).toBeUndefined();
    expect(test.sendersFor()).toContain(ALICE.peerId);
    expect(test.sendersFor()).toContain(MALLORY.peerId);
    expect(test.sendersFor()).not.toContain('bot-1/1');
    expect(test.depot.size).toBe(8);
  });

  it('to many boxes leaves room in the depot for a letter of another network', async () => {
    const test = new DepotUnderTest({ total: 4 });
    for (let i = 0; i < 4; i++) await test.leave(`bot-1/${i}`, i, { to: `box-${i}` });
    expect(await test.leave('bot-1/9', 9, { to: 'box-9' })).toBe('BUSY');
    expect(await test.leave(ALICE.peerId, 5)).toBeUndefined();
    expect(test.depot.size).toBe(4);
    expect(test.depot.lettersFor('box-0')).toEqual([]);
    expect(test.section.kept.size).toBe(4);
  });

  it('at once never keeps more than the limit', async () => {
    const test = new DepotUnderTest({ total: 5 });
    await Promise.all(
      Array.from({ length: 40 }, (_, i) => test.leave(`bot-${i}/1`, i, { to: `box-${i}` })),
    );
    expect(test.depot.size).toBe(5);
    expect(test.section.kept.size).toBe(5);
  });
});
