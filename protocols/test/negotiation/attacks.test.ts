import { describe, expect, it, vi } from 'vitest';
import { fromBase64Url, toBase64Url } from '../../../crypto/bytes.ts';
import { encodeDocument } from '../../../crypto/canonical-json.ts';
import { countersign, openEnvelope, signDocument } from '../../../crypto/envelope.ts';
import { Identity } from '../../../crypto/identity.ts';
import { refusalOfNumber } from '../../errors.ts';
import type { RefusalCode } from '../../errors.ts';
import {
  AGREEMENT,
  QUOTE_REQUEST,
  deliveryDefinition,
  verdictDefinition,
} from '../../negotiation/documents.ts';
import type { Agreement, Verdict } from '../../negotiation/documents.ts';
import {
  encodeAnswer,
  encodeQuestion,
  parseAnswer,
  parseQuestion,
} from '../../negotiation/messages.ts';
import type { Answer, Question } from '../../negotiation/messages.ts';
import { SECURE_PROTOCOLS } from '../../protocol-ids.ts';
import type { SecureStream } from '../../secure-stream.ts';
import { FakeSecureStreams } from './fake-secure-streams.ts';
import { FakeKeyValueStore } from './fake-world.ts';
import {
  ALICE,
  BOB,
  MALLORY,
  Market,
  PARTIES,
  PRICE,
  RESULT,
  SHAPE,
  TASK_HASH,
  agreementBody,
  bytes32,
  contractOf,
  makeDelivery,
  makeProposal,
  makeQuote,
  makeRequest,
  makeVerdict,
} from './fixture.ts';

const ASK = { taskHash: TASK_HASH, shape: SHAPE };

/** Sends one question as it is and reads the answer. */
async function ask(stream: SecureStream, question: Question): Promise<Answer> {
  await stream.writeMessage(encodeQuestion(question));
  const bytes = await stream.readMessage();
  const parsed = parseAnswer(bytes!);
  if (!parsed.valid) throw new Error('expected an answer');
  return parsed.message;
}

function codeOf(answer: Answer): RefusalCode | undefined {
  return answer.typ === 'decline' ? refusalOfNumber(answer.code) : undefined;
}

function accept(agreement: { readonly envelope: Uint8Array }): Question {
  return { v: 1, typ: 'accept', agreement: toBase64Url(agreement.envelope) };
}

/** Takes Bob's place: whatever he answers, `forge` may change it. */
function inPlaceOfBob(
  market: Market,
  forge: (question: Question, answer: Answer) => Answer | undefined,
): void {
  let last: Question | undefined;
  market.net.faultOf = (message, from) => {
    if (from === ALICE.peerId) {
      const question = parseQuestion(message);
      if (question.valid) last = question.message;
      return 'none';
    }
    const answer = parseAnswer(message);
    const forged = last && answer.valid ? forge(last, answer.message) : undefined;
    return forged ? { replaceBy: encodeAnswer(forged) } : 'none';
  };
}

