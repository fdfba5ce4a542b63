import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  commitQuantity,
  makeBlinding,
  opensCommitment,
  verifyBlinding,
} from '../../../crypto/blind-issuance.ts';
import { fromBase64Url, utf8 } from '../../../crypto/bytes.ts';
import type { CertificateClaim } from '../../../crypto/certificate-leaf.ts';
import { decodeHeldCertificate, encodeHeldCertificate } from '../../../crypto/held-certificate.ts';
import { Identity } from '../../../crypto/identity.ts';
import { BASE, MAX_QUANTITY } from '../../../crypto/pedersen.ts';
import { decodeElement } from '../../../crypto/ristretto.ts';
import { fixedRung } from '../../../crypto/rung-ladder.ts';
import { issueSkillCertificate } from '../../../crypto/skill-certificate.ts';
import { hostileMessages } from '../../../crypto/test/costly-inputs.ts';
import { FUZZ_TIMEOUT_MS, fuzz } from '../../../crypto/test/fuzz.ts';
import { deliverCommitted } from '../../attestation/committed-delivery.ts';
import type {
  CommittedDeliveryInit,
  MeasuredQuantity,
} from '../../attestation/committed-delivery.ts';
import type { DeliveredCertificate } from '../../attestation/delivery-check.ts';
import { acceptCertificates } from '../../attestation/holder.ts';
import type { AttestationHolderInit } from '../../attestation/holder.ts';
import {
  decodeBlinding,
  decodeIssuance,
  decodeIssuanceAnswer,
  decodeIssuanceOffer,
  encodeBlinding,
  encodeIssuance,
  encodeIssuanceAnswer,
  encodeIssuanceOffer,
} from '../../attestation/messages.ts';
import type { Blinding } from '../../attestation/messages.ts';
import { RESOURCE_UNITS } from '../../attestation/resource-units.ts';
import { statedEvidence } from '../../attestation/stated-evidence.ts';
import { SECURE_PROTOCOLS } from '../../protocol-ids.ts';
import type { SecureStream } from '../../secure-stream.ts';
import { FakeNetwork } from '../a2a/fake-secure-streams.ts';
import { FakeClock, FakeLogger, FakeRandom } from '../a2a/test-agent.ts';

const attestor = Identity.fromSeed(new Uint8Array(32).fill(1));
const holder = Identity.fromSeed(new Uint8Array(32).fill(2));
const stranger = Identity.fromSeed(new Uint8Array(32).fill(3));
const RESOURCE = 'hasResource:gpu-memory-gib';
const UNIT = 'GiB';
const OTHER = 'hasResource:memory-mib';
const NOW = 1_800_000_000;
const random = new FakeRandom();
const draw = (length: number) => random.bytes(length);
const measured80: MeasuredQuantity = {
  measured: true,
  value: 80,
  evidence: statedEvidence(attestor.peerId, holder.peerId),
  busyMs: 5,
};

function certificateOf(claims: readonly CertificateClaim[]) {
  return issueSkillCertificate({
    issuer: attestor,
    holder: holder.peerId,
    kind: 'attestation',
    claims,
    iat: NOW,
    nbf: NOW,
    exp: NOW + 86_400,
    list: 1,
    slot: 7,
    evidence: measured80.evidence,
    random: draw,
  });
}

function leafOf(commitment: Uint8Array, name = RESOURCE): CertificateClaim {
  return { kind: 'committedQuantity', name, commitment };
}

/** An attestor and whoever answers it. */
function joinAttestor(network = new FakeNetwork()) {
  const streams = network.join(attestor.peerId);
  const asked: string[] = [];
  const deliver = (change: Partial<CommittedDeliveryInit> = {}) =>
    deliverCommitted(streams, {
      attestor: attestor.peerId,
      holder: holder.peerId,
      resource: RESOURCE,
      unit: UNIT,
      random,
      signal: new AbortController().signal,
      measure: () => {
        asked.push('measure');
        return Promise.resolve(measured80);
      },
      certify: (commitment) => {
        asked.push('certify');
        return Promise.resolve(certificateOf([leafOf(commitment)]));
      },
      ...change,
    });
  return { network, streams, asked, deliver };
}

