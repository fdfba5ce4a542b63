import { ristretto255 } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toBase64Url, utf8 } from '../../../crypto/bytes.ts';
import type { CertificateClaim } from '../../../crypto/certificate-leaf.ts';
import { Identity } from '../../../crypto/identity.ts';
import { issueSkillCertificate } from '../../../crypto/skill-certificate.ts';
import type { IssuedCertificate, SkillCertificateInit } from '../../../crypto/skill-certificate.ts';
import { costlyInputs, hostileMessages } from '../../../crypto/test/costly-inputs.ts';
import { FUZZ_TIMEOUT_MS, fuzz } from '../../../crypto/test/fuzz.ts';
import { deliverCertificate } from '../../attestation/attestor.ts';
import type { DeliveredCertificate } from '../../attestation/delivery-check.ts';
import { acceptCertificates } from '../../attestation/holder.ts';
import type { AttestationHolderInit, EndorsementPolicy } from '../../attestation/holder.ts';
import {
  MAX_FIRST_MESSAGE_BYTES,
  decodeIssuance,
  decodeIssuanceAnswer,
  decodeIssuanceOffer,
  encodeIssuance,
  encodeIssuanceAnswer,
  encodeIssuanceOffer,
} from '../../attestation/messages.ts';
import { SECURE_PROTOCOLS } from '../../protocol-ids.ts';
import { FakeNetwork } from '../a2a/fake-secure-streams.ts';
import { FakeClock, FakeLogger, FakeRandom } from '../a2a/test-agent.ts';

const attestor = Identity.fromSeed(new Uint8Array(32).fill(1));
const holder = Identity.fromSeed(new Uint8Array(32).fill(2));
const stranger = Identity.fromSeed(new Uint8Array(32).fill(3));
const random = new FakeRandom();
const NOW = 1_800_000_000;

function certificate(init: Partial<SkillCertificateInit> = {}): IssuedCertificate {
  const claims: CertificateClaim[] = [
    { kind: 'skill', name: 'performs:nlp/sentiment' },
    { kind: 'canaryScore', name: 'performs:nlp/sentiment', passed: 9, run: 10 },
  ];
  return issueSkillCertificate({
    issuer: attestor,
    holder: holder.peerId,
    kind: 'attestation',
    claims,
    iat: NOW,
    nbf: NOW,
    exp: NOW + 86_400,
    list: 0,
    slot: 7,
    evidence: new Uint8Array(32).fill(9),
    random: (length) => random.bytes(length),
    ...init,
  });
}

/** An announcement without a resource. */
function plain(job: Uint8Array) {
  return { job, resource: '', unit: '' };
}

function setUp(init: Partial<AttestationHolderInit> = {}) {
  const network = new FakeNetwork();
  const attestorStreams = network.join(attestor.peerId);
  const holderStreams = network.join(holder.peerId);
  const logger = new FakeLogger();
  const stored: DeliveredCertificate[] = [];
  acceptCertificates({
    streams: holderStreams,
    holder: holder.peerId,
    isWanted: () => Promise.resolve(true),
    store: (delivered) => {
      stored.push(delivered);
      return Promise.resolve();
    },
    measuredResources: new Map(),
    clock: new FakeClock(),
    random,
    logger,
    ...init,
  });
  const deliver = (held: IssuedCertificate) =>
    deliverCertificate(attestorStreams, { certificate: held, random });
  return { network, attestorStreams, holderStreams, logger, stored, deliver };
}

/** What the holder answers to these bytes, sent by the attestor without any check of its own. */
async function answerTo(
  { attestorStreams }: ReturnType<typeof setUp>,
  ...messages: readonly Uint8Array[]
) {
  const stream = await attestorStreams.open(holder.peerId, SECURE_PROTOCOLS.attest);
  for (const message of messages) await stream.writeMessage(message);
  await stream.closeWrite();
  const answer = await stream.readMessage();
  return answer && decodeIssuanceAnswer(answer);
}

