import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commitQuantity, makeBlinding, verifyBlinding } from '../blind-issuance.ts';
import type { IssuanceContext } from '../blind-issuance.ts';
import { peerIdToBytes } from '../identity.ts';
import { Transcript } from '../merlin.ts';
import { BASE, MAX_QUANTITY, commit } from '../pedersen.ts';
import { proveRange } from '../range-prover.ts';
import { verifyRange } from '../range-verifier.ts';
import {
  MAX_STATEMENTS,
  proveResources,
  resourceProofBytes,
  verifyResourceProof,
  verifyResourceProofs,
} from '../resource-proof.ts';
import type {
  ProvableStatement,
  ResourceProofContext,
  ResourceStatement,
} from '../resource-proof.ts';
import { GROUP_ORDER, decodeElement, encodeScalar, randomScalar } from '../ristretto.ts';
import type { Element } from '../ristretto.ts';
import { checkBits, proveBits } from './bit-proof.ts';
import { holder, issuer, seededRandom, stranger, verifier } from './certificate-fixtures.ts';
import { mutations } from './mutations.ts';
import { isLongRun } from './fuzz.ts';

const RESOURCE = 'hasResource:gpu-memory-gib';
const filled = (byte: number) => new Uint8Array(32).fill(byte);

const context: ResourceProofContext = {
  sessionHash: filled(0x51),
  verifier: verifier.peerId,
  holder: holder.peerId,
  nonce: filled(0x52),
};

function statement(
  value: bigint,
  threshold: bigint,
  change: Partial<ProvableStatement> = {},
): ProvableStatement {
  const blinding = randomScalar(seededRandom(`blinding of ${value}`));
  return {
    certificateId: filled(0x53),
    index: 9,
    resource: RESOURCE,
    threshold,
    commitment: commit(value, blinding).toBytes(),
    value,
    blinding: encodeScalar(blinding),
    ...change,
  };
}

const check = (
  statements: readonly ResourceStatement[],
  proof: Uint8Array,
  change: Partial<ResourceProofContext> = {},
) =>
  verifyResourceProof(
    { context: { ...context, ...change }, statements, proof },
    seededRandom('weights'),
  );

const eighty = statement(80n, 40n);
const proof = proveResources(context, [eighty], seededRandom('prove'));

/** The transcript as wire-formats.md 3.2 writes it, with some of its messages left out. */
function writtenTranscript(
  { sessionHash, verifier: to, holder: by, nonce }: ResourceProofContext,
  statements: readonly ResourceStatement[],
  forgotten: readonly string[] = [],
): Transcript {
  class Forgetful extends Transcript {
    override append(label: string, message: Uint8Array | string): void {
      if (!forgotten.includes(label)) super.append(label, message);
    }
  }
  const transcript = new Forgetful('coalesce/resource-range/v1');
  transcript.append('suite', Uint8Array.of(1));
  transcript.append('sh', sessionHash);
  transcript.append('verifier', peerIdToBytes(to));
  transcript.append('holder', peerIdToBytes(by));
  transcript.append('nonce', nonce);
  transcript.appendU64('m', statements.length);
  for (const { certificateId, index, resource, threshold, commitment } of statements) {
    transcript.append('cert', certificateId);
    transcript.appendU64('index', index);
    transcript.append('resource', resource);
    transcript.appendU64('T', threshold);
    transcript.append('C', commitment);
  }
  return transcript;
}

/** V = C - T*B, whatever T is. */
function shifted({ commitment, threshold }: ResourceStatement): Element {
  const scalar = ((threshold % GROUP_ORDER) + GROUP_ORDER) % GROUP_ORDER;
  return decodeElement(commitment)!.subtract(BASE.multiplyUnsafe(scalar));
}

