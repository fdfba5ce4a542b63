/**
 * What contractors prove: each is asked for a presentation of its certificates and for its card
 * (wire-formats.md 2.5), and the best of them for receipts of other clients. Answers are kept for a
 * while (`kept-answers.ts`). One that may be another a moment later has failed: a peer that did not
 * answer, was refused, or showed a certificate without a current status list.
 *
 * A try takes five questions at most: card, presentation and receipts, and for certificates of a
 * former key its rotations and a second presentation. A peer lets 16 through at once and two a
 * second from then on, so tries after 0, 2 and 6 s pass, and receipts that failed are asked for by
 * themselves.
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
import { withPaidEndorsement } from '../certificates/paid-endorsements.ts';
import type { ReadPairs } from '../certificates/paid-endorsements.ts';
import { joinedTestimony, testimonyOfReceipts } from '../certificates/receipt-testimony.ts';
import { NOT_SHOWN, UNPROVED, judgeResource, judgeSkill } from '../certificates/trust.ts';
import type {
  ProvedSkill,
  ResourceMinimum,
  ShownResource,
  SkillTestimony,
} from '../certificates/trust.ts';
import type { TrustPolicy } from '../certificates/trust-policy.ts';
import { KeptAnswers } from './kept-answers.ts';
import { lotOf } from './lot.ts';

/** Time limit of one peer's card or presentation. */
const PROOF_TIMEOUT_MS = 5_000;
/** Peers that are asked for proofs at the same time. */
const PROOF_CONCURRENCY = 8;
/** Time limit of one peer's receipts: a decision can do without them, so it waits less for them. */
const HEARING_TIMEOUT_MS = 1_500;
/** How long all proofs of a look may take, and all receipts: a mute crowd costs no more. */
const ALL_PROOFS_TIMEOUT_MS = 8_000;
const ALL_HEARING_TIMEOUT_MS = 3_000;
/** Hits of a survey whose receipts are heard: to verify those of one takes 40 ms. */
const MAX_HEARD = 32;

/** The parts of a hit that a proof rests on. */
export type ProvingHit = Pick<ContractorHit, 'peerId' | 'matchedTerm' | 'record'>;

/** What one contractor proved. */
export interface ContractorProof {
  readonly proved: ProvedSkill;
  /** One for each minimum asked for, in their order. */
  readonly resources: readonly ShownResource[];
  /** The embedding of its offer; `undefined` if it has none or did not answer. */
  readonly vector: Float32Array | undefined;
  /** `false`: it did not answer, so that it may have more than it has shown. */
  readonly hasAnswered: boolean;
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
  /** Sums of pairs from the ledger, with proof; left out where there is none. */
  readonly readPairs?: ReadPairs | undefined;
}

type Shown = Pick<ContractorProof, 'proved' | 'resources' | 'hasAnswered'> & {
  readonly isFinal: boolean;
};

/** Asks for proofs and keeps them. */
export class ContractorProofs {
  readonly #components: ContractorProofsComponents;
  readonly #proofs: KeptAnswers<ContractorProof>;
  readonly #testimony: KeptAnswers<readonly SkillTestimony[]>;

  constructor(components: ContractorProofsComponents) {
    this.#components = components;
    const { clock } = components;
    this.#proofs = new KeptAnswers(clock, (proof) => nowSeconds(clock) >= expiryOf(proof));
    this.#testimony = new KeptAnswers(clock);
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
    const proving = AbortSignal.timeout(ALL_PROOFS_TIMEOUT_MS);
    const proofs = await inTurns(hits, (hit) => this.#proofOf(hit, minimums, signal, proving));
    // A rotation may have come to light while the others were asked, or since a proof was kept.
    const counted = proofs.map((proof, i) => {
      if (!this.#isRotated(hits[i]!.peerId)) return proof;
      return { ...proof, ...unproved('presentation: KEY_ROTATED', minimums) };
    });
    const heard = new Map<ProvingHit, readonly SkillTestimony[]>();
    const hearing = AbortSignal.timeout(ALL_HEARING_TIMEOUT_MS);
    await inTurns(this.#bestOf(hits, counted), async (hit) => {
      heard.set(hit, await this.#hear(hit, signal, hearing));
    });
    return counted.map((proof, i) => {
      const ofReceipts = heard.get(hits[i]!) ?? [];
      return { ...proof, proved: this.#withTestimony(proof.proved, ofReceipts) };
    });
  }

  /** Forgets what a contractor proved, so that it is asked again. */
  forget(peerId: string): void {
    this.#proofs.forget(peerId);
    this.#testimony.forget(peerId);
  }

  /** Forgets all that was proved. */
  forgetAll(): void {
    this.#proofs.clear();
    this.#testimony.clear();
  }

  /**
   * Whose receipts are heard: those of the highest level first. Of equals chance says which, since
   * a crowd of newcomers that answers fast must not keep everybody else from being heard.
   */
  #bestOf(hits: readonly ProvingHit[], proofs: readonly ContractorProof[]): readonly ProvingHit[] {
    const { random } = this.#components;
    return hits
      .map((hit, i) => ({ hit, level: proofs[i]!.proved.level, lot: lotOf(random) }))
      .filter(({ hit }) => !this.#isRotated(hit.peerId))
      .sort((a, b) => b.level - a.level || a.lot - b.lot)
      .slice(0, MAX_HEARD)
      .map(({ hit }) => hit);
  }

  #isRotated(peerId: string): boolean {
    return this.#components.rotationMemory.successorOf(peerId) !== undefined;
  }

  async #proofOf(
    hit: ProvingHit,
    minimums: readonly ResourceMinimum[],
    signal: AbortSignal,
    deadline: AbortSignal,
  ): Promise<ContractorProof> {
    const asked = minimums.map(({ name, min }) => `&${name}>=${min}`).join('');
    const key = `${hit.peerId}/${hit.matchedTerm}${asked}/${hit.record.body.seq}`;
    const known = this.#proofs.fresh(key);
    if (known) return known;
    const limited = AbortSignal.any([signal, deadline, AbortSignal.timeout(PROOF_TIMEOUT_MS)]);
    const [{ isFinal, ...shown }, vector] = await Promise.all([
      this.#prove(hit, minimums, limited),
      this.#vectorOf(hit, limited),
    ]);
    signal.throwIfAborted();
    const hasFailed = !isFinal || (vector === undefined && hit.record.body.embeddings.dim > 0);
    return this.#proofs.keep(key, { ...shown, vector }, hasFailed);
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
      const judged = judgeSkill(certificates, matchedTerm, trust);
      const endorsed = { peerId, certificates, term: matchedTerm };
      const { proved, isKnown } = await this.#askLedger(judged, endorsed);
      return {
        proved,
        resources: minimums.map((minimum) => judgeResource(certificates, minimum, trust)),
        isFinal: isKnown && !certificates.some((certificate) => lacksStatus(certificate, trust)),
        hasAnswered: true,
      };
    } catch (error) {
      const problem = error instanceof Error ? error.message : 'no answer';
      return { ...failed(problem, minimums), hasAnswered: false };
    }
  }