/** Sends a certificate as a lying attestor would. */
async function force(world: ReturnType<typeof setUp>, held: IssuedCertificate) {
  const job = random.bytes(32);
  const { envelope } = held.certificate;
  const issuance = encodeIssuance({ job, value: 0n, leaves: held.leaves, certificate: envelope });
  const answer = await answerTo(world, encodeIssuanceOffer(plain(job)), issuance);
  return { refusal: answer?.refusal, reason: world.logger.entries[0]?.fields };
}

describe('delivery of an attestation', () => {
  it('hands the certificate and its claims to the holder, who keeps it', async () => {
    const { deliver, stored } = setUp();
    const held = certificate();
    expect(await deliver(held)).toEqual({ delivered: true });
    expect(stored).toHaveLength(1);
    expect(stored[0]!.attestor).toBe(attestor.peerId);
    expect(stored[0]!.held.certificate.envelope).toEqual(held.certificate.envelope);
    expect(stored[0]!.held.leaves).toEqual(held.leaves);
    expect(stored[0]!.claims.map(({ kind }) => kind).sort()).toEqual(['canaryScore', 'skill']);
  });

  it('fits a certificate of 1,024 leaves into one message', async () => {
    const claims = Array.from({ length: 1_000 }, (_, i): CertificateClaim => {
      return { kind: 'skill', name: `performs:nlp/task-number-${i}` };
    });
    const { deliver, stored } = setUp();
    expect(await deliver(certificate({ claims }))).toEqual({ delivered: true });
    expect(stored[0]!.held.leaves).toHaveLength(1_024);
  });

  it('is not begun for leaves beyond 256 KiB', async () => {
    const claims = Array.from({ length: 600 }, (_, i): CertificateClaim => {
      return { kind: 'text', name: `attribute-${i}`, text: 'x'.repeat(256) };
    });
    const { deliver, attestorStreams } = setUp();
    await expect(deliver(certificate({ claims }))).rejects.toThrow('larger than 262144 bytes');
    expect(attestorStreams.opened).toHaveLength(0);
  });

  it('reports that the holder could not keep the certificate, without its words', async () => {
    const { deliver } = setUp({ store: () => Promise.reject(new Error('disk full')) });
    expect(await deliver(certificate())).toEqual({ delivered: false, reason: 'INTERNAL' });
  });

  it('is refused to an attestor that the holder does not want', async () => {
    const { deliver, stored } = setUp({ isWanted: () => Promise.resolve(false) });
    expect(await deliver(certificate())).toEqual({ delivered: false, reason: 'NOT_SUPPORTED' });
    expect(stored).toHaveLength(0);
  });

  it('is refused once the attestor has used up its rate', async () => {
    const { deliver, stored } = setUp({
      limits: { perPeer: { burst: 2, perSecond: 0.1 } },
    });
    const held = certificate();
    const outcomes = [await deliver(held), await deliver(held), await deliver(held)];
    expect(outcomes[2]).toEqual({ delivered: false, reason: 'RATE_LIMITED' });
    expect(stored).toHaveLength(2);
  });

  it('is not refused because strangers have used up their rate (starving)', async () => {
    const isWanted = (peerId: string) => Promise.resolve(peerId === attestor.peerId);
    const limits = { perPeer: { burst: 2, perSecond: 0.1 }, all: { burst: 3, perSecond: 0.1 } };
    const { network, deliver } = setUp({ isWanted, limits });
    const reasons: unknown[] = [];
    for (const seed of [50, 51]) {
      const streams = network.join(Identity.fromSeed(new Uint8Array(32).fill(seed)).peerId);
      for (let i = 0; i < 2; i++) {
        const outcome = await deliverCertificate(streams, { certificate: certificate(), random });
        reasons.push(outcome.delivered || outcome.reason);
      }
    }
    expect(reasons).toEqual(Array<string>(4).fill('NOT_SUPPORTED'));
    expect(await deliver(certificate())).toEqual({ delivered: true });
  });

  it('ends with the signal of the attestor', async () => {
    const world = setUp({ store: () => new Promise(() => undefined) });
    const deadline = new AbortController();
    const outcome = deliverCertificate(world.attestorStreams, {
      certificate: certificate(),
      random,
      signal: deadline.signal,
    });
    deadline.abort(new Error('too late'));
    await expect(outcome).rejects.toThrow('too late');
  });
});

