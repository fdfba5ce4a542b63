/** Artifacts on streams of their own, between two libp2p nodes with a secure session. */

import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { fromBase64Url, toBase64Url, utf8 } from '../../../crypto/bytes.ts';
import { ArtifactReceiver, sendArtifact } from '../../a2a/artifact-stream.ts';
import type { ArtifactHeader, ExpectedArtifact } from '../../a2a/artifact-stream.ts';
import { createA2aServer } from '../../a2a/server.ts';
import { SECURE_PROTOCOLS } from '../../protocol-ids.ts';
import { createPair } from '../secure-channel/session-pair.ts';
import type { TestNode } from '../secure-channel/session-pair.ts';
import { UpperCaseExecutor, contractNamed, requestHandlerOf } from './test-agent.ts';

const MEGABYTE = 1_000_000;
const contract = contractNamed('a and b');
const nodes: TestNode[] = [];

afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.stop()));
});

/** A contractor, and a client that receives. */
async function pair() {
  const isParty = (context: Uint8Array) => toBase64Url(context) === contract;
  const [contractor, client] = await createPair({}, { isParty });
  nodes.push(contractor, client);
  const receiver = new ArtifactReceiver();
  createA2aServer({
    streams: client.manager,
    requestHandler: requestHandlerOf(new UpperCaseExecutor()),
    isParty: () => Promise.resolve(false),
    receiveArtifact: (stream) => receiver.receive(stream),
    clock: client.clock,
    logger: client.logger,
  });
  const header = (bytes: number): ArtifactHeader => ({
    contract,
    task: 'task-1',
    artifact: 'result',
    bytes,
  });
  const expected = (change: Partial<ExpectedArtifact> = {}): ExpectedArtifact => ({
    peerId: contractor.peerId,
    contract,
    artifact: 'result',
    maxBytes: 1_000 * MEGABYTE,
    take: async (bytes) => {
      for await (const _ of bytes) continue;
    },
    ...change,
  });
  const send = (announced: number, source: AsyncIterable<Uint8Array>) =>
    sendArtifact(contractor.manager, client.peerId, header(announced), source);
  return { contractor, client, receiver, expected, send, header };
}

/** So many bytes that no two pieces are the same, in pieces that fit no frame. */
async function* bytesOf(count: number, pieceBytes = 100_003): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < count; at += pieceBytes) {
    const piece = new Uint8Array(Math.min(pieceBytes, count - at)).fill(at & 255);
    new DataView(piece.buffer).setUint8(0, (at >> 8) & 255);
    await Promise.resolve();
    yield piece;
  }
}

async function hashOf(source: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of source) hash.update(bytes);
  return hash.digest('hex');
}

