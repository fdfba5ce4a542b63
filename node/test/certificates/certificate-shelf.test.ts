import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { fromUtf8, toBase64Url, utf8 } from '../../../crypto/bytes.ts';
import { openEnvelope } from '../../../crypto/envelope.ts';
import { checkHeldCertificate } from '../../../crypto/held-certificate.ts';
import { Identity } from '../../../crypto/identity.ts';
import { skillCertificateDefinition } from '../../../crypto/skill-certificate.ts';
import type { IssuedCertificate } from '../../../crypto/skill-certificate.ts';
import { StatusListMemory } from '../../../crypto/status-list-memory.ts';
import { emptyStatusBits, revokeSlot, signStatusList } from '../../../crypto/status-list.ts';
import type { CertificateDocument } from '../../api-documents.ts';
import { statedEvidence } from '../../../protocols/attestation/stated-evidence.ts';
import {
  FakeClock,
  FakeLogger,
  FakeRandom,
} from '../../../protocols/test/negotiation/fake-world.ts';
import { CertificateIssuer } from '../../certificates/certificate-issuer.ts';
import { CertificateShelf } from '../../certificates/certificate-shelf.ts';
import { TrustPolicy } from '../../certificates/trust-policy.ts';
import { loadConfig } from '../../config/load.ts';
import { NothingFoundError, RefusedError } from '../../errors.ts';
import { MemorySection } from '../memory-section.ts';

const ME = Identity.fromSeed(new Uint8Array(32).fill(1));
const ATTESTOR = Identity.fromSeed(new Uint8Array(32).fill(2));
const STRANGER = Identity.fromSeed(new Uint8Array(32).fill(3));
const TERM = 'performs:nlp/sentiment';
const EVIDENCE = new Uint8Array(32).fill(7);
const DAY = 86_400;

const clock = () => new FakeClock();

/** A shelf over sections that outlive it, as a data directory outlives a process. */
class ShelfUnderTest {
  readonly held = new MemorySection();
  readonly issued = new MemorySection();
  readonly statusLists = new MemorySection();
  readonly logger = new FakeLogger();
  readonly clock = clock();
  readonly #identity: Identity;
  readonly #attestors: readonly string[];
  readonly heard = new StatusListMemory();
  readonly rotated = new Set<string>();
  /** PeerIds that the node had before its key was rotated; from the next restart on. */
  formerPeerIds: readonly string[] = [];
  shelf: CertificateShelf;
  issuer: CertificateIssuer;

  constructor(identity: Identity, attestors: readonly string[] = [ATTESTOR.peerId]) {
    this.#identity = identity;
    this.#attestors = attestors;
    this.shelf = this.#open();
    this.issuer = this.#openIssuer();
  }

