/**
 * `reputation`: what lying raters do to scores, with the ledger's defences and without them, over
 * 20 seeds; what the check of one score costs a light client; what one receipt, and the rotation of
 * a key, costs a replica.
 *
 * The attacks are counted, not timed, and come out the same on every machine. The ring has three
 * forms: three quarters of its work inside the ring, a quarter (the rest is honest work as
 * camouflage), and the first with half as many raters that the genesis names.
 *
 * @module
 */

import { systemClock, systemProcessor } from '../../node/system-clock.ts';
import { isCertified } from '../../protocols/ledger/committee-chain.ts';
import { provenScore } from '../../protocols/ledger/light-client.ts';
import { decodeStateProof, encodeStateProof } from '../../protocols/ledger/state-proof.ts';
import { scoreKey } from '../../protocols/reputation/records.ts';
import { measureRatingAttack } from '../simulation/reputation-attacks.ts';
import type { RatingMarket } from '../simulation/reputation-attacks.ts';
import { BENCH_SKILL, LedgerWorld } from './ledger-world.ts';
import { measureReferenceUs, median, rowOf } from './measuring.ts';
import type { Bench, BenchRow } from './measuring.ts';
import { rotationRows } from './rotation-cost.ts';

const BENCH = 'reputation';
const MAX_MOVE = 0.05;
const MAX_RING_SCORE = 0.33;
const MAX_CHECK_MS = 2;

const PEOPLE = 200;
const BLOCKS = 24;
const RECEIPTS_PER_BLOCK = 128;
const RUNS = 200;
/** Of 4 replicas, 2f + 1 sign. */
const QUORUM = 3;

/** A share or a score, with three places: tables print one. */
function shown(value: number): number {
  return Math.round(value * 100_000) / 1_000;
}

function attackRows(): BenchRow[] {
  const badMouthing = measureRatingAttack('bad-mouthing');
  const believed = measureRatingAttack('bad-mouthing', { hasDefences: false });
  const move = { bench: BENCH, unit: '1/100' };
  return [
    {
      ...move,
      case: 'honest score moved by 30 % bad-mouthers, mean',
      value: shown(badMouthing.meanMove),
      baseline: shown(believed.meanMove),
      ratio: badMouthing.meanMove / believed.meanMove,
      bar: shown(MAX_MOVE),
      met: badMouthing.meanMove <= MAX_MOVE,
    },
    {
      ...move,
      case: 'the same, worst contractor',
      value: shown(badMouthing.worstMove),
      baseline: shown(believed.worstMove),
      ratio: badMouthing.worstMove / believed.worstMove,
    },
    ...ringRows('score of a 30 % ring of quality 0.20', {}),
    ...ringRows('the same ring, camouflaged', { ringLoyalty: 0.25 }),
    ...ringRows('the same ring, half the seeds', { seedRaters: 5 }),
  ];
}

function ringRows(name: string, change: Partial<RatingMarket>): BenchRow[] {
  const defended = measureRatingAttack('ring', change);
  const open = measureRatingAttack('ring', { ...change, hasDefences: false });
  return [
    {
      bench: BENCH,
      case: `${name}, mean`,
      value: shown(defended.meanRingScore),
      unit: '1/100',
      baseline: shown(open.meanRingScore),
      ratio: defended.meanRingScore / open.meanRingScore,
      bar: shown(MAX_RING_SCORE),
      met: defended.meanRingScore <= MAX_RING_SCORE,
    },
    {
      bench: BENCH,
      case: `${name}, worst seed`,
      value: shown(defended.worstSeedRingScore),
      unit: '1/100',
      baseline: shown(open.worstSeedRingScore),
      ratio: defended.worstSeedRingScore / open.worstSeedRingScore,
    },
  ];
}

/** Applies blocks of holds and verdicts. Returns processor time per receipt in microseconds. */
function fill(world: LedgerWorld): { readonly us: number; readonly signedUs: number } {
  const samples: number[] = [];
  const signed: number[] = [];
  const perReceipt = 1_000_000 / RECEIPTS_PER_BLOCK;
  for (let block = 0; block < BLOCKS; block++) {
    const transactions = Array.from({ length: RECEIPTS_PER_BLOCK }, () => world.work()).flat();
    const start = systemProcessor.seconds();
    if (!transactions.every((transaction) => world.app.isSigned(transaction))) {
      throw new Error('The benchmark of the ledger failed: a signature does not hold');
    }
    const checked = systemProcessor.seconds();
    world.apply(transactions);
    samples.push((systemProcessor.seconds() - checked) * perReceipt);
    signed.push((checked - start) * perReceipt);
  }
  return { us: median(samples), signedUs: median(signed) };
}

/** One proof from its bytes, a header with the votes of a quorum: no signature is remembered. */
function checkMs(world: LedgerWorld): number {
  const subject = {
    subject: world.contractors[0]!.peerId,
    role: 'contractor',
    taskType: BENCH_SKILL,
  } as const;
  const { committee, header, certificate } = world.certifiedHeader(QUORUM);
  const bytes = encodeStateProof(world.app.prove(scoreKey(subject)));
  const samples: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const startMs = systemClock.monotonicMs();
    const isGood = isCertified(committee, header, certificate);
    const score = provenScore(decodeStateProof(bytes), subject, header);
    samples.push(systemClock.monotonicMs() - startMs);
    if (!isGood || score === undefined) throw new Error('The proof of a score does not hold');
  }
  return median(samples);
}

/** Runs the benchmark. */
export const benchReputation: Bench = async (onProgress) => {
  onProgress('reputation: markets with lying raters, 20 seeds each');
  const attacks = attackRows();
  onProgress('reputation: a ledger with receipts');
  const world = new LedgerWorld(PEOPLE);
  const { us, signedUs } = fill(world);
  const referenceUs = measureReferenceUs(200);
  const check = {
    bench: BENCH,
    case: `one score checked: proof and ${QUORUM} votes`,
    value: checkMs(world),
    unit: 'ms',
    bar: MAX_CHECK_MS,
  };
  return [
    ...attacks,
    rowOf(check, referenceUs),
    { bench: BENCH, case: 'a receipt applied, processor time', value: us, unit: 'us' },
    { bench: BENCH, case: 'its two transactions verified, the same', value: signedUs, unit: 'us' },
    ...rotationRows(BENCH, world.app.rules.genesis),
  ];
};
