import type { KadDHT } from '@libp2p/kad-dht';
import { peerIdFromString } from '@libp2p/peer-id';
import { beforeEach, describe, expect, it } from 'vitest';
import { Identity } from '../../../crypto/identity.ts';
import {
  ASKING_LIMITS,
  DhtMessageTooLargeError,
  DhtRateLimitError,
  limitDhtRequests,
  MAX_REQUEST_BYTES,
  STORING_LIMITS,
} from '../../skill-discovery/dht-request-limits.ts';
import { advertisedKeys } from '../../skill-discovery/advertise.ts';
import { FakeClock } from '../negotiation/fake-world.ts';
import { contentOf, silentLogger } from './fixtures.ts';

const [flooder, other] = [1, 2].map((n) =>
  peerIdFromString(Identity.fromSeed(new Uint8Array(32).fill(n)).peerId),
) as [ReturnType<typeof peerIdFromString>, ReturnType<typeof peerIdFromString>];

/** A stream on which nobody is. */
class FakeIncomingStream extends EventTarget {
  aborted: Error | undefined;

  send(): boolean {
    return true;
  }

  abort(error: Error): void {
    this.aborted = error;
  }

  hear(byteLength: number): void {
    this.dispatchEvent(Object.assign(new Event('message'), { data: { byteLength } }));
  }
}

describe('messages to the DHT of a node', () => {
  let clock: FakeClock;
  let handled: string[];
  const told: object[] = [];
  const logger = { ...silentLogger, debug: (fields: object) => void told.push(fields) };
  let rpc: {
    handleMessage(from: typeof flooder, message: { type: string }): Promise<unknown>;
    onIncomingStream(stream: FakeIncomingStream): Promise<void>;
  };
  beforeEach(() => {
    clock = new FakeClock();
    handled = [];
    rpc = {
      handleMessage: (_, { type }) => {
        handled.push(type);
        return Promise.resolve('answer');
      },
      onIncomingStream: () => Promise.resolve(),
    };
    limitDhtRequests({ rpc } as unknown as KadDHT, clock, logger);
  });

  async function send(from: typeof flooder, type: string, count: number): Promise<number> {
    let refused = 0;
    for (let i = 0; i < count; i++) {
      await rpc.handleMessage(from, { type }).catch((error: unknown) => {
        expect(error).toBeInstanceOf(DhtRateLimitError);
        refused += 1;
      });
    }
    return refused;
  }

  it('are answered as before within the limits', async () => {
    expect(await rpc.handleMessage(flooder, { type: 'GET_VALUE' })).toBe('answer');
  });

  it.each(['ADD_PROVIDER', 'PUT_VALUE'])(
    '%s: a flood is cut off, for its sender alone',
    async (type) => {
      expect(await send(flooder, type, 5_000)).toBe(5_000 - STORING_LIMITS.burst);
      expect(told.at(-1)).toMatchObject({ peer: flooder.toString(), type });
      expect(await send(other, type, STORING_LIMITS.burst)).toBe(0);
      // Whoever stores too much may still ask.
      expect(await send(flooder, 'FIND_NODE', 100)).toBe(0);
      clock.advanceSeconds(1);
      expect(await send(flooder, type, 100)).toBe(100 - STORING_LIMITS.perSecond);
    },
  );

  it('are refused with more providers or addresses than a peer may name', async () => {
    const named = (providers: number, addresses: number) => ({
      type: 'ADD_PROVIDER',
      providers: Array.from({ length: providers }, () => ({
        multiaddrs: Array.from({ length: addresses }, () => new Uint8Array(8)),
      })),
    });
    expect(await rpc.handleMessage(flooder, named(4, 48))).toBe('answer');
    for (const message of [named(5, 1), named(1, 49)]) {
      await expect(rpc.handleMessage(flooder, message)).rejects.toThrow(DhtMessageTooLargeError);
    }
    expect(handled).toHaveLength(1);
  });

  it('reset their stream beyond 64 KiB without an answer, in one piece or many', async () => {
    const stream = new FakeIncomingStream();
    await rpc.onIncomingStream(stream);
    for (let i = 0; i < 8; i++) stream.hear(MAX_REQUEST_BYTES / 8);
    expect(stream.aborted).toBeUndefined();
    stream.send();
    stream.hear(MAX_REQUEST_BYTES);
    expect(stream.aborted).toBeUndefined();
    stream.hear(1);
    expect(stream.aborted).toBeInstanceOf(DhtMessageTooLargeError);
  });

  it('of the largest publisher fit, seven times over: so often a network doubles to 20', () => {
    const offers = Array.from({ length: 32 }, (_, i) => ({ term: `performs:${i}/a/b/c/d/e/f/g` }));
    const content = contentOf(...offers);
    const buckets = Array.from({ length: 16 }, (_, i) => `b${i}`);
    const keys = advertisedKeys({ ...content, embeddings: { ...content.embeddings, buckets } });
    expect(keys).toHaveLength(32 * 8 + 16);
    expect(STORING_LIMITS.burst).toBeGreaterThanOrEqual(7 * (keys.length + 1));
  });

  it('that store are one sum, those that ask another', async () => {
    const half = STORING_LIMITS.burst / 2;
    expect(await send(flooder, 'ADD_PROVIDER', half)).toBe(0);
    expect(await send(flooder, 'PUT_VALUE', half + 1)).toBe(1);
    const types = ['FIND_NODE', 'GET_PROVIDERS', 'GET_VALUE', 'PING'];
    for (const type of types) expect(await send(flooder, type, ASKING_LIMITS.burst / 4)).toBe(0);
    expect(await send(flooder, 'GET_VALUE', 1)).toBe(1);
  });

  it('of an unknown version of the module are an error at the start', () => {
    expect(() => limitDhtRequests({ rpc: {} } as unknown as KadDHT, clock, logger)).toThrow(
      TypeError,
    );
  });
});
