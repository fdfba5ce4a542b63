import { it } from 'vitest';
import { SECURE_PROTOCOLS } from '../../protocol-ids.ts';
import { createPair, echo } from './session-pair.ts';
const { query, a2a } = SECURE_PROTOCOLS;
const med = (x: number[]) => x.sort((a, b) => a - b)[x.length >> 1]!;
it('bench', async () => {
  const [a, b] = await createPair();
  b.manager.handle(query, echo);
  let total = 0;
  b.manager.handle(a2a, async (s) => {
    total = 0;
    for (;;) {
      const m = await s.readMessage();
      if (!m) break;
      total += m.length;
    }
    await s.writeMessage(new Uint8Array(1));
  });
  await b.libp2p.handle('/raw/echo', (s) => {
    s.addEventListener('message', (e) => s.send(e.data));
  });
  let rawTotal = 0;
  let rawDone: () => void = () => {};
  await b.libp2p.handle('/raw/sink', (s) => {
    s.addEventListener('message', (e) => {
      rawTotal += e.data.byteLength;
      if (rawTotal >= 64 * 2 ** 20) rawDone();
    });
  });
  let stream = await a.manager.open(b.peerId, query);
  for (let i = 0; i < 50; i++) {
    await stream.writeMessage(new Uint8Array(64));
    await stream.readMessage();
  }
  stream.abort('cancelled');
  const hs: number[] = [],
    op: number[] = [];
  for (let i = 0; i < 40; i++) {
    a.manager.drop(b.peerId);
    const t = performance.now();
    const s = await (a.manager as any).open(b.peerId, query);
    const t1 = performance.now();
    const s2 = await a.manager.open(b.peerId, query);
    const t2 = performance.now();
    hs.push(t1 - t - (t2 - t1));
    op.push(t2 - t1);
    s.abort('cancelled');
    s2.abort('cancelled');
  }
  console.log('handshake ms', med(hs), 'open ms', med(op));
  for (let round = 0; round < 3; round++) {
    stream = await a.manager.open(b.peerId, query);
    let rt: number[] = [];
    for (let i = 0; i < 2000; i++) {
      const t = performance.now();
      await stream.writeMessage(new Uint8Array(64));
      await stream.readMessage();
      rt.push(performance.now() - t);
    }
    const secure = med(rt);
    rt = [];
    const raw = await a.libp2p.dialProtocol(b.libp2p.peerId, '/raw/echo');
    let got: () => void = () => {};
    raw.addEventListener('message', () => got());
    for (let i = 0; i < 2000; i++) {
      const t = performance.now();
      const p = new Promise<void>((r) => (got = r));
      raw.send(new Uint8Array(64));
      await p;
      rt.push(performance.now() - t);
    }
    console.log('rt us secure', secure * 1000, 'raw', med(rt) * 1000, 'ratio', secure / med(rt));
    raw.abort(new Error('x'));
    stream.abort('cancelled');
    const bulk = await a.manager.open(b.peerId, a2a);
    const msg = new Uint8Array(2 ** 20);
    let t = performance.now();
    for (let i = 0; i < 64; i++) await bulk.writeMessage(msg);
    await bulk.closeWrite();
    await bulk.readMessage();
    const sMb = 64 / ((performance.now() - t) / 1000);
    const rs = await a.libp2p.dialProtocol(b.libp2p.peerId, '/raw/sink');
    rawTotal = 0;
    const done = new Promise<void>((r) => (rawDone = r));
    t = performance.now();
    const chunk = new Uint8Array(61440);
    for (let sent = 0; sent < 64 * 2 ** 20; sent += chunk.length) {
      if (!rs.send(chunk))
        while (rs.writableNeedsDrain)
          await new Promise((r) => rs.addEventListener('drain', r, { once: true }));
    }
    await done;
    const rMb = 64 / ((performance.now() - t) / 1000);
    rs.abort(new Error('x'));
    console.log('bulk MiB/s secure', sMb, 'raw', rMb, 'ratio', sMb / rMb);
  }
  await Promise.all([a.stop(), b.stop()]);
}, 120000);