/** The same with an honest holder. */
function setUp(init: Partial<AttestationHolderInit> = {}) {
  const world = joinAttestor();
  const logger = new FakeLogger();
  const clock = new FakeClock();
  const stored: DeliveredCertificate[] = [];
  const holderStreams = world.network.join(holder.peerId);
  acceptCertificates({
    streams: holderStreams,
    holder: holder.peerId,
    isWanted: () => Promise.resolve(true),
    measuredResources: RESOURCE_UNITS,
    store: (delivered) => {
      stored.push(delivered);
      return Promise.resolve();
    },
    clock,
    random,
    logger,
    ...init,
  });
  return { ...world, holderStreams, logger, clock, stored };
}

/** The same with a holder that answers the announcement as the test wants. */
function answeredBy(
  answer: (job: Uint8Array, stream: SecureStream) => Promise<Uint8Array | undefined>,
) {
  const world = joinAttestor();
  world.network.join(holder.peerId).handle(SECURE_PROTOCOLS.attest, async (stream) => {
    const offer = decodeIssuanceOffer((await stream.readMessage())!);
    const message = await answer(offer!.job, stream);
    if (message) await stream.writeMessage(message);
    else await stream.closeWrite();
  });
  return world;
}

function blindingFor(job: Uint8Array, stream: SecureStream, change: object = {}) {
  const context = {
    sessionHash: stream.sessionHash,
    attestor: attestor.peerId,
    holder: holder.peerId,
    job,
    resource: RESOURCE,
    unit: UNIT,
    ...change,
  };
  return { context, ...makeBlinding(context, draw) };
}

describe('delivery of a committed quantity', () => {
  it('ends with a certificate whose commitment the holder alone opens', async () => {
    const { deliver, stored, asked } = setUp();
    const outcome = await deliver();
    expect(outcome).toMatchObject({ issued: true, delivery: { delivered: true } });
    expect(asked).toEqual(['measure', 'certify']);
    const [{ held, claims }] = stored as [DeliveredCertificate];
    const [opening] = held.openings;
    const [claim] = claims as [CertificateClaim & { kind: 'committedQuantity' }];
    expect(claims).toHaveLength(1);
    expect(opening).toMatchObject({ name: RESOURCE, value: 80n, rung: 80n });
    expect(opensCommitment(claim.commitment, 80n, opening!.blinding)).toBe(true);
    expect(opensCommitment(claim.commitment, 79n, opening!.blinding)).toBe(false);
    const restored = decodeHeldCertificate(encodeHeldCertificate(held), holder.peerId);
    expect(restored).toMatchObject({ valid: true, held: { openings: held.openings } });
  });

  it('fixes the rung at the greatest one that the value reaches, and none for 0', async () => {
    for (const value of [0, 1, 79, 4_294_967_295]) {
      const { deliver, stored } = setUp();
      await deliver({ measure: () => Promise.resolve({ ...measured80, value }) });
      expect(stored[0]!.held.openings[0]!.rung).toBe(fixedRung(BigInt(value)));
    }
  });

  it("fixes no rung above the holder's own limit for the resource", async () => {
    for (const [limit, rung] of [
      [24n, 24n],
      [25n, 24n],
      [4_000n, 80n],
    ] as const) {
      const { deliver, stored } = setUp({ highestRungs: new Map([[RESOURCE, limit]]) });
      await deliver();
      expect(stored[0]!.held.openings[0]).toMatchObject({ value: 80n, rung });
    }
    const { deliver, stored } = setUp({ highestRungs: new Map([[OTHER, 24n]]) });
    await deliver();
    expect(stored[0]!.held.openings[0]!.rung).toBe(80n);
  });

  it('blinds every job afresh, so that two certificates do not show a difference', async () => {
    const { deliver, stored } = setUp();
    await deliver();
    await deliver();
    const [first, second] = stored.map(({ held }) => held.openings[0]!.blinding);
    expect(first).not.toEqual(second);
  });

  it('gives no certificate if nothing was measured, and lets the holder go', async () => {
    const { deliver, asked, stored, holderStreams } = setUp();
    const outcome = await deliver({
      measure: () => Promise.resolve({ measured: false, reason: 'LATE', detail: 'too slow' }),
    });
    expect(outcome).toEqual({
      issued: false,
      step: 'measured',
      reason: 'LATE',
      detail: 'too slow',
    });
    expect(asked).toEqual([]);
    expect(stored).toEqual([]);
    await expect(holderStreams.accepted[0]!.readMessage()).rejects.toMatchObject({
      code: 'STREAM_ABORTED',
    });
  });

  it.each([-1, 2 ** 32, 0.5])('is an error of the attestor for a value of %s', async (value) => {
    const { deliver, asked } = setUp();
    const measure = () => Promise.resolve({ ...measured80, value });
    await expect(deliver({ measure })).rejects.toThrow(RangeError);
    expect(asked).toEqual([]);
  });

  it('ends with the signal of the attestor, also while it measures', async () => {
    const { deliver } = setUp();
    const deadline = new AbortController();
    const measure = (signal: AbortSignal) =>
      new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
        deadline.abort(new Error('too late'));
      });
    await expect(deliver({ measure, signal: deadline.signal })).rejects.toThrow('too late');
  });

  it('reports an issued certificate that the holder could not keep', async () => {
    const { deliver } = setUp({ store: () => Promise.reject(new Error('disk full')) });
    const delivery = { delivered: false, reason: 'INTERNAL' };
    expect(await deliver()).toMatchObject({ issued: true, delivery });
  });

  it('reports an issued certificate whose holder was gone by then', async () => {
    const { deliver, holderStreams } = setUp();
    const measure = () => {
      holderStreams.accepted[0]!.break();
      return Promise.resolve(measured80);
    };
    const delivery = { delivered: false, reason: 'NO_ANSWER' };
    expect(await deliver({ measure })).toMatchObject({ issued: true, delivery });
  });
});

