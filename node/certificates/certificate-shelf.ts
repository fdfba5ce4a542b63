/**
 * The certificates that this node holds, and the status lists that it staples to them. What it
 * issues is the business of `certificate-issuer.ts`.
 *
 * @module
 */

import { toBase64Url, utf8 } from '../../crypto/bytes.ts';
import { isResourceClaim } from '../../crypto/certificate-leaf.ts';
import type { CertificateClaim } from '../../crypto/certificate-leaf.ts';
import { openEnvelope } from '../../crypto/envelope.ts';
import type { SignedDocument } from '../../crypto/envelope.ts';
import { decodeHeldCertificate, encodeHeldCertificate } from '../../crypto/held-certificate.ts';
import { verifySkillCertificate } from '../../crypto/skill-certificate.ts';
import type { HeldCertificate, SkillCertificate } from '../../crypto/skill-certificate.ts';
import { certificateStatus } from '../../crypto/status-list-memory.ts';
import type { StatusListMemory, StatusReason } from '../../crypto/status-list-memory.ts';
import { isRevoked, statusListDefinition, verifyStatusList } from '../../crypto/status-list.ts';
import type { StatusList } from '../../crypto/status-list.ts';
import { resourceBasis } from '../../protocols/attestation/stated-evidence.ts';
import { nowSeconds } from '../../protocols/components.ts';
import type { Clock, Logger } from '../../protocols/components.ts';
import type { CertificateDocument, DisclosureDocument, VerifyDocument } from '../api-documents.ts';
import { NothingFoundError } from '../errors.ts';
import type { Section } from '../storage/store.ts';
import { certificateDocument } from './certificate-document.ts';
import type { CertificateStanding } from './certificate-document.ts';
import { discloseLeaves, verifyDisclosure } from './portable-proofs.ts';
import { UNMEASURED } from './trust.ts';
import type { TrustPolicy } from './trust-policy.ts';

/** Certificates that a node keeps; a record names 8 of them. */
const MAX_HELD = 32;
const DAY_SECONDS = 86_400;
/** Most of them that are endorsements: whoever hires this node may bring one. */
const MAX_ENDORSEMENTS = 16;

export interface CertificateShelfInit {
  /** PeerId of this node, and those that it had before. */
  readonly holders: ReadonlySet<string>;
  /** Held certificates by id. */
  readonly held: Section;
  /** Status lists of other issuers, for stapling, by issuer and list. */
  readonly statusLists: Section;
  /** Lists that were heard of issuers, by whatever way; its own too. */
  readonly statusMemory: StatusListMemory;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly trust: TrustPolicy;
}

/** The remark on a certificate that nothing but its issuer's status list is missing of. */
export const NO_CURRENT_LIST = 'has no place in a current status list of its issuer';

/** What a new list of the issuer would not mend. */
const STATUS_REMARKS: Partial<Record<StatusReason, string>> = {
  ISSUER_DISTRUSTED: 'is by an issuer that has signed two status lists of one number',
};

/** One certificate in the shelf. */
interface ShelfEntry {
  readonly held: HeldCertificate;
  readonly claims: readonly CertificateClaim[];
}

/** Certificates of one node. */
export class CertificateShelf {
  readonly #init: CertificateShelfInit;
  readonly #held = new Map<string, ShelfEntry>();
  readonly #status = new Map<string, SignedDocument<StatusList>>();

  constructor(init: CertificateShelfInit) {
    this.#init = init;
  }

  /** Reads the shelf. What does not verify any more is logged and left out. */
  async load(): Promise<void> {
    const { held, statusLists, holders, logger } = this.#init;
    for await (const [id, bytes] of held.entries()) {
      const checked = decodeHeldCertificate(bytes, holders);
      if (checked.valid) this.#held.set(id, { held: checked.held, claims: checked.claims });
      else logger.error({ certId: id, reason: checked.reason }, 'A stored certificate is damaged.');
    }
    for await (const [key, bytes] of statusLists.entries()) {
      const opened = openEnvelope(statusListDefinition, bytes);
      if (opened.valid) this.#status.set(key, opened);
    }
  }

