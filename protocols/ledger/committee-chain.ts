/**
 * The chain of a ledger's committee: what certifies a header, and what makes one block follow
 * another (wire-formats.md 5.1). For audits and light clients, which take no part in consensus.
 *
 * @module
 */

import { equalBytes } from '../../crypto/bytes.ts';
import { NO_HASH, blockDigest, decodeBlock, nextBlockTimeMs } from '../pbft/block.ts';
import type { Block, BlockBody } from '../pbft/block.ts';
import { IdentityVerifier, faultyAtMost } from '../pbft/committee.ts';
import type { Committee, ReplicaVerifier } from '../pbft/committee.ts';
import { isCertificateGood } from '../pbft/vote.ts';
import type { Certificate } from '../pbft/vote.ts';
import type { ChainReader } from './audit.ts';
import type { LedgerRules } from './genesis.ts';

/** The committee that a genesis names. */
export function committeeOf({ genesis, ledgerId }: LedgerRules): Committee {
  return {
    ledger: ledgerId,
    epoch: 0,
    genesisTimeMs: genesis.time * 1_000,
    replicas: genesis.replicas,
  };
}

/** Whether 2f + 1 members of the committee have committed to this header. */
export function isCertified(
  committee: Committee,
  header: BlockBody,
  certificate: Certificate,
  verifier: ReplicaVerifier = new IdentityVerifier(committee.replicas),
): boolean {
  const isOfLedger = equalBytes(header.ledger, committee.ledger);
  if (!isOfLedger || header.epoch !== committee.epoch) return false;
  const ballot = { phase: 'commit', height: header.height, digest: blockDigest(header) } as const;
  const quorum = 2 * faultyAtMost(committee.replicas.length) + 1;
  return isCertificateGood(committee, verifier, certificate, ballot, quorum);
}

/**
 * Reads and links the blocks of a ledger.
 *
 * @param headCommit - Certificate of the last block, which no other block carries.
 */
export function committeeChain(rules: LedgerRules, headCommit?: Certificate): ChainReader<Block> {
  const committee = committeeOf(rules);
  const verifier = new IdentityVerifier(committee.replicas);
  return {
    decode: decodeBlock,
    linkProblem(block, previous) {
      const { parentCommit } = block;
      if (!equalBytes(block.ledger, committee.ledger)) return 'the block is of another ledger';
      if (block.epoch !== committee.epoch) return `the block is of epoch ${block.epoch}`;
      if (!equalBytes(block.prev, previous?.digest ?? NO_HASH)) {
        return 'the block does not name the one before';
      }
      if ((parentCommit === undefined) !== (previous === undefined)) {
        return 'the first block, and no other, has no certificate of the one before';
      }
      const isProven = !parentCommit || isCertified(committee, previous!, parentCommit, verifier);
      if (!isProven) return 'the certificate of the block before does not hold';
      const timeMs = nextBlockTimeMs(committee, previous?.timeMs ?? 0, parentCommit);
      return block.timeMs === timeMs
        ? undefined
        : `block time is ${block.timeMs}, not ${timeMs} ms`;
    },
    headProblem(head) {
      const isProven = headCommit && isCertified(committee, head, headCommit, verifier);
      return isProven ? undefined : 'the last block is not certified';
    },
  };
}
