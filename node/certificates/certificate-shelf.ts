/**
 * The certificates that this node holds, the ones it issues, and the status lists of both.
 *
 * @module
 */

import { toBase64Url, utf8 } from '../../crypto/bytes.ts';
import type { CertificateClaim } from '../../crypto/certificate-leaf.ts';
import { openEnvelope } from '../../crypto/envelope.ts';
import type { SignedDocument } from '../../crypto/envelope.ts';
import { decodeHeldCertificate, encodeHeldCertificate } from '../../crypto/held-certificate.ts';
import type { Identity } from '../../crypto/identity.ts';
import { issueSkillCertificate, verifySkillCertificate } from '../../crypto/skill-certificate.ts';
import type { HeldCertificate, SkillCertificate } from '../../crypto/skill-certificate.ts';
import {
  emptyStatusBits,
  isRevoked,
  signStatusList,
  statusListDefinition,
  verifyStatusList,
} from '../../crypto/status-list.ts';
import type { StatusList } from '../../crypto/status-list.ts';
import { nowSeconds } from '../../protocols/components.ts';
import type { Clock, Logger, Random } from '../../protocols/components.ts';
import type { CertificateDocument } from '../api-documents.ts';
import { NothingFoundError, RefusedError } from '../errors.ts';
import type { Section } from '../storage/store.ts';

const SECONDS_PER_DAY = 86_400;
/** Certificates that a node keeps; a record names 8 of them. */
const MAX_HELD = 32;
/** All certificates of this version stand in one list of 65,536 bits. */
const STATUS_LIST = 0;
const MAX_SLOT = 65_535;
const SLOT_KEY = 'next-slot';
/** No evidence: 32 zero bytes. */
const NO_EVIDENCE = new Uint8Array(32);