  /** Level 1, where the ledger shows that an endorsement was paid for. */
  async #askLedger(
    proved: ProvedSkill,
    {
      peerId,
      certificates,
      term,
    }: {
      readonly peerId: string;
      readonly certificates: readonly PresentedCertificate[];
      readonly term: string;
    },
  ): Promise<{ readonly proved: ProvedSkill; readonly isKnown: boolean }> {
    const { readPairs } = this.#components;
    if (!readPairs) return { proved, isKnown: true };
    try {
      const isRotated = (issuer: string) => this.#isRotated(issuer);
      const sources = { presentedBy: peerId, readPairs, isRotated };
      const judged = await withPaidEndorsement(proved, certificates, term, sources);
      return { proved: judged, isKnown: true };
    } catch {
      const remark = 'the ledger was not reached, so that no endorsement gives a level';
      return { proved: { ...proved, remarks: [...proved.remarks, remark] }, isKnown: false };
    }
  }

  /** What receipts of clients say of the contractor; nothing if it shows none. */
  async #hear(
    { peerId, matchedTerm: skill }: ProvingHit,
    signal: AbortSignal,
    deadline: AbortSignal,
  ): Promise<readonly SkillTestimony[]> {
    const { streams, clock } = this.#components;
    const key = `${peerId}/${skill}`;
    const known = this.#testimony.fresh(key);
    if (known) return known;
    const limited = AbortSignal.any([signal, deadline, AbortSignal.timeout(HEARING_TIMEOUT_MS)]);
    try {
      const receipts = await requestReceipts(streams, peerId, { skill, clock, signal: limited });
      return this.#testimony.keep(key, testimonyOfReceipts(receipts), false);
    } catch {
      signal.throwIfAborted();
      // A peer that does not know the question aborts the stream: then nothing is heard of it.
      return this.#testimony.keep(key, [], true);
    }
  }

  /**
   * What others say that is new here: not what this node saw in its own book, and not what an
   * attestor found whose certificate counts already. The holder of a key that was rotated speaks by
   * its new one.
   */
  #withTestimony(proved: ProvedSkill, ofReceipts: readonly SkillTestimony[]): ProvedSkill {
    const { testimony: endorsed = [], ...others } = proved;
    const { level, issuer, joint = [] } = proved;
    // An endorsement that gives level 1 is testimony all the same.
    const attestors = level > 1 ? [issuer, ...joint.map((other) => other.issuer)] : [];
    const counted = new Set(attestors);
    const isHeard = (rater: string) =>
      rater !== this.#components.self && !counted.has(rater) && !this.#isRotated(rater);
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

/** Asks each, a few at a time; each that is done makes room for the next. */
async function inTurns<Asked, Answer>(
  asked: readonly Asked[],
  ask: (one: Asked) => Promise<Answer>,
): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  let next = 0;
  const takeTurns = async (): Promise<void> => {
    while (next < asked.length) {
      const i = next++;
      answers[i] = await ask(asked[i]!);
    }
  };
  await Promise.all(Array.from({ length: PROOF_CONCURRENCY }, takeTurns));
  return answers;
}

/** Whether only a current status list is lacking: its holder asks for one every half minute. */
function lacksStatus({ issuer, status }: PresentedCertificate, trust: TrustPolicy): boolean {
  return status === 'unknown' && trust.attestors.has(issuer);
}

function failed(problem: string, minimums: readonly ResourceMinimum[]): Shown {
  const hasAnswered = problem !== 'NO_ANSWER';
  return { ...unproved(`presentation: ${problem}`, minimums), isFinal: false, hasAnswered };
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
