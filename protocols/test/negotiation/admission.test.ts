import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromBase64Url, toBase64Url } from '../../../crypto/bytes.ts';
import { signDocument } from '../../../crypto/envelope.ts';
import { Identity } from '../../../crypto/identity.ts';
import { sha256 } from '../../../crypto/hash.ts';
import { nowSeconds } from '../../components.ts';
import {
  AskPuzzles,
  COOKIE_BYTES,
  MAX_PUZZLE_BITS,
  SOLUTION_BYTES,
  puzzleBits,
  solvePuzzle,
} from '../../negotiation/ask-puzzle.ts';
import { QUOTE_REQUEST } from '../../negotiation/documents.ts';
import type { QuoteRequest } from '../../negotiation/documents.ts';
import { refusalNumber } from '../../errors.ts';
import { encodeQuestion, parseAnswer } from '../../negotiation/messages.ts';
import type { Answer, Question } from '../../negotiation/messages.ts';
import { FakeRandom } from './fake-world.ts';
import { BOB, Market, SHAPE, TASK_HASH, bytes32 } from './fixture.ts';
import { runSeed } from '../../../crypto/test/fuzz.ts';

const ASK = { taskHash: TASK_HASH, shape: SHAPE };
const REQUEST = new Uint8Array(300).fill(7);
const NOW = 1_000;
const random = new FakeRandom('admission');

function puzzles(name = 'key') {
  return new AskPuzzles(new FakeRandom(name).bytes(32));
}

describe('a puzzle for a quote request', () => {
  it('is solved by whoever works for it, and each bit doubles the work', async () => {
    const asked = puzzles();
    for (const bits of [0, 1, 8, 12]) {
      const cookie = asked.cookieFor('alice', REQUEST, bits, NOW);
      expect([cookie.length, puzzleBits(cookie)]).toEqual([COOKIE_BYTES, bits]);
      const solution = (await solvePuzzle(cookie))!;
      const answered = { peerId: 'alice', request: REQUEST, cookie, solution };
      expect(asked.isAnswered(answered, NOW)).toBe(true);
    }
    const cookie = asked.cookieFor('alice', REQUEST, 8, NOW);
    let lucky = 0;
    for (let i = 0; i < 4_096; i++) {
      const solution = sha256(Uint8Array.of(i & 255, i >> 8)).subarray(0, SOLUTION_BYTES);
      if (asked.isAnswered({ peerId: 'alice', request: REQUEST, cookie, solution }, NOW)) lucky++;
    }
    // 16 expected; 1 and 40 are some four and six standard deviations off.
    expect(lucky).toBeGreaterThan(1);
    expect(lucky).toBeLessThan(40);
  });

  it('is good for one peer, one request, one contractor and half a minute', async () => {
    const asked = puzzles();
    const cookie = asked.cookieFor('alice', REQUEST, 6, NOW);
    const solution = (await solvePuzzle(cookie))!;
    const answered = { peerId: 'alice', request: REQUEST, cookie, solution };
    expect(asked.isAnswered(answered, NOW + 30)).toBe(true);
    expect(asked.isAnswered(answered, NOW + 31)).toBe(false);
    expect(asked.isAnswered({ ...answered, peerId: 'mallory' }, NOW)).toBe(false);
    const other = REQUEST.map((byte, i) => (i === 0 ? byte + 1 : byte));
    expect(asked.isAnswered({ ...answered, request: other }, NOW)).toBe(false);
    expect(puzzles('other').isAnswered(answered, NOW)).toBe(false);
  });

  it('cannot be made easier or longer by who got it: any changed bit of the cookie is refused', async () => {
    const asked = puzzles();
    const cookie = asked.cookieFor('alice', REQUEST, 4, NOW);
    await fc.assert(
      fc.asyncProperty(fc.nat(COOKIE_BYTES * 8 - 1), async (bit) => {
        const forged = cookie.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
        // However much work is done for it.
        const solution = (await solvePuzzle(forged)) ?? new Uint8Array(SOLUTION_BYTES);
        const answered = { peerId: 'alice', request: REQUEST, cookie: forged, solution };
        return !asked.isAnswered(answered, NOW);
      }),
      { seed: runSeed, numRuns: 168 },
    );
  });

  it('is not worked on if it is too hard, or no puzzle, or the client has given up', async () => {
    const asked = puzzles();
    const hard = asked.cookieFor('alice', REQUEST, MAX_PUZZLE_BITS + 1, NOW);
    expect(await solvePuzzle(hard)).toBeUndefined();
    expect(await solvePuzzle(hard.subarray(1))).toBeUndefined();
    const given = AbortSignal.abort(new Error('given up'));
    await expect(solvePuzzle(asked.cookieFor('alice', REQUEST, 18, NOW), given)).rejects.toThrow(
      'given up',
    );
  });
});