describe('resource proofs', () => {
  it('hold for thresholds up to the value itself', () => {
    expect(check([eighty], proof)).toEqual({ valid: true });
    for (const [value, threshold] of [
      [0n, 0n],
      [80n, 80n],
      [MAX_QUANTITY, MAX_QUANTITY],
      [MAX_QUANTITY, 0n],
    ] as const) {
      const exact = statement(value, threshold);
      const made = proveResources(context, [exact], seededRandom('exact'));
      expect(check([exact], made)).toEqual({ valid: true });
    }
  });

  it.each([
    [1, 608],
    [2, 672],
    [3, 736],
    [4, 736],
    [5, 800],
    [8, 800],
  ])('of %i statements have %i bytes, the last statement filling up', (count, bytes) => {
    const statements = Array.from({ length: count }, (_, j) =>
      statement(BigInt(100 + j), BigInt(8 * j), { index: j }),
    );
    const made = proveResources(context, statements, seededRandom('several'));
    expect(made.length).toBe(bytes);
    expect(resourceProofBytes(count)).toBe(bytes);
    expect(check(statements, made)).toEqual({ valid: true });
    expect(check([...statements].reverse(), made).valid).toBe(count === 1);
  });

  it('are range proofs under the transcript that the specification writes out', () => {
    const random = seededRandom('weights');
    const written = {
      transcript: writtenTranscript(context, [eighty]),
      bitCount: 32,
      commitments: [shifted(eighty)],
      proof,
    };
    expect(verifyRange(written, random)).toEqual({ valid: true });
    const another = { ...written, transcript: writtenTranscript(context, [eighty], ['suite']) };
    expect(verifyRange(another, random)).toMatchObject({ reason: 'BAD_PROOF' });
  });

  it.each([
    [3, [0, 1, 2, 2]],
    [5, [0, 1, 2, 3, 4, 4, 4, 4]],
  ])('of %i statements are range proofs of the statements %j', (count, places) => {
    const statements = Array.from({ length: count }, (_, j) =>
      statement(BigInt(100 + j), BigInt(8 * j), { index: j }),
    );
    const made = proveResources(context, statements, seededRandom('filled up'));
    const isProofOf = (of: readonly number[]) => {
      const filled = of.map((j) => statements[j]!);
      const transcript = writtenTranscript(context, filled);
      const commitments = filled.map(shifted);
      const written = { transcript, bitCount: 32, commitments, proof: made };
      return verifyRange(written, seededRandom('weights')).valid;
    };
    expect(isProofOf(places)).toBe(true);
    expect(isProofOf(places.map((j, i) => (i < count ? j : 0)))).toBe(false);
  });

  it('are not made for a value below its threshold, or a statement of the wrong form', () => {
    const prove = (change: Partial<ProvableStatement>) => () =>
      proveResources(context, [{ ...eighty, ...change }], seededRandom('x'));
    expect(prove({ threshold: 81n })).toThrow(/reaches its threshold/);
    expect(prove({ threshold: 1n << 32n })).toThrow(/BAD_THRESHOLD/);
    expect(prove({ value: 1n << 32n })).toThrow(RangeError);
    expect(prove({ blinding: filled(0xff) })).toThrow(/blinding/);
    expect(prove({ commitment: new Uint8Array(32) })).toThrow(/BAD_COMMITMENT/);
    const badNonce = { ...context, nonce: new Uint8Array(31) };
    expect(() => proveResources(badNonce, [eighty], seededRandom('x'))).toThrow(/nonce/);
    expect(() => check([eighty], proof, { verifier: 'nobody' })).toThrow(TypeError);
  });

  it('are refused with a reason when what is received has the wrong form', () => {
    const refused = (change: Partial<ResourceStatement>) =>
      check([{ ...eighty, ...change }], proof);
    expect(check([], proof)).toMatchObject({ reason: 'BAD_COUNT' });
    const many = Array.from({ length: MAX_STATEMENTS + 1 }, () => eighty);
    expect(check(many, proof)).toMatchObject({ reason: 'BAD_COUNT' });
    expect(refused({ certificateId: new Uint8Array(31) })).toMatchObject({
      reason: 'BAD_CERTIFICATE_ID',
    });
    expect(refused({ index: -1 })).toMatchObject({ reason: 'BAD_INDEX' });
    expect(refused({ index: 0.5 })).toMatchObject({ reason: 'BAD_INDEX' });
    expect(refused({ resource: 'x'.repeat(257) })).toMatchObject({ reason: 'BAD_NAME' });
    expect(refused({ threshold: -1n })).toMatchObject({ reason: 'BAD_THRESHOLD' });
    expect(refused({ threshold: 1n << 32n })).toMatchObject({ reason: 'BAD_THRESHOLD' });
    expect(refused({ commitment: new Uint8Array(32) })).toMatchObject({ reason: 'BAD_COMMITMENT' });
    expect(refused({ commitment: filled(0xff) })).toMatchObject({ reason: 'BAD_COMMITMENT' });
    expect(check([eighty], proof.slice(1))).toMatchObject({ reason: 'BAD_LENGTH' });
    expect(check([eighty, eighty], proof)).toMatchObject({ reason: 'BAD_LENGTH' });
  });

  it('are refused as any mutation, and never throw', () => {
    fc.assert(
      fc.property(mutations(proof), (bytes) => {
        expect(check([eighty], bytes).valid).toBe(false);
      }),
      { numRuns: 100 },
    );
  });

  it('are checked many at once, and the bad ones are named', () => {
    const item = { context, statements: [eighty], proof };
    const batch = [
      item,
      { ...item, context: { ...context, nonce: filled(0x54) } },
      { ...item, statements: [{ ...eighty, threshold: 1n << 32n }] },
      item,
      { ...item, statements: [] },
    ];
    const outcomes = verifyResourceProofs(batch, seededRandom('w'));
    const reasons = outcomes.map((outcome) => (outcome.valid ? 'valid' : outcome.reason));
    expect(reasons).toEqual(['valid', 'BAD_PROOF', 'BAD_THRESHOLD', 'valid', 'BAD_COUNT']);
    expect(verifyResourceProofs([item, item], seededRandom('w'))).toEqual([
      { valid: true },
      { valid: true },
    ]);
    expect(verifyResourceProofs([], seededRandom('w'))).toEqual([]);
  });

  it('say the same as proofs bit by bit, for values and thresholds at random', () => {
    const quantities = fc.oneof(
      fc.bigInt({ min: 0n, max: MAX_QUANTITY }),
      fc.bigInt({ min: 0n, max: 3n }),
    );
    fc.assert(
      fc.property(quantities, quantities, fc.string(), (value, threshold, seed) => {
        const random = seededRandom(seed);
        const claim = statement(value, threshold);
        const blinding = randomScalar(seededRandom(`blinding of ${value}`));
        // A prover that lies takes the low 32 bits of a negative difference.
        const difference = BigInt.asUintN(32, value - threshold);
        const opening = { value: difference, blinding };
        const init = {
          bitCount: 32,
          openings: [opening],
          commitments: [shifted(claim).toBytes()],
        };
        const made = proveRange(writtenTranscript(context, [claim]), init, random);
        const isAccepted = check([claim], made).valid;
        expect(isAccepted).toBe(checkBits(shifted(claim), proveBits(opening, 32, random)));
        expect(isAccepted).toBe(value >= threshold);
      }),
      { numRuns: isLongRun ? 200 : 10 },
    );
  }, 120_000);
});

