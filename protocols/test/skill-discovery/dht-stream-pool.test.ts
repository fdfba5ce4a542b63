import { setTimeout as delay } from 'node:timers/promises';
import type { Stream } from '@libp2p/interface';
import { peerIdFromString } from '@libp2p/peer-id';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { equalBytes, toHex } from '../../../crypto/bytes.ts';
import { Identity } from '../../../crypto/identity.ts';
import { KAD_PROTOCOL } from '../../protocol-ids.ts';
import { providerCid, recordKey } from '../../skill-discovery/dht-keys.ts';
import { askPeer, storedProviders } from '../../skill-discovery/dht-lookup.ts';
import {
  DhtStreamPool,
  MAX_ANSWER_BYTES,
  MAX_IDLE_MS,
  MAX_IDLE_PER_PEER,
} from '../../skill-discovery/dht-stream-pool.ts';
import { provideKeys } from '../../skill-discovery/publication.ts';
import { writeStoredRecord } from '../../skill-discovery/stored-records.ts';
import { FakeClock } from '../negotiation/fake-world.ts';
import { createNetwork, recordOf } from './fixtures.ts';
import type { TestNode } from './fixtures.ts';

const peer = peerIdFromString(Identity.fromSeed(new Uint8Array(32).fill(1)).peerId);
const otherPeer = peerIdFromString(Identity.fromSeed(new Uint8Array(32).fill(2)).peerId);

/** A stream that goes nowhere. */
class FakeStream extends EventTarget {
  status = 'open';
  readStatus = 'readable';
  writeStatus = 'writable';
  readonly number: number;
  listeners = 0;

  constructor(number: number) {
    super();
    this.number = number;
  }

  override addEventListener(...args: Parameters<EventTarget['addEventListener']>): void {
    this.listeners += 1;
    super.addEventListener(...args);
  }

  override removeEventListener(...args: Parameters<EventTarget['removeEventListener']>): void {
    this.listeners -= 1;
    super.removeEventListener(...args);
  }

  close(): Promise<void> {
    this.#end('closed');
    return Promise.resolve();
  }

  abort(): void {
    this.#end('aborted');
  }

  #end(status: string): void {
    if (this.status !== 'open') return;
    this.status = status;
    this.dispatchEvent(new Event('close'));
  }
}

/** Bytes of the peer on a stream. */
function message(byteLength = 100): Event {
  return Object.assign(new Event('message'), { data: { byteLength } });
}

