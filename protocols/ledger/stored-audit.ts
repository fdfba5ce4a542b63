/**
 * Audit of blocks as they are stored: each with the certificate of its own commit beside it, so
 * that the last one is proven too, wherever the sequence ends.
 *
 * @module
 */

import { auditLedger } from './audit.ts';
import type { AuditReport, AuditedBlock, ChainReader } from './audit.ts';
import { committeeChain, committeeOf, isCertified } from './committee-chain.ts';
import type { LedgerRules } from './genesis.ts';
import type { Block } from '../pbft/block.ts';
import { ByteReader } from '../pbft/byte-reader.ts';
import { IdentityVerifier } from '../pbft/committee.ts';
import { readCertificate } from '../pbft/vote.ts';

/** A block and its certificate, as `encodeBlock` and `encodeCertificate` write them. */
export interface StoredBytes {
  readonly block: Uint8Array;
  readonly commit: Uint8Array;
}

/** {@link auditLedger} of stored blocks from the first one on. Never throws on what it reads. */
export function auditStored(
  rules: LedgerRules,
  stored: AsyncIterable<StoredBytes>,
): AsyncGenerator<AuditedBlock, AuditReport> {
  const committee = committeeOf(rules);
  const verifier = new IdentityVerifier(committee.replicas);
  let lastCommit = new Uint8Array();
  async function* blocks(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const { block, commit } of stored) {
      lastCommit = Uint8Array.from(commit);
      yield block;
    }
  }
  const reader: ChainReader<Block> = {
    ...committeeChain(rules),
    headProblem: (head) => {
      try {
        const bytes = new ByteReader(lastCommit);
        const certificate = readCertificate(bytes);
        bytes.end();
        if (isCertified(committee, head, certificate, verifier)) return undefined;
      } catch {
        // No certificate at all is none that holds.
      }
      return 'the last block is not certified';
    },
  };
  return auditLedger(rules, reader, blocks());
}