describe('what a holder refuses to have certified', () => {
  it.each([
    ['a resource it does not know', { resource: 'hasResource:tape-tib', unit: 'TiB' }],
    ['a known resource in another unit', { unit: 'MiB' }],
  ])('%s, before anything is measured', async (_what, change) => {
    const { deliver, asked } = setUp();
    expect(await deliver(change)).toMatchObject({ step: 'announced', reason: 'NOT_SUPPORTED' });
    expect(asked).toEqual([]);
  });

  it('a resource that it does not offer to have measured', async () => {
    const { deliver, asked } = setUp({ measuredResources: new Map([[OTHER, 'MiB']]) });
    expect(await deliver()).toMatchObject({ step: 'announced', reason: 'NOT_SUPPORTED' });
    expect(asked).toEqual([]);
  });

  it('anything of an attestor that it does not want', async () => {
    const { deliver, asked } = setUp({ isWanted: () => Promise.resolve(false) });
    expect(await deliver()).toMatchObject({ step: 'announced', reason: 'NOT_SUPPORTED' });
    expect(asked).toEqual([]);
  });

  /** A delivery that is being measured until `finish` is called. */
  async function measuring({ deliver }: ReturnType<typeof setUp>) {
    const gate = Promise.withResolvers<MeasuredQuantity>();
    const started = Promise.withResolvers<void>();
    const outcome = deliver({
      measure: () => {
        started.resolve();
        return gate.promise;
      },
    });
    await started.promise;
    return () => {
      gate.resolve(measured80);
      return outcome;
    };
  }

  it('a second resource of an attestor while the first is measured', async () => {
    const world = setUp();
    const finish = await measuring(world);
    expect(await world.deliver()).toMatchObject({ step: 'announced', reason: 'BUSY' });
    expect(await finish()).toMatchObject({ delivery: { delivered: true } });
    expect(await world.deliver()).toMatchObject({ delivery: { delivered: true } });
  });

  it('more attestors at the same time than its limit', async () => {
    const world = setUp({ limits: { maxMeasuring: 1 } });
    const finish = await measuring(world);
    const unwanted = () => Promise.reject(new Error('was asked to measure'));
    const outcome = await deliverCommitted(world.network.join(stranger.peerId), {
      attestor: stranger.peerId,
      holder: holder.peerId,
      resource: RESOURCE,
      unit: UNIT,
      random,
      signal: new AbortController().signal,
      measure: unwanted,
      certify: unwanted,
    });
    expect(outcome).toMatchObject({ step: 'announced', reason: 'BUSY' });
    expect(await finish()).toMatchObject({ delivery: { delivered: true } });
  });

  it('waiting longer for a certificate than its limit', async () => {
    const { deliver, holderStreams, stored } = setUp({ limits: { measuringTimeoutMs: 1 } });
    const measure = async () => {
      const ended = holderStreams.accepted[0]!;
      await expect.poll(() => ended.abortedWith).toBe('internal');
      return measured80;
    };
    expect(await deliver({ measure })).toMatchObject({ delivery: { reason: 'NO_ANSWER' } });
    expect(stored).toEqual([]);
  });
});

