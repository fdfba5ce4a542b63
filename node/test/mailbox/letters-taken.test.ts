/** What a letter does to a contract, whoever it is from. Streams and disks are fakes. */

import { describe, expect, it } from 'vitest';
import { fromBase64Url, toBase64Url } from '../../../crypto/bytes.ts';
import { signDocument } from '../../../crypto/envelope.ts';
import type { Identity } from '../../../crypto/identity.ts';
import { x25519KeyPair } from '../../../crypto/x25519.ts';
import { LETTER_NUMBERS, sealLetter } from '../../../protocols/mailbox/letter.ts';
import type { Letter } from '../../../protocols/mailbox/letter.ts';
import { serveMail } from '../../../protocols/mailbox/server.ts';
import type { Contract } from '../../../protocols/negotiation/contract.ts';
import { ContractStore } from '../../../protocols/negotiation/contract-store.ts';
import { verdictDefinition } from '../../../protocols/negotiation/documents.ts';
import type { Question } from '../../../protocols/negotiation/messages.ts';
import { FakeSecureStreams } from '../../../protocols/test/negotiation/fake-secure-streams.ts';
import type { FakeKeyValueStore } from '../../../protocols/test/negotiation/fake-world.ts';
import { FakeLogger, FakeRandom } from '../../../protocols/test/negotiation/fake-world.ts';
import {
  ALICE,
  BOB,
  MALLORY,
  Market,
  PARTIES,
  contractOf,
} from '../../../protocols/test/negotiation/fixture.ts';
import { NodeMailbox } from '../../mailbox/node-mailbox.ts';
import type { SeenLetter } from '../../mailbox/node-mailbox.ts';
import { SealingKeys } from '../../mailbox/sealing-keys.ts';
import type { StoredSealingKey } from '../../mailbox/sealing-keys.ts';
import { UnsignedVerdicts } from '../../mailbox/unsigned-verdicts.ts';
import type { UnsignedVerdict } from '../../mailbox/unsigned-verdicts.ts';
import { MemoryJsonSection } from '../memory-section.ts';

const MALLORYS = x25519KeyPair(new Uint8Array(32).fill(66));
const CHECKS = [{ type: 'recompute', passed: 1 as const }];

/** Alice has judged what Bob delivered, and Bob was gone. */
class LateVerdict {
  readonly market: Market;
  readonly contract: Contract;
  readonly bob: NodeMailbox;
  readonly alice: NodeMailbox;
  readonly receipts: Contract[] = [];
  /** Questions that came to Bob by letter. */
  readonly asked: Question['typ'][] = [];
  readonly keys: { readonly alice: SealingKeys; readonly bob: SealingKeys };

  private constructor(market: Market, contract: Contract, keys: LateVerdict['keys']) {
    this.market = market;
    this.contract = contract;
    this.keys = keys;
    this.alice = this.#mailbox(ALICE, market.aliceDisk, keys.alice);
    this.bob = this.#mailbox(BOB, market.bobDisk, keys.bob);
    this.alice.noteContract(contract);
  }

  static async open(outcome: 'pass' | 'fail' = 'pass', market?: Market): Promise<LateVerdict> {
    const own = market ?? (await Market.open());
    const { stream, id } = await own.delivered();
    await own.client.acknowledge(stream, id);
    own.net.kill(BOB.peerId);
    const ask = { outcome, checks: CHECKS, evidence: new Uint8Array(32).fill(4) };
    const contract = contractOf(await own.client.judge(id, ask));
    const keysOf = async (name: string): Promise<SealingKeys> => {
      const section = new MemoryJsonSection<StoredSealingKey>();
      const keys = new SealingKeys({ section, clock: own.clock, random: new FakeRandom(name) });
      await keys.load();
      return keys;
    };
    const keys = { alice: await keysOf('alice'), bob: await keysOf('bob') };
    return new LateVerdict(own, contract, keys);
  }

  #mailbox({ peerId }: Identity, disk: FakeKeyValueStore, keys: SealingKeys): NodeMailbox {
    const { net, clock, client, contractor, logger } = this.market;
    const section = new MemoryJsonSection<UnsignedVerdict>();
    const unsigned = () =>
      new UnsignedVerdicts({ section, isStoredAtOnce: true, clock, logger: new FakeLogger() });
    const streams = new FakeSecureStreams(peerId, net);
    const mailbox = new NodeMailbox({
      ...{ self: peerId, streams, keys, negotiation: client, clock, logger },
      contracts: new ContractStore(disk),
      contractor: {
        answerLetter: (question, from) => {
          this.asked.push(question.typ);
          return contractor.answerLetter(question, from);
        },
      },
      late: unsigned(),
      awaited: unsigned(),
      seen: new MemoryJsonSection<SeenLetter>(),
      brokers: [],
      dial: () => Promise.resolve(),
      sealingKeyOf: () => Promise.resolve(undefined),
      onReceipt: (contract) => Promise.resolve(void this.receipts.push(contract)),
      onNewKey: () => undefined,
      random: new FakeRandom(`letters of ${peerId}`),
    });
    serveMail({
      ...{ streams, self: peerId, clock, logger },
      ownLetters: (to, key) => mailbox.lettersFor(to, key),
      onLetter: (letter) => void mailbox.take(letter, letter.from),
      networkOf: () => undefined,
    });
    return mailbox;
  }

  lettersForBob(): Promise<readonly Letter[]> {
    return this.alice.lettersFor(BOB.peerId, this.keys.bob.current().publicKey);
  }

  get contractId(): string {
    return toBase64Url(this.contract.agreement!.id);
  }

  async bobs(): Promise<Contract> {
    return (await new ContractStore(this.market.bobDisk).byContract(
      fromBase64Url(this.contractId),
    ))!;
  }

  /** A letter to Bob by anybody, with anything in it. */
  forged(envelope: Uint8Array, from: string = ALICE.peerId): Letter {
    const random = new FakeRandom('forged');
    const keys = { sender: MALLORYS, toKey: this.keys.bob.current().publicKey, random };
    const address = { from, to: BOB.peerId, contract: this.contractId, number: 1 };
    return sealLetter(address, envelope, keys, this.market.clock.seconds + 600)!;
  }
}