describe('streams of the DHT', () => {
  let opened: FakeStream[];
  let pool: DhtStreamPool;
  const clock = new FakeClock();
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    opened = [];
    const openNew = (): Promise<Stream> => {
      const stream = new FakeStream(opened.length);
      opened.push(stream);
      return Promise.resolve(stream as unknown as Stream);
    };
    pool = new DhtStreamPool(KAD_PROTOCOL, openNew, clock);
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const open = (to = peer): Promise<Stream> => pool.openStream(to, KAD_PROTOCOL);
  /** A message that gets an answer. */
  const exchange = async (to = peer): Promise<void> => {
    const stream = await open(to);
    opened[numberOf(stream)]!.dispatchEvent(message());
    await stream.close();
  };
  const numberOf = (stream: Stream): number => (stream as unknown as FakeStream).number;

  it('serve one message after another, of the same peer alone', async () => {
    for (let i = 0; i < 5; i++) await exchange();
    expect(opened).toHaveLength(1);
    expect(numberOf(await open(otherPeer))).toBe(1);
  });

  it('are reset by an answer that is too large, in one piece or many', async () => {
    const first = await open();
    opened[0]!.dispatchEvent(message(MAX_ANSWER_BYTES + 1));
    expect(opened[0]!.status).toBe('aborted');
    await first.close();
    const second = await open();
    for (let i = 0; i < 8; i++) opened[1]!.dispatchEvent(message(MAX_ANSWER_BYTES / 8));
    expect(opened[1]!.status).toBe('open');
    opened[1]!.dispatchEvent(message(1));
    expect(opened[1]!.status).toBe('aborted');
    await second.close();
    expect(pool.idleCount).toBe(0);
  });

  it('begin to count anew with each answer', async () => {
    for (let i = 0; i < 3; i++) {
      const stream = await open();
      opened[0]!.dispatchEvent(message(MAX_ANSWER_BYTES));
      await stream.close();
    }
    expect(opened).toHaveLength(1);
    expect(opened[0]!.status).toBe('open');
  });

  it('serve one message at a time', async () => {
    const [first, second] = [await open(), await open()];
    expect([numberOf(first), numberOf(second)]).toEqual([0, 1]);
  });

  it('are kept of each peer up to a number, and the others closed', async () => {
    const lent = await Promise.all(Array.from({ length: MAX_IDLE_PER_PEER + 3 }, () => open()));
    for (const stream of opened) stream.dispatchEvent(message());
    await Promise.all(lent.map((stream) => stream.close()));
    expect(pool.idleCount).toBe(MAX_IDLE_PER_PEER);
    expect(opened.filter(({ status }) => status === 'closed')).toHaveLength(3);
  });

  it('are closed after a while without use, and not used if that comes late', async () => {
    await exchange();
    vi.advanceTimersByTime(MAX_IDLE_MS - 1);
    expect(pool.idleCount).toBe(1);
    vi.advanceTimersByTime(1);
    expect([pool.idleCount, opened[0]!.status]).toEqual([0, 'closed']);
    await exchange();
    clock.advanceSeconds(MAX_IDLE_MS / 1_000);
    expect(numberOf(await open())).toBe(2);
    expect(opened[1]!.status).toBe('closed');
  });

  it('carry no listener of one message on to the next', async () => {
    const heard: string[] = [];
    const first = await open();
    first.addEventListener('message', () => heard.push('first'));
    first.addEventListener('close', () => heard.push('first closed'));
    opened[0]!.dispatchEvent(message());
    await first.close();
    const second = await open();
    second.addEventListener('message', () => heard.push('second'));
    opened[0]!.dispatchEvent(message());
    await second.close();
    vi.advanceTimersByTime(MAX_IDLE_MS);
    expect(heard).toEqual(['first', 'second']);
    expect(opened[0]!.listeners).toBe(0);
  });

  it('are closed after a message without an answer: the peer may have refused it', async () => {
    await (await open()).close();
    expect([pool.idleCount, opened[0]!.status, opened[0]!.listeners]).toEqual([0, 'closed', 0]);
    // Also if that came over one that was kept.
    await exchange();
    await (await open()).close();
    expect([pool.idleCount, opened[1]!.status]).toEqual([0, 'closed']);
  });

  it('are aborted when the peer speaks out of turn', async () => {
    await exchange();
    opened[0]!.dispatchEvent(message());
    expect([pool.idleCount, opened[0]!.status]).toEqual([0, 'aborted']);
    expect(numberOf(await open())).toBe(1);
  });

  it('are not used again once they failed or the other end closed its side', async () => {
    (await open()).abort(new Error('too slow'));
    expect([pool.idleCount, opened[0]!.status]).toEqual([0, 'aborted']);
    await exchange();
    opened[1]!.readStatus = 'closed';
    expect(numberOf(await open())).toBe(2);
    const ended = await open();
    opened[3]!.writeStatus = 'closed';
    await ended.close();
    expect(pool.idleCount).toBe(0);
    await exchange();
    opened[4]!.abort();
    expect(pool.idleCount).toBe(0);
  });

  it('heed whoever gave one back no more: it may serve another message', async () => {
    const first = await open();
    opened[0]!.dispatchEvent(message());
    await first.close();
    const second = await open();
    opened[0]!.dispatchEvent(message());
    first.abort(new Error('late'));
    await first.close();
    expect(opened[0]!.status).toBe('open');
    expect(pool.idleCount).toBe(0);
    await second.close();
    expect(pool.idleCount).toBe(1);
  });

  it('of another protocol, or to an address, are not kept', async () => {
    const stream = await pool.openStream(peer, '/another/1.0.0');
    await stream.close();
    expect([pool.idleCount, opened[0]!.status]).toEqual([0, 'closed']);
  });
});

interface Handler {
  handle(from: unknown, message: { readonly key: Uint8Array }): Promise<unknown>;
}

