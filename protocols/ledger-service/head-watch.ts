/**
 * The heads of a ledger that a light client has seen: each with its certificate, none that goes
 * back, and no two of one height (wire-formats.md 5.4).
 *
 * @module
 */

import { toHex } from '../../crypto/bytes.ts';
import { isCertified } from '../ledger/committee-chain.ts';
import { blockDigest } from '../pbft/block.ts';
import { IdentityVerifier } from '../pbft/committee.ts';
import type { Committee } from '../pbft/committee.ts';
import type { CommittedHeader } from '../pbft/messages.ts';
import { HostileAnswerError, LedgerForkError } from './errors.ts';

/** Heights whose digest is remembered, the latest. */
const MAX_REMEMBERED = 1_024;

/** What was seen of one ledger since the start. */
export class HeadWatch {
  readonly #committee: Committee;
  readonly #verifier: IdentityVerifier;
  readonly #digests = new Map<number, string>();
  #highest: CommittedHeader | undefined;
  #fork: LedgerForkError | undefined;

  constructor(committee: Committee) {
    this.#committee = committee;
    this.#verifier = new IdentityVerifier(committee.replicas);
  }

  /** The highest that was seen. */
  get highest(): CommittedHeader | undefined {
    return this.#highest;
  }

  /**
   * Takes note of a head.
   *
   * @throws {@link HostileAnswerError} for one that is not certified; {@link LedgerForkError} for a
   *   second one of its height, now and from then on.
   */
  note(head: CommittedHeader): void {
    if (this.#fork) throw this.#fork;
    const { header, commit } = head;
    if (!isCertified(this.#committee, header, commit, this.#verifier)) {
      throw new HostileAnswerError('the head is not certified');
    }
    const { height } = header;
    const digest = toHex(blockDigest(header));
    const known = this.#digests.get(height);
    if (known !== undefined && known !== digest) {
      this.#fork = new LedgerForkError({ height, first: known, second: digest });
      throw this.#fork;
    }
    if (known !== undefined) return;
    this.#digests.set(height, digest);
    if (this.#digests.size > MAX_REMEMBERED)
      this.#digests.delete(Math.min(...this.#digests.keys()));
    if (height > (this.#highest?.header.height ?? 0)) this.#highest = head;
  }
}