describe('attacks on a holder', () => {
  it('refuses a certificate that is for another holder', async () => {
    const world = setUp();
    const { refusal, reason } = await force(world, certificate({ holder: stranger.peerId }));
    expect(refusal).toBe('WRONG_SIGNERS');
    expect(reason).toMatchObject({ reason: 'OTHER_HOLDER' });
    expect(world.stored).toHaveLength(0);
  });

  it('refuses a certificate of another issuer than the session peer', async () => {
    const world = setUp();
    const { refusal, reason } = await force(world, certificate({ issuer: stranger }));
    expect(refusal).toBe('WRONG_SIGNERS');
    expect(reason).toMatchObject({ reason: 'OTHER_ISSUER' });
    expect(world.stored).toHaveLength(0);
  });

  it('refuses a forged signature', async () => {
    const world = setUp();
    const held = certificate();
    const text = new TextDecoder().decode(held.certificate.envelope);
    const envelope = JSON.parse(text) as { b: string; s: { k: string; s: string }[] };
    envelope.s[0]!.s = toBase64Url(new Uint8Array(64).fill(5));
    const forged = new TextEncoder().encode(JSON.stringify(envelope));
    const { refusal } = await force(world, {
      ...held,
      certificate: { ...held.certificate, envelope: forged },
    });
    expect(refusal).toBe('BAD_SIGNATURE');
    expect(world.stored).toHaveLength(0);
  });

  it('refuses leaves that do not make the root of the header', async () => {
    const world = setUp();
    const { refusal, reason } = await force(world, {
      ...certificate(),
      leaves: certificate().leaves,
    });
    expect(refusal).toBe('MALFORMED');
    expect(reason).toMatchObject({ reason: 'WRONG_ROOT' });
    expect(world.stored).toHaveLength(0);
  });

  it('refuses an expired certificate', async () => {
    const world = setUp();
    const times = { iat: NOW - 7_200, nbf: NOW - 7_200, exp: NOW - 3_600 };
    expect((await force(world, certificate(times))).refusal).toBe('EXPIRED');
  });

  it('refuses an endorsement, which does not come from an attestor', async () => {
    expect((await force(setUp(), certificate({ kind: 'endorsement' }))).refusal).toBe(
      'NOT_SUPPORTED',
    );
  });

  it('refuses a committed quantity whose blinding factor it never had', async () => {
    const commitment = ristretto255.Point.BASE.toBytes();
    const claims: CertificateClaim[] = [
      { kind: 'committedQuantity', name: 'hasResource:gpu-memory-gib', commitment },
    ];
    expect((await force(setUp(), certificate({ claims }))).refusal).toBe('NOT_SUPPORTED');
  });

  it('refuses a job that was not announced', async () => {
    const world = setUp();
    const { certificate: document, leaves } = certificate();
    const issuance = encodeIssuance({
      job: random.bytes(32),
      value: 0n,
      leaves,
      certificate: document.envelope,
    });
    const job = random.bytes(32);
    const answer = await answerTo(world, encodeIssuanceOffer(plain(job)), issuance);
    expect(answer).toEqual({ job, refusal: 'MALFORMED' });
  });

  it('refuses a message beyond the stream limit without reading it', async () => {
    const world = setUp();
    const big = new Uint8Array(SECURE_PROTOCOLS.attest.maxMessageBytes + 1);
    const answer = answerTo(world, encodeIssuanceOffer(plain(random.bytes(32))), big);
    await expect(answer).rejects.toMatchObject({ code: 'STREAM_ABORTED' });
    expect(world.stored).toHaveLength(0);
  });

  it('aborts a stream that does not begin with an announcement', async () => {
    const world = setUp();
    const answer = answerTo(world, new TextEncoder().encode('{}'));
    await expect(answer).rejects.toMatchObject({ code: 'STREAM_ABORTED' });
    expect(world.holderStreams.accepted[0]!.abortedWith).toBe('badMessage');
  });
});

