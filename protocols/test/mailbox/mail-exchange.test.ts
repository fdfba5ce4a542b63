import { describe, expect, it } from 'vitest';
import { fromBase64Url, toBase64Url, utf8 } from '../../../crypto/bytes.ts';
import type { Identity } from '../../../crypto/identity.ts';
import { x25519KeyPair } from '../../../crypto/x25519.ts';
import { NoMailAnswerError, collectMail, leaveLetters } from '../../mailbox/client.ts';
import { MailDepot } from '../../mailbox/depot.ts';
import type { KeptLetter } from '../../mailbox/depot.ts';
import { letterName, openLetter, sealLetter } from '../../mailbox/letter.ts';
import type { Letter } from '../../mailbox/letter.ts';
import { decodeMailAnswer, encodeMailAnswer, encodeMailQuestion } from '../../mailbox/messages.ts';
import { serveMail } from '../../mailbox/server.ts';
import { SECURE_PROTOCOLS } from '../../protocol-ids.ts';
import { FakeNetwork, FakeSecureStreams } from '../negotiation/fake-secure-streams.ts';
import { FakeClock, FakeLogger, FakeRandom } from '../negotiation/fake-world.ts';
import { ALICE, BOB, MALLORY, bytes32 } from '../negotiation/fixture.ts';

const never = new AbortController().signal;
const BROKER = MALLORY;
const [ALICES, BOBS] = [1, 2].map((byte) => x25519KeyPair(new Uint8Array(32).fill(byte))) as [
  ReturnType<typeof x25519KeyPair>,
  ReturnType<typeof x25519KeyPair>,
];

/** Alice, Bob and a broker, joined by a network of this process. */
class MailWorld {
  readonly net = new FakeNetwork();
  readonly clock = new FakeClock();
  readonly kept = new Map<string, KeptLetter>();
  readonly handed: Letter[] = [];
  readonly networks = new Map<string, string>();
  /** What the broker has to say itself. */
  own: readonly Letter[] = [];
  readonly #random = new FakeRandom('letters');

  constructor(isBroker = true) {
    const section = {
      put: (name: string, one: KeptLetter) => Promise.resolve(void this.kept.set(name, one)),
      delete: (name: string) => Promise.resolve(void this.kept.delete(name)),
      values: () => Promise.resolve([...this.kept.values()]),
    };
    const { clock } = this;
    serveMail({
      streams: this.streamsOf(BROKER),
      self: BROKER.peerId,
      depot: isBroker ? new MailDepot({ section, clock, networkOf: () => undefined }) : undefined,
      ownLetters: () => Promise.resolve(this.own),
      onLetter: (letter) => this.handed.push(letter),
      networkOf: (peerId) => this.networks.get(peerId),
      clock,
      logger: new FakeLogger(),
    });
  }

  streamsOf({ peerId }: Identity): FakeSecureStreams {
    return new FakeSecureStreams(peerId, this.net);
  }