export interface CertificateShelfInit {
  readonly identity: Identity;
  /** Held certificates by id. */
  readonly held: Section;
  /** Issued certificates by id, and the next free slot. */
  readonly issued: Section;
  /** Status lists of other issuers, for stapling, by issuer and list. */
  readonly statusLists: Section;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly attestors: ReadonlySet<string>;
}

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
  #turn: Promise<unknown> = Promise.resolve();

  constructor(init: CertificateShelfInit) {
    this.#init = init;
  }

  /** Reads the shelf. What does not verify any more is logged and left out. */
  async load(): Promise<void> {
    const { held, statusLists, identity, logger } = this.#init;
    for await (const [id, bytes] of held.entries()) {
      const checked = decodeHeldCertificate(bytes, identity.peerId);
      if (checked.valid) this.#held.set(id, { held: checked.held, claims: checked.claims });
      else logger.error({ certId: id, reason: checked.reason }, 'A stored certificate is damaged.');
    }
    for await (const [key, bytes] of statusLists.entries()) {
      const opened = openEnvelope(statusListDefinition, bytes);
      if (opened.valid) this.#status.set(key, opened);
    }
  }

  /** Held certificates, the longest-lived first. */
  held(): readonly HeldCertificate[] {
    return this.#entries().map(({ held }) => held);
  }

  /** Status lists of other issuers at hand. */
  statusLists(): readonly SignedDocument<StatusList>[] {
    return [...this.#status.values()];
  }

  /** Issuers whose list should be asked for anew: none at hand, or less than half its life left. */
  issuersToAsk(): readonly string[] {
    const now = nowSeconds(this.#init.clock);
    const issuers = new Set<string>();
    for (const { held } of this.#held.values()) {
      const { issuer, list, exp } = held.certificate.body;
      if (exp < now || issuer === this.#init.identity.peerId) continue;
      const status = this.#status.get(`${issuer}/${list}`)?.body;
      if (!status || now > (status.iat + status.next) / 2) issuers.add(issuer);
    }
    return [...issuers];
  }

  /**
   * Keeps a certificate, in the place of those by the same issuer whose skills it covers. Where
   * there are too many, the one that ends first gives way.
   */
  async keep(held: HeldCertificate, claims: readonly CertificateClaim[]): Promise<void> {
    const id = toBase64Url(held.certificate.id);
    await this.#init.held.put(id, encodeHeldCertificate(held));
    const { issuer } = held.certificate.body;
    const terms = skillsOf(claims);
    for (const [other, entry] of this.#held) {
      const isReplaced =
        other !== id &&
        entry.held.certificate.body.issuer === issuer &&
        skillsOf(entry.claims).every((term) => terms.includes(term));
      if (isReplaced) await this.#drop(other);
    }
    this.#held.set(id, { held, claims });
    const [, ...older] = this.#entries();
    if (this.#held.size > MAX_HELD)
      await this.#drop(toBase64Url(older.at(-1)!.held.certificate.id));
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

  /**
   * This node's own status list, signed now. Nothing is revoked in this version: all bits are 0.
   */
  ownStatusList(): SignedDocument<StatusList> {
    const iat = nowSeconds(this.#init.clock);
    return signStatusList({
      issuer: this.#init.identity,
      list: STATUS_LIST,
      seq: iat,
      iat,
      next: iat + SECONDS_PER_DAY,
      bits: emptyStatusBits(),
    });
  }

  /** Issues an attestation of known-answer tasks that `holder` passed. */
  attest(order: {
    readonly holder: string;
    readonly term: string;
    readonly passed: number;
    readonly run: number;
    /** Hash of the transcript of the tasks, 32 bytes. */
    readonly evidence: Uint8Array;
    readonly days: number;
  }): Promise<HeldCertificate> {
    const { term, passed, run } = order;
    return this.#issue('attestation', order.holder, order.days, order.evidence, [
      { kind: 'skill', name: term },
      { kind: 'canaryScore', name: term, passed, run },
    ]);
  }

  /** Issues a certificate of this node for itself, and keeps it. */
  async issueSelf(terms: readonly string[], days: number): Promise<CertificateDocument> {
    const { peerId } = this.#init.identity;
    const claims = [...new Set(terms)].map((name) => ({ kind: 'skill', name }) as const);
    const held = await this.#issue('self', peerId, days, NO_EVIDENCE, claims);
    await this.keep(held, claims);
    return this.#describe({ held, claims });
  }

  /** Rows for a person, the longest-lived certificate first. */
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
  verify(envelope: Uint8Array): {
    readonly valid: boolean;
    readonly reason: string | null;
    readonly certificate: CertificateDocument | null;
  } {
    const text = utf8(Buffer.from(envelope).toString('utf8').trim());
    const checked = verifySkillCertificate(text, { nowSeconds: nowSeconds(this.#init.clock) });
    if (!checked.valid) {
      return { valid: false, reason: `${checked.reason}: ${checked.detail}`, certificate: null };
    }
    return { valid: true, reason: null, certificate: this.#documentOf(checked, []) };
  }

  #entries(): ShelfEntry[] {
    return [...this.#held.values()].sort(
      (a, b) => b.held.certificate.body.exp - a.held.certificate.body.exp,
    );
  }

  async #drop(certId: string): Promise<void> {
    this.#held.delete(certId);
    await this.#init.held.delete(certId);
  }

  async #issue(
    kind: SkillCertificate['kind'],
    holder: string,
    days: number,
    evidence: Uint8Array,
    claims: readonly CertificateClaim[],
  ): Promise<HeldCertificate> {
    const { identity, issued, clock, random } = this.#init;
    const slot = await this.#takeSlot();
    const iat = nowSeconds(clock);
    const held = issueSkillCertificate({
      issuer: identity,
      holder,
      kind,
      claims,
      iat,
      nbf: iat,
      exp: iat + days * SECONDS_PER_DAY,
      list: STATUS_LIST,
      slot,
      evidence,
      random: (length) => random.bytes(length),
    });
    await issued.put(toBase64Url(held.certificate.id), held.certificate.envelope);
    return held;
  }

  /** Next slot of the status list; written before it is used, so that none is used twice. */
  #takeSlot(): Promise<number> {
    const turn = this.#turn.then(async () => {
      const { issued } = this.#init;
      const stored = await issued.get(SLOT_KEY);
      const text = stored === undefined ? '0' : Buffer.from(stored).toString('utf8');
      if (!/^[0-9]{1,5}$/.test(text)) {
        throw new RefusedError('The count of taken slots is damaged; restore it from a backup');
      }
      const slot = Number(text);
      if (slot > MAX_SLOT) {
        throw new RefusedError(
          'All 65,536 slots of the status list are taken; issue with a new identity',
        );
      }
      await issued.put(SLOT_KEY, utf8(String(slot + 1)));
      return slot;
    });
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  #describe({ held, claims }: ShelfEntry): CertificateDocument {
    return this.#documentOf(held.certificate, claims);
  }

  /** Fails closed: without a current status list of its issuer a certificate proves nothing. */
  #levelOf({ kind, issuer, exp, list, slot }: SkillCertificate): number {
    const now = nowSeconds(this.#init.clock);
    const isTrusted = kind === 'attestation' && this.#init.attestors.has(issuer);
    if (!isTrusted || now >= exp) return 0;
    const own = issuer === this.#init.identity.peerId ? this.ownStatusList() : undefined;
    const status = (own ?? this.#status.get(`${issuer}/${list}`))?.body;
    const isGood = status !== undefined && now < status.next && isRevoked(status, slot) === false;
    return isGood ? 2 : 0;
  }

  #documentOf(
    { id, body, envelope }: SignedDocument<SkillCertificate>,
    claims: readonly CertificateClaim[],
  ): CertificateDocument {
    return {
      certId: toBase64Url(id),
      kind: body.kind,
      issuer: body.issuer,
      holder: body.holder,
      issuedAtSeconds: body.iat,
      expiresAtSeconds: body.exp,
      level: this.#levelOf(body),
      leaves: claims.map(describeClaim),
      envelope: Buffer.from(envelope).toString('utf8'),
    };
  }
}

function skillsOf(claims: readonly CertificateClaim[]): string[] {
  return claims.filter(({ kind }) => kind === 'skill').map(({ name }) => name);
}

function describeClaim(claim: CertificateClaim): CertificateDocument['leaves'][number] {
  switch (claim.kind) {
    case 'skill':
      return { kind: 'skill', name: claim.name, value: '' };
    case 'quantity':
      return { kind: 'quantity', name: claim.name, value: claim.value.toString() };
    case 'committedQuantity':
      return { kind: 'committed', name: claim.name, value: 'hidden' };
    case 'canaryScore':
      return { kind: 'score', name: claim.name, value: `${claim.passed} of ${claim.run}` };
    case 'text':
      return { kind: 'text', name: claim.name, value: claim.text };
  }
}
