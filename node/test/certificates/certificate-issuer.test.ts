import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { toBase64Url, utf8 } from '../../../crypto/bytes.ts';
import type { CertificateClaim } from '../../../crypto/certificate-leaf.ts';
import { Identity } from '../../../crypto/identity.ts';
import type { IssuedCertificate } from '../../../crypto/skill-certificate.ts';
import { isRevoked, verifyStatusList } from '../../../crypto/status-list.ts';
import { certificateStatus, StatusListMemory } from '../../../crypto/status-list-memory.ts';
import { FakeClock, FakeRandom } from '../../../protocols/test/negotiation/fake-world.ts';
import { CertificateIssuer } from '../../certificates/certificate-issuer.ts';
import { NothingFoundError, RefusedError } from '../../errors.ts';
import { MemorySection } from '../memory-section.ts';

const ME = Identity.fromSeed(new Uint8Array(32).fill(1));
const HOLDER = Identity.fromSeed(new Uint8Array(32).fill(2)).peerId;
const DAY = 86_400;
const SKILL: CertificateClaim = { kind: 'skill', name: 'performs:nlp/sentiment' };
const MEMORY: CertificateClaim = { kind: 'quantity', name: 'hasResource:memory-mib', value: 80n };

let issued: MemorySection;
let clock: FakeClock;
let issuer: CertificateIssuer;

function open(): CertificateIssuer {
  const random = new FakeRandom(`issuer ${issued.values.size}`);
  return new CertificateIssuer({ identity: ME, issued, clock, random });
}

beforeEach(() => {
  issued = new MemorySection();
  clock = new FakeClock();
  issuer = open();
});

function attest(claims: readonly CertificateClaim[] = [SKILL]): Promise<IssuedCertificate> {
  const evidence = new Uint8Array(32);
  return issuer.issue({ kind: 'attestation', holder: HOLDER, claims, lifeSeconds: DAY, evidence });
}

const idOf = ({ certificate }: IssuedCertificate): string => toBase64Url(certificate.id);

async function list(number: number) {
  const status = await issuer.statusList(number);
  if (!status) throw new Error(`No list ${number}`);
  return status;
}

/** What a verifier makes of a certificate, with the list that the issuer gives now. */
async function statusOf({ certificate }: IssuedCertificate, memory = new StatusListMemory()) {
  return certificateStatus({
    certificate: certificate.body,
    hasQuantity: certificate.body.list === 1,
    stapled: await list(certificate.body.list),
    memory,
    time: { nowSeconds: clock.seconds },
  });
}

describe('a revocation', () => {
  it('is seen in the next list, of that certificate and of no other', async () => {
    const [first, second] = [await attest(), await attest()];
    expect(await statusOf(first)).toMatchObject({ status: 'good' });
    expect(await issuer.revoke(idOf(first))).toMatchObject({ list: 0, slot: 0, isNew: true });
    expect(await statusOf(first)).toMatchObject({ status: 'revoked' });
    expect(await statusOf(second)).toMatchObject({ status: 'good' });
  });

  it('lasts over a restart, and revoking again changes nothing', async () => {
    const held = await attest();
    await issuer.revoke(idOf(held));
    issuer = open();
    expect(await statusOf(held)).toMatchObject({ status: 'revoked' });
    expect((await issuer.revoke(idOf(held))).isNew).toBe(false);
  });

  it('of a certificate that this node did not issue is refused by name', async () => {
    await expect(issuer.revoke('abc')).rejects.toThrow(NothingFoundError);
    await expect(issuer.revoke('abc')).rejects.toThrow('no certificate abc');
    await expect(issuer.revoke('status/0')).rejects.toThrow(NothingFoundError);
  });

  it('of a certificate of a former key is refused: its list is signed by nobody any more', async () => {
    const held = await attest();
    const random = new FakeRandom('after');
    const next = Identity.fromSeed(new Uint8Array(32).fill(9));
    issuer = new CertificateIssuer({ identity: next, issued, clock, random });
    await expect(issuer.revoke(idOf(held))).rejects.toThrow(`former key ${ME.peerId}`);
    const { issued: rows } = await issuer.listIssued();
    expect(rows).toMatchObject([{ isUnderFormerKey: true, isRevoked: false }]);
    // The slot of that number in the list of the new key is not touched.
    const mine = await attest();
    expect(await statusOf(mine)).toMatchObject({ status: 'good' });
  });

  it('is not lost when several are made at once', async () => {
    const all = await Promise.all(Array.from({ length: 12 }, () => attest()));
    await Promise.all(all.map((held) => issuer.revoke(idOf(held))));
    const { body } = await list(0);
    expect(all.every(({ certificate }) => isRevoked(body, certificate.body.slot))).toBe(true);
  });

  it('is refused where the stored list is damaged, rather than forgotten', async () => {
    const held = await attest();
    await issuer.revoke(idOf(held));
    await issued.put('status/0', utf8('{"seq":1}'));
    issuer = open();
    await expect(issuer.statusList(0)).rejects.toThrow(RefusedError);
    await expect(issuer.revoke(idOf(held))).rejects.toThrow('restore it from a backup');
  });
});

