import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { toHex } from '../../../crypto/bytes.ts';
import { Identity } from '../../../crypto/identity.ts';
import { SECURE_PROTOCOLS, SESSION_PROTOCOL } from '../../protocol-ids.ts';
import type { SecureStream } from '../../secure-stream.ts';
import { createNode, createPair, echo, introduce, startManager } from './session-pair.ts';
import type { NodeOptions, TestNode } from './session-pair.ts';

const { a2a, query, card, negotiation } = SECURE_PROTOCOLS;

const nodes: TestNode[] = [];

afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.stop()));
});

async function pairOf(a: NodeOptions = {}, b: NodeOptions = {}): Promise<[TestNode, TestNode]> {
  const pair = await createPair(a, b);
  nodes.push(...pair);
  return pair;
}

async function request(stream: SecureStream, message: Uint8Array): Promise<Uint8Array | undefined> {
  await stream.writeMessage(message);
  return stream.readMessage();
}

/** Opens a stream, exchanges one message, ends it. */
async function roundTrip(from: TestNode, to: TestNode, protocol = query): Promise<void> {
  const stream = await from.manager.open(to.peerId, protocol);
  expect(await request(stream, Uint8Array.of(1, 2, 3))).toEqual(Uint8Array.of(1, 2, 3));
  await stream.closeWrite();
  expect(await stream.readMessage()).toBeUndefined();
}

const roles = (node: TestNode) => node.manager.sessions().map(({ role }) => role);

describe('streams of a SessionManager', () => {
  it('echo messages of 0 bytes to 1 MiB, whole and in order', async () => {
    const [a, b] = await pairOf();
    b.manager.handle(query, echo);
    const stream = await a.manager.open(b.peerId, query);
    expect(stream.remotePeer).toBe(b.peerId);
    for (const length of [0, 1, 61_436, 61_437, 65_536, 300_000, 1_048_576]) {
      const message = new Uint8Array(length).map((_, i) => (i * 31 + length) & 0xff);
      expect(Buffer.compare((await request(stream, message))!, message)).toBe(0);
    }
    await stream.closeWrite();
    expect(await stream.readMessage()).toBeUndefined();
    await vi.waitFor(() => {
      expect(a.manager.sessions()).toMatchObject([{ peerId: b.peerId, liveStreams: 0 }]);
      expect(b.manager.sessions()).toMatchObject([{ peerId: a.peerId, liveStreams: 0 }]);
    });
  });

  it('run 200 at a time on one session, from one handshake', async () => {
    const [a, b] = await pairOf();
    b.manager.handle(a2a, echo);
    const answers = await Promise.all(
      Array.from({ length: 200 }, async (_, i) => {
        const stream = await a.manager.open(b.peerId, a2a);
        const answer = await request(stream, new Uint8Array(1_000).fill(i));
        await stream.closeWrite();
        expect(await stream.readMessage()).toBeUndefined();
        return answer![999];
      }),
    );
    expect(answers).toEqual(Array.from({ length: 200 }, (_, i) => i & 0xff));
    expect(a.manager.sessions()).toHaveLength(1);
  });

  it('are opened by either side on the same session, whoever shook hands first', async () => {
    const [a, b] = await pairOf();
    a.manager.handle(query, echo);
    b.manager.handle(query, echo);
    await roundTrip(a, b);
    await roundTrip(b, a);
    expect(roles(a)).toEqual(['initiator']);
    expect(roles(b)).toEqual(['responder']);
  });

  it('show both sides the same session hash and context', async () => {
    const [a, b] = await pairOf({}, { isParty: () => true });
    let seen: SecureStream | undefined;
    b.manager.handle(negotiation, async (stream) => {
      seen = stream;
      await echo(stream);
    });
    const context = new Uint8Array(32).fill(3);
    const stream = await a.manager.open(b.peerId, negotiation, { context });
    await stream.closeWrite();
    expect(await stream.readMessage()).toBeUndefined();
    expect(seen!.sessionHash).toEqual(stream.sessionHash);
    expect(seen!.context).toEqual(context);
    expect(stream.context).toEqual(context);
    expect(seen!.remotePeer).toBe(a.peerId);
  });

  it('hold a sender up while the receiver does not read, and lose nothing', async () => {
    const [a, b] = await pairOf();
    let release: (() => void) | undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    let received = 0;
    b.manager.handle(query, async (stream) => {
      await released;
      for (;;) {
        const message = await stream.readMessage();
        if (!message) return;
        expect(message[0]).toBe(received & 0xff);
        received++;
      }
    });
    const stream = await a.manager.open(b.peerId, query);
    let sent = 0;
    const sending = (async () => {
      for (; sent < 60; sent++) await stream.writeMessage(new Uint8Array(500_000).fill(sent));
      await stream.closeWrite();
    })();
    let before = -1;
    await vi.waitFor(
      () => {
        const isStill = sent === before;
        before = sent;
        expect(isStill && sent > 0).toBe(true);
      },
      { interval: 100, timeout: 5_000 },
    );
    expect(sent).toBeLessThan(10);
    release!();
    await sending;
    expect(await stream.readMessage()).toBeUndefined();
    expect(received).toBe(60);
  });

  it('are aborted with "internal" when their handler fails, and the failure is logged', async () => {
    const [a, b] = await pairOf();
    b.manager.handle(query, () => Promise.reject(new Error('broken handler')));
    const stream = await a.manager.open(b.peerId, query);
    await expect(stream.readMessage()).rejects.toMatchObject({
      code: 'STREAM_ABORTED',
      details: { reason: 'internal', by: 'remote' },
    });
    await vi.waitFor(() => {
      const warnings = b.logger.lines.filter(({ level }) => level === 'warn');
      expect(warnings).toMatchObject([{ message: 'stream handler failed' }]);
    });
  });

  it('end with FINAL when their handler returns without closing', async () => {
    const [a, b] = await pairOf();
    b.manager.handle(query, async (stream) => {
      await stream.writeMessage(Uint8Array.of(7));
    });
    const stream = await a.manager.open(b.peerId, query);
    expect(await stream.readMessage()).toEqual(Uint8Array.of(7));
    expect(await stream.readMessage()).toBeUndefined();
    await stream.closeWrite();
  });
});

