/**
 * What a verifier remembers of status lists, and the status of a certificate that follows
 * (wire-formats.md 2.3): a list never goes back, has one content per number, and never takes a
 * revocation back. An issuer that breaks this is distrusted, and both lists are kept as evidence.
 *
 * Keeps nothing on disk: `envelopes` gives what to store, `note` takes it back after a restart.
 *
 * @module
 */

import { equalBytes } from './bytes.ts';
import type { SignedDocument } from './envelope.ts';
import { CLOCK_TOLERANCE_SECONDS } from './skill-certificate.ts';
import type { SkillCertificate, VerificationTime } from './skill-certificate.ts';
import {
  MAX_RESOURCE_STATUS_SECONDS,
  MAX_STATUS_SECONDS,
  checkStatusListTimes,
  isRevoked,
  statusBits,
} from './status-list.ts';
import type { StatusList } from './status-list.ts';

/** Lists kept unless the constructor says otherwise: at most 24 MiB of envelopes. */
export const DEFAULT_MAX_STATUS_LISTS = 1_024;

/** What the memory made of a list. */
export type StatusListNote =
  | 'NEW'
  | 'KNOWN'
  /** Its issuer is not one to remember. */
  | 'NOT_KEPT'
  | 'OLDER_LIST'
  | 'EQUIVOCATION'
  | 'ISSUER_DISTRUSTED'
  | 'MEMORY_FULL';

/** Two lists that one issuer signed and that cannot both be honest. */
export interface StatusEquivocation {
  readonly issuer: string;
  readonly list: number;
  /** Envelopes, byte for byte. */
  readonly first: Uint8Array;
  readonly second: Uint8Array;
}

/** Limits and policy of a {@link StatusListMemory}. */
export interface StatusListMemoryInit {
  readonly maxLists?: number;
  /**
   * Whether lists of this issuer take a place. Identities are free, so a node on an open network
   * keeps those of issuers that its policy knows. Default: all.
   */
  readonly isKept?: (issuer: string) => boolean;
}

/** Latest list of each issuer and number. */
export class StatusListMemory {
  readonly #maxLists: number;
  readonly #isKept: (issuer: string) => boolean;
  readonly #latest = new Map<string, SignedDocument<StatusList>>();
  readonly #equivocations = new Map<string, StatusEquivocation>();

  constructor({ maxLists = DEFAULT_MAX_STATUS_LISTS, isKept }: StatusListMemoryInit = {}) {
    this.#maxLists = maxLists;
    this.#isKept = isKept ?? (() => true);
  }

