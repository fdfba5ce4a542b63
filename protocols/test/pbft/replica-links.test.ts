import { peerIdFromString } from '@libp2p/peer-id';
import type { Stream } from '@libp2p/interface';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Identity } from '../../../crypto/identity.ts';
import { u32 } from '../../../crypto/bytes.ts';
import { createHost } from '../../libp2p-host.ts';
import type { Host } from '../../libp2p-host.ts';
import { silentLogger, TestClock, until } from '../skill-discovery/fixtures.ts';
import { frame } from '../../pbft/message-frames.ts';
import { MAX_MESSAGE_BYTES, encodeMessage } from '../../pbft/messages.ts';
import type { Message, StatusMessage } from '../../pbft/messages.ts';
import { ReplicaLinks } from '../../pbft/replica-links.ts';
import { PBFT_PROTOCOL } from '../../protocol-ids.ts';

const identities = Array.from({ length: 4 }, () => Identity.generate());
const committee = {
  ledger: new Uint8Array(32),
  epoch: 0,
  genesisTimeMs: 0,
  replicas: identities.map(({ peerId }) => peerId),
};

let ends: (() => Promise<void>)[] = [];
let host: Host;
let links: ReplicaLinks;
let heard: [number, Message][] = [];

async function startHost(identity: Identity, bootstrap: readonly string[] = []): Promise<Host> {
  const started = await createHost({
    clock: new TestClock(),
    ...{ identity, bootstrap, validators: {}, selectors: {} },
    logger: silentLogger,
    isLocalNetwork: true,
  });
  ends.push(() => started.stop());
  return started;
}

async function startLinks(on: Host, index: number, log = heard): Promise<ReplicaLinks> {
  const started = new ReplicaLinks({
    ...{ host: on.libp2p, committee, index, logger: silentLogger },
    onMessage: (from, message) => void log.push([from, message]),
  });
  ends.push(() => started.stop());
  await started.start();
  return started;
}

beforeEach(async () => {
  heard = [];
  host = await startHost(identities[0]!);
  links = await startLinks(host, 0);
});

afterEach(async () => {
  for (const end of ends.reverse()) await end();
  ends = [];
});

const eventually = (isSo: () => boolean): Promise<void> => until('a link', isSo);

function status(height: number): StatusMessage {
  return { type: 'status', view: 0, isActive: true, height, stableHeight: 0 };
}

async function dial(from: Host): Promise<Stream> {
  await from.dial(host.addresses()[0]!);
  return from.libp2p.dialProtocol(peerIdFromString(host.peerId), PBFT_PROTOCOL);
}

describe('the links of a replica', () => {
  it('carry messages both ways, and say which replica each is from', async () => {
    const answers: [number, Message][] = [];
    const other = await startHost(identities[2]!, host.addresses());
    const back = await startLinks(other, 2, answers);
    await eventually(() => links.connected === 1 && back.connected === 1);
    back.send(0, status(7));
    links.send('others', status(8));
    await eventually(() => heard.length > 0 && answers.length > 0);
    expect(heard).toEqual([[2, status(7)]]);
    expect(answers).toEqual([[0, status(8)]]);
  });

  it('find a replica again that went away and came back', async () => {
    const first = await startHost(identities[1]!, host.addresses());
    const firstLinks = await startLinks(first, 1);
    await eventually(() => links.connected === 1);
    await firstLinks.stop();
    await first.stop();
    await eventually(() => links.connected === 0);
    const again = await startHost(identities[1]!, host.addresses());
    const answers: [number, Message][] = [];
    await startLinks(again, 1, answers);
    await eventually(() => links.connected === 1);
    links.send(1, status(3));
    await eventually(() => answers.some(([, message]) => message.type === 'status'));
  });

  it('do not hear a peer that the genesis does not name', async () => {
    const stranger = await startHost(Identity.generate());
    const stream = await dial(stranger);
    await eventually(() => stream.status !== 'open');
    expect(heard).toEqual([]);
  });

  it('close a stream with bytes that are no message, and take the next one', async () => {
    const other = await startHost(identities[3]!);
    const hostile = [
      u32(MAX_MESSAGE_BYTES + 1),
      frame(Uint8Array.of(99)),
      frame(encodeMessage(status(1)).subarray(0, 5)),
      new Uint8Array(1_000).fill(255),
    ];
    for (const bytes of hostile) {
      const stream = await dial(other);
      stream.send(bytes);
      await eventually(() => stream.status !== 'open');
    }
    expect(heard).toEqual([]);
    const stream = await dial(other);
    stream.send(frame(encodeMessage(status(5))));
    await eventually(() => heard.length > 0);
    expect(heard).toEqual([[3, status(5)]]);
  });
});
