/** `coalesce peers`: connected peers and what they did for this node. @module */

import type { PeerDocument } from '../../api-documents.ts';
import type { RegisterCommand } from '../context.ts';
import { table, usd } from '../table.ts';

export const registerPeers: RegisterCommand = (program, run) => {
  program
    .command('peers')
    .description('peers this node is connected to or has worked with')
    .action(
      run(async (context) => {
        const { peers } = await context.withDaemon((client) =>
          client.get<{ peers: PeerDocument[] }>('/v1/peers', { signal: context.signal }),
        );
        context.print({ peers }, () =>
          peers.length === 0
            ? 'No peers. Name one to join through: coalesce start --bootstrap MULTIADDR'
            : table(
                ['peer', 'connected', 'known', 'verified', 'failed', 'paid'],
                peers.map((peer) => [
                  peer.peerId,
                  peer.connected ? 'yes' : 'no',
                  peer.isKnown ? 'yes' : 'no',
                  String(peer.outcomes.verified),
                  String(peer.outcomes.failed),
                  usd(peer.paidMicroUsd),
                ]),
              ),
        );
        return peers.length === 0 ? 3 : 0;
      }),
    );
};