describe('sessions of a SessionManager', () => {
  it('survive the loss of the connection', async () => {
    const [a, b] = await pairOf();
    b.manager.handle(query, echo);
    await roundTrip(a, b);
    await a.libp2p.hangUp(b.libp2p.peerId);
    await roundTrip(a, b);
    expect(a.manager.sessions()).toHaveLength(1);
  });

  it('are made anew after the other side has restarted', async () => {
    const [a, b] = await pairOf();
    b.manager.handle(query, echo);
    await roundTrip(a, b);
    await b.manager.stop();
    expect(b.manager.sessions()).toEqual([]);
    const { manager } = await startManager(b.libp2p, b.identity);
    manager.handle(query, echo);
    await Promise.all([roundTrip(a, b), roundTrip(a, b), roundTrip(a, b)]);
    expect(manager.sessions()).toHaveLength(1);
    await manager.stop();
  });

  it('both come about when two peers shake hands at the same time', async () => {
    const [a, b] = await pairOf();
    a.manager.handle(query, echo);
    b.manager.handle(query, echo);
    await Promise.all([roundTrip(a, b), roundTrip(b, a)]);
    expect(a.manager.sessions().length).toBe(2);
    expect(b.manager.sessions().length).toBe(2);
  });

  it('are replaced after their time, and renewed in the background before it', async () => {
    const [a, b] = await pairOf();
    b.manager.handle(query, echo);
    await roundTrip(a, b);
    for (const node of [a, b]) node.clock.aheadMs += 721_000;
    await roundTrip(a, b);
    await vi.waitFor(() => {
      expect(a.manager.sessions()).toHaveLength(2);
    });
    for (const node of [a, b]) node.clock.aheadMs += 250_000;
    await roundTrip(a, b);
    expect(b.manager.sessions().filter(({ ageMs }) => ageMs < 930_000)).toHaveLength(1);
    for (const node of [a, b]) node.clock.aheadMs += 900_000;
    await roundTrip(a, b);
    await vi.waitFor(() => {
      expect(a.manager.sessions()).toHaveLength(1);
    }, 3_000);
  });

  it('end when the manager stops: streams are aborted, opens refused', async () => {
    const [a, b] = await pairOf();
    b.manager.handle(query, echo);
    const stream = await a.manager.open(b.peerId, query);
    await b.manager.stop();
    await expect(stream.readMessage()).rejects.toMatchObject({ code: 'STREAM_ABORTED' });
    await a.manager.stop();
    await expect(a.manager.open(b.peerId, query)).rejects.toMatchObject({
      code: 'HANDSHAKE_FAILED',
      details: { reason: 'STOPPED' },
    });
  });

  it('are dropped on demand together with their streams', async () => {
    const [a, b] = await pairOf();
    b.manager.handle(query, echo);
    const stream = await a.manager.open(b.peerId, query);
    a.manager.drop(b.peerId);
    expect(a.manager.sessions()).toEqual([]);
    await expect(stream.readMessage()).rejects.toMatchObject({ code: 'STREAM_ABORTED' });
    await roundTrip(a, b);
  });
});

