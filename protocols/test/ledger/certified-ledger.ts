/** A ledger whose blocks real keys certify: what a committee would say, without the committee. */

import type { Identity } from '../../../crypto/identity.ts';
import { auditLedger, auditReport } from '../../ledger/audit.ts';
import { committeeChain, committeeOf } from '../../ledger/committee-chain.ts';
import { NO_HASH, encodeBlock, nextBlockTimeMs, sealBlock } from '../../pbft/block.ts';
import type { Block } from '../../pbft/block.ts';
import { identitySigner } from '../../pbft/committee.ts';
import { signVote } from '../../pbft/vote.ts';
import type { Certificate } from '../../pbft/vote.ts';
import { REPLICAS, TestLedger } from './fixture.ts';

/** Blocks of a ledger as three of its four replicas certify them. */
export class CertifiedLedger extends TestLedger {
  readonly chain: Block[] = [];
  readonly committee = committeeOf(this.app.rules);
  /** Certificates, one for each block. */
  readonly commits: Certificate[] = [];

  get head(): Certificate | undefined {
    return this.commits.at(-1);
  }

  certify(transactions: readonly Uint8Array[], afterMs = 1_000): string[] {
    const previous = this.chain.at(-1);
    const timeMs = nextBlockTimeMs(this.committee, previous?.timeMs ?? 0, this.head);
    const results = this.block(transactions, timeMs - this.app.clock.timeMs);
    const block = sealBlock({
      ledger: this.committee.ledger,
      epoch: 0,
      height: this.app.clock.height,
      prev: previous?.digest ?? NO_HASH,
      timeMs,
      stateRoot: this.app.stateRoot,
      parentCommit: this.head,
      transactions,
    });
    this.chain.push(block);
    this.commits.push(this.certificateOf(block, timeMs + afterMs));
    return results;
  }

  certificateOf(block: Block, ts: number, signers: readonly Identity[] = REPLICAS): Certificate {
    const votes = [0, 1, 2].map((replica) =>
      signVote(this.committee, identitySigner(signers[replica]!), {
        phase: 'commit',
        view: 0,
        height: block.height,
        digest: block.digest,
        ts: ts + replica,
        replica,
      }),
    );
    const certified = votes.map(({ replica, ts: at, signature }) => ({
      replica,
      ts: at,
      signature,
    }));
    return { view: 0, votes: certified };
  }

  report(blocks = this.chain, head = this.head) {
    const reader = committeeChain(this.app.rules, head);
    return auditReport(auditLedger(this.app.rules, reader, blocks.map(encodeBlock)));
  }
}
