/**
 * The certificates that this node issues, and the status lists that say which of them it has
 * revoked (wire-formats.md 2.2 and 2.3).
 *
 * Two lists, because a list that vouches for a quantity may live an hour only, and holders of
 * skills should not have to ask every half hour. What must never happen twice (a slot, a number of
 * a list) is on disk before it is used: two lists of one number would be evidence against this
 * node.
 *
 * @module
 */

import { fromBase64Url, fromUtf8, toBase64Url, utf8 } from '../../crypto/bytes.ts';
import type { CertificateClaim } from '../../crypto/certificate-leaf.ts';
import { isResourceClaim } from '../../crypto/certificate-leaf.ts';
import { openEnvelope } from '../../crypto/envelope.ts';
import type { SignedDocument } from '../../crypto/envelope.ts';
import type { Identity } from '../../crypto/identity.ts';
import { embedEnvelope, unverifiedBody } from '../../crypto/presentation-messages.ts';
import {
  issueSkillCertificate,
  MAX_SLOT,
  skillCertificateDefinition,
} from '../../crypto/skill-certificate.ts';
import type { IssuedCertificate, SkillCertificate } from '../../crypto/skill-certificate.ts';
import {
  emptyStatusBits,
  MAX_RESOURCE_STATUS_SECONDS,
  MAX_STATUS_SECONDS,
  revokeSlot,
  signStatusList,
} from '../../crypto/status-list.ts';
import type { StatusList } from '../../crypto/status-list.ts';
import { nowSeconds } from '../../protocols/components.ts';
import type { Clock, Random } from '../../protocols/components.ts';
import type { IssuedDocument, IssuedListDocument, RevocationDocument } from '../api-documents.ts';
import { NothingFoundError, RefusedError } from '../errors.ts';
import type { Section } from '../storage/store.ts';

/** Number of the list for certificates of skills, and of the one for those with a quantity. */
const SKILL_LIST = 0;
const RESOURCE_LIST = 1;
const LIFE_SECONDS = [MAX_STATUS_SECONDS, MAX_RESOURCE_STATUS_SECONDS] as const;
/** A list is signed anew after this share of its life, so that whoever asks gets most of it. */
const RENEWAL_SHARE = 1 / 6;
const NEXT_SLOT_KEY = 'next-slot';
const STATUS_KEY = 'status/';
/** Before the id of a certificate: what it is about. The certificate itself shows no leaf. */
const ABOUT_KEY = 'about/';
/** Certificates that are listed at most, the newest. */
const MAX_LISTED = 1_000;

/** What a certificate is to say. */
export interface IssueOrder {
  readonly kind: SkillCertificate['kind'];
  /** PeerId. */
  readonly holder: string;
  readonly claims: readonly CertificateClaim[];
  readonly lifeSeconds: number;
  /** 32 bytes. */
  readonly evidence: Uint8Array;
}

/** One list as it is stored: the number signed last, and the bits. */
interface StoredStatus {
  readonly seq: number;
  /** base64url. */
  readonly bits: string;
}

export interface CertificateIssuerInit {
  readonly identity: Identity;
  /** Issued certificates by id, the next free slots and the lists. */
  readonly issued: Section;
  readonly clock: Clock;
  readonly random: Random;
}

