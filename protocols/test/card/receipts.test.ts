import { describe, expect, it } from 'vitest';
import { equalBytes, utf8 } from '../../../crypto/bytes.ts';
import { decodeDocument } from '../../../crypto/canonical-json.ts';
import { Identity } from '../../../crypto/identity.ts';
import { hostileMessages } from '../../../crypto/test/costly-inputs.ts';
import { FUZZ_TIMEOUT_MS, fuzz } from '../../../crypto/test/fuzz.ts';
import { requestReceipts } from '../../card/client.ts';
import {
  MAX_SHOWN_ENVELOPE_BYTES,
  MAX_SHOWN_RECEIPTS,
  RECEIPTS_LIMITS,
  decodeReceipts,
  decodeReceiptsRequest,
  encodeReceipts,
  encodeReceiptsRequest,
  isShowable,
} from '../../card/receipt-messages.ts';
import { serveCards } from '../../card/server.ts';
import { SECURE_PROTOCOLS } from '../../protocol-ids.ts';
import type { ReceiptChain } from '../../settlement/shown-receipt.ts';
import { FakeNetwork } from '../a2a/fake-secure-streams.ts';
import {
  ALICE,
  BOB,
  MALLORY,
  PARTIES,
  SHAPE,
  bytes32,
  makeReceiptChain,
} from '../negotiation/fixture.ts';
import { FakeClock, FakeLogger, FakeRandom } from '../negotiation/fake-world.ts';

const ASKER = Identity.fromSeed(new Uint8Array(32).fill(4));
const [SKILL] = SHAPE.skills as [string];

/** A receipt of Bob's work for Alice; of a contract of its own for each `nonce`. */
function receipt(nonce: number): ReceiptChain {
  return makeReceiptChain({ agreement: { nonce: bytes32(nonce) } });
}

/** `holder` shows `receipts`; the question of somebody else about `skill`. */
function ask(receipts: readonly ReceiptChain[], holder = BOB, skill = SKILL) {
  const network = new FakeNetwork();
  const clock = new FakeClock();
  serveCards({
    streams: network.join(holder.peerId),
    identity: holder,
    ownCard: () => ({ bytes: new Uint8Array(1), vector: new Float32Array() }),
    certificates: () => Promise.resolve([]),
    statusLists: () => Promise.resolve([]),
    receipts: () => Promise.resolve(receipts),
    clock,
    random: new FakeRandom('receipts'),
    logger: new FakeLogger(),
  });
  return requestReceipts(network.join(ASKER.peerId), holder.peerId, { skill, clock });
}

/** Whoever is asked answers with these bytes. */
function askLiar(bytes: Uint8Array) {
  const network = new FakeNetwork();
  network.join(BOB.peerId).handle(SECURE_PROTOCOLS.card, async (stream) => {
    await stream.readMessage({});
    await stream.writeMessage(bytes);
    await stream.closeWrite();
  });
  const question = { skill: SKILL, clock: new FakeClock() };
  return requestReceipts(network.join(ASKER.peerId), BOB.peerId, question);
}