  /** Held certificates, endorsements last, and then the longest-lived first. */
  held(): readonly HeldCertificate[] {
    return this.#entries().map(({ held }) => held);
  }

  /**
   * Those of them that stand: what its issuer has revoked is named nowhere. It is still shown to
   * whoever asks, with the list that says so: then a client can tell its user why.
   */
  standing(): readonly HeldCertificate[] {
    return this.held().filter(({ certificate: { body } }) => !this.#isRevoked(body));
  }

  /** Terms of resources of which a certificate of somebody else that stands has a quantity. */
  attestedResources(): readonly string[] {
    const now = nowSeconds(this.#init.clock);
    const terms = [...this.#held.values()]
      .filter(({ held: { certificate } }) => {
        const { body } = certificate;
        return body.kind === 'attestation' && now < body.exp && !this.#isRevoked(body);
      })
      .flatMap(({ claims }) => claims.filter(isResourceClaim).map(({ name }) => name));
    return [...new Set(terms)];
  }

  /**
   * Status lists of other issuers, to be stapled: of each the newest at hand, so that whoever joins
   * later learns of a revocation that was told before.
   */
  statusLists(): readonly SignedDocument<StatusList>[] {
    const lists = new Map<string, SignedDocument<StatusList>>();
    for (const { held } of this.#held.values()) {
      const { body } = held.certificate;
      const newest = this.#newestList(body);
      if (newest) lists.set(`${body.issuer}/${body.list}`, newest);
    }
    return [...lists.values()];
  }

  /** Lists that should be asked for anew: none at hand, or less than half its life left. */
  listsToAsk(): readonly { readonly issuer: string; readonly list: number }[] {
    const now = nowSeconds(this.#init.clock);
    const wanted = new Map<string, { readonly issuer: string; readonly list: number }>();
    for (const { held } of this.#held.values()) {
      const { kind, issuer, list, exp } = held.certificate.body;
      if (exp < now || kind === 'self') continue;
      const key = `${issuer}/${list}`;
      const status = this.#newestList({ issuer, list })?.body;
      if (!status || now > (status.iat + status.next) / 2) wanted.set(key, { issuer, list });
    }
    return [...wanted.values()];
  }

  /**
   * Keeps a certificate, in the place of those of its kind by the same issuer whose skills it
   * covers. Where there are too many, endorsements give way before others, and of one kind the one
   * that ends first. An endorsement that is older than one in its place is not kept.
   */
  async keep(held: HeldCertificate, claims: readonly CertificateClaim[]): Promise<void> {
    const kept = { held, claims };
    const id = idOf(kept);
    const others = [...this.#held.values()].filter((other) => idOf(other) !== id);
    if (isEndorsement(kept) && others.some((other) => isNewer(other, kept) && covers(other, kept)))
      return;
    await this.#init.held.put(id, encodeHeldCertificate(held));
    for (const other of others) if (covers(kept, other)) await this.#drop(idOf(other));
    this.#held.set(id, kept);
    const entries = this.#entries();
    const endorsements = entries.filter(isEndorsement);
    const isTooMany = endorsements.length > MAX_ENDORSEMENTS || entries.length > MAX_HELD;
    if (isTooMany) await this.#drop(idOf(entries.at(-1)!));
  }

  /**
   * Keeps another issuer's status list if it verifies, is newer, and a held certificate names it.
   *
   * @returns whether it did.
   */
  async keepStatusList(envelope: Uint8Array, issuer: string): Promise<boolean> {
    const verified = verifyStatusList(envelope, { nowSeconds: nowSeconds(this.#init.clock) });
    if (!verified.valid || verified.body.issuer !== issuer) return false;
    const { list } = verified.body;
    const isNamed = this.held().some(
      ({ certificate: { body } }) => body.issuer === issuer && body.list === list,
    );
    if (!isNamed) return false;
    const key = `${issuer}/${list}`;
    const known = this.#status.get(key);
    if (known && known.body.seq >= verified.body.seq) return false;
    await this.#init.statusLists.put(key, envelope);
    this.#status.set(key, verified);
    return true;
  }

  /** Rows for a person, in the order of `held`. */
  list(): CertificateDocument[] {
    return this.#entries().map((entry) => this.#describe(entry));
  }

  /** @throws {@link NothingFoundError} for an id that is not held. */
  show(certId: string): CertificateDocument {
    const entry = this.#held.get(certId);
    if (!entry) throw new NothingFoundError(`No certificate ${certId} is held here`);
    return this.#describe(entry);
  }

  /** Checks an envelope by itself; its leaves stay with its holder. */
  verify(envelope: Uint8Array): VerifyDocument {
    const text = utf8(Buffer.from(envelope).toString('utf8').trim());
    const checked = verifySkillCertificate(text, { nowSeconds: nowSeconds(this.#init.clock) });
    if (!checked.valid) {
      return { valid: false, reason: `${checked.reason}: ${checked.detail}`, certificate: null };
    }
    return this.#judged(checked, []);
  }

  /** Checks a disclosure: an envelope, and leaves that somebody opened. */
  verifyDisclosure(file: unknown): VerifyDocument {
    const checked = verifyDisclosure(file, nowSeconds(this.#init.clock));
    if (!checked.valid) return { ...checked, certificate: null };
    return this.#judged(checked.certificate, checked.claims);
  }

  #judged(
    document: SignedDocument<SkillCertificate>,
    claims: readonly CertificateClaim[],
  ): VerifyDocument {
    const standing = this.#standingOf(document.body, claims);
    const certificate = certificateDocument(document, claims, standing);
    const isRevokedNow = standing.status === 'revoked';
    const reason = isRevokedNow ? 'REVOKED: its issuer has revoked it' : null;
    return { valid: !isRevokedNow, reason, certificate };
  }

  /** Opens leaves of a held certificate for everybody. @throws {@link NothingFoundError} */
  disclose(certId: string, terms: readonly string[]): DisclosureDocument {
    const entry = this.#held.get(certId);
    if (!entry) throw new NothingFoundError(`No certificate ${certId} is held here`);
    return discloseLeaves(entry.held, terms);
  }

  #entries(): ShelfEntry[] {
    return [...this.#held.values()].sort(
      (a, b) =>
        Number(isEndorsement(a)) - Number(isEndorsement(b)) ||
        b.held.certificate.body.exp - a.held.certificate.body.exp,
    );
  }

  async #drop(certId: string): Promise<void> {
    this.#held.delete(certId);
    await this.#init.held.delete(certId);
  }

  #describe({ held, claims }: ShelfEntry): CertificateDocument {
    const { certificate } = held;
    return certificateDocument(certificate, claims, this.#standingOf(certificate.body, claims));
  }

  /** Held certificates that can be shown: neither revoked nor of a PeerId that this node had. */
  presentable(holder: string): readonly HeldCertificate[] {
    return this.standing().filter(({ certificate: { body } }) => body.holder === holder);
  }

  #isRevoked(body: SkillCertificate): boolean {
    const status = this.#newestList(body)?.body;
    return status !== undefined && isRevoked(status, body.slot) === true;
  }

  /** The newest list at hand, stapled or heard. */
  #newestList({
    issuer,
    list,
  }: Pick<SkillCertificate, 'issuer' | 'list'>): SignedDocument<StatusList> | undefined {
    const stapled = this.#status.get(`${issuer}/${list}`);
    const heard = this.#init.statusMemory.latest(issuer, list);
    return heard && heard.body.seq > (stapled?.body.seq ?? -1) ? heard : stapled;
  }

  /**
   * Level of the certificate alone, as this node would see it, and what stands against a higher
   * one. Fails closed, as the judge of presentations does (`trust.ts`), by the same rule of status.
   */
  #standingOf(body: SkillCertificate, claims: readonly CertificateClaim[]): CertificateStanding {
    const { kind, issuer, list, exp } = body;
    if (kind === 'self') return { level: 0, status: 'unknown', remark: 'is by the holder itself' };
    const now = nowSeconds(this.#init.clock);
    const { status, statusReason } = certificateStatus({
      certificate: body,
      // Of an envelope alone nobody sees what it names: one of a day may be of a resource.
      hasQuantity: claims.some(isResourceClaim) || (claims.length === 0 && isOfADay(body)),
      stapled: this.#status.get(`${issuer}/${list}`),
      memory: this.#init.statusMemory,
      time: { nowSeconds: now },
    });
    if (status === 'revoked') return { level: 0, status, remark: 'is revoked' };
    const remark =
      this.#remarkOf(body, claims) ??
      (now >= exp ? 'has ended' : undefined) ??
      (status === 'good' ? undefined : (STATUS_REMARKS[statusReason] ?? NO_CURRENT_LIST));
    return remark === undefined ? { level: 2, status, remark: null } : { level: 0, status, remark };
  }

  /** What this node's trust policy says against it. */
  #remarkOf(body: SkillCertificate, claims: readonly CertificateClaim[]): string | undefined {
    const { kind, issuer } = body;
    const { trust } = this.#init;
    if (kind === 'endorsement') return 'is an endorsement: its level needs a ledger';
    if (!trust.attestors.has(issuer)) return 'is by an issuer that this node does not trust';
    if (trust.isRotated(issuer)) return 'is by an issuer whose key was rotated';
    // Where nothing is opened, the issuer must be believed whatever it says.
    const terms = claims.length === 0 ? [''] : claims.map(({ name }) => name);
    const isForeign = terms.some((term) => !trust.trusts(issuer, term));
    if (isForeign) return 'is by an issuer whose word counts for some terms only';
    const isStated = claims.some(isResourceClaim) && resourceBasis(body) === 'stated';
    return trust.isMeasuredOnly && isStated ? UNMEASURED : undefined;
  }
}

/** Certificates of resources last so long, and hardly any other so short. */
function isOfADay({ nbf, exp }: SkillCertificate): boolean {
  return exp - nbf <= DAY_SECONDS;
}

function idOf({ held }: ShelfEntry): string {
  return toBase64Url(held.certificate.id);
}

function isEndorsement({ held }: ShelfEntry): boolean {
  return held.certificate.body.kind === 'endorsement';
}

function isNewer({ held: a }: ShelfEntry, { held: b }: ShelfEntry): boolean {
  return a.certificate.body.iat > b.certificate.body.iat;
}

/**
 * Whether `a` is of the same issuer and kind as `b`, and about all that `b` is about. What was
 * measured is not covered by what is stated: some clients believe the first alone.
 */
function covers(a: ShelfEntry, b: ShelfEntry): boolean {
  const [bodyOfA, bodyOfB] = [a.held.certificate.body, b.held.certificate.body];
  const terms = termsOf(a.claims);
  const isWeaker =
    b.claims.some(isResourceClaim) &&
    resourceBasis(bodyOfA) === 'stated' &&
    resourceBasis(bodyOfB) !== 'stated';
  return (
    !isWeaker &&
    bodyOfA.issuer === bodyOfB.issuer &&
    bodyOfA.kind === bodyOfB.kind &&
    termsOf(b.claims).every((term) => terms.includes(term))
  );
}

/** Skills and resources that a certificate is about. */
function termsOf(claims: readonly CertificateClaim[]): string[] {
  return claims
    .filter((claim) => claim.kind === 'skill' || isResourceClaim(claim))
    .map(({ name }) => name);
}
