/**
 * The baseline of the `node` benchmark: libp2p with the same modules and the same datastore as
 * ours, and nothing else. Prints its readiness on HTTP as a daemon does.
 *
 * @module
 */

import '../../protocols/polyfills.ts';
import { createServer } from 'node:http';
import { noise } from '@chainsafe/libp2p-noise';
import { yamux } from '@libp2p/yamux';
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import { identify } from '@libp2p/identify';
import { kadDHT, passthroughMapper } from '@libp2p/kad-dht';
import { ping } from '@libp2p/ping';
import { tcp } from '@libp2p/tcp';
import { LevelDatastore } from 'datastore-level';
import { createLibp2p } from 'libp2p';

const [directory, port] = process.argv.slice(2);
if (directory === undefined || port === undefined) throw new TypeError('expected DIRECTORY PORT');

const datastore = new LevelDatastore(directory);
await datastore.open();
const node = await createLibp2p({
  privateKey: await generateKeyPairFromSeed('Ed25519', new Uint8Array(32).fill(7)),
  datastore,
  addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
  transports: [tcp()],
  connectionEncrypters: [noise()],
  streamMuxers: [yamux()],
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
const server = createServer((_request, response) => response.end('ready'));
server.listen(Number(port), '127.0.0.1');
process.once('SIGTERM', () => {
  server.close();
  void Promise.resolve(node.stop()).then(() => datastore.close());
});
