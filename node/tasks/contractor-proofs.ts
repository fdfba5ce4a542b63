/**
 * What contractors prove: each is asked for a presentation of its certificates and for its card
 * (wire-formats.md 2.5), and the answer is kept for a while.
 *
 * An answer that may be another one a moment later is kept for a short time only: a peer that did
 * not answer, was refused, or showed a certificate without a current status list. It is asked again
 * after 2 s, and each time that it fails once more the pause doubles.
 *
 * @module
 */

import { fromBase64Url } from '../../crypto/bytes.ts';
import type { KeyRotationMemory } from '../../crypto/key-rotation-memory.ts';
import type { PresentedCertificate } from '../../crypto/presentation-verifier.ts';
import type { StatusListMemory } from '../../crypto/status-list-memory.ts';
import { requestCard, requestPresentation, requestReceipts } from '../../protocols/card/client.ts';
import { nowSeconds } from '../../protocols/components.ts';
import type { Clock, Random } from '../../protocols/components.ts';
import type { SecureStreams } from '../../protocols/secure-stream.ts';
import type { ContractorHit } from '../../protocols/skill-discovery/find-contractors.ts';
import { joinedTestimony, testimonyOfReceipts } from '../certificates/receipt-testimony.ts';
import { NOT_SHOWN, UNPROVED, judgeResource, judgeSkill } from '../certificates/trust.ts';
import type {
  ProvedSkill,
  ResourceMinimum,
  ShownResource,
  SkillTestimony,
} from '../certificates/trust.ts';
import type { TrustPolicy } from '../certificates/trust-policy.ts';

/** Time limit of one peer's card or presentation. */
const PROOF_TIMEOUT_MS = 5_000;
/** Peers that are asked for proofs at the same time. */
const PROOF_CONCURRENCY = 8;
/** How long a proof is believed without asking again. */
const PROOF_LIFETIME_MS = 60_000;
/** How long a first failure is kept: a peer allows two questions a second, and a try takes four. */
const FIRST_RETRY_MS = 2_000;
const MAX_KEPT = 1_024;

/** The parts of a hit that a proof rests on. */
export type ProvingHit = Pick<ContractorHit, 'peerId' | 'matchedTerm' | 'record'>;

/** What one contractor proved. */
export interface ContractorProof {
  readonly proved: ProvedSkill;
  /** One for each minimum asked for, in their order. */
  readonly resources: readonly ShownResource[];
  /** The embedding of its offer; `undefined` if it has none or did not answer. */
  readonly vector: Float32Array | undefined;
}

export interface ContractorProofsComponents {
  readonly streams: SecureStreams;
  /** PeerId of this node. */
  readonly self: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly statusMemory: StatusListMemory;
  readonly rotationMemory: KeyRotationMemory;
  readonly trust: TrustPolicy;
}

interface KeptProof {
  readonly proof: ContractorProof;
  readonly atMs: number;
  /** Failures in a row, this one included; 0 if nothing failed. */
  readonly failures: number;
}

type Shown = Pick<ContractorProof, 'proved' | 'resources'> & { readonly isFinal: boolean };

/** Asks for proofs and keeps them. */
export class ContractorProofs {
  readonly #components: ContractorProofsComponents;
  readonly #kept = new Map<string, KeptProof>();

  constructor(components: ContractorProofsComponents) {
    this.#components = components;
  }