function handlersOf({ host }: TestNode): Record<string, Handler> {
  return (host.dht as unknown as { rpc: { handlers: Record<string, Handler> } }).rpc.handlers;
}

describe('messages of the DHT between real nodes', () => {
  let nodes: TestNode[];
  beforeEach(async () => {
    nodes = await createNetwork(3);
  }, 60_000);
  afterEach(async () => {
    await Promise.all(nodes.map(({ host }) => host.stop()));
  });

  /** Streams of the DHT that `from` has opened to `to` and not closed. */
  function streamsBetween(from: TestNode, to: TestNode): number {
    const connections = from.host.libp2p.getConnections(peerIdFromString(to.host.peerId));
    const streams = connections.flatMap((connection) => connection.streams);
    return streams.filter(
      ({ protocol, direction }) => protocol === KAD_PROTOCOL && direction === 'outbound',
    ).length;
  }

  async function ask(from: TestNode, to: TestNode, peerId: string) {
    const signal = AbortSignal.timeout(10_000);
    const answers = [];
    const asked = askPeer(
      from.host.dht,
      peerIdFromString(to.host.peerId),
      'GET_VALUE',
      recordKey(peerId),
      signal,
    );
    for await (const event of asked) if (event.type !== 'asked') answers.push(event);
    return answers;
  }

  it('get each its own answer, many at a time, over streams that are kept', async () => {
    const [client, server] = nodes as [TestNode, TestNode];
    const identities = Array.from({ length: 24 }, () => Identity.generate());
    const records = identities.map((identity) => {
      const iat = server.clock.nowSeconds();
      return recordOf(identity, { iat, exp: iat + 3_600 });
    });
    for (const { body, envelope } of records) {
      await writeStoredRecord(server.host.datastore, body.peerId, envelope, server.clock.nowMs());
    }
    for (let round = 0; round < 3; round++) {
      const answers = await Promise.all(
        records.map(({ body }) => ask(client, server, body.peerId)),
      );
      const values = answers.map(([event]) => event?.type === 'answered' && event.value);
      const hexes = values.map((value) => value && toHex(value));
      expect(hexes).toEqual(records.map(({ envelope }) => toHex(envelope)));
    }
    await delay(100);
    expect(streamsBetween(client, server)).toBeLessThanOrEqual(MAX_IDLE_PER_PEER);
    expect(streamsBetween(client, server)).toBeGreaterThan(0);
  }, 60_000);

  it('are stored, however many others the peer refuses', async () => {
    const [client, server] = nodes as [TestNode, TestNode];
    const { ADD_PROVIDER } = handlersOf(server);
    const refused = providerCid('performs:full').bytes;
    handlersOf(server)['ADD_PROVIDER'] = {
      handle: (from, message) =>
        equalBytes(message.key, refused)
          ? Promise.reject(new Error('full'))
          : ADD_PROVIDER!.handle(from, message),
    };
    const terms = Array.from({ length: 20 }, (_, i) => `performs:kept-${i}`);
    const told: string[] = [];
    const mixed = terms.flatMap((term) => ['performs:full', term]);
    await provideKeys(client.host, mixed, told, AbortSignal.timeout(30_000));
    await vi.waitFor(async () => {
      for (const term of terms) {
        const providers = await storedProviders(server.host.dht, providerCid(term));
        expect(providers, term).toEqual([client.host.peerId]);
      }
    }, 10_000);
    // Nor is a question lost that is asked right after a refusal.
    for (let i = 0; i < 10; i++) {
      await provideKeys(client.host, ['performs:full'], told, AbortSignal.timeout(30_000));
      const answers = await ask(client, server, client.host.peerId);
      expect(answers).toMatchObject([{ type: 'answered' }]);
    }
  }, 60_000);

  it('are answered after the peer broke the connection', async () => {
    const [client, server] = nodes as [TestNode, TestNode];
    for (let round = 0; round < 3; round++) {
      expect(await ask(client, server, client.host.peerId)).toMatchObject([{ type: 'answered' }]);
      const connections = server.host.libp2p.getConnections(peerIdFromString(client.host.peerId));
      for (const connection of connections) connection.abort(new Error('cut'));
      await vi.waitFor(() => expect(streamsBetween(client, server)).toBe(0), 5_000);
    }
  }, 60_000);
});