describe('attacks of a contractor', () => {
  it('price above the signed quote is never agreed', async () => {
    const market = await Market.open();
    const stream = await market.stream();
    const quoted = contractOf(await market.client.requestQuote(stream, ASK));
    inPlaceOfBob(market, (question) => {
      if (question.typ !== 'accept') return undefined;
      const opened = openEnvelope(AGREEMENT, fromBase64Url(question.agreement), 1);
      if (!opened.valid) return undefined;
      // Bob cannot make Alice's signature: the best he can do is to keep the one she made.
      const body: Agreement = { ...opened.body, price: '999999' };
      const own = signDocument({ ...AGREEMENT, signers: () => [BOB.peerId] }, body, BOB);
      return { v: 1, typ: 'agreed', agreement: toBase64Url(own.envelope) };
    });
    const result = await market.client.agree(stream, quoted.request.id);
    expect(result).toEqual({ agreed: false, refusal: 'WRONG_SIGNERS', by: 'self' });
    expect((await market.client.contract(quoted.request.id))?.phase).toBe('NEGOTIATING');
  });

  it('agreement altered by the contractor is refused, even with old signatures', async () => {
    const market = await Market.open();
    const first = await market.agreed();
    const stream = await market.stream();
    const quoted = contractOf(await market.client.requestQuote(stream, ASK));
    // A whole, valid agreement of both sides: but not the one that was just signed.
    const old = toBase64Url(first.contract.agreement!.envelope);
    inPlaceOfBob(market, () => ({ v: 1, typ: 'agreed', agreement: old }));
    const result = await market.client.agree(stream, quoted.request.id);
    expect(result).toEqual({ agreed: false, refusal: 'AGREEMENT_ALTERED', by: 'self' });
  });

  it('replayed quote of an earlier request is refused', async () => {
    const market = await Market.open();
    const stream = await market.stream();
    const first = contractOf(await market.client.requestQuote(stream, ASK));
    const old = toBase64Url(first.quote!.envelope);
    inPlaceOfBob(market, () => ({ v: 1, typ: 'offer', quote: old }));
    const result = await market.client.requestQuote(stream, ASK);
    expect(result).toEqual({ agreed: false, refusal: 'REQUEST_MISMATCH', by: 'self' });
  });

  it('quote for another request is refused, though it is for the same client', async () => {
    const market = await Market.open();
    const other = toBase64Url(makeQuote(makeRequest({ nonce: bytes32(0x77) })).envelope);
    inPlaceOfBob(market, () => ({ v: 1, typ: 'offer', quote: other }));
    const result = await market.client.requestQuote(await market.stream(), ASK);
    expect(result).toEqual({ agreed: false, refusal: 'REQUEST_MISMATCH', by: 'self' });
  });

  it('quote of another contractor is refused', async () => {
    const market = await Market.open();
    inPlaceOfBob(market, (question) => {
      if (question.typ !== 'ask') return undefined;
      const request = openEnvelope(QUOTE_REQUEST, fromBase64Url(question.request));
      if (!request.valid) return undefined;
      const quote = makeQuote(request, {}, MALLORY);
      return { v: 1, typ: 'offer', quote: toBase64Url(quote.envelope) };
    });
    const result = await market.client.requestQuote(await market.stream(), ASK);
    expect(result).toEqual({ agreed: false, refusal: 'WRONG_CONTRACTOR', by: 'self' });
  });

  it('second quote for one request does not replace the first', async () => {
    const market = await Market.open();
    const stream = await market.stream();
    const quoted = contractOf(await market.client.requestQuote(stream, ASK));
    const dearer = makeQuote(quoted.request, { price: '9000' });
    inPlaceOfBob(market, () => ({ v: 1, typ: 'offer', quote: toBase64Url(dearer.envelope) }));
    const result = await market.client.repeatRequest(stream, quoted.request.id);
    expect(result).toEqual({ agreed: false, refusal: 'SECOND_QUOTE', by: 'self' });
    const contract = await market.client.contract(quoted.request.id);
    expect(contract?.quote?.body.price).toBe(PRICE.toString());
  });

  it('delivery of another contract, signed by the contractor, is refused', async () => {
    const market = await Market.open();
    const first = await market.agreed();
    const { stream, id } = await market.working();
    const other = makeDelivery(first.contract.agreement!);
    inPlaceOfBob(market, () => ({ v: 1, typ: 'delivery', delivery: toBase64Url(other.envelope) }));
    const result = await market.client.collectDelivery(stream, id, RESULT);
    expect(result).toEqual({ agreed: false, refusal: 'CONTRACT_MISMATCH', by: 'self' });
    expect((await market.client.contract(id))?.delivery).toBeUndefined();
  });

  it('second delivery of one contract is refused, and both are kept as evidence', async () => {
    const market = await Market.open();
    const { stream, contract, id } = await market.delivered();
    const other = makeDelivery(contract.agreement!, { result: bytes32(0x66) });
    inPlaceOfBob(market, () => ({ v: 1, typ: 'delivery', delivery: toBase64Url(other.envelope) }));
    const result = await market.client.collectDelivery(stream, id, RESULT);
    expect(result).toEqual({ agreed: false, refusal: 'SECOND_DELIVERY', by: 'self' });
    const kept = [...market.aliceDisk.disk.keys()].filter((key) => key.includes('/evidence/'));
    expect(kept).toHaveLength(1);
  });

  it('delivery of a result that was not received is told, and can be judged', async () => {
    const market = await Market.open();
    const { stream, id } = await market.working();
    const received = { result: new Uint8Array(32), bytes: RESULT.bytes };
    const result = await market.client.collectDelivery(stream, id, received);
    expect(result).toEqual({ agreed: false, refusal: 'RESULT_MISMATCH', by: 'self' });
    const fail = { outcome: 'fail', checks: [] } as const;
    expect(contractOf(await market.client.settle(stream, id, fail)).phase).toBe('RECEIPT');
  });

  it('receipt with changed paid is refused', async () => {
    const market = await Market.open();
    const { stream, contract, id } = await market.delivered();
    inPlaceOfBob(market, () => {
      const verdict = makeVerdict(contract.agreement!, contract.delivery!, { outcome: 'pass' });
      const envelope = JSON.parse(Buffer.from(verdict.envelope).toString()) as {
        s: { k: string; s: string }[];
      };
      const definition = verdictDefinition(PARTIES);
      const body: Verdict = { ...verdict.body, paid: PRICE.toString() };
      const bobs = signDocument({ ...definition, signers: () => [BOB.peerId] }, body, BOB);
      const forged = JSON.parse(Buffer.from(bobs.envelope).toString()) as typeof envelope;
      forged.s = [envelope.s[0]!, forged.s[0]!];
      const bytes = encodeDocument(forged, { maxBytes: 65_536, maxDepth: 3 });
      return { v: 1, typ: 'receipt', receipt: toBase64Url(bytes) };
    });
    const fail = { outcome: 'fail', checks: [] } as const;
    const result = await market.client.settle(stream, id, fail);
    expect(result.agreed).toBe(false);
    expect((await market.client.contract(id))?.phase).toBe('VERDICT');
  });

  it('receipt without the countersignature is refused', async () => {
    const market = await Market.open();
    const { stream, id } = await market.delivered();
    inPlaceOfBob(market, (question) =>
      question.typ === 'verdict' ? { v: 1, typ: 'receipt', receipt: question.verdict } : undefined,
    );
    const result = await market.client.settle(stream, id, { outcome: 'pass', checks: [] });
    expect(result).toEqual({ agreed: false, refusal: 'WRONG_SIGNERS', by: 'self' });
    expect((await market.client.contract(id))?.phase).toBe('VERDICT');
  });

  it('expired quote and quote that never expires are refused', async () => {
    for (const [exp, refusal] of [
      [-61, 'EXPIRED'],
      [3_600, 'EXPIRES_TOO_LATE'],
    ] as const) {
      const market = await Market.open();
      inPlaceOfBob(market, (question) => {
        if (question.typ !== 'ask') return undefined;
        const request = openEnvelope(QUOTE_REQUEST, fromBase64Url(question.request));
        if (!request.valid) return undefined;
        const quote = makeQuote(request, { exp: market.clock.seconds + exp });
        return { v: 1, typ: 'offer', quote: toBase64Url(quote.envelope) };
      });
      const result = await market.client.requestQuote(await market.stream(), ASK);
      expect(result).toEqual({ agreed: false, refusal, by: 'self' });
    }
  });

  it('answer of the wrong kind and answer that is no message end the stream', async () => {
    for (const forged of [
      encodeAnswer({ v: 1, typ: 'cancelled', contract: bytes32(1) }),
      new Uint8Array([0x7b]),
      new Uint8Array(),
    ]) {
      const market = await Market.open();
      market.net.faultOf = (_, from) => (from === BOB.peerId ? { replaceBy: forged } : 'none');
      const stream = await market.stream();
      const result = await market.client.requestQuote(stream, ASK);
      expect(result).toEqual({ agreed: false, refusal: 'MALFORMED', by: 'self' });
      await expect(stream.readMessage()).rejects.toMatchObject({ code: 'STREAM_ABORTED' });
    }
  });
});