describe('a proof that is replayed', () => {
  it.each([
    ['verifier', 'verifier', { verifier: stranger.peerId }],
    ['holder', 'holder', { holder: stranger.peerId }],
    ['nonce', 'nonce', { nonce: filled(0x54) }],
    ['session', 'sh', { sessionHash: filled(0x54) }],
  ])('for another %s is refused, and taken by one who does not hash that', (_, label, change) => {
    const refused = check([eighty], proof, change);
    expect(refused).toMatchObject({ valid: false, reason: 'BAD_PROOF' });
    expect(replayWeakly(label, change, {})).toBe(true);
  });

  it.each([
    ['certificate', 'cert', { certificateId: filled(0x54) }],
    ['index', 'index', { index: 10 }],
    ['resource', 'resource', { resource: 'hasResource:memory-gib' }],
  ])('for another %s is refused, and taken by one who does not hash that', (_, label, change) => {
    const refused = check([{ ...eighty, ...change }], proof);
    expect(refused).toMatchObject({ valid: false, reason: 'BAD_PROOF' });
    expect(replayWeakly(label, {}, change)).toBe(true);
  });

  it.each([41n, 39n, 0n])(
    'for threshold %s is refused; only the verifier computes V',
    (threshold) => {
      const other = { ...eighty, threshold };
      expect(check([other], proof)).toMatchObject({ valid: false, reason: 'BAD_PROOF' });
      // One who takes V from the prover, and does not hash T, believes any threshold.
      expect(replayWeakly('T', {}, { threshold }, shifted(eighty))).toBe(true);
    },
  );

  it('for another commitment is refused', () => {
    const other = statement(800n, 40n);
    expect(check([other], proof)).toMatchObject({ valid: false, reason: 'BAD_PROOF' });
  });

  /** Makes a proof for one who leaves `label` out, and shows it where the rest has changed. */
  function replayWeakly(
    label: string,
    contextChange: Partial<ResourceProofContext>,
    statementChange: Partial<ResourceStatement>,
    given?: Element,
  ): boolean {
    const { value, blinding } = {
      value: eighty.value - eighty.threshold,
      blinding: randomScalar(seededRandom('blinding of 80')),
    };
    const commitments = [shifted(eighty).toBytes()];
    const init = { bitCount: 32, openings: [{ value, blinding }], commitments };
    const transcript = writtenTranscript(context, [eighty], [label]);
    const weakProof = proveRange(transcript, init, seededRandom('weak'));
    const replayed = { ...eighty, ...statementChange };
    const outcome = verifyRange(
      {
        transcript: writtenTranscript({ ...context, ...contextChange }, [replayed], [label]),
        bitCount: 32,
        commitments: [given ?? shifted(replayed)],
        proof: weakProof,
      },
      seededRandom('weights'),
    );
    return outcome.valid;
  }
});