describe('an endorsement by a client', () => {
  const SKILL = 'performs:nlp/sentiment';
  const RECEIPT = new Uint8Array(32).fill(9);
  const OTHERS_RECEIPT = new Uint8Array(32).fill(8);
  const endorsement = (init: Partial<SkillCertificateInit> = {}) =>
    certificate({ kind: 'endorsement', evidence: RECEIPT, ...init });

  /** A holder that trusts nobody and has worked for the sender, whose receipt is of one skill. */
  function hired(init: Partial<AttestationHolderInit> = {}) {
    const asked: string[] = [];
    const endorsements: EndorsementPolicy = {
      hasClient: (peerId) => {
        asked.push('hasClient');
        return Promise.resolve(peerId === attestor.peerId || peerId === stranger.peerId);
      },
      isEarned: ({ endorser, skills, receiptId }) => {
        asked.push('isEarned');
        const receipt = endorser === attestor.peerId ? RECEIPT : OTHERS_RECEIPT;
        const isSkill = skills.length > 0 && skills.every((skill) => skill === SKILL);
        return Promise.resolve(toBase64Url(receiptId) === toBase64Url(receipt) && isSkill);
      },
    };
    const isWanted = () => Promise.resolve(false);
    return { ...setUp({ isWanted, endorsements, ...init }), asked };
  }

  it('is kept by the contractor that has the receipt it names', async () => {
    const { deliver, stored } = hired();
    expect(await deliver(endorsement())).toEqual({ delivered: true });
    expect(stored[0]!.held.certificate.body).toMatchObject({
      kind: 'endorsement',
      evidence: toBase64Url(RECEIPT),
    });
  });

  it('is not handed over of oneself', async () => {
    const init = { kind: 'self', issuer: holder, evidence: new Uint8Array(32) } as const;
    await expect(hired().deliver(certificate(init))).rejects.toThrow(TypeError);
  });

  it('of a stranger without a receipt is refused before the certificate is read', async () => {
    const endorsements = {
      hasClient: () => Promise.resolve(false),
      isEarned: () => Promise.reject(new Error('was asked')),
    };
    const world = hired({ endorsements });
    const job = random.bytes(32);
    const garbage = new TextEncoder().encode('[1]');
    const answer = await answerTo(world, encodeIssuanceOffer(plain(job)), garbage);
    expect(answer).toEqual({ job, refusal: 'NOT_SUPPORTED' });
    expect(await world.deliver(endorsement())).toMatchObject({ reason: 'NOT_SUPPORTED' });
    expect(world.stored).toHaveLength(0);
  });

  it('with the receipt of another client as its evidence is refused', async () => {
    const world = hired();
    const { refusal, reason } = await force(world, endorsement({ evidence: OTHERS_RECEIPT }));
    expect(refusal).toBe('UNKNOWN_CONTRACT');
    expect(reason).toMatchObject({ reason: 'NOT_EARNED' });
    expect(world.stored).toHaveLength(0);
  });

  it('of another client, brought by one with a receipt, is refused', async () => {
    const world = hired();
    const other = endorsement({ issuer: stranger, evidence: OTHERS_RECEIPT });
    expect((await force(world, other)).refusal).toBe('WRONG_SIGNERS');
    expect(world.asked).not.toContain('isEarned');
  });

  it.each([
    ['a skill', { kind: 'skill', name: 'performs:nlp/summary' }],
    ['the score of a skill', { kind: 'canaryScore', name: 'performs:nlp', passed: 1, run: 1 }],
  ] as const)('for %s that the receipt is not about is refused', async (_what, claim) => {
    for (const claims of [[claim], [{ kind: 'skill', name: SKILL } as const, claim]]) {
      const world = hired();
      expect((await force(world, endorsement({ claims }))).refusal).toBe('UNKNOWN_CONTRACT');
      expect(world.stored).toHaveLength(0);
    }
  });

  it('with a quantity in it is refused, in clear or committed, as is one with a text', async () => {
    const commitment = ristretto255.Point.BASE.toBytes();
    const name = 'hasResource:gpu-memory-gib';
    const additional: CertificateClaim[] = [
      { kind: 'quantity', name, value: 80n },
      { kind: 'committedQuantity', name, commitment },
      { kind: 'text', name: 'operator', text: 'acme' },
    ];
    for (const claim of additional) {
      const world = hired();
      const held = endorsement({ claims: [{ kind: 'skill', name: SKILL }, claim] });
      expect((await force(world, held)).refusal).toBe('NOT_SUPPORTED');
      expect(world.asked).not.toContain('isEarned');
      expect(world.stored).toHaveLength(0);
    }
  });

  it('does not begin with a resource: no blinding is made for a client', async () => {
    const world = hired({ measuredResources: new Map([['hasResource:memory-mib', 'MiB']]) });
    const job = random.bytes(32);
    const offer = { job, resource: 'hasResource:memory-mib', unit: 'MiB' };
    const answer = await answerTo(world, encodeIssuanceOffer(offer));
    expect(answer).toEqual({ job, refusal: 'NOT_SUPPORTED' });
    expect(world.asked).toEqual([]);
  });

  it('is no way to bring an attestation', async () => {
    const { refusal, reason } = await force(hired(), certificate({ evidence: RECEIPT }));
    expect(refusal).toBe('NOT_SUPPORTED');
    expect(reason).toMatchObject({ reason: 'WRONG_KIND' });
  });

  it('by a trusted attestor needs the receipt too', async () => {
    const isWanted = () => Promise.resolve(true);
    const world = hired({ isWanted });
    expect(await world.deliver(endorsement())).toEqual({ delivered: true });
    const { refusal } = await force(world, endorsement({ evidence: OTHERS_RECEIPT }));
    expect(refusal).toBe('UNKNOWN_CONTRACT');
    expect(await world.deliver(certificate())).toEqual({ delivered: true });
    expect(world.stored).toHaveLength(2);
  });

  it('of yesterday or tomorrow is refused', async () => {
    const times = { iat: NOW - 7_200, nbf: NOW - 7_200, exp: NOW - 3_600 };
    expect((await force(hired(), endorsement(times))).refusal).toBe('EXPIRED');
    const tomorrow = { iat: NOW, nbf: NOW + 86_400, exp: NOW + 2 * 86_400 };
    expect((await force(hired(), endorsement(tomorrow))).refusal).toBe('NOT_YET_VALID');
  });

  it('of more than 16 KiB is refused unread', async () => {
    const claims = Array.from({ length: 400 }, (_, i): CertificateClaim => {
      return { kind: 'skill', name: `performs:nlp/task-number-${i}` };
    });
    const world = hired();
    expect(await world.deliver(endorsement({ claims }))).toMatchObject({ reason: 'MALFORMED' });
    expect(world.logger.entries).toEqual([]);
  });

  it('comes in a flood: a client is stopped, and attestors are heard as before', async () => {
    const clock = new FakeClock();
    const limits = { perPeer: { burst: 1, perSecond: 0.1 }, all: { burst: 1, perSecond: 0.1 } };
    const isWanted = (peerId: string) => Promise.resolve(peerId === stranger.peerId);
    const world = hired({ isWanted, limits, clock });
    const reasons = [];
    for (let i = 0; i < 20; i++) reasons.push(await world.deliver(endorsement()));
    expect(reasons.filter(({ delivered }) => delivered)).toHaveLength(8);
    expect(reasons.at(-1)).toEqual({ delivered: false, reason: 'RATE_LIMITED' });
    const attested = deliverCertificate(world.network.join(stranger.peerId), {
      certificate: certificate({ issuer: stranger }),
      random,
    });
    expect(await attested).toEqual({ delivered: true });
  });

  it('comes in a flood of strangers: a client is heard as before', async () => {
    const endorsements = {
      hasClient: (peerId: string) => Promise.resolve(peerId === attestor.peerId),
      isEarned: () => Promise.resolve(true),
    };
    const world = hired({ endorsements });
    for (let i = 0; i < 40; i++) {
      const sybil = Identity.fromSeed(new Uint8Array(32).fill(100 + i));
      const streams = world.network.join(sybil.peerId);
      const held = endorsement({ issuer: sybil });
      const outcome = await deliverCertificate(streams, { certificate: held, random });
      expect(outcome).toEqual({ delivered: false, reason: 'NOT_SUPPORTED' });
    }
    expect(await world.deliver(endorsement())).toEqual({ delivered: true });
  });
});

