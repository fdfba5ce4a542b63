/**
 * Endorsement of a contractor by its client: what the receipts of one skill say, in a certificate
 * that the contractor shows to others (wire-formats.md 2.2, "endorsement").
 *
 * Rests on receipts alone, and on those of tasks of low sensitivity: the others are not shown
 * either, and an endorsement names one. Work that was not settled says nothing here. How far others
 * believe it is theirs to decide (`decision/learning/bootstrapping.ts`).
 *
 * @module
 */

import { toBase64Url } from '../../crypto/bytes.ts';
import { nowSeconds } from '../../protocols/components.ts';
import type { Clock, Logger, Random } from '../../protocols/components.ts';
import type { Contract } from '../../protocols/negotiation/contract.ts';
import type { ContractStore } from '../../protocols/negotiation/contract-store.ts';
import type { SecureStreams } from '../../protocols/secure-stream.ts';
import { MAX_SHOWN_AGE_SECONDS } from '../../protocols/settlement/shown-receipt.ts';
import type { EndorsementDocument } from '../api-documents.ts';
import type { CertificateIssuer } from '../certificates/certificate-issuer.ts';
import { BadInputError, NothingFoundError } from '../errors.ts';
import { SKILL_CERTIFICATE_SECONDS } from './attestor.ts';
import { handOverCertificate } from './certificate-handover.ts';

const SECONDS_PER_DAY = 86_400;

/** What a refused delivery means. */
const explanations = {
  NOT_SUPPORTED:
    'the peer takes no endorsement from this node: its store has no receipt of this client; ' +
    'have it do a task first, with the version that it runs now',
  UNKNOWN_CONTRACT:
    'the store of the peer does not have that receipt; have it do another task, then endorse again',
  RATE_LIMITED: 'the peer takes no more endorsements for now; try again in some minutes',
};

export interface EndorserComponents {
  /** PeerId of this node. */
  readonly self: string;
  readonly contracts: Pick<ContractStore, 'hired'>;
  readonly issuer: Pick<CertificateIssuer, 'issue'>;
  readonly streams: SecureStreams;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Who is endorsed for what. */
export interface EndorseOrder {
  /** PeerId of the contractor. */
  readonly peerId: string;
  readonly term: string;
}

/** What the receipts of one contractor and skill say. */
interface Experience {
  readonly passed: number;
  readonly run: number;
  /** docId of the newest receipt, 32 bytes. */
  readonly receiptId: Uint8Array;
}

/** Endorses contractors. */
export class Endorser {
  readonly #components: EndorserComponents;

  constructor(components: EndorserComponents) {
    this.#components = components;
  }

  /**
   * Issues an endorsement and hands it to the contractor.
   *
   * @throws {@link BadInputError} for this node itself; {@link NothingFoundError} without a receipt
   *   of the last 90 days; the signal's reason.
   */
  async endorse({ peerId, term }: EndorseOrder, signal: AbortSignal): Promise<EndorsementDocument> {
    const { self, issuer } = this.#components;
    if (peerId === self) {
      throw new BadInputError(`${peerId} is this node itself; name a contractor that it has hired`);
    }
    const experience = await this.#experienceWith(peerId, term, signal);
    if (!experience) {
      const days = MAX_SHOWN_AGE_SECONDS / SECONDS_PER_DAY;
      throw new NothingFoundError(
        `No receipt of ${peerId} for ${term} from the last ${days} days is stored here that may ` +
          'be shown; an endorsement needs one, so have a task of that skill and of low ' +
          'sensitivity done there first ("coalesce run")',
      );
    }
    const { passed, run, receiptId } = experience;
    const certificate = await issuer.issue({
      kind: 'endorsement',
      holder: peerId,
      claims: [
        { kind: 'skill', name: term },
        { kind: 'canaryScore', name: term, passed, run },
      ],
      evidence: receiptId,
      lifeSeconds: SKILL_CERTIFICATE_SECONDS,
    });
    const init = { ...this.#components, explanations };
    const reason = await handOverCertificate(init, certificate, signal);
    return {
      peerId,
      term,
      passed,
      run,
      receiptId: toBase64Url(receiptId),
      certId: toBase64Url(certificate.certificate.id),
      delivered: reason === null,
      reason,
    };
  }

  /** Looks through the receipts of that contractor, each signature verified again. */
  async #experienceWith(
    peerId: string,
    term: string,
    signal: AbortSignal,
  ): Promise<Experience | undefined> {
    const { contracts, clock } = this.#components;
    const sinceSeconds = nowSeconds(clock) - MAX_SHOWN_AGE_SECONDS;
    let newest: { readonly atSeconds: number; readonly receiptId: Uint8Array } | undefined;
    let passed = 0;
    let run = 0;
    for await (const contract of contracts.hired(peerId)) {
      signal.throwIfAborted();
      const { agreement, verdict } = contract;
      if (!isForSkill(contract, term) || !agreement || !verdict) continue;
      const atSeconds = agreement.body.iat;
      if (atSeconds < sinceSeconds) continue;
      run += 1;
      if (verdict.body.outcome === 'pass') passed += 1;
      if (!newest || atSeconds > newest.atSeconds) newest = { atSeconds, receiptId: verdict.id };
    }
    return newest && { passed, run, receiptId: newest.receiptId };
  }
}

/** Whether a contract was for that skill, and may be named to strangers. */
function isForSkill({ request }: Contract, term: string): boolean {
  const { skills, sensitivity } = request.body.shape;
  return sensitivity === 'low' && skills.includes(term);
}