describe('attacks of an attestor on a committed quantity', () => {
  /** What the holder says to a certificate made with its blinding. */
  async function certified(certify: CommittedDeliveryInit['certify'], change: object = {}) {
    const world = setUp();
    const outcome = await world.deliver({ certify, ...change });
    expect(world.stored).toEqual([]);
    return { outcome, log: world.logger.entries[0]?.fields };
  }
  const notTaken = { issued: true, delivery: { delivered: false, reason: 'NOT_SUPPORTED' } };

  it('a commitment to another value than told is refused', async () => {
    const { outcome, log } = await certified((commitment) => {
      const one = decodeElement(commitment)!.add(BASE);
      return Promise.resolve(certificateOf([leafOf(one.toBytes())]));
    });
    expect(outcome).toMatchObject(notTaken);
    expect(log).toMatchObject({ reason: 'COMMITMENT_NOT_OPENED' });
  });

  it('a commitment that does not have the blinding of the holder is refused', async () => {
    const { outcome } = await certified(() => {
      const context = { sessionHash: new Uint8Array(32), job: new Uint8Array(32), unit: UNIT };
      const parties = { attestor: attestor.peerId, holder: holder.peerId, resource: RESOURCE };
      const all = { ...context, ...parties };
      const known = verifyBlinding(all, makeBlinding(all, draw).request);
      if (!known.valid) throw new Error(known.reason);
      return Promise.resolve(certificateOf([leafOf(commitQuantity(known, 80n))]));
    });
    expect(outcome).toMatchObject(notTaken);
  });

  it('a certificate with an additional quantity in clear is refused', async () => {
    for (const name of [RESOURCE, OTHER]) {
      const { outcome, log } = await certified((commitment) => {
        const clear: CertificateClaim = { kind: 'quantity', name, value: 80n };
        return Promise.resolve(certificateOf([leafOf(commitment), clear]));
      });
      expect(outcome).toMatchObject(notTaken);
      expect(log).toMatchObject({ reason: 'CLEAR_QUANTITY', detail: name });
    }
  });

  it('a certificate of another resource than announced is refused', async () => {
    const { outcome, log } = await certified((commitment) =>
      Promise.resolve(certificateOf([leafOf(commitment, OTHER)])),
    );
    expect(outcome).toMatchObject(notTaken);
    expect(log).toMatchObject({ reason: 'COMMITMENT_NOT_OPENED', detail: OTHER });
  });

  it('a certificate with a second committed quantity is refused, also of the same blinding', async () => {
    const { outcome, log } = await certified((commitment) =>
      Promise.resolve(certificateOf([leafOf(commitment), leafOf(commitment, OTHER)])),
    );
    expect(outcome).toMatchObject(notTaken);
    expect(log).toMatchObject({ reason: 'COMMITMENT_NOT_OPENED', detail: OTHER });
  });

  it('a certificate without the announced quantity is refused', async () => {
    const { outcome } = await certified(() =>
      Promise.resolve(certificateOf([{ kind: 'skill', name: 'performs:nlp/sentiment' }])),
    );
    expect(outcome).toMatchObject(notTaken);
  });

  it('a value told of a certificate without a commitment is refused', async () => {
    const { streams, logger, stored } = setUp();
    const stream = await streams.open(holder.peerId, SECURE_PROTOCOLS.attest);
    const job = draw(32);
    const { certificate, leaves } = certificateOf([
      { kind: 'skill', name: 'performs:nlp/sentiment' },
    ]);
    await stream.writeMessage(encodeIssuanceOffer({ job, resource: '', unit: '' }));
    const issuance = { job, value: 80n, leaves, certificate: certificate.envelope };
    await stream.writeMessage(encodeIssuance(issuance));
    const answer = decodeIssuanceAnswer((await stream.readMessage())!);
    expect(answer?.refusal).toBe('MALFORMED');
    expect(logger.entries[0]!.fields).toMatchObject({ reason: 'UNEXPECTED_VALUE' });
    expect(stored).toEqual([]);
  });
});