/** Issues certificates and revokes them. */
export class CertificateIssuer {
  readonly #init: CertificateIssuerInit;
  readonly #signed = new Map<number, SignedDocument<StatusList>>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(init: CertificateIssuerInit) {
    this.#init = init;
  }

  /** Issues a certificate, valid from now. A quantity in it puts it on the list of resources. */
  async issue(order: IssueOrder): Promise<IssuedCertificate> {
    const { identity, issued, clock, random } = this.#init;
    const { kind, holder, claims, evidence, lifeSeconds } = order;
    const list = claims.some(isResourceClaim) ? RESOURCE_LIST : SKILL_LIST;
    const slot = await this.#inTurn(() => this.#takeSlot(list));
    const iat = nowSeconds(clock);
    const held = issueSkillCertificate({
      issuer: identity,
      holder,
      kind,
      claims,
      iat,
      nbf: iat,
      exp: iat + lifeSeconds,
      list,
      slot,
      evidence,
      random: (length) => random.bytes(length),
    });
    const certId = toBase64Url(held.certificate.id);
    const about = [...new Set(claims.map(({ name }) => name))];
    await issued.write(
      new Map([
        [certId, held.certificate.envelope],
        [`${ABOUT_KEY}${certId}`, utf8(JSON.stringify(about))],
      ]),
    );
    return held;
  }

  /** What this node has issued, the newest first. Values are not kept, and are not among it. */
  async listIssued(): Promise<IssuedListDocument> {
    const bodies: (readonly [string, SkillCertificate])[] = [];
    for await (const [key, envelope] of this.#init.issued.entries()) {
      const isOther = key.includes('/') || key === NEXT_SLOT_KEY;
      const body = isOther ? undefined : ownCertificate(envelope);
      if (body) bodies.push([key, body]);
    }
    bodies.sort(([, a], [, b]) => b.iat - a.iat);
    const newest = bodies.slice(0, MAX_LISTED);
    const bits = await Promise.all(
      [...LIFE_SECONDS.keys()].map(async (list) => fromBase64Url((await this.#stored(list)).bits)),
    );
    const isOwn = ({ issuer }: SkillCertificate): boolean => issuer === this.#init.identity.peerId;
    const issued = newest.map(async ([certId, body]): Promise<IssuedDocument> => {
      const { kind, holder, iat, exp, list, slot } = body;
      const byte = bits[list]?.[slot >> 3] ?? 0;
      return {
        certId,
        kind,
        holder,
        issuedAtSeconds: iat,
        expiresAtSeconds: exp,
        isRevoked: isOwn(body) && ((byte >> (slot & 7)) & 1) === 1,
        isUnderFormerKey: !isOwn(body),
        about: await this.#about(certId),
      };
    });
    return { issued: await Promise.all(issued), total: bodies.length };
  }

  /** Terms that a certificate is about; none for one that was issued before they were kept. */
  async #about(certId: string): Promise<readonly string[]> {
    const bytes = await this.#init.issued.get(`${ABOUT_KEY}${certId}`);
    return bytes ? (JSON.parse(fromUtf8(bytes)) as string[]) : [];
  }

  /**
   * Revokes a certificate of this node for good. The next list that is signed says so.
   *
   * @throws {@link NothingFoundError} for one that this node did not issue; {@link RefusedError}
   *   for one that it issued under a former key, whose lists nobody can sign any more.
   */
  async revoke(certId: string): Promise<RevocationDocument> {
    const envelope = await this.#init.issued.get(certId);
    const opened = envelope && openEnvelope(skillCertificateDefinition, envelope);
    if (opened?.valid !== true) {
      throw new NothingFoundError(`This node has issued no certificate ${certId}`);
    }
    const { list, slot, issuer, exp } = opened.body;
    if (issuer !== this.#init.identity.peerId) {
      throw new RefusedError(
        `Certificate ${certId} was issued under the former key ${issuer}, whose status lists ` +
          `nobody can sign any more. It counts until the last one of them runs out, and ends ` +
          `at ${new Date(exp * 1_000).toISOString()}`,
      );
    }
    return this.#inTurn(async () => {
      const stored = await this.#stored(list);
      const bits = fromBase64Url(stored.bits);
      const revoked = revokeSlot(bits, slot);
      const isNew = toBase64Url(revoked) !== stored.bits;
      if (isNew) {
        await this.#store(list, { ...stored, bits: toBase64Url(revoked) });
        this.#signed.delete(list);
      }
      return { certId, list, slot, isNew };
    });
  }

  /**
   * This node's own list of that number, signed within the last sixth of its life; `undefined` for
   * a number that it does not keep.
   */
  async statusList(list: number): Promise<SignedDocument<StatusList> | undefined> {
    const lifeSeconds = LIFE_SECONDS[list];
    if (lifeSeconds === undefined) return undefined;
    return this.#inTurn(async () => {
      const iat = nowSeconds(this.#init.clock);
      const known = this.#signed.get(list);
      const age = known && iat - known.body.iat;
      if (known && age! >= 0 && age! < lifeSeconds * RENEWAL_SHARE) return known;
      const { seq: last, bits } = await this.#stored(list);
      // Not below the time: after its store was put back from a copy, a node that counted on from
      // there would sign numbers a second time, which is evidence against it.
      const seq = Math.max(last + 1, iat);
      await this.#store(list, { seq, bits });
      const { identity: issuer } = this.#init;
      const next = iat + lifeSeconds;
      const signed = signStatusList({ issuer, list, seq, iat, next, bits: fromBase64Url(bits) });
      this.#signed.set(list, signed);
      return signed;
    });
  }

  /** The lists that some certificate of this node stands in. */
  async statusLists(): Promise<readonly SignedDocument<StatusList>[]> {
    const lists: SignedDocument<StatusList>[] = [];
    for (const list of LIFE_SECONDS.keys()) {
      const isUsed = (await this.#init.issued.get(nextSlotKey(list))) !== undefined;
      const signed = isUsed ? await this.statusList(list) : undefined;
      if (signed) lists.push(signed);
    }
    return lists;
  }

  /** Next slot of a list; written before it is used, so that none is used twice. */
  async #takeSlot(list: number): Promise<number> {
    const { issued } = this.#init;
    const key = nextSlotKey(list);
    const stored = await issued.get(key);
    const text = stored === undefined ? '0' : fromUtf8(stored);
    if (!/^[0-9]{1,5}$/.test(text)) {
      throw new RefusedError('The count of taken slots is damaged; restore it from a backup');
    }
    const slot = Number(text);
    if (slot > MAX_SLOT) {
      throw new RefusedError(
        'All 65,536 slots of the status list are taken; issue with a new identity',
      );
    }
    await issued.put(key, utf8(String(slot + 1)));
    return slot;
  }

  async #stored(list: number): Promise<StoredStatus> {
    const bytes = await this.#init.issued.get(`${STATUS_KEY}${list}`);
    if (!bytes) return { seq: 0, bits: toBase64Url(emptyStatusBits()) };
    try {
      const { seq, bits } = JSON.parse(fromUtf8(bytes)) as StoredStatus;
      if (Number.isSafeInteger(seq) && fromBase64Url(bits).length > 0) return { seq, bits };
    } catch {
      // Told below: what cannot be read is damaged.
    }
    throw new RefusedError(
      'The list of revocations is damaged; restore it from a backup in which no revocation is ' +
        'missing: a list that takes one back is evidence against this node',
    );
  }

  #store(list: number, status: StoredStatus): Promise<void> {
    return this.#init.issued.put(`${STATUS_KEY}${list}`, utf8(JSON.stringify(status)));
  }

  /** One at a time: what is read is still so when it is written. */
  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}

/** A certificate in this node's store, whose signature was its own; `undefined` if damaged. */
function ownCertificate(envelope: Uint8Array): SkillCertificate | undefined {
  try {
    return unverifiedBody(skillCertificateDefinition, embedEnvelope(envelope));
  } catch {
    return undefined;
  }
}

function nextSlotKey(list: number): string {
  return list === SKILL_LIST ? NEXT_SLOT_KEY : `${NEXT_SLOT_KEY}/${list}`;
}
