import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromBase64Url, toBase64Url } from '../bytes.ts';
import { signDocument } from '../envelope.ts';
import {
  checkHeldCertificate,
  decodeHeldCertificate,
  encodeHeldCertificate,
} from '../held-certificate.ts';
import { docId } from '../identity.ts';
import { commit } from '../pedersen.ts';
import {
  decodeShow,
  embedEnvelope,
  encodeDisclosure,
  encodeShow,
  presentationDefinition,
} from '../presentation-messages.ts';
import type { Disclosure, ShowMessage } from '../presentation-messages.ts';
import { verifyPresentation } from '../presentation-verifier.ts';
import type { PresentationExpectation, VerifiedPresentation } from '../presentation-verifier.ts';
import { countProofs, makePresentation } from '../presentation.ts';
import type { PresentationInit } from '../presentation.ts';
import { proveResources } from '../resource-proof.ts';
import { encodeScalar, randomScalar } from '../ristretto.ts';
import { fixedRung, RUNG_LADDER } from '../rung-ladder.ts';
import type {
  CommitmentOpening,
  HeldCertificate,
  SkillCertificateInit,
} from '../skill-certificate.ts';
import {
  DAY,
  ISSUED,
  holder,
  issue,
  issuer,
  seededRandom,
  statusList,
  verifier,
} from './certificate-fixtures.ts';

const NOW = ISSUED + 100;
const MEMORY = 'hasResource:gpu-memory-gib';
const CORES = 'hasResource:cpu-mflops';
const nonce = new Uint8Array(32).fill(0xaa);
const sessionHash = new Uint8Array(32).fill(0xbb);

/** A certificate with committed quantities, as its holder keeps it. */
function committed(
  values: Record<string, bigint>,
  seed = 'blinding',
  change: Partial<SkillCertificateInit> = {},
): HeldCertificate {
  const random = seededRandom(seed);
  const openings: CommitmentOpening[] = Object.entries(values).map(([name, value]) => {
    const blinding = encodeScalar(randomScalar(random));
    return { name, value, blinding, rung: fixedRung(value) };
  });
  const claims = openings.map(({ name, value, blinding }) => {
    const r = BigInt(`0x${Buffer.from(blinding).reverse().toString('hex')}`);
    return { kind: 'committedQuantity', name, commitment: commit(value, r).toBytes() } as const;
  });
  const issued = issue({ claims, random: seededRandom(`issue ${seed}`), ...change });
  return { ...issued, openings };
}

const EIGHTY = committed({ [MEMORY]: 80n });
const WANTED = [
  { term: MEMORY, min: '40' },
  { term: CORES, min: '1000' },
];

function make(min: string, change: Partial<PresentationInit> = {}) {
  return makePresentation({
    holder,
    verifier: verifier.peerId,
    nonce,
    sessionHash,
    iat: NOW,
    certificates: [EIGHTY],
    status: [],
    wanted: [{ term: MEMORY, min }],
    random: seededRandom('prove'),
    ...change,
  });
}

function verify(
  bytes: Uint8Array,
  change: Partial<PresentationExpectation> = {},
): VerifiedPresentation {
  return verifyPresentation(bytes, {
    holder: holder.peerId,
    verifier: verifier.peerId,
    nonce,
    sessionHash,
    nowSeconds: NOW,
    wanted: WANTED,
    believes: (by) => by === issuer.peerId,
    random: seededRandom('weights'),
    ...change,
  });
}

function provedBy(bytes: Uint8Array, change: Partial<PresentationExpectation> = {}) {
  const verified = verify(bytes, change);
  if (!verified.valid) throw new Error(`${verified.reason}: ${verified.detail}`);
  return verified.certificates.flatMap(({ proved }) => proved);
}

function parse(bytes: Uint8Array): ShowMessage {
  const read = decodeShow(bytes);
  if (!read.valid) throw new Error(read.detail);
  return read.message;
}

/** The message as a lying holder would sign it, with another disclosure. */
function lie(bytes: Uint8Array, disclosure: Disclosure): Uint8Array {
  const pres = signDocument(
    presentationDefinition,
    {
      v: 1,
      typ: 'pres',
      holder: holder.peerId,
      verifier: verifier.peerId,
      nonce: toBase64Url(nonce),
      sh: toBase64Url(sessionHash),
      iat: NOW,
      disc: toBase64Url(docId('disclosure', encodeDisclosure(disclosure))),
    },
    holder,
  );
  return encodeShow({ ...parse(bytes), disclosure, pres: embedEnvelope(pres.envelope) });
}