describe('the list of what was issued', () => {
  it('names holder, terms and ends, the newest first, and what is revoked', async () => {
    const first = await attest([SKILL, MEMORY]);
    clock.advanceSeconds(10);
    const second = await attest();
    await issuer.revoke(idOf(first));
    issuer = open();
    const iat = clock.seconds;
    const common = { kind: 'attestation', holder: HOLDER, isUnderFormerKey: false };
    expect(await issuer.listIssued()).toEqual({
      issued: [
        {
          ...common,
          certId: idOf(second),
          issuedAtSeconds: iat,
          expiresAtSeconds: iat + DAY,
          isRevoked: false,
          about: [SKILL.name],
        },
        {
          ...common,
          certId: idOf(first),
          issuedAtSeconds: iat - 10,
          expiresAtSeconds: iat - 10 + DAY,
          isRevoked: true,
          about: [SKILL.name, MEMORY.name],
        },
      ],
      total: 2,
    });
  });

  it('never keeps or shows the value of a quantity', async () => {
    await attest([{ kind: 'quantity', name: MEMORY.name, value: 987_654_321n }]);
    const kept = [...issued.values.values()].map((bytes) => Buffer.from(bytes).toString());
    expect(JSON.stringify([kept, await issuer.listIssued()])).not.toContain('987654321');
  });

  it('has certificates from before terms were kept, and leaves damaged ones out', async () => {
    const held = await attest();
    await issued.delete(`about/${idOf(held)}`);
    await issued.put('damaged', utf8('{'));
    expect(await issuer.listIssued()).toMatchObject({
      issued: [{ certId: idOf(held), about: [] }],
      total: 1,
    });
  });

  it('is the newest thousand, with the number of all', async () => {
    const { certificate } = await attest();
    for (let i = 0; i < 1_000; i++) await issued.put(`copy-${i}`, certificate.envelope);
    const { issued: rows, total } = await issuer.listIssued();
    expect([rows.length, total]).toEqual([1_000, 1_001]);
  });
});

describe('status lists of an issuer', () => {
  it('are two: a day for skills, an hour for quantities, and no other number', async () => {
    const skills = (await list(0)).body;
    const resources = (await list(1)).body;
    expect(skills.next - skills.iat).toBe(DAY);
    expect(resources.next - resources.iat).toBe(3_600);
    expect(await issuer.statusList(2)).toBeUndefined();
    expect(await issuer.statusLists()).toEqual([]);
    await attest([MEMORY]);
    expect((await issuer.statusLists()).map(({ body }) => body.list)).toEqual([1]);
    await attest();
    expect((await issuer.statusLists()).map(({ body }) => body.list)).toEqual([0, 1]);
  });

  it('vouch for a certificate with a quantity by the short-lived list, so that it counts', async () => {
    const held = await attest([MEMORY]);
    expect(held.certificate.body.list).toBe(1);
    expect(await statusOf(held)).toMatchObject({ status: 'good', statusReason: 'CURRENT_LIST' });
  });

  it('are the same until a sixth of their life is over or something is revoked', async () => {
    const first = await list(1);
    clock.advanceSeconds(599);
    expect(await list(1)).toBe(first);
    clock.advanceSeconds(1);
    const second = await list(1);
    expect(second.body.seq).toBeGreaterThan(first.body.seq);
    expect(second.body.iat).toBe(first.body.iat + 600);
    await issuer.revoke(idOf(await attest([MEMORY])));
    expect((await list(1)).body.seq).toBe(second.body.seq + 1);
  });

  it('never contradict one another: no verifier ever finds an equivocation', async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('pass' as const), seconds: fc.integer({ min: 0, max: DAY }) }),
      fc.record({
        kind: fc.constant('back' as const),
        seconds: fc.integer({ min: 0, max: 5_000 }),
      }),
      fc.constant({ kind: 'revoke' as const }),
      fc.constant({ kind: 'restart' as const }),
      fc.constant({ kind: 'show' as const }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        issued = new MemorySection();
        clock = new FakeClock();
        issuer = open();
        const memory = new StatusListMemory();
        for (const one of steps) {
          if (one.kind === 'pass') clock.advanceSeconds(one.seconds);
          if (one.kind === 'back') clock.advanceSeconds(-one.seconds);
          if (one.kind === 'revoke') await issuer.revoke(idOf(await attest()));
          if (one.kind === 'restart') issuer = open();
          const verified = verifyStatusList((await list(0)).envelope, {
            nowSeconds: clock.seconds,
          });
          if (!verified.valid) throw new Error(verified.reason);
          expect(['NEW', 'KNOWN']).toContain(memory.note(verified, clock.seconds));
        }
      }),
      { numRuns: 50 },
    );
  });

  it('do not contradict those from before the store was put back from a copy', async () => {
    const memory = new StatusListMemory();
    const note = async () => memory.note(await list(0), clock.seconds);
    await attest();
    expect(await note()).toBe('NEW');
    const copy = [...issued.values];
    clock.advanceSeconds(DAY);
    expect(await note()).toBe('NEW');
    issued.values.clear();
    for (const [key, bytes] of copy) issued.values.set(key, bytes);
    issuer = open();
    clock.advanceSeconds(1);
    expect(await note()).toBe('NEW');
    expect(memory.equivocations()).toEqual([]);
  });

  it('have their number on disk before they are handed out', async () => {
    const first = await list(0);
    const before = issued.put.bind(issued);
    issued.put = () => Promise.reject(new Error('no space left on device'));
    clock.advanceSeconds(DAY);
    await expect(issuer.statusList(0)).rejects.toThrow('no space left');
    issued.put = before;
    expect((await list(0)).body.seq).toBeGreaterThan(first.body.seq + 1);
  });
});