describe('threshold wrap', () => {
  it('makes 3 reach L - 5 for one who does not bound thresholds; ours does', () => {
    const threshold = GROUP_ORDER - 5n;
    const wrapped = statement(3n, threshold);
    const blinding = randomScalar(seededRandom('blinding of 3'));
    const init = {
      bitCount: 32,
      openings: [{ value: 8n, blinding }],
      commitments: [shifted(wrapped).toBytes()],
    };
    const weakTranscript = () => writtenTranscript(context, [{ ...wrapped, threshold: 0n }]);
    const forged = proveRange(weakTranscript(), init, seededRandom('wrap'));
    const believed = verifyRange(
      {
        transcript: weakTranscript(),
        bitCount: 32,
        commitments: [shifted(wrapped)],
        proof: forged,
      },
      seededRandom('weights'),
    );
    expect(believed).toEqual({ valid: true });
    expect(check([wrapped], forged)).toMatchObject({ valid: false, reason: 'BAD_THRESHOLD' });
  });
});

describe('issuance inflation', () => {
  const issuance: IssuanceContext = {
    sessionHash: filled(0x61),
    attestor: issuer.peerId,
    holder: holder.peerId,
    job: filled(0x62),
    resource: RESOURCE,
    unit: 'GiB',
  };

  it('makes 80 of a measured 8 where nobody asks for a proof of the blinding; ours does', () => {
    const { request, blinding } = makeBlinding(issuance, seededRandom('inflation'));
    const inflated = decodeElement(request.R)!.add(BASE.multiply(72n));
    // An attestor that does not check adds what it measured, 8, to whatever it was sent.
    const commitment = BASE.multiply(8n).add(inflated).toBytes();
    const claim = statement(80n, 40n, { commitment, blinding });
    const forged = proveResources(context, [claim], seededRandom('prove'));
    expect(check([claim], forged)).toEqual({ valid: true });

    const checked = verifyBlinding(issuance, { ...request, R: inflated.toBytes() });
    expect(checked).toMatchObject({ valid: false, reason: 'BAD_PROOF' });
  });

  it('is not possible with the proof of an honest blinding: what was measured is what counts', () => {
    const { request, blinding } = makeBlinding(issuance, seededRandom('honest'));
    const verified = verifyBlinding(issuance, request);
    if (!verified.valid) throw new Error(verified.reason);
    const claim = statement(8n, 8n, { commitment: commitQuantity(verified, 8n), blinding });
    const honest = proveResources(context, [claim], seededRandom('prove'));
    expect(check([claim], honest)).toEqual({ valid: true });
    const lie = { ...claim, value: 80n, threshold: 40n };
    const forged = proveResources(context, [lie], seededRandom('prove'));
    expect(check([lie], forged)).toMatchObject({ valid: false, reason: 'BAD_PROOF' });
  });
});