describe('what open() says when there is no stream', () => {
  it('PEER_UNREACHABLE for a peer without an address or behind a dead one', async () => {
    const [a, b] = await pairOf();
    const nobody = Identity.generate().peerId;
    await expect(a.manager.open(nobody, query)).rejects.toMatchObject({ code: 'PEER_UNREACHABLE' });
    await b.stop();
    await expect(a.manager.open(b.peerId, query)).rejects.toMatchObject({
      code: 'PEER_UNREACHABLE',
      details: { peerId: b.peerId },
    });
  });

  it('HANDSHAKE_FAILED for a peer that does not do sessions', async () => {
    const [a, b] = await pairOf();
    await b.manager.stop();
    await expect(a.manager.open(b.peerId, query)).rejects.toMatchObject({
      code: 'HANDSHAKE_FAILED',
      details: { reason: 'UNSUPPORTED' },
    });
  });

  it('STREAM_REFUSED for a protocol that the peer does not serve', async () => {
    const [a, b] = await pairOf();
    await expect(a.manager.open(b.peerId, card)).rejects.toMatchObject({
      code: 'STREAM_REFUSED',
      details: { reason: 'UNSUPPORTED', protocol: card.id },
    });
  });

  it('STREAM_REFUSED for a contract that the peer does not know, unless its check says yes', async () => {
    const [a, b] = await pairOf();
    b.manager.handle(query, echo);
    const context = new Uint8Array(32).fill(9);
    const opened = () => a.manager.open(b.peerId, query, { context });
    const refusal = { code: 'STREAM_REFUSED', details: { reason: 'REFUSED' } };
    await expect(opened()).rejects.toMatchObject(refusal);
    const asked: string[] = [];
    b.manager.setIsParty(async (id, peer) => {
      asked.push(`${id[0]} ${peer}`);
      await Promise.resolve();
      return asked.length === 1;
    });
    (await opened()).abort('cancelled');
    await expect(opened()).rejects.toMatchObject(refusal);
    expect(asked).toEqual([`9 ${a.peerId}`, `9 ${a.peerId}`]);
  });

  it('BUSY for one stream more than the session allows, until one has ended', async () => {
    const [a, b] = await pairOf({}, { limits: { maxLiveStreams: 3 } });
    b.manager.handle(query, echo);
    const open = () => a.manager.open(b.peerId, query);
    const streams = [await open(), await open(), await open()];
    await expect(open()).rejects.toMatchObject({
      code: 'STREAM_REFUSED',
      details: { reason: 'BUSY' },
    });
    streams[0]!.abort('cancelled');
    await vi.waitFor(async () => {
      (await open()).abort('cancelled');
    });
  });

  it('the reason of the signal, when it aborts before, during the handshake or during OPEN', async () => {
    const [a, b] = await pairOf();
    b.manager.handle(query, echo);
    await expect(
      a.manager.open(b.peerId, query, { signal: AbortSignal.abort(new Error('before')) }),
    ).rejects.toThrow('before');
    const first = new AbortController();
    const opening = a.manager.open(b.peerId, query, { signal: first.signal });
    first.abort(new Error('handshake'));
    await expect(opening).rejects.toThrow('handshake');
    await roundTrip(a, b);
    const isAsked = new Promise<void>((resolve) => {
      b.manager.setIsParty(() => {
        resolve();
        return new Promise<boolean>(() => undefined);
      });
    });
    const second = new AbortController();
    const options = { context: new Uint8Array(32).fill(1), signal: second.signal };
    const waiting = a.manager.open(b.peerId, query, options);
    await isAsked;
    second.abort(new Error('during OPEN'));
    await expect(waiting).rejects.toThrow('during OPEN');
  });

  it('a TypeError for what is not another peer, and for a context of the wrong length', async () => {
    const [a, b] = await pairOf();
    await expect(a.manager.open('nonsense', query)).rejects.toBeInstanceOf(TypeError);
    await expect(a.manager.open(a.peerId, query)).rejects.toBeInstanceOf(TypeError);
    const context = new Uint8Array(31);
    await expect(a.manager.open(b.peerId, query, { context })).rejects.toBeInstanceOf(TypeError);
    a.manager.handle(query, echo);
    expect(() => {
      a.manager.handle(query, echo);
    }).toThrow(TypeError);
  });
});