describe('an artifact on a stream of its own', () => {
  it('comes whole, of any size, and after it the next one', async () => {
    const { receiver, expected, send } = await pair();
    for (const size of [0, 1, 65_519, 65_520, 3 * MEGABYTE]) {
      let received = '';
      receiver.expect(
        expected({
          take: async (bytes, { bytes: announced }) => {
            expect(announced).toBe(size);
            received = await hashOf(bytes);
          },
        }),
      );
      await send(size, bytesOf(size));
      expect(received).toBe(await hashOf(bytesOf(size)));
    }
  });

  it('of 200 MB takes no more memory than one of 20: a slow receiver holds it up', async () => {
    const { receiver, expected, send } = await pair();
    let asked = 0;
    let received = 0;
    let furthestAhead = 0;
    let peakBytes = 0;
    const counted = async function* (count: number): AsyncGenerator<Uint8Array> {
      for await (const piece of bytesOf(count)) {
        asked += piece.length;
        furthestAhead = Math.max(furthestAhead, asked - received);
        yield piece;
      }
    };
    const take: ExpectedArtifact['take'] = async (bytes) => {
      let pieces = 0;
      for await (const piece of bytes) {
        received += piece.length;
        pieces += 1;
        if (pieces % 64 > 0) continue;
        // Now and then it is busy: what is ahead of it then is all that it can be.
        await new Promise(setImmediate);
        const { heapUsed, external } = process.memoryUsage();
        peakBytes = Math.max(peakBytes, heapUsed + external);
      }
    };
    const transfer = async (size: number): Promise<{ ahead: number; peak: number }> => {
      asked = received = furthestAhead = peakBytes = 0;
      receiver.expect(expected({ take }));
      await send(size, counted(size));
      expect(received).toBe(size);
      return { ahead: furthestAhead, peak: peakBytes };
    };
    await transfer(20 * MEGABYTE);
    const small = await transfer(20 * MEGABYTE);
    const large = await transfer(200 * MEGABYTE);
    // Two windows of the multiplexer, the receiver's inbox and a piece at each end.
    expect(large.ahead).toBeLessThan(4 * MEGABYTE);
    expect(large.peak).toBeLessThan(small.peak + 64 * MEGABYTE);
  }, 120_000);

  it('is refused if nobody waits for it, or it is larger than what is taken', async () => {
    const { receiver, expected, send } = await pair();
    await expect(send(3, bytesOf(3))).rejects.toMatchObject({ code: 'STREAM_ABORTED' });
    const end = receiver.expect(expected({ maxBytes: 2 }));
    await expect(send(3, bytesOf(3))).rejects.toMatchObject({
      details: { by: 'remote', reason: 'tooLarge' },
    });
    await send(2, bytesOf(2));
    end();
    await expect(send(2, bytesOf(2))).rejects.toMatchObject({ code: 'STREAM_ABORTED' });
  });

  it('is refused from another peer, and under a contract of other parties', async () => {
    const { contractor, client, receiver, expected, send, header } = await pair();
    receiver.expect(expected({ peerId: client.peerId }));
    await expect(send(1, bytesOf(1))).rejects.toMatchObject({ code: 'STREAM_ABORTED' });
    const other = { ...header(1), contract: contractNamed('b and c') };
    await expect(
      sendArtifact(contractor.manager, client.peerId, other, bytesOf(1)),
    ).rejects.toMatchObject({ code: 'STREAM_REFUSED' });
  });

  it.each([
    ['fewer', 10],
    ['more', 12],
  ])('with %s bytes than it said ends with its stream', async (_, sent) => {
    const { contractor, client, receiver, expected, send, header } = await pair();
    let problem: unknown;
    const take: ExpectedArtifact['take'] = async (bytes) => {
      try {
        await hashOf(bytes);
      } catch (error) {
        problem = error;
        throw error;
      }
    };
    receiver.expect(expected({ take }));
    await expect(send(11, bytesOf(sent))).rejects.toMatchObject({
      details: { problem: 'WRONG_SIZE' },
    });
    // A sender that does not look at what it sends.
    const context = fromBase64Url(contract);
    const stream = await contractor.manager.open(client.peerId, SECURE_PROTOCOLS.a2a, { context });
    await stream.writeMessage(utf8(JSON.stringify(header(11))));
    await stream.writeMessage(new Uint8Array(sent));
    await stream.closeWrite();
    await expect(stream.readMessage()).rejects.toThrow();
    expect(problem).toMatchObject({ details: { problem: 'WRONG_SIZE' } });
  });

  it.each(['', 'x', '{}', '{"contract":"x"}', '{'.repeat(3_000)])(
    'that begins with "%.20s" is refused',
    async (text) => {
      const { contractor, client, receiver, expected } = await pair();
      receiver.expect(expected());
      const context = fromBase64Url(contract);
      const options = { context };
      const stream = await contractor.manager.open(client.peerId, SECURE_PROTOCOLS.a2a, options);
      await stream.writeMessage(utf8(text));
      await expect(stream.readMessage()).rejects.toMatchObject({
        details: { by: 'remote', reason: 'badMessage' },
      });
    },
  );

  it('is not taken by a node that takes none', async () => {
    const [contractor, client] = await createPair({}, { isParty: () => true });
    nodes.push(contractor, client);
    createA2aServer({
      streams: client.manager,
      requestHandler: requestHandlerOf(new UpperCaseExecutor()),
      isParty: () => Promise.resolve(false),
      clock: client.clock,
      logger: client.logger,
    });
    const header = { contract, task: 't', artifact: 'a', bytes: 1 };
    await expect(
      sendArtifact(contractor.manager, client.peerId, header, bytesOf(1)),
    ).rejects.toMatchObject({ details: { by: 'remote', reason: 'badMessage' } });
  });

  it('ends for the sender too when the receiver gives up', async () => {
    const { receiver, expected, send } = await pair();
    receiver.expect(
      expected({
        take: async (bytes) => {
          for await (const _ of bytes) throw new Error('the disk is full');
        },
      }),
    );
    await expect(send(50 * MEGABYTE, bytesOf(50 * MEGABYTE))).rejects.toMatchObject({
      code: 'STREAM_ABORTED',
    });
  });
});