  /**
   * The proofs of contractors in the order of `hits`, from memory where they are fresh.
   *
   * @throws the signal's reason; never for what a peer sends.
   */
  async of(
    hits: readonly ProvingHit[],
    minimums: readonly ResourceMinimum[],
    signal: AbortSignal,
  ): Promise<readonly ContractorProof[]> {
    const proofs: ContractorProof[] = [];
    for (let i = 0; i < hits.length; i += PROOF_CONCURRENCY) {
      const group = hits.slice(i, i + PROOF_CONCURRENCY);
      proofs.push(...(await Promise.all(group.map((hit) => this.#proofOf(hit, minimums, signal)))));
    }
    // A rotation may have come to light while the others were asked, or since a proof was kept.
    return proofs.map((proof, i) => {
      const { peerId } = hits[i]!;
      const successor = this.#components.rotationMemory.successorOf(peerId);
      if (successor === undefined) return proof;
      return { ...proof, ...unproved('presentation: KEY_ROTATED', minimums) };
    });
  }

  /** Forgets what a contractor proved, so that it is asked again. */
  forget(peerId: string): void {
    for (const key of this.#kept.keys()) if (key.startsWith(`${peerId}/`)) this.#kept.delete(key);
  }

  /** Forgets all that was proved. */
  forgetAll(): void {
    this.#kept.clear();
  }

  async #proofOf(
    hit: ProvingHit,
    minimums: readonly ResourceMinimum[],
    signal: AbortSignal,
  ): Promise<ContractorProof> {
    const { clock } = this.#components;
    const asked = minimums.map(({ name, min }) => `&${name}>=${min}`).join('');
    const key = `${hit.peerId}/${hit.matchedTerm}${asked}/${hit.record.body.seq}`;
    const known = this.#kept.get(key);
    if (known && this.#isFresh(known)) return known.proof;
    const limited = AbortSignal.any([signal, AbortSignal.timeout(PROOF_TIMEOUT_MS)]);
    const [{ isFinal, ...shown }, heard, vector] = await Promise.all([
      this.#prove(hit, minimums, limited),
      this.#hear(hit, limited),
      this.#vectorOf(hit, limited),
    ]);
    signal.throwIfAborted();
    const proof = { ...shown, proved: this.#withTestimony(shown.proved, heard), vector };
    const hasFailed = !isFinal || (vector === undefined && hit.record.body.embeddings.dim > 0);
    const last = this.#kept.get(key);
    // Of looks at the same time one may fail: it takes nothing from what another was shown.
    if (hasFailed && last?.failures === 0 && this.#isFresh(last)) return last.proof;
    const failures = hasFailed ? (last?.failures ?? 0) + 1 : 0;
    this.#kept.delete(key);
    this.#kept.set(key, { proof, atMs: clock.monotonicMs(), failures });
    if (this.#kept.size > MAX_KEPT) {
      const [oldest] = this.#kept.keys();
      this.#kept.delete(oldest!);
    }
    return proof;
  }

  #isFresh({ proof, atMs, failures }: KeptProof): boolean {
    const { clock } = this.#components;
    const retryMs = failures === 0 ? Infinity : FIRST_RETRY_MS * 2 ** (failures - 1);
    const ageMs = clock.monotonicMs() - atMs;
    return ageMs < Math.min(PROOF_LIFETIME_MS, retryMs) && nowSeconds(clock) < expiryOf(proof);
  }

  async #prove(
    { peerId, matchedTerm, record }: ProvingHit,
    minimums: readonly ResourceMinimum[],
    signal: AbortSignal,
  ): Promise<Shown> {
    const { streams, self, clock, random, statusMemory, rotationMemory, trust } = this.#components;
    try {
      const presentation = await requestPresentation(streams, peerId, {
        want: [
          { term: matchedTerm, min: '' },
          ...minimums.map(({ name, min }) => ({ term: name, min: min.toString() })),
        ],
        believes: (issuer, term) => trust.trusts(issuer, term),
        verifier: self,
        clock,
        random,
        statusMemory,
        rotationMemory,
        signal,
      });
      if (!presentation.valid) return failed(presentation.reason, minimums);
      const { certificates } = presentation;
      const { recovery } = record.body;
      // Only of peers that a known issuer certified: no other rotation is ever followed.
      if (
        recovery !== undefined &&
        certificates.some(({ issuer }) => statusMemory.isKept(issuer))
      ) {
        rotationMemory.noteRecovery({ peerId, hash: fromBase64Url(recovery) });
      }
      return {
        proved: judgeSkill(certificates, matchedTerm, trust),
        resources: minimums.map((minimum) => judgeResource(certificates, minimum, trust)),
        isFinal: !certificates.some((certificate) => lacksStatus(certificate, trust)),
      };
    } catch (error) {
      return failed(error instanceof Error ? error.message : 'no answer', minimums);
    }
  }

  /** What receipts of clients say of the contractor; nothing if it shows none. */
  async #hear({ peerId, matchedTerm }: ProvingHit, signal: AbortSignal): Promise<SkillTestimony[]> {
    const { streams, clock } = this.#components;
    try {
      const question = { skill: matchedTerm, clock, signal };
      return testimonyOfReceipts(await requestReceipts(streams, peerId, question));
    } catch {
      // A peer that does not know the question aborts the stream: then nothing is heard of it.
      return [];
    }
  }

  /** What an attestor found stands in its certificate, and what this node saw in its own book. */
  #withTestimony(proved: ProvedSkill, ofReceipts: readonly SkillTestimony[]): ProvedSkill {
    const { trust, self } = this.#components;
    const isHeard = (rater: string) => rater !== self && !trust.attestors.has(rater);
    const { testimony: endorsed = [], ...others } = proved;
    const testimony = joinedTestimony(endorsed, ofReceipts, isHeard);
    return testimony.length === 0 ? others : { ...others, testimony };
  }

  async #vectorOf(
    { peerId, record }: ProvingHit,
    signal: AbortSignal,
  ): Promise<Float32Array | undefined> {
    try {
      const card = await requestCard(this.#components.streams, peerId, record.body, { signal });
      return card.valid ? card.vector : undefined;
    } catch {
      return undefined;
    }
  }
}

/** Whether only a current status list is lacking: its holder asks for one every half minute. */
function lacksStatus({ issuer, status }: PresentedCertificate, trust: TrustPolicy): boolean {
  return status === 'unknown' && trust.attestors.has(issuer);
}

function failed(problem: string, minimums: readonly ResourceMinimum[]): Shown {
  return { ...unproved(`presentation: ${problem}`, minimums), isFinal: false };
}

function unproved(
  remark: string,
  minimums: readonly ResourceMinimum[],
): Pick<ContractorProof, 'proved' | 'resources'> {
  return {
    proved: { ...UNPROVED, remarks: [remark] },
    resources: minimums.map((minimum) => ({ ...minimum, ...NOT_SHOWN, remarks: [remark] })),
  };
}

/** When the first of the certificates ends that a proof rests on, in seconds since 1970. */
function expiryOf({ proved, resources }: ContractorProof): number {
  return [proved, ...resources].reduce(
    (first, { expiresAtSeconds }) => Math.min(first, expiresAtSeconds ?? Infinity),
    Infinity,
  );
}