  #open(): CertificateShelf {
    const values = { trust: { attestors: [...this.#attestors] } };
    return new CertificateShelf({
      holders: new Set([this.#identity.peerId, ...this.formerPeerIds]),
      held: this.held,
      statusLists: this.statusLists,
      statusMemory: this.heard,
      clock: this.clock,
      logger: this.logger,
      trust: new TrustPolicy(loadConfig([{ origin: 'test', values }]).trust, (peerId) =>
        this.rotated.has(peerId),
      ),
    });
  }

  #openIssuer(): CertificateIssuer {
    return new CertificateIssuer({
      identity: this.#identity,
      issued: this.issued,
      clock: this.clock,
      random: new FakeRandom(`${this.#identity.peerId} ${this.issued.values.size}`),
    });
  }

  /** A certificate of oneself, kept. */
  async issueSelf(terms: readonly string[], days: number): Promise<CertificateDocument> {
    const held = await this.issuer.issue({
      kind: 'self',
      holder: this.#identity.peerId,
      claims: terms.map((name) => ({ kind: 'skill', name })),
      lifeSeconds: days * DAY,
      evidence: new Uint8Array(32),
    });
    await keep(held, this);
    return this.shelf.show(toBase64Url(held.certificate.id));
  }

  async restart(): Promise<CertificateShelf> {
    this.shelf = this.#open();
    this.issuer = this.#openIssuer();
    await this.shelf.load();
    return this.shelf;
  }
}

let mine: ShelfUnderTest;
let theirs: ShelfUnderTest;

beforeEach(() => {
  mine = new ShelfUnderTest(ME);
  theirs = new ShelfUnderTest(ATTESTOR);
});

async function attestation(
  change: { holder?: string; term?: string; days?: number; by?: ShelfUnderTest } = {},
): Promise<IssuedCertificate> {
  const { holder = ME.peerId, term = TERM, days = 7, by = theirs } = change;
  return by.issuer.issue({
    kind: 'attestation',
    holder,
    claims: [
      { kind: 'skill', name: term },
      { kind: 'canaryScore', name: term, passed: 7, run: 8 },
    ],
    lifeSeconds: days * DAY,
    evidence: EVIDENCE,
  });
}

/** Checks a certificate as the holder's protocol does, and keeps it. */
async function keep(held: IssuedCertificate, on = mine): Promise<void> {
  const checked = checkHeldCertificate(held.certificate.envelope, held.leaves, ME.peerId);
  if (!checked.valid) throw new Error(checked.reason);
  await on.shelf.keep(checked.held, checked.claims);
}

/** Hands `on` a status list of the attestor, signed now. @returns whether it was kept. */
function takeStatusList(
  change: { list?: number; seq?: number; bits?: Uint8Array } = {},
  on = mine,
): Promise<boolean> {
  const iat = on.clock.seconds;
  const { list = 0, seq = 1, bits = emptyStatusBits() } = change;
  const status = signStatusList({ issuer: ATTESTOR, list, seq, iat, next: iat + DAY, bits });
  return on.shelf.keepStatusList(status.envelope, ATTESTOR.peerId);
}

describe('levels', () => {
  it('gives a certificate of oneself level 0', async () => {
    const document = await mine.issueSelf([TERM], 30);
    expect(document).toMatchObject({ kind: 'self', level: 0, issuer: ME.peerId });
    expect(document.leaves).toEqual([{ kind: 'skill', name: TERM, value: '' }]);
    expect(document.expiresAtSeconds - document.issuedAtSeconds).toBe(30 * DAY);
  });

  it('gives an attestation by a trusted attestor level 2, by any other level 0', async () => {
    await keep(await attestation());
    expect(await takeStatusList()).toBe(true);
    expect(mine.shelf.list()[0]).toMatchObject({ kind: 'attestation', level: 2 });
    const distrustful = new ShelfUnderTest(ME, []);
    await keep(await attestation(), distrustful);
    expect(await takeStatusList({}, distrustful)).toBe(true);
    expect(distrustful.shelf.list()[0]!.level).toBe(0);
  });

  it('gives level 0 without a status list of the issuer: it fails closed', async () => {
    await keep(await attestation());
    expect(mine.shelf.list()[0]).toMatchObject({ kind: 'attestation', level: 0 });
    await takeStatusList({ list: 1 });
    expect(mine.shelf.list()[0]!.level).toBe(0);
  });

  it('gives level 0 once the status list has run out (an issuer that is kept silent)', async () => {
    await keep(await attestation());
    await takeStatusList();
    mine.clock.advanceSeconds(DAY + 59);
    expect(mine.shelf.list()[0]!.level).toBe(2);
    mine.clock.advanceSeconds(1);
    expect(mine.shelf.list()[0]!.level).toBe(0);
  });

  it('gives level 0 to a revoked certificate, level 2 to its neighbour', async () => {
    const [first, second] = [await attestation(), await attestation({ term: 'performs:a/b' })];
    await keep(first);
    await keep(second);
    const { slot } = first.certificate.body;
    await takeStatusList({ bits: revokeSlot(emptyStatusBits(), slot) });
    const levelOf = (id: Uint8Array) => mine.shelf.show(toBase64Url(id)).level;
    expect(levelOf(first.certificate.id)).toBe(0);
    expect(levelOf(second.certificate.id)).toBe(2);
  });

  it('gives level 0 to a slot beyond the end of the list', async () => {
    await attestation();
    for (let i = 0; i < 8; i++) await attestation();
    await keep(await attestation());
    await takeStatusList({ bits: new Uint8Array(1) });
    expect(mine.shelf.list()[0]!.level).toBe(0);
  });

  it('shows level 0 for a certificate that has expired', async () => {
    await keep(await attestation({ days: 1 }));
    mine.clock.advanceSeconds(DAY - 1);
    await takeStatusList({ seq: 2 });
    expect(mine.shelf.list()[0]!.level).toBe(2);
    mine.clock.advanceSeconds(1);
    expect(mine.shelf.list()[0]!.level).toBe(0);
  });

  it('shows what was passed, and nothing that the leaves do not say', async () => {
    await keep(await attestation());
    const leaves = [...mine.shelf.list()[0]!.leaves].sort((a, b) => (a.kind < b.kind ? -1 : 1));
    expect(leaves).toEqual([
      { kind: 'score', name: TERM, value: '7 of 8' },
      { kind: 'skill', name: TERM, value: '' },
    ]);
  });
});

describe('slots of the status list', () => {
  async function slotOf(held: IssuedCertificate): Promise<number> {
    const opened = openEnvelope(skillCertificateDefinition, held.certificate.envelope);
    if (!opened.valid) throw new Error(opened.reason);
    return Promise.resolve(opened.body.slot);
  }

  it('are never used twice, also by attestations that are issued at once', async () => {
    const issued = await Promise.all(Array.from({ length: 20 }, () => attestation()));
    const slots = await Promise.all(issued.map(slotOf));
    expect(new Set(slots).size).toBe(20);
  });

  it('are never used twice across a restart', async () => {
    const before = await Promise.all(
      [attestation(), attestation()].map(async (a) => slotOf(await a)),
    );
    await theirs.restart();
    const after = await slotOf(await attestation());
    expect([...before, after]).toEqual([0, 1, 2]);
  });

  it('are lost rather than used twice if the certificate cannot be stored', async () => {
    const write = theirs.issued.write.bind(theirs.issued);
    theirs.issued.write = () => Promise.reject(new Error('no space left on device'));
    await expect(attestation()).rejects.toThrow('no space left');
    theirs.issued.write = write;
    expect(await slotOf(await attestation())).toBe(1);
  });

  it('end with a refusal when all 65,536 are taken, and the last one is used', async () => {
    await theirs.issued.put('next-slot', utf8('65535'));
    expect(await slotOf(await attestation())).toBe(65_535);
    await expect(attestation()).rejects.toThrow(RefusedError);
  });

  it.each(['x', '1.5', '-1', ''])(
    'are not given out from a damaged counter: "%s"',
    async (text) => {
      await theirs.issued.put('next-slot', utf8(text));
      await expect(attestation()).rejects.toThrow(RefusedError);
    },
  );
});

describe('keep', () => {
  it('keeps a certificate over a restart', async () => {
    await keep(await attestation());
    const before = mine.shelf.list();
    expect((await mine.restart()).list()).toEqual(before);
  });

  it('replaces a certificate of the same issuer whose skills the new one covers', async () => {
    await keep(await attestation());
    mine.clock.advanceSeconds(10);
    theirs.clock.advanceSeconds(10);
    const second = await attestation();
    await keep(second);
    expect(mine.shelf.list().map(({ certId }) => certId)).toEqual([
      toBase64Url(second.certificate.id),
    ]);
    expect(mine.held.values.size).toBe(1);
  });

  it('keeps those of other skills and of other issuers', async () => {
    const other = new ShelfUnderTest(STRANGER);
    await keep(await attestation());
    await keep(await attestation({ term: 'performs:nlp/summary' }));
    await keep(await attestation({ by: other }));
    await mine.issueSelf([TERM], 1);
    expect(mine.shelf.list()).toHaveLength(4);
  });

  async function endorsement(
    change: { by?: ShelfUnderTest; days?: number } = {},
  ): Promise<IssuedCertificate> {
    const { by = theirs, days = 30 } = change;
    return by.issuer.issue({
      kind: 'endorsement',
      holder: ME.peerId,
      claims: [
        { kind: 'skill', name: TERM },
        { kind: 'canaryScore', name: TERM, passed: 1, run: 1 },
      ],
      lifeSeconds: days * DAY,
      evidence: EVIDENCE,
    });
  }
  const kinds = () => mine.shelf.list().map(({ kind }) => kind);
  const clientOf = (i: number) => new ShelfUnderTest(Identity.fromSeed(new Uint8Array(32).fill(i)));

  it('keeps the newer of two endorsements of one client, whichever comes first', async () => {
    const first = await endorsement();
    theirs.clock.advanceSeconds(10);
    const second = await endorsement();
    for (const order of [
      [first, second],
      [second, first],
    ]) {
      for (const held of order) await keep(held);
      const ids = mine.shelf.list().map(({ certId }) => certId);
      expect(ids).toEqual([toBase64Url(second.certificate.id)]);
      expect([...mine.held.values.keys()]).toEqual(ids);
    }
  });

  it('keeps an attestation and an endorsement of one issuer beside each other', async () => {
    await keep(await attestation());
    await keep(await endorsement());
    expect(kinds()).toEqual(['attestation', 'endorsement']);
    await keep(await attestation());
    expect(kinds()).toEqual(['attestation', 'endorsement']);
  });

  it('names endorsements last, although they live longest', async () => {
    await keep(await endorsement({ days: 30 }));
    await keep(await attestation({ days: 1 }));
    expect(kinds()).toEqual(['attestation', 'endorsement']);
    expect(mine.shelf.held()[0]!.certificate.body.kind).toBe('attestation');
  });

  it('a flood of endorsements pushes no attestation out', async () => {
    await keep(await attestation({ days: 1 }));
    for (let i = 0; i < 40; i++) await keep(await endorsement({ by: clientOf(100 + i) }));
    expect(kinds().filter((kind) => kind === 'endorsement')).toHaveLength(16);
    expect(kinds()[0]).toBe('attestation');
    for (let i = 0; i < 40; i++) await keep(await attestation({ by: clientOf(100 + i) }));
    expect(mine.shelf.list()).toHaveLength(32);
    await keep(await endorsement({ by: clientOf(150) }));
    expect(kinds()).toEqual(Array(32).fill('attestation'));
    expect(mine.held.values.size).toBe(32);
  });

  it('keeps 32 at most, and the one with the shortest life goes', async () => {
    for (let i = 0; i < 34; i++) {
      await keep(await attestation({ term: `performs:nlp/skill-${i}`, days: 30 - (i % 30) }));
    }
    expect(mine.shelf.list()).toHaveLength(32);
    expect(mine.held.values.size).toBe(32);
    const lives = mine.shelf.list().map((row) => row.expiresAtSeconds);
    expect(lives).toEqual([...lives].sort((a, b) => b - a));
    const days = lives.map((exp) => (exp - mine.clock.seconds) / DAY);
    expect(Math.min(...days)).toBe(3);
  });

  it('changes nothing when the same certificate is kept again', async () => {
    const held = await attestation();
    await keep(held);
    await keep(held);
    expect(mine.shelf.list()).toHaveLength(1);
    expect(mine.held.values.size).toBe(1);
  });
});

describe('load', () => {
  it.each([
    ['cut off', (bytes: Uint8Array) => bytes.slice(0, -10)],
    ['a flipped bit', (bytes: Uint8Array) => bytes.map((byte, i) => (i === 400 ? byte ^ 1 : byte))],
    ['empty', () => new Uint8Array()],
    ['not JSON', () => utf8('damaged')],
  ])('leaves a damaged certificate out, with a line in the log: %s', async (_what, damage) => {
    await keep(await attestation());
    await keep(await attestation({ term: 'performs:nlp/summary' }));
    const [id, bytes] = [...mine.held.values][0]!;
    mine.held.values.set(id, damage(bytes));
    const shelf = await mine.restart();
    expect(shelf.list()).toHaveLength(1);
    expect(shelf.list()[0]!.certId).not.toBe(id);
    const lines = mine.logger.lines.filter(({ level }) => level === 'error');
    expect(lines).toHaveLength(1);
    expect(lines[0]!.fields).toMatchObject({ certId: id });
  });

  it('leaves out a certificate of another holder', async () => {
    await keep(await attestation());
    const other = new ShelfUnderTest(STRANGER);
    for (const [id, bytes] of mine.held.values) other.held.values.set(id, bytes);
    expect((await other.restart()).list()).toEqual([]);
    expect(other.logger.lines[0]!.fields).toMatchObject({ reason: 'OTHER_HOLDER' });
  });

  it('takes up the certificates of a key that was rotated away, with their level', async () => {
    await keep(await attestation());
    await takeStatusList();
    const rotated = new ShelfUnderTest(STRANGER);
    for (const section of ['held', 'statusLists'] as const) {
      for (const [key, bytes] of mine[section].values) await rotated[section].put(key, bytes);
    }
    expect((await rotated.restart()).held()).toEqual([]);
    rotated.formerPeerIds = [ME.peerId];
    const shelf = await rotated.restart();
    expect(shelf.list()).toMatchObject([{ holder: ME.peerId, level: 2 }]);
  });

  it('gives them up for one that the issuer makes for the new key', async () => {
    await keep(await attestation());
    mine.formerPeerIds = [STRANGER.peerId];
    await mine.restart();
    theirs.clock.advanceSeconds(10);
    const { certificate, leaves } = await attestation({ holder: STRANGER.peerId });
    const checked = checkHeldCertificate(certificate.envelope, leaves, STRANGER.peerId);
    if (!checked.valid) throw new Error(checked.reason);
    await mine.shelf.keep(checked.held, checked.claims);
    expect(mine.shelf.list().map(({ holder }) => holder)).toEqual([STRANGER.peerId]);
  });

  it('leaves out a damaged status list', async () => {
    await mine.statusLists.put(`${ATTESTOR.peerId}/0`, utf8('damaged'));
    expect((await mine.restart()).statusLists()).toEqual([]);
  });
});

describe('show and verify', () => {
  it('shows a certificate by its id, and names an id that is not held', async () => {
    const { certId } = await mine.issueSelf([TERM], 1);
    expect(mine.shelf.show(certId).certId).toBe(certId);
    expect(() => mine.shelf.show('abc')).toThrow(NothingFoundError);
    expect(() => mine.shelf.show('abc')).toThrow('No certificate abc');
  });

  it('verifies an envelope of any holder, and does not show leaves that it does not have', async () => {
    const { certificate } = await attestation({ holder: STRANGER.peerId });
    const verified = mine.shelf.verify(certificate.envelope);
    expect(verified).toMatchObject({ valid: true, reason: null });
    expect(verified.certificate).toMatchObject({ holder: STRANGER.peerId, level: 0, leaves: [] });
    await keep(await attestation());
    await takeStatusList();
    const { certificate: document } = mine.shelf.verify(certificate.envelope);
    expect(document).toMatchObject({ holder: STRANGER.peerId, level: 2, leaves: [] });
  });

  it('refuses a certificate that its issuer revoked, heard of by gossip only', async () => {
    const { certificate } = await attestation({ holder: STRANGER.peerId });
    const iat = mine.clock.seconds;
    const listOf = (seq: number, bits: Uint8Array) =>
      signStatusList({ issuer: ATTESTOR, list: 0, seq, iat, next: iat + DAY, bits });
    mine.heard.note(listOf(1, emptyStatusBits()), iat);
    expect(mine.shelf.verify(certificate.envelope)).toMatchObject({
      valid: true,
      certificate: { level: 2, status: 'good', remark: null },
    });
    const bits = revokeSlot(emptyStatusBits(), certificate.body.slot);
    mine.heard.note(listOf(2, bits), iat);
    expect(mine.shelf.verify(certificate.envelope)).toMatchObject({
      valid: false,
      reason: 'REVOKED: its issuer has revoked it',
      certificate: { level: 0, status: 'revoked', remark: 'is revoked' },
    });
  });

  it('shows a held certificate as revoked although the stapled list is older', async () => {
    const attested = await attestation();
    const { certificate } = attested;
    await keep(attested);
    await takeStatusList();
    expect(mine.shelf.presentable(ME.peerId)).toHaveLength(1);
    const iat = mine.clock.seconds;
    const bits = revokeSlot(emptyStatusBits(), certificate.body.slot);
    const revoked = { issuer: ATTESTOR, list: 0, seq: 9, iat, next: iat + DAY, bits };
    mine.heard.note(signStatusList(revoked), iat);
    expect(mine.shelf.list()).toMatchObject([{ level: 0, status: 'revoked' }]);
    expect(mine.shelf.presentable(ME.peerId)).toEqual([]);
    // Whoever joins later hears of it from the holder: gossip comes once.
    expect(mine.shelf.statusLists().map(({ body }) => body.seq)).toEqual([9]);
    expect(mine.shelf.standing()).toEqual([]);
    expect(mine.shelf.held()).toHaveLength(1);
    expect(mine.shelf.presentable(STRANGER.peerId)).toEqual([]);
  });

  it('believes no issuer whose key was rotated, whoever has the old key now', async () => {
    await keep(await attestation());
    await takeStatusList();
    const { certificate } = await attestation({ holder: STRANGER.peerId });
    expect(mine.shelf.verify(certificate.envelope).certificate).toMatchObject({ level: 2 });
    mine.rotated.add(ATTESTOR.peerId);
    expect(mine.shelf.verify(certificate.envelope).certificate).toMatchObject({
      level: 0,
      remark: 'is by an issuer whose key was rotated',
    });
  });

  it('believes no issuer of two status lists of one number, whatever list is stapled here', async () => {
    await keep(await attestation());
    await takeStatusList();
    const { certificate } = await attestation({ holder: STRANGER.peerId });
    const iat = mine.clock.seconds;
    for (const slot of [100, 101]) {
      const bits = revokeSlot(emptyStatusBits(), slot);
      const list = { issuer: ATTESTOR, list: 0, seq: 50, iat, next: iat + DAY, bits };
      mine.heard.note(signStatusList(list), iat);
    }
    expect(mine.heard.isDistrusted(ATTESTOR.peerId)).toBe(true);
    expect(mine.shelf.verify(certificate.envelope).certificate).toMatchObject({
      level: 0,
      status: 'unknown',
      remark: 'is by an issuer that has signed two status lists of one number',
    });
  });

  it('believes a quantity in clear by the list of an hour alone', async () => {
    const name = 'hasResource:cpu-cores';
    const held = await theirs.issuer.issue({
      kind: 'attestation',
      holder: ME.peerId,
      claims: [{ kind: 'quantity', name, value: 8n }],
      lifeSeconds: DAY,
      evidence: EVIDENCE,
    });
    await keep(held);
    const { body } = held.certificate;
    const levelWith = (lifeSeconds: number, seq: number) => {
      const iat = mine.clock.seconds;
      const next = iat + lifeSeconds;
      const list = { issuer: ATTESTOR, list: body.list, seq, iat, next, bits: emptyStatusBits() };
      mine.heard.note(signStatusList(list), iat);
      return mine.shelf.show(toBase64Url(held.certificate.id)).level;
    };
    const ofEnvelope = () => mine.shelf.verify(held.certificate.envelope).certificate!.level;
    expect(levelWith(DAY, 60)).toBe(0);
    // Nobody sees what an envelope names.
    expect(ofEnvelope()).toBe(0);
    expect(levelWith(3_600, 61)).toBe(2);
    expect(ofEnvelope()).toBe(2);
  });

  it('offers no resource whose certificate was revoked', async () => {
    const name = 'hasResource:cpu-cores';
    const held = await theirs.issuer.issue({
      kind: 'attestation',
      holder: ME.peerId,
      claims: [{ kind: 'quantity', name, value: 8n }],
      lifeSeconds: DAY,
      evidence: EVIDENCE,
    });
    await keep(held);
    expect(mine.shelf.attestedResources()).toEqual([name]);
    const { list, slot } = held.certificate.body;
    const iat = mine.clock.seconds;
    const bits = revokeSlot(emptyStatusBits(), slot);
    mine.heard.note(
      signStatusList({ issuer: ATTESTOR, list, seq: 9, iat, next: iat + 3_600, bits }),
      iat,
    );
    expect(mine.shelf.attestedResources()).toEqual([]);
  });

  it('keeps what was measured when the same attestor states something, not the other way', async () => {
    const name = 'hasResource:memory-mib';
    const issue = (evidence: Uint8Array) =>
      theirs.issuer.issue({
        kind: 'attestation',
        holder: ME.peerId,
        claims: [{ kind: 'quantity', name, value: 24n }],
        lifeSeconds: DAY,
        evidence,
      });
    const stated = statedEvidence(ATTESTOR.peerId, ME.peerId);
    await keep(await issue(stated));
    await keep(await issue(EVIDENCE));
    expect(mine.shelf.list().map(({ basis }) => basis)).toEqual(['benchmark']);
    await keep(await issue(stated));
    const bases = mine.shelf.list().map(({ basis }) => basis);
    expect(bases.sort()).toEqual(['benchmark', 'stated']);
  });

  it('says what stands against a certificate that gives no level', async () => {
    const remarkOf = (of: IssuedCertificate) =>
      mine.shelf.verify(of.certificate.envelope).certificate?.remark;
    expect(remarkOf(await attestation())).toMatch(/no place in a current status list/);
    const foreign = await attestation({ by: new ShelfUnderTest(STRANGER) });
    expect(remarkOf(foreign)).toMatch(/does not trust/);
    const { certId } = await mine.issueSelf([TERM], 1);
    expect(mine.shelf.show(certId).remark).toBe('is by the holder itself');
  });

  it('verifies an envelope with a line break at its end, as an editor leaves it', async () => {
    const { certificate } = await attestation();
    const text = utf8(`${fromUtf8(certificate.envelope)}\n`);
    expect(mine.shelf.verify(text).valid).toBe(true);
  });

  it('refuses a forged certificate: a claim to be issued by the attestor', async () => {
    const { certificate } = await attestation({ by: new ShelfUnderTest(STRANGER) });
    const text = fromUtf8(certificate.envelope);
    const forged = utf8(text.replaceAll(STRANGER.peerId, ATTESTOR.peerId));
    expect(fromUtf8(forged)).not.toBe(text);
    expect(mine.shelf.verify(utf8(text)).certificate).toMatchObject({ level: 0 });
    const verified = mine.shelf.verify(forged);
    expect(verified).toMatchObject({ valid: false, certificate: null });
    expect(verified.reason).toMatch(/^[A-Z_]*SIGN[A-Z_]*: /);
  });

  it('refuses an expired certificate, and one of tomorrow, each with its reason', async () => {
    const { certificate } = await attestation({ days: 1 });
    mine.clock.advanceSeconds(DAY + 59);
    expect(mine.shelf.verify(certificate.envelope).valid).toBe(true);
    mine.clock.advanceSeconds(1);
    expect(mine.shelf.verify(certificate.envelope).reason).toMatch(/^EXPIRED: /);
    mine.clock.advanceSeconds(-DAY - 60 - 61);
    expect(mine.shelf.verify(certificate.envelope).reason).toMatch(/^NOT_YET_VALID: /);
  });

  it('refuses every bit that is flipped', async () => {
    const { envelope } = (await attestation()).certificate;
    for (let i = 0; i < envelope.length; i += 7) {
      const flipped = envelope.map((byte, at) => (at === i ? byte ^ 1 : byte));
      expect(mine.shelf.verify(flipped).valid).toBe(false);
    }
  });

  it('answers garbage with a reason, never with an error', () => {
    const garbage = fc.oneof(
      fc.uint8Array({ maxLength: 2_000 }),
      fc.json().map(utf8),
      fc
        .record({ body: fc.string(), sigs: fc.array(fc.string()) })
        .map((value) => utf8(JSON.stringify(value))),
    );
    fc.assert(
      fc.property(garbage, (bytes) => {
        const verified = mine.shelf.verify(bytes);
        expect(verified.valid).toBe(false);
        expect(verified.reason).toMatch(/^[A-Z_]+: /);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('status lists', () => {
  function list(seq: number, change: { issuer?: Identity; list?: number } = {}) {
    const { issuer = ATTESTOR, list: number = 0 } = change;
    const iat = mine.clock.seconds;
    const bits = emptyStatusBits();
    return signStatusList({ issuer, list: number, seq, iat, next: iat + DAY, bits }).envelope;
  }

  it('asks issuers of held certificates, until their list is at hand', async () => {
    await mine.issueSelf([TERM], 30);
    expect(mine.shelf.listsToAsk()).toEqual([]);
    await keep(await attestation());
    expect(mine.shelf.listsToAsk()).toEqual([{ issuer: ATTESTOR.peerId, list: 0 }]);
    expect(await mine.shelf.keepStatusList(list(1), ATTESTOR.peerId)).toBe(true);
    expect(mine.shelf.listsToAsk()).toEqual([]);
    mine.clock.advanceSeconds(DAY / 2 + 1);
    expect(mine.shelf.listsToAsk()).toEqual([{ issuer: ATTESTOR.peerId, list: 0 }]);
  });

  it('does not ask for an expired certificate', async () => {
    await keep(await attestation({ days: 1 }));
    mine.clock.advanceSeconds(DAY + 1);
    expect(mine.shelf.listsToAsk()).toEqual([]);
  });

  it('keeps a newer list over a restart, and refuses a replayed older one', async () => {
    await keep(await attestation());
    await mine.shelf.keepStatusList(list(2), ATTESTOR.peerId);
    expect(await mine.shelf.keepStatusList(list(1), ATTESTOR.peerId)).toBe(false);
    expect(await mine.shelf.keepStatusList(list(2), ATTESTOR.peerId)).toBe(false);
    const shelf = await mine.restart();
    expect(shelf.statusLists().map(({ body }) => body.seq)).toEqual([2]);
    expect(await shelf.keepStatusList(list(1), ATTESTOR.peerId)).toBe(false);
    expect(await shelf.keepStatusList(list(3), ATTESTOR.peerId)).toBe(true);
  });

  it('refuses a list of another issuer, and garbage', async () => {
    await keep(await attestation());
    const foreign = list(1, { issuer: STRANGER });
    expect(await mine.shelf.keepStatusList(foreign, ATTESTOR.peerId)).toBe(false);
    expect(await mine.shelf.keepStatusList(utf8('x'), ATTESTOR.peerId)).toBe(false);
    expect(mine.statusLists.values.size).toBe(0);
  });

  it('refuses lists that no held certificate names, so that an issuer cannot fill the disk', async () => {
    await keep(await attestation());
    for (let number = 1; number < 10; number++) {
      const extra = list(1, { list: number });
      expect(await mine.shelf.keepStatusList(extra, ATTESTOR.peerId)).toBe(false);
    }
    expect(mine.statusLists.values.size).toBe(0);
  });
});