/** Sends a request of a stranger that solves nothing, and gives the answer. */
async function askUnsolved(market: Market, stranger: Identity): Promise<Answer['typ']> {
  const { envelope } = signDocument(QUOTE_REQUEST, requestOf(market, stranger), stranger);
  return send(market, stranger, { v: 1, typ: 'ask', request: toBase64Url(envelope) });
}

async function solution(cookie: Uint8Array): Promise<string> {
  return toBase64Url((await solvePuzzle(cookie))!);
}

function requestOf(market: Market, stranger: Identity): QuoteRequest {
  return {
    v: 1,
    typ: 'qreq',
    client: stranger.peerId,
    contractor: BOB.peerId,
    task: toBase64Url(TASK_HASH),
    shape: SHAPE,
    nonce: toBase64Url(random.bytes(32)),
    exp: nowSeconds(market.clock) + 120,
  };
}

async function send(market: Market, from: Identity, question: Question): Promise<Answer['typ']> {
  const stream = await market.stream(from);
  await stream.writeMessage(encodeQuestion(question));
  const answer = parseAnswer((await stream.readMessage())!);
  await stream.closeWrite();
  return answer.valid ? answer.message.typ : 'decline';
}

describe('quote flood: twenty peers ask and ask', () => {
  const QUESTIONS_OF_ALL = { burst: 100, perSecond: 1 };
  const strangers = Array.from({ length: 20 }, (_, i) =>
    Identity.fromSeed(sha256(new TextEncoder().encode(`stranger ${i}`))),
  );

  async function flooded(isAskingForWork: boolean) {
    const market = await Market.open({}, { questionsOfAll: QUESTIONS_OF_ALL, isAskingForWork });
    const answers: Answer['typ'][] = [];
    for (let round = 0; round < 10; round++) {
      for (const stranger of strangers) answers.push(await askUnsolved(market, stranger));
    }
    const honest = await market.client.requestQuote(await market.stream(), ASK);
    return { market, answers, honest };
  }

  it('takes nothing from a client that works for its quote', async () => {
    const { answers, honest, market } = await flooded(true);
    expect(answers.filter((typ) => typ === 'puzzle').length).toBeGreaterThanOrEqual(140);
    expect(honest).toMatchObject({ agreed: true });
    expect(market.contractor.openQuotes).toBeLessThanOrEqual(61);
  });

  it('of other questions takes nothing from clients that ask for quotes, and the other way round', async () => {
    const market = await Market.open({}, { questionsOfAll: { burst: 20, perSecond: 1 } });
    const { stream, contract } = await market.agreed();
    const unknown: Question = { v: 1, typ: 'collect', contract: bytes32(9) };
    for (const stranger of strangers) await send(market, stranger, unknown);
    expect(await askUnsolved(market, strangers[0]!)).toBe('offer');
    const other = await Market.open({}, { questionsOfAll: { burst: 20, perSecond: 1 } });
    const agreed = await other.agreed();
    for (const stranger of strangers) await askUnsolved(other, stranger);
    await askUnsolved(other, strangers[1]!);
    const id = toBase64Url(agreed.contract.agreement!.id);
    const collect = encodeQuestion({ v: 1, typ: 'collect', contract: id });
    await agreed.stream.writeMessage(collect);
    const answer = parseAnswer((await agreed.stream.readMessage())!);
    expect(answer).toMatchObject({ message: { code: refusalNumber('NOT_READY') } });
    expect([stream.remotePeer, contract.phase]).toEqual([BOB.peerId, 'AGREED']);
  });

  it('that works for one quote is not let through again by the same work', async () => {
    const { market } = await flooded(true);
    const stranger = strangers[3]!;
    const body = requestOf(market, stranger);
    const request = signDocument(QUOTE_REQUEST, body, stranger).envelope;
    const ask = { v: 1, typ: 'ask', request: toBase64Url(request) } as const;
    const stream = await market.stream(stranger);
    const tell = async (question: Question) => {
      await stream.writeMessage(encodeQuestion(question));
      const answer = parseAnswer((await stream.readMessage())!);
      if (!answer.valid) throw new Error('no answer');
      return answer.message;
    };
    const puzzle = await tell(ask);
    const cookie = puzzle.typ === 'puzzle' ? puzzle.cookie : '';
    const solution = toBase64Url((await solvePuzzle(fromBase64Url(cookie)))!);
    const first = await tell({ ...ask, cookie, solution });
    expect(['offer', 'decline']).toContain(first.typ);
    expect((await tell({ ...ask, cookie, solution })).typ).toBe('puzzle');
  });

  it('asks for work as soon as half of the quotes that may be open are', async () => {
    const openQuotes = { perClient: 8, total: 20 };
    const market = await Market.open({}, { openQuotes });
    const answers = [];
    for (const stranger of strangers) answers.push(await askUnsolved(market, stranger));
    expect(answers.filter((typ) => typ === 'offer')).toHaveLength(11);
    const honest = await market.client.requestQuote(await market.stream(), ASK);
    expect(honest).toMatchObject({ agreed: true });
  });

  it('meets harder puzzles, the less is left', async () => {
    const limits = { questionsOfAll: { burst: 40, perSecond: 1 } };
    const market = await Market.open({}, limits);
    const bits: number[] = [];
    for (let i = 0; i < 40; i++) {
      const stranger = strangers[i % 20]!;
      const body = requestOf(market, stranger);
      const request = toBase64Url(signDocument(QUOTE_REQUEST, body, stranger).envelope);
      const stream = await market.stream(stranger);
      await stream.writeMessage(encodeQuestion({ v: 1, typ: 'ask', request }));
      const answer = parseAnswer((await stream.readMessage())!);
      if (!answer.valid || answer.message.typ !== 'puzzle') continue;
      const cookie = fromBase64Url(answer.message.cookie);
      bits.push(puzzleBits(cookie));
      const solved = { cookie: answer.message.cookie, solution: await solution(cookie) };
      await stream.writeMessage(encodeQuestion({ v: 1, typ: 'ask', request, ...solved }));
      await stream.readMessage();
    }
    expect(bits[0]).toBe(12);
    expect(bits.at(-1)).toBe(18);
    expect(bits).toEqual(bits.toSorted((a, b) => a - b));
  });

  it('takes everything with the defence off', async () => {
    const { answers, honest } = await flooded(false);
    expect(answers).not.toContain('puzzle');
    expect(honest).toEqual({ agreed: false, refusal: 'RATE_LIMITED', by: 'peer' });
  });

  it('is told nothing and asked for no work while there is no load', async () => {
    const market = await Market.open({}, { questionsOfAll: QUESTIONS_OF_ALL });
    expect(await askUnsolved(market, strangers[0]!)).toBe('offer');
  });

  it('with wrong solutions gets puzzles, and no quote', async () => {
    const { market } = await flooded(true);
    const request = toBase64Url(random.bytes(200));
    const cookie = toBase64Url(random.bytes(COOKIE_BYTES));
    const solution = toBase64Url(random.bytes(SOLUTION_BYTES));
    const ask: Question = { v: 1, typ: 'ask', request, cookie, solution };
    expect(await send(market, strangers[0]!, ask)).toBe('puzzle');
    expect(fromBase64Url(cookie)).toHaveLength(COOKIE_BYTES);
  });

  it('of one network leaves the contractor to the others', async () => {
    const networkOfPeer = (peerId: string) =>
      strangers.some((stranger) => stranger.peerId === peerId) ? '192.0.2.0/24' : undefined;
    const questionsPerNetwork = { burst: 10, perSecond: 1 };
    const market = await Market.open({}, { questionsPerNetwork }, { networkOfPeer });
    const answers = [];
    for (const stranger of strangers) answers.push(await askUnsolved(market, stranger));
    expect(answers.filter((typ) => typ === 'offer')).toHaveLength(10);
    const honest = await market.client.requestQuote(await market.stream(), ASK);
    expect(honest).toMatchObject({ agreed: true });
  });
});

describe('a client that is asked for work', () => {
  it('gives up a contractor that asks again and again', async () => {
    const market = await Market.open({}, { questionsOfAll: { burst: 100, perSecond: 1 } });
    let asked = 0;
    const cookie = toBase64Url(puzzles().cookieFor('alice', REQUEST, 1, NOW));
    market.net.handlers.forEach((_, key) =>
      market.net.handlers.set(key, async (stream) => {
        for (let bytes = await stream.readMessage(); bytes; bytes = await stream.readMessage()) {
          asked += 1;
          await stream.writeMessage(
            new TextEncoder().encode(`{"cookie":"${cookie}","typ":"puzzle","v":1}`),
          );
        }
      }),
    );
    const refused = await market.client.requestQuote(await market.stream(), ASK);
    expect(refused).toEqual({ agreed: false, refusal: 'RATE_LIMITED', by: 'self' });
    expect(asked).toBe(3);
  });
});