describe('receipts over the session', () => {
  it('reach whoever asks, verified', async () => {
    const shown = await ask([receipt(1), receipt(2)]);
    expect(shown).toHaveLength(2);
    expect(shown[0]).toMatchObject({ ...PARTIES, outcome: 'pass', skills: [SKILL] });
  });

  it('shown twice count once', async () => {
    const one = receipt(1);
    expect(await ask(Array.from({ length: MAX_SHOWN_RECEIPTS }, () => one))).toHaveLength(1);
  });

  it('of one contract count once, however many verdicts both sides signed', async () => {
    const verdicts = [
      { type: 'schema', passed: 1 as const },
      { type: 'audit', passed: 1 as const },
    ];
    const shown = verdicts.map((check) => makeReceiptChain({ verdict: { checks: [check] } }));
    expect(shown[0]!.agreement).toEqual(shown[1]!.agreement);
    expect(shown[0]!.verdict).not.toEqual(shown[1]!.verdict);
    expect(await ask(shown)).toHaveLength(1);
  });

  it("of another contractor's work are not believed", async () => {
    expect(await ask([receipt(1)], MALLORY)).toEqual([]);
    expect(await ask([receipt(1)], ALICE)).toEqual([]);
  });

  it('of another skill do not count for this one', async () => {
    expect(await ask([receipt(1)], BOB, 'performs:finance/risk-assessment')).toEqual([]);
  });

  it('that are forged are left out, and the others count', async () => {
    const forged = { ...receipt(1), verdict: receipt(2).verdict };
    expect(await ask([forged, receipt(3)])).toHaveLength(1);
  });

  it('are none where the peer answers with anything else', async () => {
    expect(await askLiar(utf8('{"receipts":[],"typ":"card","v":1}'))).toEqual([]);
    expect(await askLiar(new Uint8Array(1_000).fill(0x5b))).toEqual([]);
  });

  it('are none where the holder shows none', async () => {
    expect(await ask([])).toEqual([]);
  });
});

describe('the messages about receipts', () => {
  it('carry receipts and a term unchanged', () => {
    const chains = [receipt(1), receipt(2)];
    expect(decodeReceipts(encodeReceipts(chains))).toEqual(chains);
    expect(decodeReceiptsRequest(encodeReceiptsRequest(SKILL))).toBe(SKILL);
  });

  it('hold at most eight receipts, none too large, and as many as that fit', () => {
    const one = receipt(1);
    const nine = Array.from({ length: MAX_SHOWN_RECEIPTS + 1 }, () => one);
    expect(() => encodeReceipts(nine)).toThrow();
    const large = { ...one, request: new Uint8Array(MAX_SHOWN_ENVELOPE_BYTES + 1) };
    expect(isShowable(one, SHAPE)).toBe(true);
    expect(isShowable(large, SHAPE)).toBe(false);
    expect(() => encodeReceipts([large])).toThrow();
    const most = new Uint8Array(MAX_SHOWN_ENVELOPE_BYTES);
    const full = { request: most, quote: most, agreement: most, verdict: most };
    const bytes = encodeReceipts(Array.from({ length: MAX_SHOWN_RECEIPTS }, () => full));
    expect(bytes.length).toBeLessThanOrEqual(SECURE_PROTOCOLS.card.maxMessageBytes);
  });

  it('hold no receipt of a task that its client called sensitive', () => {
    expect(isShowable(receipt(1), { sensitivity: 'low' })).toBe(true);
    expect(isShowable(receipt(1), { sensitivity: 'medium' })).toBe(false);
    expect(isShowable(receipt(1), { sensitivity: 'high' })).toBe(false);
  });

  it('are not read deeper than receipts are', () => {
    // The reader refuses the depth before a schema looks at it.
    const deep = utf8(`{"receipts":[{"agreement":[],"quote":"","request":"","verdict":""}]}`);
    expect(() => decodeDocument(deep, RECEIPTS_LIMITS)).toThrow(/deeper than 3/);
  });

  it('of a term that is too long are no question', () => {
    const long = `{"skill":"${'x'.repeat(129)}","typ":"rcptreq","v":1}`;
    expect(decodeReceiptsRequest(utf8(long))).toBeUndefined();
    expect(() => encodeReceiptsRequest('x'.repeat(129))).toThrow();
  });

  it(
    'are read from any bytes without a throw, and none in two forms',
    () => {
      const skill = 'performs:nlp/sentiment';
      const valid = [encodeReceipts([receipt(1)]), encodeReceiptsRequest(skill)];
      fuzz(hostileMessages(...valid), (bytes) => {
        const read = decodeReceipts(bytes);
        if (read) expect(equalBytes(encodeReceipts(read), bytes)).toBe(true);
        const asked = decodeReceiptsRequest(bytes);
        if (asked !== undefined) expect(encodeReceiptsRequest(asked)).toEqual(bytes);
      });
    },
    FUZZ_TIMEOUT_MS,
  );
});