  /**
   * Compares a list whose signature was checked with what is known, and keeps it if it is newer.
   *
   * @param nowSeconds - Seconds since 1970; decides what may be forgotten when the memory is full.
   */
  note(document: SignedDocument<StatusList>, nowSeconds: number): StatusListNote {
    const { issuer, list, seq } = document.body;
    if (this.isDistrusted(issuer)) return 'ISSUER_DISTRUSTED';
    if (!this.#isKept(issuer)) return 'NOT_KEPT';
    const key = listKey(issuer, list);
    const known = this.#latest.get(key);
    if (!known) {
      if (!this.#makeRoom(nowSeconds)) return 'MEMORY_FULL';
      this.#latest.set(key, document);
      return 'NEW';
    }
    if (equalBytes(known.id, document.id)) return 'KNOWN';
    const older = seq < known.body.seq ? document : known;
    const newer = older === known ? document : known;
    if (seq === known.body.seq || takesBack(older.body, newer.body)) {
      this.#distrust(document, known);
      return 'EQUIVOCATION';
    }
    if (newer === known) return 'OLDER_LIST';
    this.#latest.set(key, document);
    return 'NEW';
  }

  /** Latest list of this issuer and number. */
  latest(issuer: string, list: number): SignedDocument<StatusList> | undefined {
    return this.#latest.get(listKey(issuer, list));
  }

  /** Whether lists of this issuer take a place here. */
  isKept(issuer: string): boolean {
    return this.#isKept(issuer);
  }

  /** Whether the issuer was caught with two lists that contradict each other. */
  isDistrusted(issuer: string): boolean {
    return this.#equivocations.has(issuer);
  }

  /** Evidence against every distrusted issuer, to be passed on. */
  equivocations(): readonly StatusEquivocation[] {
    return [...this.#equivocations.values()];
  }

  /** Envelopes of all lists kept, to be stored. */
  envelopes(): readonly Uint8Array[] {
    return [...this.#latest.values()].map(({ envelope }) => envelope);
  }

  #distrust(document: SignedDocument<StatusList>, known: SignedDocument<StatusList>): void {
    const { issuer, list } = document.body;
    this.#equivocations.set(issuer, {
      issuer,
      list,
      first: known.envelope,
      second: document.envelope,
    });
    for (const [key, { body }] of this.#latest)
      if (body.issuer === issuer) this.#latest.delete(key);
  }

  /**
   * Drops lists that nothing older than them can replace: an older list had its `next` a day after
   * its `iat` at most, so a day after `iat` of the newer one all of them are past it.
   */
  #makeRoom(nowSeconds: number): boolean {
    if (this.#latest.size + this.#equivocations.size < this.#maxLists) return true;
    const horizonSeconds = nowSeconds - MAX_STATUS_SECONDS - CLOCK_TOLERANCE_SECONDS;
    for (const [key, { body }] of this.#latest) {
      if (body.iat < horizonSeconds) this.#latest.delete(key);
    }
    return this.#latest.size + this.#equivocations.size < this.#maxLists;
  }
}

function listKey(issuer: string, list: number): string {
  return `${issuer}/${list}`;
}

/** Whether a bit goes from 1 to 0. A list that became shorter has zeros at its end. */
function takesBack(older: StatusList, newer: StatusList): boolean {
  const after = statusBits(newer);
  return statusBits(older).some((byte, i) => (byte & ~(after[i] ?? 0)) !== 0);
}

/** `unknown` counts as level 0: fail closed. */
export type CertificateStatus = 'good' | 'revoked' | 'unknown';

/** What the status rests on. */
export type StatusReason =
  | 'CURRENT_LIST'
  | 'REVOKED'
  | 'NO_LIST'
  | 'LIST_NOT_YET_VALID'
  | 'LIST_EXPIRED'
  | 'LIST_TOO_LONG_LIVED'
  | 'SLOT_BEYOND_END'
  | 'ISSUER_DISTRUSTED'
  | 'MEMORY_FULL';

/** Status of one certificate. */
export interface StatusFinding {
  readonly status: CertificateStatus;
  readonly statusReason: StatusReason;
}

/** What is known when a certificate's status is asked for. */
export interface StatusQuestion {
  readonly certificate: SkillCertificate;
  /** Whether a quantity is to be believed: then the list must be an hour's. */
  readonly hasQuantity: boolean;
  /** A list that came with the certificate, its signature checked, of any issuer and number. */
  readonly stapled?: SignedDocument<StatusList> | undefined;
  readonly memory?: StatusListMemory | undefined;
  readonly time: VerificationTime;
}

const unknown = (statusReason: StatusReason): StatusFinding => ({
  status: 'unknown',
  statusReason,
});

/**
 * Status of a certificate by the newest list there is, stapled or remembered. The stapled one is
 * noted in the memory first, so an older list than the known one changes nothing.
 */
export function certificateStatus(question: StatusQuestion): StatusFinding {
  const { certificate, stapled, memory, time } = question;
  const { issuer, list, slot } = certificate;
  const own = stapled?.body.issuer === issuer && stapled.body.list === list ? stapled : undefined;
  const note = own && memory?.note(own, time.nowSeconds);
  if (memory?.isDistrusted(issuer)) return unknown('ISSUER_DISTRUSTED');
  if (note === 'MEMORY_FULL') return unknown('MEMORY_FULL');
  const newest = memory?.latest(issuer, list) ?? own;
  if (!newest) return unknown('NO_LIST');
  const revoked = isRevoked(newest.body, slot);
  if (revoked === undefined) return unknown('SLOT_BEYOND_END');
  // A slot is never used again, so a revocation outlives the list that says it.
  if (revoked) return { status: 'revoked', statusReason: 'REVOKED' };
  const refusal = checkStatusListTimes(newest.body, time);
  if (refusal) return unknown(refusal === 'EXPIRED' ? 'LIST_EXPIRED' : 'LIST_NOT_YET_VALID');
  const { iat, next } = newest.body;
  if (question.hasQuantity && next - iat > MAX_RESOURCE_STATUS_SECONDS) {
    return unknown('LIST_TOO_LONG_LIVED');
  }
  return { status: 'good', statusReason: 'CURRENT_LIST' };
}
