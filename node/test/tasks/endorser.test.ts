import { describe, expect, it } from 'vitest';
import { fromBase64Url, toBase64Url } from '../../../crypto/bytes.ts';
import { Identity } from '../../../crypto/identity.ts';
import type { DeliveredCertificate } from '../../../protocols/attestation/delivery-check.ts';
import { acceptCertificates } from '../../../protocols/attestation/holder.ts';
import type { EndorsementPolicy } from '../../../protocols/attestation/holder.ts';
import type { Contract } from '../../../protocols/negotiation/contract.ts';
import type { TaskShape, Verdict } from '../../../protocols/negotiation/documents.ts';
import { FakeNetwork } from '../../../protocols/test/a2a/fake-secure-streams.ts';
import { FakeLogger, FakeRandom } from '../../../protocols/test/a2a/test-agent.ts';
import { FakeClock, START_SECONDS } from '../../../protocols/test/negotiation/fake-world.ts';
import {
  ALICE,
  BOB,
  SHAPE,
  makeChain,
  makeRequest,
} from '../../../protocols/test/negotiation/fixture.ts';
import { CertificateIssuer } from '../../certificates/certificate-issuer.ts';
import { BadInputError, NothingFoundError } from '../../errors.ts';
import { Endorser } from '../../tasks/endorser.ts';
import { MemorySection } from '../memory-section.ts';

const [SKILL] = SHAPE.skills as [string];
const DAY = 86_400;

interface ContractChange {
  readonly contractor?: string;
  readonly ageDays?: number;
  readonly outcome?: Verdict['outcome'];
  readonly shape?: TaskShape;
}

/** A settled contract of Alice's with Bob. Only what is looked at is real. */
function settled(change: ContractChange = {}): Contract {
  const { ageDays = 0, outcome = 'pass', contractor = BOB.peerId, shape = SHAPE } = change;
  const paid = outcome === 'fail' ? { paid: '0' } : {};
  const iat = START_SECONDS - ageDays * DAY;
  const { quote, agreement, receipt: verdict } = makeChain({ iat }, { outcome, ...paid });
  const request = makeRequest({ contractor, shape });
  const state = { role: 'client', phase: 'RECEIPT', sinceSeconds: 0 } as const;
  return { ...state, request, quote, agreement, verdict };
}

/** Alice, who endorses, and Bob, who takes what `policy` lets through. */
function setUp(contracts: readonly Contract[], policy: Partial<EndorsementPolicy> = {}) {
  const network = new FakeNetwork();
  const clock = new FakeClock();
  const random = new FakeRandom();
  const logger = new FakeLogger();
  const stored: DeliveredCertificate[] = [];
  acceptCertificates({
    streams: network.join(BOB.peerId),
    holder: BOB.peerId,
    isWanted: () => Promise.resolve(false),
    endorsements: {
      hasClient: () => Promise.resolve(true),
      isEarned: () => Promise.resolve(true),
      ...policy,
    },
    measuredResources: new Map(),
    store: (delivered) => {
      stored.push(delivered);
      return Promise.resolve();
    },
    clock,
    random,
    logger,
  });
  const issued = new MemorySection();
  const issuer = new CertificateIssuer({ identity: ALICE, issued, clock, random });
  const streams = network.join(ALICE.peerId);
  const endorser = new Endorser({
    self: ALICE.peerId,
    contracts: {
      async *hired(contractor: string) {
        await Promise.resolve();
        yield* contracts.filter(({ request }) => request.body.contractor === contractor);
      },
    },
    issuer,
    streams,
    clock,
    random,
    logger,
  });
  const endorse = (peerId = BOB.peerId, term = SKILL, signal = new AbortController().signal) =>
    endorser.endorse({ peerId, term }, signal);
  return { endorse, stored, issued, issuer };
}