describe('attacks of a holder on a committed quantity', () => {
  it('issuance inflation, R = r*B~ + 72*B, is refused, and would make 80 of 8 otherwise', async () => {
    let inflated: { R: Uint8Array; blinding: Uint8Array } | undefined;
    const { deliver, asked } = answeredBy((job, stream) => {
      const { blinding, request } = blindingFor(job, stream);
      const R = decodeElement(request.R)!.add(BASE.multiply(72n)).toBytes();
      inflated = { R, blinding };
      return Promise.resolve(encodeBlinding({ job, ...request, R }));
    });
    expect(await deliver()).toMatchObject({ step: 'blinded', reason: 'BAD_PROOF' });
    expect(asked).toEqual([]);
    // What an attestor without the check would sign for a measured 8.
    const { R, blinding } = inflated!;
    const element = decodeElement(R)!;
    const signed = commitQuantity({ valid: true, element }, 8n);
    expect(opensCommitment(signed, 80n, blinding)).toBe(true);
    expect(opensCommitment(signed, 8n, blinding)).toBe(false);
  });

  it.each([
    ['another job', { job: new Uint8Array(32) }],
    ['another session', { sessionHash: new Uint8Array(32) }],
    ['another attestor', { attestor: stranger.peerId }],
    ['another holder', { holder: stranger.peerId }],
    ['another resource', { resource: OTHER }],
    ['another unit', { unit: 'MiB' }],
  ])('an iss2 that was made for %s is refused', async (_what, change) => {
    const { deliver, asked } = answeredBy((job, stream) => {
      const { request } = blindingFor(job, stream, change);
      return Promise.resolve(encodeBlinding({ job, ...request }));
    });
    expect(await deliver()).toMatchObject({ step: 'blinded', reason: 'BAD_PROOF' });
    expect(asked).toEqual([]);
  });

  it('an iss2 recorded in an earlier job is refused, whatever job it is sent under', async () => {
    let recorded: Blinding | undefined;
    const { deliver, asked, network } = answeredBy((job, stream) => {
      recorded ??= { job, ...blindingFor(job, stream).request };
      return Promise.resolve(encodeBlinding({ ...recorded, job: under(job) }));
    });
    let under = (job: Uint8Array): Uint8Array => job;
    // The holder ends here, so the certificate is not taken; the blinding was.
    const measure = () => {
      asked.push('measure');
      return Promise.resolve({ measured: false, reason: 'LATE', detail: '' } as const);
    };
    expect(await deliver({ measure })).toMatchObject({ step: 'measured' });
    expect(await deliver({ measure })).toMatchObject({ step: 'blinded', reason: 'BAD_PROOF' });
    under = () => recorded!.job;
    expect(await deliver({ measure })).toMatchObject({ step: 'announced', reason: 'BAD_ANSWER' });
    network.session += 1;
    expect(await deliver({ measure })).toMatchObject({ step: 'announced', reason: 'BAD_ANSWER' });
    expect(asked).toEqual(['measure']);
  });

  it('a holder that never answers is given up when the attestor gives up', async () => {
    const silent = answeredBy(() => new Promise(() => undefined));
    const deadline = new AbortController();
    const outcome = silent.deliver({ signal: deadline.signal });
    await expect.poll(() => silent.streams.opened).toHaveLength(1);
    deadline.abort(new Error('too late'));
    await expect(outcome).rejects.toThrow('too late');
    expect(silent.asked).toEqual([]);
    expect(silent.streams.opened[0]!.abortedWith).toBe('cancelled');
  });

  it('a holder that never answers is given up after a while', async () => {
    const limits = { answerTimeoutMs: 5 };
    const silent = answeredBy(() => new Promise(() => undefined));
    expect(await silent.deliver({ limits })).toMatchObject({
      step: 'announced',
      reason: 'NO_ANSWER',
      detail: 'none in 5 ms',
    });
  });

  it('a holder that drags the measurement out gets no certificate', async () => {
    const { deliver, asked, stored } = setUp();
    const measure = (signal: AbortSignal) =>
      new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      });
    expect(await deliver({ measure, limits: { measuringTimeoutMs: 5 } })).toEqual({
      issued: false,
      step: 'measured',
      reason: 'LATE',
      detail: 'nothing after 5 ms',
    });
    expect(asked).toEqual([]);
    expect(stored).toEqual([]);
  });

  it('a holder that ends the stream, sends garbage, or accepts unseen gets nothing', async () => {
    const accepted = (job: Uint8Array) => encodeIssuanceAnswer({ job, refusal: undefined });
    const cases = [
      ['NO_ANSWER', () => undefined],
      ['BAD_ANSWER', () => utf8('[1]')],
      ['BAD_ANSWER', accepted],
      ['BAD_ANSWER', () => encodeIssuanceAnswer({ job: draw(32), refusal: 'BUSY' })],
    ] as const;
    for (const [reason, answer] of cases) {
      const { deliver, asked } = answeredBy((job) => Promise.resolve(answer(job)));
      expect(await deliver()).toMatchObject({ issued: false, step: 'announced', reason });
      expect(asked).toEqual([]);
    }
  });

  it('the identity for R, which hides nothing, is refused', async () => {
    const { deliver } = answeredBy((job, stream) => {
      const { request } = blindingFor(job, stream);
      return Promise.resolve(encodeBlinding({ job, ...request, R: new Uint8Array(32) }));
    });
    expect(await deliver()).toMatchObject({ step: 'blinded', reason: 'BAD_ELEMENT' });
  });
});

