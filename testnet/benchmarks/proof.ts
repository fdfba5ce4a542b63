/**
 * `proof`: a resource proof of one quantity made, verified and verified 32 at a time; a certificate
 * of 32 leaves verified with one of them opened; a tree of 10,000 leaves.
 *
 * The tables of the generators are built before anything is measured, as in a node that has
 * verified one proof; what building them costs is printed beside.
 *
 * @module
 */

import { decodeLeaf, encodePadding } from '../../crypto/certificate-leaf.ts';
import { openLeaf, verifyDisclosedLeaf } from '../../crypto/disclosed-leaf.ts';
import { Identity } from '../../crypto/identity.ts';
import { MerkleTree } from '../../crypto/merkle.ts';
import { QUANTITY_BITS, commit } from '../../crypto/pedersen.ts';
import { FixedSum, proofGenerators } from '../../crypto/proof-generators.ts';
import { proveResources, verifyResourceProofs } from '../../crypto/resource-proof.ts';
import { encodeScalar, randomScalar } from '../../crypto/ristretto.ts';
import { issueSkillCertificate, verifySkillCertificate } from '../../crypto/skill-certificate.ts';
import { systemClock, systemRandom } from '../../node/system-clock.ts';
import { measureReferenceUs, median, rowOf } from './measuring.ts';
import type { Bench, BenchRow } from './measuring.ts';

const RUNS = 20;
const WARM_UP_RUNS = 5;
const BATCH = 32;
/** Certificates verified in one run, so that a run takes milliseconds. */
const CERTIFICATES = 50;
const LEAVES = 10_000;
const NOW_SECONDS = 1_800_000_000;
const DAY_SECONDS = 86_400;

/** Bars in milliseconds on the nominal machine. */
const BARS_MS = { prove: 48, verify: 11.5, batch: 3.6, certificate: 0.2, leaves: 20 } as const;

const random = (length: number): Uint8Array => systemRandom.bytes(length);

function elapsedMs(work: () => void): number {
  const startMs = systemClock.monotonicMs();
  work();
  return systemClock.monotonicMs() - startMs;
}

/** Median of the runs, each divided by `calls`, beside its bar. */
function benchCase(name: string, bar: keyof typeof BARS_MS, work: () => void, calls = 1): BenchRow {
  const valuesMs: number[] = [];
  const referencesUs: number[] = [];
  for (let run = -WARM_UP_RUNS; run < RUNS; run++) {
    const ms = elapsedMs(work) / calls;
    if (run < 0) continue;
    valuesMs.push(ms);
    referencesUs.push(measureReferenceUs(200));
  }
  const row = { bench: 'proof', case: name, unit: 'ms', bar: BARS_MS[bar] };
  return rowOf({ ...row, value: median(valuesMs) }, median(referencesUs));
}

/** A figure that is wrong is worse than none. */
function require(isTrue: boolean, what: string): void {
  if (!isTrue) throw new Error(`The benchmark of proofs failed: ${what}`);
}

function benchTables(): BenchRow {
  const value = elapsedMs(() => {
    const shape = { bitCount: QUANTITY_BITS, valueCount: 1 };
    const sum = new FixedSum();
    sum.addBases(1n, 1n);
    for (const letter of ['G', 'H'] as const) {
      for (const generator of proofGenerators(letter, shape)) sum.add(generator, 1n);
    }
    sum.terms();
  });
  const name = 'generators of one quantity and their tables, once per process';
  return { bench: 'proof', case: name, value, unit: 'ms' };
}

function benchResourceProofs(): BenchRow[] {
  const [holder, verifier] = [Identity.fromSeed(random(32)), Identity.fromSeed(random(32))];
  const context = {
    sessionHash: random(32),
    verifier: verifier.peerId,
    holder: holder.peerId,
    nonce: random(32),
  };
  const blinding = randomScalar(random);
  const statement = {
    certificateId: random(32),
    index: 9,
    resource: 'hasResource:gpu-memory-gib',
    threshold: 80n,
    commitment: commit(94n, blinding).toBytes(),
    value: 94n,
    blinding: encodeScalar(blinding),
  };
  const make = () => proveResources(context, [statement], random);
  const verify = (proofs: readonly Uint8Array[]) => {
    const list = proofs.map((proof) => ({ context, statements: [statement], proof }));
    const outcomes = verifyResourceProofs(list, random);
    require(outcomes.every(({ valid }) => valid), 'a proof was refused');
  };
  const proofs = Array.from({ length: BATCH }, make);
  return [
    benchCase('one quantity of 32 bits proved to reach its rung', 'prove', make),
    benchCase('the same verified', 'verify', () => verify(proofs.slice(0, 1))),
    benchCase(`${BATCH} verified in one batch, per proof`, 'batch', () => verify(proofs), BATCH),
  ];
}

function benchCertificate(): BenchRow {
  const [issuer, holder] = [Identity.fromSeed(random(32)), Identity.fromSeed(random(32))];
  const held = issueSkillCertificate({
    issuer,
    holder: holder.peerId,
    kind: 'attestation',
    claims: [{ kind: 'quantity', name: 'hasResource:gpu-memory-gib', value: 80n }],
    iat: NOW_SECONDS,
    nbf: NOW_SECONDS,
    exp: NOW_SECONDS + DAY_SECONDS,
    list: 0,
    slot: 0,
    evidence: random(32),
    random,
  });
  const index = held.leaves.findIndex((leaf) => {
    const read = decodeLeaf(leaf);
    return read.valid && read.claim !== undefined;
  });
  const opened = openLeaf(held, index);
  const { envelope } = held.certificate;
  const name = 'a certificate of 32 leaves verified, one leaf opened';
  const work = () => {
    for (let i = 0; i < CERTIFICATES; i++) {
      const verified = verifySkillCertificate(envelope, { nowSeconds: NOW_SECONDS });
      require(verified.valid && verifyDisclosedLeaf(verified, opened).valid, 'a certificate');
    }
  };
  return benchCase(name, 'certificate', work, CERTIFICATES);
}

function benchLeaves(): BenchRow {
  const leaves = Array.from({ length: LEAVES }, () => encodePadding(random(16)));
  return benchCase(`a tree of ${LEAVES.toLocaleString('en')} leaves built`, 'leaves', () => {
    require(new MerkleTree(leaves).size === LEAVES, 'the tree');
  });
}

export const benchProof: Bench = (onProgress) => {
  onProgress('proof: resource proofs');
  const proofs = [benchTables(), ...benchResourceProofs()];
  onProgress('proof: certificates');
  return Promise.resolve([...proofs, benchCertificate(), benchLeaves()]);
};