describe('an endorsement', () => {
  it('says what the receipts of the skill say, and rests on the newest', async () => {
    const newest = settled({ ageDays: 1 });
    const contracts = [
      settled({ ageDays: 3, outcome: 'fail' }),
      newest,
      settled({ ageDays: 2, outcome: 'partial' }),
      settled({ ageDays: 90 }),
      settled({ outcome: 'fail', shape: { ...SHAPE, sensitivity: 'high' } }),
    ];
    const { endorse, stored } = setUp(contracts);
    const document = await endorse();
    const receiptId = toBase64Url(newest.verdict!.id);
    const said = { passed: 2, run: 4 };
    expect(document).toMatchObject({ ...said, receiptId, delivered: true, reason: null });
    const [{ held, claims }] = stored as [DeliveredCertificate];
    const { body, id } = held.certificate;
    expect(toBase64Url(id)).toBe(document.certId);
    expect(body).toMatchObject({ kind: 'endorsement', issuer: ALICE.peerId, evidence: receiptId });
    expect(body.exp - body.nbf).toBe(30 * DAY);
    expect(claims).toHaveLength(2);
    expect(claims).toContainEqual({ kind: 'skill', name: SKILL });
    expect(claims).toContainEqual({ kind: 'canaryScore', name: SKILL, ...said });
  });

  it.each<[string, ContractChange]>([
    ['is older than 90 days', { ageDays: 91 }],
    ['is about another skill', { shape: { ...SHAPE, skills: ['performs:nlp'] } }],
    ['is of a task of medium sensitivity', { shape: { ...SHAPE, sensitivity: 'medium' } }],
    ['is of a task of high sensitivity', { shape: { ...SHAPE, sensitivity: 'high' } }],
  ])('is not issued if the receipt %s', async (_what, change) => {
    const { endorse, issued } = setUp([settled(change)]);
    const refused = endorse();
    await expect(refused).rejects.toThrow(NothingFoundError);
    await expect(refused).rejects.toMatchObject({ exitCode: 3 });
    await expect(refused).rejects.toThrow(
      `No receipt of ${BOB.peerId} for ${SKILL} from the last 90 days`,
    );
    expect(issued.values.size).toBe(0);
  });

  it('is not issued by a node for itself', async () => {
    const { endorse, issued } = setUp([settled()]);
    await expect(endorse(ALICE.peerId)).rejects.toThrow(BadInputError);
    expect(issued.values.size).toBe(0);
  });

  it('ends with the signal while receipts are looked for', async () => {
    const { endorse, issued } = setUp([settled()]);
    const signal = AbortSignal.abort(new Error('too late'));
    await expect(endorse(BOB.peerId, SKILL, signal)).rejects.toThrow('too late');
    expect(issued.values.size).toBe(0);
  });

  it.each([
    ['has no receipt of this client', { hasClient: () => Promise.resolve(false) }, /no receipt/],
    ['does not know this receipt', { isEarned: () => Promise.resolve(false) }, /another task/],
  ])('says what to do if the peer %s', async (_what, policy, reason) => {
    const { endorse, stored } = setUp([settled()], policy);
    const document = await endorse();
    expect(document).toMatchObject({ delivered: false, run: 1 });
    expect(document.reason).toMatch(reason);
    expect(stored).toEqual([]);
  });

  it('is issued but not delivered to a peer that cannot be reached', async () => {
    const absent = Identity.fromSeed(new Uint8Array(32).fill(50)).peerId;
    const { endorse, issuer } = setUp([settled({ contractor: absent })]);
    const document = await endorse(absent);
    expect(document.delivered).toBe(false);
    expect(document.reason).not.toBe('');
    expect(await issuer.revoke(document.certId)).toMatchObject({ isNew: true });
  });

  it('is revoked as any other certificate, on the list of skills', async () => {
    const { endorse, issuer, stored } = setUp([settled()]);
    const { certId } = await endorse();
    const revocation = await issuer.revoke(certId);
    expect(revocation).toMatchObject({ certId, list: 0, isNew: true });
    const { slot } = stored[0]!.held.certificate.body;
    const bits = fromBase64Url((await issuer.statusList(0))!.body.bits);
    expect((bits[slot >> 3]! >> (slot & 7)) & 1).toBe(1);
  });
});