describe('attacks of a client', () => {
  it('quote is used once: a second agreement on it is refused and is evidence', async () => {
    const accepted = vi.fn(() => Promise.resolve(true as const));
    const market = await Market.open({ acceptAgreement: accepted });
    const { stream, contract } = await market.agreed();
    const sh = toBase64Url(stream.sessionHash);
    const second = makeProposal(contract.quote!, { sh, nonce: bytes32(0x44) });
    expect(codeOf(await ask(stream, accept(second)))).toBe('SECOND_AGREEMENT');
    expect(codeOf(await ask(stream, accept(second)))).toBe('SECOND_AGREEMENT');
    expect(accepted).toHaveBeenCalledTimes(1);
    expect(market.evidence).toHaveLength(1);
    const [evidence] = market.evidence;
    expect(evidence).toMatchObject({ kind: 'SECOND_AGREEMENT', signer: ALICE.peerId });
    expect(openEnvelope(AGREEMENT, evidence!.first, 2).valid).toBe(true);
    expect(openEnvelope(AGREEMENT, evidence!.second, 1).valid).toBe(true);
  });

  it('replayed agreement gets the first answer and makes no second contract', async () => {
    const accepted = vi.fn(() => Promise.resolve(true as const));
    const market = await Market.open({ acceptAgreement: accepted });
    const { stream, contract } = await market.agreed();
    const question = accept({ envelope: clientHalf(contract.agreement!.envelope) });
    const [one, two] = [await ask(stream, question), await ask(stream, question)];
    expect(one).toEqual(two);
    expect(one).toMatchObject({ typ: 'agreed' });
    expect(accepted).toHaveBeenCalledTimes(1);
  });

  it('replayed agreement after the contract ended starts nothing', async () => {
    const market = await Market.open();
    const { stream, contract, id } = await market.delivered();
    await market.client.settle(stream, id, { outcome: 'pass', checks: [] });
    const question = accept({ envelope: clientHalf(contract.agreement!.envelope) });
    expect(await ask(stream, question)).toMatchObject({ typ: 'agreed' });
    const bobs = await market.contractor.contract(contract.agreement!.id);
    expect(bobs?.phase).toBe('RECEIPT');
  });

  it('wrong client: documents of Alice do not work for Mallory', async () => {
    const market = await Market.open();
    const { contract } = await market.delivered();
    const stream = await market.stream(MALLORY);
    const contractText = toBase64Url(contract.agreement!.id);
    const { request, agreement, delivery } = contract;
    const verdict = makeVerdict(agreement!, delivery!);
    const questions: readonly (readonly [Question, RefusalCode])[] = [
      [{ v: 1, typ: 'ask', request: toBase64Url(request.envelope) }, 'WRONG_CLIENT'],
      [accept({ envelope: clientHalf(agreement!.envelope) }), 'WRONG_CLIENT'],
      [{ v: 1, typ: 'collect', contract: contractText }, 'UNKNOWN_CONTRACT'],
      [
        {
          v: 1,
          typ: 'acknowledge',
          contract: contractText,
          acknowledgement: toBase64Url(delivery!.envelope),
        },
        'UNKNOWN_CONTRACT',
      ],
      [
        {
          v: 1,
          typ: 'verdict',
          contract: contractText,
          verdict: toBase64Url(verdict.envelope),
        },
        'UNKNOWN_CONTRACT',
      ],
      [{ v: 1, typ: 'cancel', contract: contractText }, 'UNKNOWN_CONTRACT'],
      [{ v: 1, typ: 'release', quote: toBase64Url(contract.quote!.id) }, 'UNKNOWN_QUOTE'],
    ];
    for (const [question, refusal] of questions) {
      expect(codeOf(await ask(stream, question))).toBe(refusal);
    }
  });

  it('agreement of Mallory on a quote for Alice is no evidence against Alice', async () => {
    const market = await Market.open();
    const { contract } = await market.agreed();
    const stream = await market.stream(MALLORY);
    const sh = toBase64Url(stream.sessionHash);
    const stolen = makeProposal(contract.quote!, { sh, client: MALLORY.peerId }, MALLORY);
    expect(codeOf(await ask(stream, accept(stolen)))).toBe('WRONG_CLIENT');
    expect(market.evidence).toHaveLength(0);
  });

  it('self-dealing is refused on both sides', async () => {
    const market = await Market.open();
    const request = makeRequest({ contractor: ALICE.peerId });
    const stream = await market.stream();
    const sent: Question = { v: 1, typ: 'ask', request: toBase64Url(request.envelope) };
    expect(codeOf(await ask(stream, sent))).toBe('SELF_DEALING');
    const quote = makeQuote(request);
    const agreement = makeProposal(quote, { contractor: ALICE.peerId });
    expect(codeOf(await ask(stream, accept(agreement)))).toBe('SELF_DEALING');
    const streams = new FakeSecureStreams(ALICE.peerId, market.net);
    streams.handle(SECURE_PROTOCOLS.negotiation, () => Promise.resolve());
    const own = await streams.open(ALICE.peerId, SECURE_PROTOCOLS.negotiation);
    const result = await market.client.requestQuote(own, ASK);
    expect(result).toEqual({ agreed: false, refusal: 'SELF_DEALING', by: 'self' });
  });

  it('expired quote makes no contract', async () => {
    const market = await Market.open();
    const stream = await market.stream();
    const quoted = contractOf(await market.client.requestQuote(stream, ASK));
    market.clock.advanceSeconds(61);
    const sh = toBase64Url(stream.sessionHash);
    const late = makeProposal(quoted.quote!, { sh, iat: market.clock.seconds });
    expect(codeOf(await ask(stream, accept(late)))).toBe('EXPIRED');
    expect(await market.contractor.contract(late.id)).toBeUndefined();
  });

  it('agreement from another session is refused, for it may have been seen there', async () => {
    const market = await Market.open();
    const stream = await market.stream();
    const quoted = contractOf(await market.client.requestQuote(stream, ASK));
    const foreign = makeProposal(quoted.quote!, { sh: bytes32(0x55) });
    expect(codeOf(await ask(stream, accept(foreign)))).toBe('SESSION_MISMATCH');
  });

  it.each<[RefusalCode, Partial<Agreement>]>([
    ['PRICE_ABOVE_QUOTE', { price: (PRICE + 1n).toString() }],
    ['PRICE_BELOW_QUOTE', { price: '0' }],
    ['TASK_MISMATCH', { task: bytes32(0x01) }],
    ['UNKNOWN_QUOTE', { quote: bytes32(0x01) }],
    ['DELIVERY_KIND_MISMATCH', { delivery: 'sealed' }],
    ['LEDGER_NOT_SUPPORTED', { ledger: bytes32(0x01) }],
    ['ARBITERS_NOT_SUPPORTED', { arbiters: [MALLORY.peerId] }],
    ['FEE_NOT_SUPPORTED', { fee: '1' }],
    ['NOT_YET_VALID', { iat: 1_800_000_061 }],
    ['EXPIRED', { iat: 1_799_999_909 }],
    ['WRONG_CONTRACTOR', { contractor: MALLORY.peerId }],
  ])('agreement with other terms is refused as %s', async (refusal, change) => {
    const market = await Market.open();
    const stream = await market.stream();
    const quoted = contractOf(await market.client.requestQuote(stream, ASK));
    const sh = toBase64Url(stream.sessionHash);
    const proposal = makeProposal(quoted.quote!, { sh, ...change });
    expect(codeOf(await ask(stream, accept(proposal)))).toBe(refusal);
    expect(await market.contractor.contract(proposal.id)).toBeUndefined();
  });

  it('second verdict on one contract is refused and is evidence', async () => {
    const market = await Market.open({ reviewVerdict: () => Promise.resolve('contest') });
    const { stream, contract, id } = await market.delivered();
    const pass = await market.client.settle(stream, id, { outcome: 'pass', checks: [] });
    expect(contractOf(pass).phase).toBe('RECEIPT');
    const fail = makeVerdict(contract.agreement!, contract.delivery!, {
      outcome: 'fail',
      paid: '0',
    });
    const answer = await ask(stream, {
      v: 1,
      typ: 'verdict',
      contract: toBase64Url(contract.agreement!.id),
      verdict: toBase64Url(fail.envelope),
    });
    expect(codeOf(answer)).toBe('SECOND_VERDICT');
    expect(market.evidence).toMatchObject([{ kind: 'SECOND_VERDICT', signer: ALICE.peerId }]);
    const own = await market.client.settle(stream, id, { outcome: 'fail', checks: [] });
    expect(own).toEqual({ agreed: false, refusal: 'SECOND_VERDICT', by: 'self' });
  });

  it('verdict of another contract, or with a price of its own, is refused', async () => {
    const market = await Market.open();
    const first = await market.delivered();
    const second = await market.delivered();
    const { agreement, delivery } = first.contract;
    const contractText = toBase64Url(agreement!.id);
    const wrong: readonly (readonly [Partial<Verdict>, RefusalCode])[] = [
      [{ contract: toBase64Url(second.contract.agreement!.id) }, 'CONTRACT_MISMATCH'],
      [{ delivery: toBase64Url(second.contract.delivery!.id) }, 'DELIVERY_MISMATCH'],
      [{ paid: (PRICE + 1n).toString() }, 'PAID_ABOVE_PRICE'],
      [{ paid: '0' }, 'PAID_NOT_BY_OUTCOME'],
      [{ outcome: 'fail', paid: '1' }, 'PAID_NOT_BY_OUTCOME'],
      [{ outcome: 'partial', paid: PRICE.toString() }, 'PAID_NOT_BY_OUTCOME'],
      [{ outcome: 'partial', paid: '0' }, 'PAID_NOT_BY_OUTCOME'],
    ];
    for (const [change, refusal] of wrong) {
      const verdict = toBase64Url(makeVerdict(agreement!, delivery!, change).envelope);
      const question: Question = { v: 1, typ: 'verdict', contract: contractText, verdict };
      expect(codeOf(await ask(first.stream, question))).toBe(refusal);
    }
    const bobs = await market.contractor.contract(agreement!.id);
    expect(bobs?.phase).toBe('DELIVERED');
  });

  it('signature of somebody else under the name of the client is refused', async () => {
    const market = await Market.open();
    const asMallory = { ...QUOTE_REQUEST, signers: () => [MALLORY.peerId] };
    const forged = signDocument(asMallory, makeRequest().body, MALLORY);
    const request = toBase64Url(forged.envelope);
    const answer = await ask(await market.stream(), { v: 1, typ: 'ask', request });
    expect(codeOf(answer)).toBe('WRONG_SIGNERS');
  });

  it('asks and never agrees: eight slots are held, a ninth request is declined', async () => {
    const market = await Market.open();
    const stream = await market.stream();
    for (let i = 0; i < 8; i++) {
      expect((await market.client.requestQuote(stream, ASK)).agreed).toBe(true);
    }
    const ninth = await market.client.requestQuote(stream, ASK);
    expect(ninth).toEqual({ agreed: false, refusal: 'TOO_MANY_OPEN_QUOTES', by: 'peer' });
    market.clock.advanceSeconds(61);
    expect((await market.client.requestQuote(stream, ASK)).agreed).toBe(true);
  });

  it('asks beyond its slots: what is declined takes nothing of what all may ask', async () => {
    const market = await Market.open(
      {},
      { openQuotes: { perClient: 2, total: 99 }, questionsOfAll: { burst: 8, perSecond: 1e-3 } },
    );
    const stream = await market.stream();
    const first = contractOf(await market.client.requestQuote(stream, ASK));
    await market.client.requestQuote(stream, ASK);
    for (let i = 0; i < 20; i++) {
      const beyond = await market.client.requestQuote(stream, ASK);
      expect(beyond).toMatchObject({ refusal: 'TOO_MANY_OPEN_QUOTES' });
    }
    const again = contractOf(await market.client.repeatRequest(stream, first.request.id));
    expect(again.quote?.envelope).toEqual(first.quote?.envelope);
    // Another client meets no puzzle: half of all questions are left.
    const request = toBase64Url(makeRequest({ client: MALLORY.peerId }, MALLORY).envelope);
    const answer = await ask(await market.stream(MALLORY), { v: 1, typ: 'ask', request });
    expect(answer.typ).toBe('offer');
  });

  it('many identities ask and never agree: the slots of all are bounded', async () => {
    const market = await Market.open({}, { openQuotes: { perClient: 2, total: 3 } });
    const results: string[] = [];
    for (let i = 0; i < 5; i++) {
      const identity = Identity.fromSeed(new Uint8Array(32).fill(100 + i));
      const client = market.clientOf(identity, new FakeKeyValueStore());
      const result = await client.requestQuote(await market.stream(identity), ASK);
      results.push(result.agreed ? 'quoted' : result.refusal);
    }
    expect(results).toEqual(['quoted', 'quoted', 'quoted', 'BUSY', 'BUSY']);
  });

  it('same request sent again gets the same quote and holds one slot', async () => {
    const market = await Market.open();
    const stream = await market.stream();
    const quoted = contractOf(await market.client.requestQuote(stream, ASK));
    for (let i = 0; i < 5; i++) {
      const again = contractOf(await market.client.repeatRequest(stream, quoted.request.id));
      expect(again.quote?.envelope).toEqual(quoted.quote?.envelope);
    }
    expect(market.contractor.openQuotes).toBe(1);
  });

  it('flood of one peer empties its bucket and leaves others served', async () => {
    const limits = { questionsPerPeer: { burst: 5, perSecond: 1 } };
    const market = await Market.open({}, limits);
    const stream = await market.stream(MALLORY);
    const question: Question = { v: 1, typ: 'collect', contract: bytes32(1) };
    for (let i = 0; i < 5; i++) {
      expect(codeOf(await ask(stream, question))).toBe('UNKNOWN_CONTRACT');
    }
    expect(codeOf(await ask(stream, question))).toBe('RATE_LIMITED');
    expect(await stream.readMessage()).toBeUndefined();
    expect((await market.client.requestQuote(await market.stream(), ASK)).agreed).toBe(true);
    market.clock.advanceSeconds(1);
    const later = await market.stream(MALLORY);
    expect(codeOf(await ask(later, question))).toBe('UNKNOWN_CONTRACT');
  });

  it('stream with more questions than allowed is ended', async () => {
    const market = await Market.open({}, { questionsPerPeer: { burst: 100, perSecond: 1 } });
    const stream = await market.stream();
    const question: Question = { v: 1, typ: 'collect', contract: bytes32(1) };
    for (let i = 0; i < 32; i++) await ask(stream, question);
    expect(await stream.readMessage()).toBeUndefined();
  });

  it('streams of one peer above the limit are aborted at once', async () => {
    const market = await Market.open({}, { maxStreamsPerPeer: 2 });
    await market.stream();
    await market.stream();
    const third = await market.stream();
    await expect(third.readMessage()).rejects.toMatchObject({ code: 'STREAM_ABORTED' });
    const other = await market.stream(MALLORY);
    const question: Question = { v: 1, typ: 'collect', contract: bytes32(1) };
    expect(codeOf(await ask(other, question))).toBe('UNKNOWN_CONTRACT');
  });

  it('oversize message ends the stream and nothing else', async () => {
    const market = await Market.open();
    const stream = await market.stream();
    await stream.writeMessage(new Uint8Array(65_537));
    await expect(stream.readMessage()).rejects.toMatchObject({ code: 'MESSAGE_TOO_LARGE' });
    await Promise.all(market.net.served);
    expect((await market.client.requestQuote(await market.stream(), ASK)).agreed).toBe(true);
  });

  it('garbage is declined without a word on what is wrong, and the stream ends', async () => {
    const market = await Market.open();
    const stream = await market.stream();
    await stream.writeMessage(new Uint8Array([1, 2, 3]));
    const bytes = await stream.readMessage();
    expect(Buffer.from(bytes!).toString()).toBe('{"code":2,"typ":"decline","v":1}');
    expect(await stream.readMessage()).toBeUndefined();
  });

  it('delivery that answers a delivery is of no use: only the contractor signs one', async () => {
    const market = await Market.open();
    const { stream, contract } = await market.working();
    const agreement = contract.agreement!;
    const asAlice = { ...deliveryDefinition(PARTIES), signers: () => [ALICE.peerId] };
    const forged = signDocument(asAlice, makeDelivery(agreement).body, ALICE);
    const answer = await ask(stream, {
      v: 1,
      typ: 'acknowledge',
      contract: toBase64Url(agreement.id),
      acknowledgement: toBase64Url(forged.envelope),
    });
    expect(codeOf(answer)).toBe('MALFORMED');
  });
});

/** The agreement as the client sent it: with its own signature only. */
function clientHalf(envelope: Uint8Array): Uint8Array {
  const both = JSON.parse(Buffer.from(envelope).toString()) as {
    b: string;
    s: { k: string; s: string }[];
  };
  return encodeDocument({ b: both.b, s: both.s.slice(0, 1) }, { maxBytes: 65_536, maxDepth: 3 });
}

describe('what the forgeries of these tests are worth', () => {
  it('would be accepted where they are true: the honest halves verify', () => {
    const quote = makeQuote(makeRequest());
    const both = countersign(AGREEMENT, makeProposal(quote), BOB);
    expect(openEnvelope(AGREEMENT, both.envelope, 2).valid).toBe(true);
    expect(openEnvelope(AGREEMENT, clientHalf(both.envelope), 1).valid).toBe(true);
    expect(agreementBody(quote)).toEqual(both.body);
  });
});
