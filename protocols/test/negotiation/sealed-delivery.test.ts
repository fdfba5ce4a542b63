import { describe, expect, it } from 'vitest';
import { toBase64Url } from '../../../crypto/bytes.ts';
import { sha256 } from '../../../crypto/hash.ts';
import { sealKeyCommitment } from '../../../crypto/sealed-result.ts';
import type { Contract } from '../../negotiation/contract.ts';
import type { DeliveryContent } from '../../negotiation/contractor-policy.ts';
import { encodeAnswer, encodeQuestion, parseAnswer } from '../../negotiation/messages.ts';
import type { Answer, Question } from '../../negotiation/messages.ts';
import type { SecureStream } from '../../secure-stream.ts';
import { Market, RESULT, SHAPE, TASK, TASK_HASH, contractOf } from './fixture.ts';

const KEY = new Uint8Array(32).fill(0x4b);
const CIPHER = sha256(new TextEncoder().encode('the ciphertext'));
const SEALED: DeliveryContent = { ...RESULT, seal: { key: KEY, cipher: CIPHER } };
const shape = { ...SHAPE, delivery: 'sealed' } as const;

/** A contract for a sealed result that Bob has finished. */
async function finished(content: DeliveryContent = SEALED) {
  const market = await Market.open({ deliveryFor: () => Promise.resolve(content) });
  const stream = await market.stream();
  const quoted = await market.client.requestQuote(stream, { taskHash: TASK_HASH, shape });
  const id = contractOf(quoted).request.id;
  const { agreement } = contractOf(await market.client.agree(stream, id));
  await market.client.startWork(id);
  const contractId = agreement!.id;
  expect(await market.contractor.startWork(contractId, TASK)).toMatchObject({ accepted: true });
  const collect = (received = CIPHER) =>
    market.client.collectDelivery(stream, id, { cipher: received });
  const acknowledge = () => market.client.acknowledge(stream, id);
  return { market, stream, id, contractId, collect, acknowledge };
}

async function ask(stream: SecureStream, question: Question): Promise<Answer | undefined> {
  await stream.writeMessage(encodeQuestion(question));
  const answer = parseAnswer((await stream.readMessage())!);
  return answer.valid ? answer.message : undefined;
}

describe('a sealed delivery', () => {
  it('gives the key for the acknowledgement, and to whoever asks again', async () => {
    const { market, contractId, collect, acknowledge } = await finished();
    const collected = contractOf(await collect());
    expect(collected.delivery?.body).toMatchObject({
      cipher: toBase64Url(CIPHER),
      keyCommit: toBase64Url(sealKeyCommitment(KEY)),
    });
    expect(collected.sealKey).toBeUndefined();
    expect(contractOf(await acknowledge()).sealKey).toEqual(KEY);
    expect(contractOf(await acknowledge()).sealKey).toEqual(KEY);
    await market.restartBob();
    const bobs = await market.contractor.contract(contractId);
    expect(bobs).toMatchObject({ phase: 'ACKNOWLEDGED', sealKey: KEY });
  });

  it('gives no key to a client that never signs that it holds the ciphertext', async () => {
    const { stream, contractId, collect } = await finished();
    await collect();
    const contract = toBase64Url(contractId);
    for (const typ of ['collect', 'cancel'] as const) {
      expect(JSON.stringify(await ask(stream, { v: 1, typ, contract }))).not.toContain(
        toBase64Url(KEY),
      );
    }
  });

  it('is not acknowledged by a client that has another ciphertext', async () => {
    const { collect } = await finished();
    const other = sha256(Uint8Array.of(1));
    expect(await collect(other)).toEqual({ agreed: false, refusal: 'RESULT_MISMATCH', by: 'self' });
  });

  it.each<[string, string | undefined]>([
    ['keeps back the key', undefined],
    ['gives another key', toBase64Url(new Uint8Array(32))],
  ])('of a contractor that %s is found out by its commitment', async (_, key) => {
    const { market, id, contractId, collect } = await finished();
    await collect();
    market.net.handlers.forEach((_handler, name) =>
      market.net.handlers.set(name, async (stream) => {
        await stream.readMessage();
        const contract = toBase64Url(contractId);
        const answer = { v: 1, typ: 'acknowledged', contract } as const;
        await stream.writeMessage(encodeAnswer(key === undefined ? answer : { ...answer, key }));
      }),
    );
    const refused = await market.client.acknowledge(await market.stream(), id);
    expect(refused).toEqual({ agreed: false, refusal: 'KEY_MISMATCH', by: 'self' });
  });

  it('cannot be replaced by an open one', async () => {
    const { collect } = await finished(RESULT);
    expect(await collect()).toMatchObject({ refusal: 'DELIVERY_KIND_MISMATCH', by: 'peer' });
  });

  it('is kept with its key over a restart, and the same delivery is signed again', async () => {
    const { market, contractId, collect } = await finished();
    const first = contractOf(await collect());
    await market.restartBob();
    const again: Contract | undefined = await market.contractor.contract(contractId);
    expect(again?.delivery?.envelope).toEqual(first.delivery?.envelope);
    expect(again?.sealKey).toEqual(KEY);
  });
});