describe('messages of a committed quantity', () => {
  const blinding: Blinding = { job: draw(32), R: draw(32), P: draw(32), s: draw(32) };
  const valid = encodeBlinding(blinding);

  it('have the keys of the specification, in the order of JCS', () => {
    const text = new TextDecoder().decode(valid);
    expect(text).toMatch(/^\{"P":"[\w-]{43}","R":"[\w-]{43}","job":/);
    expect(JSON.parse(text)).toMatchObject({ v: 1, typ: 'iss2' });
    expect(fromBase64Url((JSON.parse(text) as { s: string }).s)).toEqual(blinding.s);
    expect(decodeBlinding(valid)).toEqual(blinding);
  });

  it(
    'survive 10,000 changed or arbitrary iss2, none of which reads as another text',
    () => {
      const change = fc.tuple(fc.nat(valid.length - 1), fc.integer({ min: 1, max: 255 }));
      const changed = fc.array(change, { minLength: 1, maxLength: 4 }).map((changes) => {
        const bytes = new Uint8Array(valid);
        for (const [at, by] of changes) bytes[at]! ^= by;
        return bytes;
      });
      let read = 0;
      fuzz(fc.oneof(changed, hostileMessages(valid)), (bytes) => {
        const decoded = decodeBlinding(bytes);
        if (!decoded) return;
        read += 1;
        expect(encodeBlinding(decoded)).toEqual(bytes);
      });
      expect(read).toBeGreaterThan(0);
    },
    FUZZ_TIMEOUT_MS,
  );

  it.each([
    ['a space', (text: string) => text.replace(',', ', ')],
    ['another key', (text: string) => text.replace('"v":1', '"v":1,"w":1')],
    ['a key twice', (text: string) => text.replace('"v":1', '"v":1,"v":1')],
    [
      'keys in another order',
      (text: string) => text.replace(/^\{("P":"[^"]+"),(.+)\}$/, '{$2,$1}'),
    ],
    ['padding', (text: string) => text.replace(/"P":"([^"]+)"/, '"P":"$1="')],
    [
      'more than 512 bytes',
      (text: string) => text.replace('"v":1', `"v":1,"w":"${'x'.repeat(512)}"`),
    ],
  ])('do not read an iss2 with %s', (_what, change) => {
    const text = new TextDecoder().decode(valid);
    expect(change(text)).not.toBe(text);
    expect(decodeBlinding(utf8(change(text)))).toBeUndefined();
  });

  it('read an announcement with both a resource and a unit, or neither', () => {
    const job = draw(32);
    const offer = { job, resource: RESOURCE, unit: UNIT };
    expect(decodeIssuanceOffer(encodeIssuanceOffer(offer))).toEqual(offer);
    expect(() => encodeIssuanceOffer({ ...offer, unit: '' })).toThrow('a unit for each resource');
    expect(() => encodeIssuanceOffer({ ...offer, resource: '' })).toThrow();
    expect(() => encodeIssuanceOffer({ ...offer, unit: 'x'.repeat(33) })).toThrow();
    expect(() => encodeIssuanceOffer({ ...offer, resource: 'x'.repeat(129) })).toThrow();
  });

  it('carry a value below 2^32 and no other', () => {
    const { certificate, leaves } = certificateOf([{ kind: 'skill', name: 'performs:nlp' }]);
    const issuance = { job: draw(32), leaves, certificate: certificate.envelope };
    const bytes = encodeIssuance({ ...issuance, value: MAX_QUANTITY });
    expect(decodeIssuance(bytes)).toMatchObject({ value: MAX_QUANTITY });
    expect(() => encodeIssuance({ ...issuance, value: MAX_QUANTITY + 1n })).toThrow('below 2^32');
    const text = new TextDecoder().decode(bytes);
    for (const value of ['4294967296', '01', '-1', '1.5', '1e3', '']) {
      const changed = utf8(text.replace('"value":"4294967295"', `"value":"${value}"`));
      expect(decodeIssuance(changed)).toBeUndefined();
    }
  });
});