describe('attacks on an attestor', () => {
  function answering(message: Uint8Array | undefined) {
    const network = new FakeNetwork();
    network.join(holder.peerId).handle(SECURE_PROTOCOLS.attest, async (stream) => {
      await stream.readMessage();
      if (message) await stream.writeMessage(message);
      await stream.closeWrite();
    });
    const streams = network.join(attestor.peerId);
    return deliverCertificate(streams, { certificate: certificate(), random });
  }

  it('does not take an acknowledgement of another job for its own', async () => {
    const other = encodeIssuanceAnswer({ job: new Uint8Array(32), refusal: undefined });
    expect(await answering(other)).toEqual({ delivered: false, reason: 'BAD_ANSWER' });
  });

  it('reports garbage and silence as such', async () => {
    const garbage = new TextEncoder().encode('[1]');
    expect(await answering(garbage)).toEqual({ delivered: false, reason: 'BAD_ANSWER' });
    expect(await answering(undefined)).toEqual({ delivered: false, reason: 'NO_ANSWER' });
  });
});

describe('attacks on a holder by the first message', () => {
  /** Opens a stream, sends bytes, and tells how the holder ended it. */
  async function sendFirst(world: ReturnType<typeof setUp>, bytes: Uint8Array) {
    const stream = await world.attestorStreams.open(holder.peerId, SECURE_PROTOCOLS.attest);
    await stream.writeMessage(bytes);
    await stream.readMessage().catch(() => undefined);
    return world.holderStreams.accepted.at(-1)!.abortedWith;
  }

  /** A holder that counts what it is made to do. */
  function counting(init: Partial<AttestationHolderInit> = {}) {
    const asked = { isWanted: 0, benchmarks: 0 };
    const world = setUp({
      isWanted: () => Promise.resolve(++asked.isWanted > 0),
      benchmarks: {
        serve: (stream) => {
          asked.benchmarks += 1;
          stream.abort('badMessage');
          return Promise.resolve(undefined);
        },
      },
      ...init,
    });
    return { ...world, asked };
  }

  it('a message larger than any first one is refused unread', async () => {
    const world = counting();
    const job = new Uint8Array(32);
    const offer = encodeIssuanceOffer({ job, resource: 'x'.repeat(128), unit: 'y'.repeat(32) });
    expect(offer.length).toBeLessThan(MAX_FIRST_MESSAGE_BYTES);
    for (const [, bytes] of costlyInputs(SECURE_PROTOCOLS.attest.maxMessageBytes, 'bmask')) {
      expect(await sendFirst(world, bytes)).toBe('badMessage');
    }
    expect(await sendFirst(world, new Uint8Array(MAX_FIRST_MESSAGE_BYTES + 1))).toBe('badMessage');
    expect(world.asked).toEqual({ isWanted: 0, benchmarks: 0 });
    await sendFirst(world, new Uint8Array(MAX_FIRST_MESSAGE_BYTES));
    expect(world.asked).toEqual({ isWanted: 0, benchmarks: 1 });
  });

  it('a flood of streams reaches no parser once the peer has used up its tokens', async () => {
    const clock = new FakeClock();
    const world = counting({ clock, limits: { streamsPerPeer: { burst: 3, perSecond: 1 } } });
    const reasons: unknown[] = [];
    for (let i = 0; i < 5; i++) reasons.push(await sendFirst(world, utf8('{}')));
    expect(reasons).toEqual([...Array<string>(3).fill('badMessage'), 'cancelled', 'cancelled']);
    expect(world.asked.benchmarks).toBe(3);
    clock.ms += 1_000;
    expect(await sendFirst(world, utf8('{}'))).toBe('badMessage');
    // Of each peer its own: a flood does not keep others out.
    const streams = world.network.join(stranger.peerId);
    await sendFirst(world, utf8('{}'));
    expect(await sendFirst({ ...world, attestorStreams: streams }, utf8('{}'))).toBe('badMessage');
  });
});

