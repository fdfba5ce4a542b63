/**
 * The baseline of the `node` and `testnet` benchmarks: libp2p with the same modules and the same
 * datastore as ours, and nothing else. Prints its readiness on HTTP as a daemon does, and takes
 * orders there: who to dial, what key to provide, what key to look for.
 *
 * @module
 */

import '../../protocols/polyfills.ts';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { noise } from '@chainsafe/libp2p-noise';
import { yamux } from '@libp2p/yamux';
import { generateKeyPair, generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import { identify } from '@libp2p/identify';
import { kadDHT, passthroughMapper } from '@libp2p/kad-dht';
import { ping } from '@libp2p/ping';
import { tcp } from '@libp2p/tcp';
import { multiaddr } from '@multiformats/multiaddr';
import { LevelDatastore } from 'datastore-level';
import { createLibp2p } from 'libp2p';
import { providerCid } from '../../protocols/skill-discovery/dht-keys.ts';

const [directory, port, size] = process.argv.slice(2);
if (directory === undefined || port === undefined) {
  throw new TypeError('expected DIRECTORY PORT [NODES]');
}

async function createNode(path: string, isOnly: boolean) {
  const datastore = new LevelDatastore(path);
  await datastore.open();
  const libp2p = await createLibp2p({
    privateKey: isOnly
      ? await generateKeyPairFromSeed('Ed25519', new Uint8Array(32).fill(7))
      : await generateKeyPair('Ed25519'),
    datastore,
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    // As ours on a local network: all peers come from one address.
    connectionManager: { inboundConnectionThreshold: 1_000, maxIncomingPendingConnections: 1_000 },
    services: {
      identify: identify(),
      ping: ping(),
      dht: kadDHT({
        protocol: '/coalesce/kad/1.0.0',
        clientMode: false,
        peerInfoMapper: passthroughMapper,
      }),
    },
  });
  return { libp2p, datastore, dht: libp2p.services.dht };
}

const isOnly = size === undefined;
const nodes: Awaited<ReturnType<typeof createNode>>[] = [];
for (let i = 0; i < (isOnly ? 1 : Number(size)); i++) {
  nodes.push(await createNode(isOnly ? directory : join(directory, String(i)), isOnly));
}

/** What is asked of node `at`. */
async function answer(order: string, at: number, text: string): Promise<unknown> {
  const { libp2p, dht } = nodes[at]!;
  if (order === '/address') return libp2p.getMultiaddrs().map(String);
  if (order === '/dial') {
    await libp2p.dial(multiaddr(text));
    return [];
  }
  if (order === '/provide') {
    for await (const _ of dht.provide(providerCid(text)));
    return [libp2p.peerId.toString()];
  }
  if (order === '/find') {
    const found = new Set<string>();
    for await (const event of dht.findProviders(providerCid(text))) {
      if (event.name !== 'PROVIDER') continue;
      for (const { id } of event.providers) found.add(id.toString());
      if (found.size > 0) break;
    }
    return [...found];
  }
  return 'ready';
}

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url!, 'http://127.0.0.1');
  answer(pathname, Number(searchParams.get('node') ?? 0), searchParams.get('text') ?? '').then(
    (result) => response.end(JSON.stringify(result)),
    (error: unknown) => response.writeHead(500).end(String(error)),
  );
});
server.listen(Number(port), '127.0.0.1');
process.once('SIGTERM', () => {
  server.close();
  void Promise.all(
    nodes.map(async ({ libp2p, datastore }) => {
      await libp2p.stop();
      await datastore.close();
    }),
  );
});
