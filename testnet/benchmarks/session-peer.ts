/**
 * The other process of the `session` benchmark: a contractor that echoes, counts and does tasks.
 * Says where it is as soon as it listens, and answers each message of its parent with its memory.
 *
 * @module
 */

import '../../protocols/polyfills.ts';
import { SECURE_PROTOCOLS } from '../../protocols/protocol-ids.ts';
import { serveTasks } from './session-tasks.ts';
import {
  RAW_ECHO,
  RAW_SINK,
  createBenchNode,
  rawEcho,
  rawSink,
  sessionEcho,
  sessionSink,
} from './session-wire.ts';

const node = await createBenchNode();
const { host, manager } = node;
const { cards, server } = await serveTasks(node);
await host.libp2p.handle(RAW_ECHO, rawEcho, { maxInboundStreams: 1_000 });
await host.libp2p.handle(RAW_SINK, rawSink, { maxInboundStreams: 1_000 });
manager.handle(SECURE_PROTOCOLS.card, sessionEcho);
manager.handle(SECURE_PROTOCOLS.query, sessionSink);

process.on('message', () => {
  process.send?.({ residentBytes: process.memoryUsage().rss });
});
process.once('disconnect', () => {
  server.closeAllConnections();
  server.close();
  void node.stop();
});
process.send?.({ peerId: host.peerId, address: host.addresses()[0], cards });