describe('issuance messages', () => {
  const { certificate: document, leaves } = certificate();
  const valid = encodeIssuance({
    job: new Uint8Array(32).fill(1),
    value: 0n,
    leaves,
    certificate: document.envelope,
  });

  it(
    'never throw on arbitrary bytes, and take none for a message',
    () => {
      fuzz(hostileMessages(valid), (bytes) => {
        expect(decodeIssuanceOffer(bytes)).toBeUndefined();
        expect(decodeIssuanceAnswer(bytes)).toBeUndefined();
        decodeIssuance(bytes);
      });
    },
    FUZZ_TIMEOUT_MS,
  );

  it(
    'never throw on a valid message with bytes changed, and never read it as the same',
    () => {
      const change = fc.tuple(fc.nat(valid.length - 1), fc.integer({ min: 1, max: 255 }));
      fuzz(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const bytes = new Uint8Array(valid);
        for (const [at, by] of changes) bytes[at]! ^= by;
        const read = decodeIssuance(bytes);
        if (!read || Buffer.from(bytes).equals(valid)) return;
        expect(encodeIssuance(read)).toEqual(bytes);
      });
    },
    FUZZ_TIMEOUT_MS,
  );

  it(
    'announce and answer in one way only, whatever was changed in them',
    () => {
      const job = new Uint8Array(32).fill(1);
      const offer = encodeIssuanceOffer(plain(job));
      const answer = encodeIssuanceAnswer({ job, refusal: 'EXPIRED' });
      fuzz(hostileMessages(offer, answer), (bytes) => {
        const readOffer = decodeIssuanceOffer(bytes);
        if (readOffer) expect(encodeIssuanceOffer(readOffer)).toEqual(bytes);
        const readAnswer = decodeIssuanceAnswer(bytes);
        if (readAnswer)
          expect(decodeIssuanceAnswer(encodeIssuanceAnswer(readAnswer))).toEqual(readAnswer);
      });
    },
    FUZZ_TIMEOUT_MS,
  );

  it('take no envelope beyond its limit, and do not throw on one', () => {
    const message = JSON.parse(new TextDecoder().decode(valid)) as { cert: { b: string } };
    message.cert.b = 'A'.repeat(150_000);
    const bytes = new TextEncoder().encode(JSON.stringify(message));
    expect(decodeIssuance(bytes)).toBeUndefined();
  });

  it('refuse more than 1,024 leaves', () => {
    const tooMany = Array.from({ length: 1_025 }, () => leaves[0]!);
    expect(() =>
      encodeIssuance({
        job: new Uint8Array(32),
        value: 0n,
        leaves: tooMany,
        certificate: document.envelope,
      }),
    ).toThrow();
  });
});
