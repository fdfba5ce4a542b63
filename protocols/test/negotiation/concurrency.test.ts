import { describe, expect, it } from 'vitest';
import { toBase64Url } from '../../../crypto/bytes.ts';
import { encodeQuestion, parseAnswer } from '../../negotiation/messages.ts';
import type { Answer } from '../../negotiation/messages.ts';
import type { SecureStream } from '../../secure-stream.ts';
import { ALICE, Market, SHAPE, TASK_HASH, bytes32, contractOf, makeProposal } from './fixture.ts';

const ASK = { taskHash: TASK_HASH, shape: SHAPE };

async function accept(stream: SecureStream, envelope: Uint8Array): Promise<Answer> {
  const agreement = toBase64Url(envelope);
  await stream.writeMessage(encodeQuestion({ v: 1, typ: 'accept', agreement }));
  const parsed = parseAnswer((await stream.readMessage())!);
  if (!parsed.valid) throw new Error('expected an answer');
  return parsed.message;
}

describe('messages at the same time', () => {
  it('two agreements on one quote, on two streams at once, make one contract', async () => {
    const asked: string[] = [];
    const market = await Market.open({
      acceptAgreement: async ({ contractId }) => {
        asked.push(toBase64Url(contractId));
        await new Promise((resolve) => setImmediate(resolve));
        return true;
      },
    });
    const [one, two] = [await market.stream(), await market.stream()];
    const quoted = contractOf(await market.client.requestQuote(one, ASK));
    const sh = toBase64Url(one.sessionHash);
    const proposals = [1, 2].map((fill) =>
      makeProposal(quoted.quote!, { sh, nonce: bytes32(fill) }),
    );
    const answers = await Promise.all([
      accept(one, proposals[0]!.envelope),
      accept(two, proposals[1]!.envelope),
    ]);
    expect(answers.map(({ typ }) => typ).sort()).toEqual(['agreed', 'decline']);
    expect(asked).toHaveLength(1);
    expect(market.evidence).toHaveLength(1);
  });

  it('one agreement on two streams at once is countersigned and credited once', async () => {
    let credited = 0;
    const market = await Market.open({
      acceptAgreement: async () => {
        credited += 1;
        await new Promise((resolve) => setImmediate(resolve));
        return true;
      },
    });
    const [one, two] = [await market.stream(), await market.stream()];
    const quoted = contractOf(await market.client.requestQuote(one, ASK));
    const { envelope } = makeProposal(quoted.quote!, { sh: toBase64Url(one.sessionHash) });
    const [first, second] = await Promise.all([accept(one, envelope), accept(two, envelope)]);
    expect(first).toEqual(second);
    expect(first.typ).toBe('agreed');
    expect(credited).toBe(1);
  });

  it('two different verdicts asked for at once: the client signs and sends one', async () => {
    const market = await Market.open();
    const { stream, id } = await market.delivered();
    const before = market.net.sent.length;
    const results = await Promise.all([
      market.client.settle(stream, id, { outcome: 'pass', checks: [] }),
      market.client.settle(await market.stream(), id, { outcome: 'fail', checks: [] }),
    ]);
    expect(results[0]).toMatchObject({ agreed: true, contract: { phase: 'RECEIPT' } });
    expect(results[1]).toEqual({ agreed: false, refusal: 'SECOND_VERDICT', by: 'self' });
    const sent = market.net.sent.slice(before).filter(({ from }) => from === ALICE.peerId);
    expect(sent).toHaveLength(1);
  });
});