  letter(number: number, contract = bytes32(5), to: string = BOB.peerId): Letter {
    const keys = { sender: ALICES, toKey: BOBS.publicKey, random: this.#random };
    const address = { from: ALICE.peerId, to, contract, number };
    return sealLetter(address, utf8(`letter ${number}`), keys, this.clock.seconds + 600)!;
  }

  leave(letters: readonly Letter[], from: Identity = ALICE) {
    return leaveLetters(this.streamsOf(from), BROKER.peerId, letters, never);
  }

  /** What a peer collects, opened. */
  async collect(by: Identity, take: (letter: Letter) => void = () => undefined) {
    const letters: Letter[] = [];
    const collector = {
      self: by.peerId,
      key: BOBS.publicKey,
      take: async (letter: Letter) => {
        await Promise.resolve();
        take(letter);
        letters.push(letter);
      },
    };
    await collectMail(this.streamsOf(by), BROKER.peerId, collector, never);
    return letters;
  }
}

describe('letters at a broker', () => {
  it('are collected by their recipient, who opens them, and are forgotten then', async () => {
    const world = new MailWorld();
    expect(await world.leave([world.letter(0), world.letter(1)])).toBeUndefined();
    const letters = await world.collect(BOB);
    expect(letters.map((one) => openLetter(one, BOBS))).toEqual(
      [0, 1].map((number) => utf8(`letter ${number}`)),
    );
    expect(world.kept.size).toBe(0);
    expect(await world.collect(BOB)).toEqual([]);
  });

  it('are collected all, in parts, when there are more than an answer holds', async () => {
    const world = new MailWorld();
    const contracts = Array.from({ length: 15 }, (_, i) => bytes32(i + 1));
    expect(await world.leave(contracts.map((one) => world.letter(1, one)))).toBeUndefined();
    const letters = await world.collect(BOB);
    expect(letters.map(({ contract }) => contract)).toEqual(contracts);
    expect(world.kept.size).toBe(0);
  });

  it('stay there if the recipient could not take them, and hold up none behind them', async () => {
    const world = new MailWorld();
    await world.leave([world.letter(0), world.letter(1), world.letter(2)]);
    const letters = await world.collect(BOB, ({ number }) => {
      if (number === 1) throw new Error('disk full');
    });
    expect(letters.map(({ number }) => number)).toEqual([0, 2]);
    expect([...world.kept.values()].map(({ letter }) => letter.number)).toEqual([1]);
  });

  it('are not kept by a peer that is no broker', async () => {
    expect(await new MailWorld(false).leave([new MailWorld().letter(1)])).toBe('NOT_SUPPORTED');
  });

  it('for the peer itself are handed to it, and not kept', async () => {
    const world = new MailWorld();
    const letter = world.letter(2, bytes32(5), BROKER.peerId);
    expect(await world.leave([letter])).toBeUndefined();
    expect(world.handed).toEqual([letter]);
    expect(world.kept.size).toBe(0);
  });

  it('come with what the peer has to say itself, and that only once on a stream', async () => {
    const world = new MailWorld();
    world.own = Array.from({ length: 9 }, (_, i) => world.letter(1, bytes32(i + 1)));
    expect(await world.collect(BOB)).toEqual(world.own);
  });
});

describe('attacks on letters at a broker', () => {
  it('a peer that asks for the letters of another is given none', async () => {
    const world = new MailWorld();
    await world.leave([world.letter(1)]);
    expect(await world.collect(ALICE)).toEqual([]);
    expect(world.kept.size).toBe(1);
  });

  it('a letter in the name of another is refused', async () => {
    const world = new MailWorld();
    expect(await world.leave([world.letter(1)], BOB)).toBe('WRONG_SIGNERS');
    const toBroker = world.letter(1, bytes32(5), BROKER.peerId);
    expect(await world.leave([toBroker], BOB)).toBe('WRONG_SIGNERS');
    expect(world.handed).toEqual([]);
  });

  it('letters for others in an answer are left alone', async () => {
    const world = new MailWorld();
    world.own = [world.letter(1, bytes32(5), ALICE.peerId)];
    expect(await world.collect(BOB)).toEqual([]);
  });

  it('a keeper that always has more is left after 32 questions', async () => {
    const world = new MailWorld();
    let answers = 0;
    world.streamsOf(BROKER).handle(SECURE_PROTOCOLS.mailbox, async (stream) => {
      while (await stream.readMessage()) {
        const letters = [world.letter(1, toBase64Url(new Uint8Array(32).fill(answers)))];
        const isMail = answers++ % 2 === 0;
        const mail = { v: 1, typ: 'mail', letters, more: 100 } as const;
        const answer = isMail ? mail : ({ v: 1, typ: 'forgotten' } as const);
        await stream.writeMessage(encodeMailAnswer(answer));
      }
    });
    expect(await world.collect(BOB)).toHaveLength(16);
    expect(answers).toBe(32);
  });

  it('a keeper that answers with garbage, or not at all, ends the collection', async () => {
    const world = new MailWorld();
    world.streamsOf(BROKER).handle(SECURE_PROTOCOLS.mailbox, async (stream) => {
      await stream.readMessage();
      await stream.writeMessage(utf8('{"letters":[]}'));
    });
    await expect(world.collect(BOB)).rejects.toThrow(NoMailAnswerError);
    await expect(world.leave([world.letter(1)])).rejects.toThrow(NoMailAnswerError);
    world.streamsOf(BROKER).handle(SECURE_PROTOCOLS.mailbox, async (stream) => {
      await stream.readMessage();
      await stream.closeWrite();
    });
    await expect(world.collect(BOB)).rejects.toThrow(NoMailAnswerError);
  });

  it('a flood of questions is refused, and costs other peers nothing', async () => {
    const world = new MailWorld();
    const contracts = Array.from({ length: 16 }, (_, i) => bytes32(i + 1));
    const outcomes: unknown[] = [];
    for (let round = 0; round < 6; round++) {
      outcomes.push(await world.leave(contracts.map((one) => world.letter(1, one))));
    }
    expect(outcomes).toEqual([...Array<undefined>(4), 'RATE_LIMITED', 'RATE_LIMITED']);
    expect(await world.collect(BOB)).toHaveLength(16);
  });

  it('a flood under many names of one network costs a peer of another nothing', async () => {
    const world = new MailWorld();
    const contracts = Array.from({ length: 16 }, (_, i) => bytes32(i + 1));
    await world.leave(contracts.map((one) => world.letter(1, one)));
    let refused = 0;
    for (let bot = 0; bot < 200; bot++) {
      const streams = new FakeSecureStreams(`bot-${bot}`, world.net);
      world.networks.set(`bot-${bot}`, '198.51.100.0/24');
      const stream = await streams.open(BROKER.peerId, SECURE_PROTOCOLS.mailbox);
      for (let i = 0; i < 4; i++) {
        const question = { v: 1, typ: 'collect', key: bytes32(7) } as const;
        await stream.writeMessage(encodeMailQuestion(question));
        const answer = decodeMailAnswer((await stream.readMessage()) ?? new Uint8Array());
        if (answer?.typ !== 'mail') refused += 1;
      }
    }
    expect(refused).toBe(200 * 4 - 128);
    expect(await world.collect(BOB)).toHaveLength(16);
  });

  it('garbage ends the stream, and is answered with nothing', async () => {
    const world = new MailWorld();
    const stream = await world.streamsOf(ALICE).open(BROKER.peerId, SECURE_PROTOCOLS.mailbox);
    await stream.writeMessage(utf8('{"typ":"leave"}'));
    await expect(stream.readMessage()).rejects.toMatchObject({ code: 'STREAM_ABORTED' });
  });
});

describe('the name of a letter', () => {
  it('is another for each recipient, sender, contract and number', () => {
    const world = new MailWorld();
    const letter = world.letter(1);
    const names = [
      letter,
      { ...letter, to: ALICE.peerId },
      { ...letter, from: BOB.peerId },
      { ...letter, contract: bytes32(6) },
      { ...letter, number: 0 },
    ].map(letterName);
    expect(new Set(names).size).toBe(names.length);
    const resealed: Letter = { ...letter, sealed: 'other' };
    expect(letterName(resealed)).toBe(names[0]);
    expect(fromBase64Url(letter.contract)).toHaveLength(32);
  });
});