describe('attacks on a SessionManager', () => {
  it('log flood: streams that the peer aborts leave no line above debug', async () => {
    const [a, b] = await pairOf();
    b.manager.handle(query, echo);
    const stream = await a.manager.open(b.peerId, query);
    stream.abort('cancelled');
    await vi.waitFor(() => {
      const messages = b.logger.lines.map(({ level, message }) => `${level}: ${message}`);
      expect(messages).toContain('debug: stream handler failed');
    });
    expect(b.logger.lines.filter(({ level }) => level !== 'debug')).toEqual([]);
  });

  it('handshake flood: a fifth handshake in a row is refused, and one ten seconds later is not', async () => {
    const [a, b] = await pairOf({}, { limits: { handshakesPerMinute: 6, handshakeBurst: 4 } });
    b.manager.handle(query, echo);
    for (let i = 0; i < 4; i++) {
      await roundTrip(a, b);
      a.manager.drop(b.peerId);
    }
    await expect(a.manager.open(b.peerId, query)).rejects.toMatchObject({
      code: 'HANDSHAKE_FAILED',
      details: { reason: 'STREAM_ENDED' },
    });
    b.clock.aheadMs += 10_001;
    await roundTrip(a, b);
  });

  it('slow handshake: an initiator that says nothing is reset in time', async () => {
    const [a, b] = await pairOf({}, { timeouts: { handshakeMs: 50 } });
    const stream = await a.libp2p.dialProtocol(b.libp2p.peerId, SESSION_PROTOCOL);
    await vi.waitFor(() => {
      expect(stream.status).toBe('reset');
    });
    expect(b.logger.lines).toContainEqual({
      level: 'debug',
      fields: { peerId: a.peerId, reason: 'TIMEOUT' },
      message: 'handshake failed',
    });
  });

  it('slow handshake: a responder that says nothing makes open() fail in time', async () => {
    const [a, b] = await pairOf({ timeouts: { handshakeMs: 50 } });
    await b.libp2p.handle(SESSION_PROTOCOL, () => undefined, { force: true });
    await expect(a.manager.open(b.peerId, query)).rejects.toMatchObject({
      code: 'HANDSHAKE_FAILED',
      details: { reason: 'TIMEOUT' },
    });
    expect(a.manager.sessions()).toEqual([]);
  });

  it('slow OPEN: an opener that sends half of it is reset, an acceptor that is silent given up', async () => {
    const [a, b] = await pairOf({ timeouts: { openMs: 50 } }, { timeouts: { openMs: 50 } });
    b.manager.handle(query, echo);
    await roundTrip(a, b);
    const stream = await a.libp2p.dialProtocol(b.libp2p.peerId, query.id);
    stream.send(new Uint8Array(107).fill(1));
    await vi.waitFor(() => {
      expect(stream.status).toBe('reset');
    });
    await b.libp2p.handle(card.id, () => undefined);
    await expect(a.manager.open(b.peerId, card)).rejects.toMatchObject({
      code: 'STREAM_REFUSED',
      details: { reason: 'TIMEOUT' },
    });
    expect(a.manager.sessions()).toMatchObject([{ liveStreams: 0 }]);
  });

  it('forged ACCEPT: an acceptor without the keys is not believed', async () => {
    const [a, b] = await pairOf();
    b.manager.handle(query, echo);
    await roundTrip(a, b);
    await b.libp2p.handle(card.id, (stream) => {
      stream.send(new Uint8Array([2, 1, ...randomBytes(64)]));
    });
    await expect(a.manager.open(b.peerId, card)).rejects.toMatchObject({
      code: 'STREAM_REFUSED',
      details: { reason: 'BAD_CONFIRM' },
    });
  });

  it('REJECT 1 for ever: one new handshake, then the open fails', async () => {
    const [a, b] = await pairOf();
    let asked = 0;
    await b.libp2p.handle(card.id, (stream) => {
      asked++;
      stream.send(Uint8Array.of(3, 1, 0, 1));
    });
    await expect(a.manager.open(b.peerId, card)).rejects.toMatchObject({
      code: 'STREAM_REFUSED',
      details: { reason: 'UNKNOWN_SESSION' },
    });
    expect(asked).toBe(2);
    expect(a.manager.sessions()).toHaveLength(2);
  });

  it('replayed OPEN: recorded on one stream and sent on another, it is refused with code 3', async () => {
    const [a, b] = await pairOf();
    b.manager.handle(query, echo);
    let recorded: Uint8Array | undefined;
    const dial = a.libp2p.dialProtocol.bind(a.libp2p);
    vi.spyOn(a.libp2p, 'dialProtocol').mockImplementation(async (...args) => {
      const stream = await dial(...args);
      const send = stream.send.bind(stream);
      stream.send = (data) => {
        if (data.byteLength === 108) recorded = data.subarray().slice();
        return send(data);
      };
      return stream;
    });
    await roundTrip(a, b);
    const stream = await dial(b.libp2p.peerId, query.id);
    const answer = new Promise<Uint8Array>((resolve) => {
      stream.addEventListener('message', ({ data }) => {
        resolve(data.subarray());
      });
    });
    stream.send(recorded!);
    expect(toHex(await answer)).toBe('03010003');
  });

  it('stolen session id: another peer that names it gets code 1', async () => {
    const [a, b] = await pairOf();
    const thief = await createNode();
    nodes.push(thief);
    await introduce(thief, b);
    b.manager.handle(query, echo);
    let recorded: Uint8Array | undefined;
    const dial = a.libp2p.dialProtocol.bind(a.libp2p);
    vi.spyOn(a.libp2p, 'dialProtocol').mockImplementation(async (...args) => {
      const stream = await dial(...args);
      if (args[1] !== query.id) return stream;
      stream.send = (data) => {
        recorded = data.subarray().slice();
        stream.abort(new Error('cut'));
        return true;
      };
      return stream;
    });
    await expect(a.manager.open(b.peerId, query)).rejects.toMatchObject({
      code: 'STREAM_REFUSED',
    });
    const stream = await thief.libp2p.dialProtocol(b.libp2p.peerId, query.id);
    const answer = new Promise<Uint8Array>((resolve) => {
      stream.addEventListener('message', ({ data }) => {
        resolve(data.subarray());
      });
    });
    stream.send(recorded!);
    expect(toHex(await answer)).toBe('03010001');
  });

  it('garbage on every protocol: reset or refused, and the node goes on serving', async () => {
    const [a, b] = await pairOf();
    b.manager.handle(query, echo);
    for (const [protocol, length] of [
      [SESSION_PROTOCOL, 1],
      [SESSION_PROTOCOL, 40],
      [SESSION_PROTOCOL, 2_000],
      [query.id, 107],
      [query.id, 108],
      [query.id, 5_000],
    ] as const) {
      const stream = await a.libp2p.dialProtocol(b.libp2p.peerId, protocol);
      stream.send(new Uint8Array(randomBytes(length)));
      await stream.close();
      await vi.waitFor(() => {
        expect(stream.status).not.toBe('open');
      });
    }
    await roundTrip(a, b);
    expect(b.logger.lines.filter(({ level }) => level !== 'debug')).toEqual([]);
  });
});