describe('a letter that is taken', () => {
  it('brings a contractor the verdict, and its client the receipt', async () => {
    const late = await LateVerdict.open();
    const letters = await late.lettersForBob();
    expect(letters.map(({ number }) => number)).toEqual([
      LETTER_NUMBERS.acknowledgement,
      LETTER_NUMBERS.verdict,
    ]);
    for (const letter of letters) await late.bob.take(letter, ALICE.peerId);
    expect((await late.bobs()).phase).toBe('RECEIPT');
    await expect.poll(() => late.receipts.length).toBe(1);
    expect(late.receipts[0]!.verdict!.signers).toEqual([ALICE.peerId, BOB.peerId]);
    expect(await late.lettersForBob()).toEqual([]);
  });

  it('brings the verdict alone where the acknowledgement was lost', async () => {
    const late = await LateVerdict.open();
    const [, verdict] = await late.lettersForBob();
    await late.bob.take(verdict!, ALICE.peerId);
    expect((await late.bobs()).phase).toBe('RECEIPT');
  });

  it('brings nobody a receipt where the contractor contests', async () => {
    const market = await Market.open({ reviewVerdict: () => Promise.resolve('contest') });
    const late = await LateVerdict.open('fail', market);
    for (const letter of await late.lettersForBob()) await late.bob.take(letter, ALICE.peerId);
    expect((await late.bobs()).phase).toBe('DISPUTED');
    expect(late.receipts).toEqual([]);
  });
});

describe('attacks by letter', () => {
  it('replay: a letter that comes again is not even opened', async () => {
    const late = await LateVerdict.open();
    const letters = await late.lettersForBob();
    for (let i = 0; i < 3; i++) {
      for (const letter of letters) await late.bob.take(letter, ALICE.peerId);
    }
    // Sealed anew by its sender it is the same letter still.
    for (const letter of await late.lettersForBob()) await late.bob.take(letter, ALICE.peerId);
    expect(late.asked).toEqual(['acknowledge', 'verdict']);
  });

  it('a stranger who writes about a contract of others is not heard', async () => {
    const late = await LateVerdict.open();
    const { envelope } = late.contract.verdict!;
    await late.bob.take(late.forged(envelope, MALLORY.peerId), MALLORY.peerId);
    expect(late.asked).toEqual([]);
  });

  it('a verdict in the name of the client that the client has not signed changes nothing', async () => {
    const late = await LateVerdict.open();
    const { body } = late.contract.verdict!;
    const definition = verdictDefinition({ ...PARTIES, client: MALLORY.peerId });
    const { envelope } = signDocument(definition, { ...body, outcome: 'fail' }, MALLORY);
    await late.bob.take(late.forged(envelope), MALLORY.peerId);
    expect((await late.bobs()).phase).toBe('ACKNOWLEDGED');
    // Nor does it take the place of the real one.
    for (const letter of await late.lettersForBob()) await late.bob.take(letter, ALICE.peerId);
    expect((await late.bobs()).phase).toBe('RECEIPT');
  });

  it.each<[string, (letter: Letter, late: LateVerdict) => Letter]>([
    ['for another', (letter) => ({ ...letter, to: MALLORY.peerId })],
    ['that has run out', (letter, { market }) => ({ ...letter, exp: market.clock.seconds })],
    ['for a key that nobody here has', (letter) => ({ ...letter, toKey: letter.fromKey })],
    ['of another number', (letter) => ({ ...letter, number: 0 })],
    ['about a contract that is not here', (letter) => ({ ...letter, contract: letter.fromKey })],
  ])('a letter %s changes nothing', async (_, change) => {
    const late = await LateVerdict.open();
    const [, verdict] = await late.lettersForBob();
    await late.bob.take(change(verdict!, late), ALICE.peerId);
    expect(late.asked).toEqual([]);
    expect((await late.bobs()).phase).toBe('ACKNOWLEDGED');
  });
});