const reasonOf = (bytes: Uint8Array, change: Partial<PresentationExpectation> = {}) => {
  const verified = verify(bytes, change);
  return verified.valid ? undefined : verified.reason;
};

describe('a presentation of a committed quantity', () => {
  it('proves the rung that is fixed for it, for any minimum up to it', () => {
    for (const min of ['0', '1', '40', '80']) {
      expect(provedBy(make(min).bytes)).toEqual([{ name: MEMORY, atLeast: 80n }]);
    }
  });

  it('proves 40 of 47 and never says 47', () => {
    const held = committed({ [MEMORY]: 47n });
    const { bytes } = make('40', { certificates: [held] });
    expect(provedBy(bytes)).toEqual([{ name: MEMORY, atLeast: 40n }]);
    const { value } = held.openings[0]!;
    const other = { ...held.openings[0]!, value: 41n };
    // Whatever the holder has, the message has the same parts of the same length.
    expect(value).toBe(47n);
    expect(make('40', { certificates: [{ ...held, openings: [other] }] }).bytes.length).toBe(
      bytes.length,
    );
  });

  it('says no above its rung without looking at the value', () => {
    const { bytes, opened, proved } = make('81');
    expect([opened, proved]).toEqual([[], []]);
    expect(verify(bytes)).toMatchObject({ valid: true, certificates: [] });
    // The rung is below the value here: 48 of 79 answers 48 and not 49.
    const held = committed({ [MEMORY]: 79n });
    expect(make('49', { certificates: [held] }).proved).toEqual([]);
  });

  it('answers no question that does not name a minimum', () => {
    expect(make('').opened).toEqual([]);
    expect(countProofs([EIGHTY], [{ term: MEMORY, min: '' }], NOW)).toBe(0);
    expect(countProofs([EIGHTY], [{ term: MEMORY, min: '81' }], NOW)).toBe(0);
    expect(countProofs([EIGHTY], [{ term: MEMORY, min: '80' }], NOW)).toBe(1);
    // What has expired is not shown, so it takes no proof.
    expect(countProofs([EIGHTY], [{ term: MEMORY, min: '80' }], NOW + 400 * DAY)).toBe(0);
  });

  it('proves some of each resource where it may not prove all', () => {
    const memory = Array.from({ length: 5 }, (_, i) => committed({ [MEMORY]: 80n }, `memory ${i}`));
    const cores = Array.from({ length: 2 }, (_, i) => committed({ [CORES]: 2_000n }, `cores ${i}`));
    const certificates = [...memory, ...cores];
    expect(countProofs(certificates, WANTED, NOW)).toBe(7);
    const { bytes, proved } = make('40', { certificates, wanted: WANTED, maxProved: 4 });
    expect(proved.map(({ name }) => name)).toEqual([MEMORY, CORES, MEMORY, CORES]);
    expect(
      provedBy(bytes)
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual([MEMORY, MEMORY, CORES, CORES].toSorted());
    // No more than eight certificates are shown, and those are of both kinds too.
    const many = Array.from({ length: 9 }, (_, i) => committed({ [MEMORY]: 80n }, `many ${i}`));
    const all = make('40', { certificates: [...many, ...cores], wanted: WANTED });
    expect(all.proved.filter(({ name }) => name === CORES)).toHaveLength(2);
    expect(all.proved).toHaveLength(8);
  });

  it('proves several quantities of several certificates with one proof', () => {
    const both = committed({ [MEMORY]: 80n, [CORES]: 2_000n }, 'both');
    const { bytes } = make('40', {
      certificates: [EIGHTY, both],
      wanted: [
        { term: MEMORY, min: '40' },
        { term: CORES, min: '1000' },
      ],
    });
    expect(parse(bytes).disclosure.proofs).toHaveLength(1);
    expect(provedBy(bytes)).toEqual([
      { name: MEMORY, atLeast: 80n },
      { name: CORES, atLeast: 1_536n },
      { name: MEMORY, atLeast: 80n },
    ]);
  });

  it('shows nothing of a value of 0, of which nothing is ever proved', () => {
    const none = committed({ [MEMORY]: 0n });
    expect(none.openings[0]!.rung).toBeUndefined();
    expect(make('0', { certificates: [none] }).proved).toEqual([]);
  });
});

describe('the status of a committed quantity', () => {
  function statusWith(next: number) {
    const status = [statusList([], { next })];
    const verified = verify(make('40', { status }).bytes);
    if (!verified.valid) throw new Error(verified.detail);
    const [certificate] = verified.certificates;
    return { status: certificate!.status, reason: certificate!.statusReason };
  }

  it('is good with a list of an hour, and unknown with one of a day: its proof does not count', () => {
    expect(statusWith(ISSUED + 3_600).status).toBe('good');
    for (const next of [ISSUED + 3_601, ISSUED + DAY]) {
      expect(statusWith(next)).toEqual({ status: 'unknown', reason: 'LIST_TOO_LONG_LIVED' });
    }
  });
});

describe('a threshold search (any number of asked minimums)', () => {
  it('reveals one rung and nothing else, whoever asks', () => {
    for (const value of [1n, 23n, 47n, 79n]) {
      const held = committed({ [MEMORY]: value }, `search ${value}`);
      const answers = new Set<string>();
      for (const rung of RUNG_LADDER.slice(0, 12)) {
        for (const min of [rung - 1n, rung, rung + 1n].map(String)) {
          const { proved } = make(min, { certificates: [held] });
          answers.add(proved.map((one) => one.rung.toString()).join());
        }
      }
      expect([...answers].filter((answer) => answer !== '')).toEqual([
        fixedRung(value)!.toString(),
      ]);
    }
  });
});

describe('a verifier refuses', () => {
  const { bytes } = make('40');
  const { disclosure } = parse(bytes);
  const [proof] = disclosure.proofs;

  it('a proof replayed for another nonce, verifier or session', () => {
    const other = new Uint8Array(32).fill(1);
    expect(reasonOf(bytes, { nonce: other })).toBe('WRONG_NONCE');
    expect(reasonOf(bytes, { sessionHash: other })).toBe('WRONG_SESSION');
    expect(reasonOf(bytes, { verifier: issuer.peerId })).toBe('WRONG_VERIFIER');
    // Signed anew for this challenge, the old proof is still of the other one.
    const old = parse(make('40', { nonce: other }).bytes).disclosure;
    expect(reasonOf(lie(bytes, { ...disclosure, proofs: old.proofs }))).toBe('BAD_RANGE_PROOF');
  });

  it('a rung that was raised or lowered after it was proved', () => {
    for (const rung of ['96', '48', '1', '0']) {
      const proofs = [{ ...proof!, rung: [rung] }];
      expect(reasonOf(lie(bytes, { ...disclosure, proofs }))).toBe('BAD_RANGE_PROOF');
    }
  });

  it('a threshold that wraps around the group order', () => {
    for (const rung of ['4294967296', '9999999999999999999']) {
      const proofs = [{ ...proof!, rung: [rung] }];
      expect(reasonOf(lie(bytes, { ...disclosure, proofs }))).toBe('BAD_RANGE_PROOF');
    }
  });

  it('a proof of a commitment of another certificate (an older one, or stolen)', () => {
    const rich = committed({ [MEMORY]: 80n }, 'rich');
    const poor = committed({ [MEMORY]: 8n }, 'poor');
    const { proofs } = parse(make('80', { certificates: [rich] }).bytes).disclosure;
    const shown = make('8', { certificates: [poor] }).bytes;
    const { open } = parse(shown).disclosure;
    const at: [string, number][] = [[open[0]!.cert, open[0]!.i]];
    const moved = [{ ...proofs[0]!, at }];
    expect(reasonOf(lie(shown, { open, proofs: moved }))).toBe('BAD_RANGE_PROOF');
  });

  it('a proof by one who has 8 and claims 80, however the rung is named', () => {
    const poor = committed({ [MEMORY]: 8n }, 'poor');
    const [leaf] = parse(make('8', { certificates: [poor] }).bytes).disclosure.open;
    const statement = {
      certificateId: fromBase64Url(leaf!.cert),
      index: leaf!.i,
      resource: MEMORY,
      threshold: 80n,
      commitment: fromBase64Url(leaf!.value),
      value: 8n,
      blinding: poor.openings[0]!.blinding,
    };
    const context = { sessionHash, verifier: verifier.peerId, holder: holder.peerId, nonce };
    expect(() => proveResources(context, [statement], seededRandom('x'))).toThrow(RangeError);
    // Said to be 80 under the same blinding, it proves another commitment.
    const said = { ...statement, value: 80n };
    const forged = toBase64Url(proveResources(context, [said], seededRandom('x')));
    const at: [string, number][] = [[leaf!.cert, leaf!.i]];
    const proofs = [{ at, rung: ['80'], proof: forged }];
    const shown = make('8', { certificates: [poor] }).bytes;
    expect(reasonOf(lie(shown, { open: [leaf!], proofs }))).toBe('BAD_RANGE_PROOF');
  });

  it('a proof of a leaf that is not opened, and one leaf proved twice', () => {
    const unopened = { open: [], proofs: disclosure.proofs };
    expect(reasonOf(lie(bytes, unopened))).toBe('PROOF_OF_NOTHING');
    const twice = { ...disclosure, proofs: [proof!, proof!] };
    expect(reasonOf(lie(bytes, twice))).toBe('PROOF_OF_NOTHING');
    const uneven = { ...disclosure, proofs: [{ ...proof!, rung: ['80', '80'] }] };
    expect(reasonOf(lie(bytes, uneven))).toBe('PROOF_OF_NOTHING');
  });

  it('a changed bit of the proof, wherever it is', () => {
    const raw = fromBase64Url(proof!.proof);
    fc.assert(
      fc.property(fc.nat(raw.length - 1), fc.nat(7), (at, bit) => {
        const changed = raw.map((byte, i) => (i === at ? byte ^ (1 << bit) : byte));
        const proofs = [{ ...proof!, proof: toBase64Url(changed) }];
        expect(reasonOf(lie(bytes, { ...disclosure, proofs }))).toBe('BAD_RANGE_PROOF');
      }),
      { numRuns: 40 },
    );
  });

  it('two proofs of which one is false, of two certificates or of two terms', () => {
    const other = committed({ [MEMORY]: 80n }, 'other');
    const cores = committed({ [CORES]: 2_000n }, 'cores');
    const parts = (held: HeldCertificate, nonceOfProof = nonce) =>
      parse(make('40', { certificates: [held], wanted: WANTED, nonce: nonceOfProof }).bytes);
    for (const second of [other, cores]) {
      const [one, two] = [parts(EIGHTY), parts(second)];
      const [falseOne, falseTwo] = [EIGHTY, second].map(
        (held) => parts(held, new Uint8Array(32)).disclosure.proofs[0]!,
      );
      const open = [...one.disclosure.open, ...two.disclosure.open];
      const shown = make('40', { certificates: [EIGHTY, second], wanted: WANTED }).bytes;
      const show = (proofs: Disclosure['proofs']) => lie(shown, { open, proofs });
      const [first] = one.disclosure.proofs;
      const [last] = two.disclosure.proofs;
      expect(provedBy(show([first!, last!]))).toHaveLength(2);
      expect(verify(show([first!, falseTwo!]))).toMatchObject({
        reason: 'BAD_RANGE_PROOF',
        detail: 'proof 1: BAD_PROOF',
      });
      expect(verify(show([falseOne!, last!]))).toMatchObject({
        reason: 'BAD_RANGE_PROOF',
        detail: 'proof 0: BAD_PROOF',
      });
    }
  });

  it('proves nothing by an opened commitment alone', () => {
    const bare = lie(bytes, { ...disclosure, proofs: [] });
    expect(verify(bare)).toMatchObject({ valid: true, certificates: [{ proved: [] }] });
  });
});

/** Random bytes that count how many were drawn: checking proofs draws two weights for each. */
function countedRandom() {
  const random = seededRandom('counted');
  const counted = {
    drawnBytes: 0,
    random: (length: number) => {
      counted.drawnBytes += length;
      return random(length);
    },
  };
  return counted;
}

/** The proofs of `bytes`, made for another nonce: they are well-formed, and false. */
function withFalseProofs(init: Partial<PresentationInit>): Uint8Array {
  const other = parse(make('40', { ...init, nonce: new Uint8Array(32) }).bytes);
  return lie(make('40', init).bytes, other.disclosure);
}

describe("a flood of false proofs of a stranger's own certificates", () => {
  const both = [
    { term: MEMORY, min: '40' },
    { term: CORES, min: '1000' },
  ];
  const byHolder = { issuer: holder, kind: 'self', evidence: new Uint8Array(32) } as const;
  const selfIssued = Array.from({ length: 8 }, (_, list) =>
    committed({ [MEMORY]: 80n, [CORES]: 2_000n }, `own ${list}`, {
      ...byHolder,
      list,
    }),
  );
  const flood = withFalseProofs({ certificates: selfIssued, wanted: both });

  it('costs no check of a proof, and proves nothing', () => {
    expect(parse(flood).disclosure.proofs.map(({ at }) => at.length)).toEqual([8, 8]);
    const counted = countedRandom();
    expect(provedBy(flood, { random: counted.random })).toEqual([]);
    expect(counted.drawnBytes).toBe(0);
    // Control: one that checks whatever it is shown draws weights for both, together and alone.
    const credulous = countedRandom();
    const change = { random: credulous.random, believes: () => true };
    expect(reasonOf(flood, change)).toBe('BAD_RANGE_PROOF');
    expect(credulous.drawnBytes).toBe(4 * 32);
  });

  it('costs no check either where the issuer is believed and the term was not asked for', () => {
    const bytes = withFalseProofs({ certificates: [EIGHTY] });
    for (const wanted of [[], [{ term: CORES, min: '40' }], [{ term: MEMORY, min: '' }]]) {
      const counted = countedRandom();
      expect(provedBy(bytes, { wanted, random: counted.random })).toEqual([]);
      expect(counted.drawnBytes).toBe(0);
    }
    expect(reasonOf(bytes)).toBe('BAD_RANGE_PROOF');
  });

  it('does not ride on a proof of something that was asked for', () => {
    const two = committed({ [MEMORY]: 80n, [CORES]: 2_000n }, 'two');
    const bytes = withFalseProofs({ certificates: [two], wanted: both });
    const counted = countedRandom();
    const change = { wanted: [{ term: MEMORY, min: '40' }], random: counted.random };
    expect(provedBy(bytes, change)).toEqual([]);
    expect(counted.drawnBytes).toBe(0);
  });

  it('leaves an honest presentation proved: of the believed issuer, and of no other', () => {
    const own = committed({ [MEMORY]: 320n }, 'own', byHolder);
    const { bytes } = make('40', { certificates: [own, EIGHTY] });
    expect(parse(bytes).disclosure.proofs).toHaveLength(1);
    expect(provedBy(bytes)).toEqual([{ name: MEMORY, atLeast: 80n }]);
    const believes = (by: string, term: string) => by === issuer.peerId && term !== MEMORY;
    expect(provedBy(bytes, { believes })).toEqual([]);
  });
});

describe('a holder that keeps a committed quantity', () => {
  const stored = (held: HeldCertificate) =>
    decodeHeldCertificate(encodeHeldCertificate(held), holder.peerId);

  it('reads back what opens it, and the rung that was fixed', () => {
    const read = stored(EIGHTY);
    if (!read.valid) throw new Error(read.reason);
    expect(read.held.openings).toEqual(EIGHTY.openings);
  });

  it('refuses one that hides another value, or whose opening is missing or of another leaf', () => {
    const [opening] = EIGHTY.openings;
    const { certificate, leaves } = EIGHTY;
    const check = (openings: readonly CommitmentOpening[]) =>
      checkHeldCertificate(certificate.envelope, leaves, holder.peerId, openings);
    expect(check([opening!]).valid).toBe(true);
    for (const bad of [
      [],
      [{ ...opening!, value: 79n }],
      [{ ...opening!, name: CORES }],
      [{ ...opening!, blinding: new Uint8Array(32) }],
      [opening!, { ...opening!, name: CORES }],
    ]) {
      expect(check(bad)).toMatchObject({ valid: false, reason: 'COMMITMENT_NOT_OPENED' });
    }
  });
});
