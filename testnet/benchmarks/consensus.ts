/**
 * `consensus`: a committee of four replicas, each a process of its own on loopback, with real
 * signatures, disks that are flushed, and clients in a fifth process, all on this machine.
 *
 * First a while of steady load, then the primary is killed under load. The others make 10,000 small
 * blocks, or as many as they can in twice that while, and it comes back. At the end every store is
 * audited from the first block. `COALESCE_BENCH_SECONDS` says how long the steady load lasts (60).
 *
 * @module
 */

import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../node/system-clock.ts';
import { nowSeconds } from '../../protocols/components.ts';
import { DEFAULT_REPLICA_SETTINGS } from '../../protocols/pbft/settings.ts';
import { CommitteeProcesses } from '../committee/committee-process.ts';
import type { ReplicaProcess } from '../committee/committee-process.ts';
import { ConsensusLoad } from './consensus-load.ts';
import type { LoadResult } from './consensus-load.ts';
import { LedgerWorld } from './ledger-world.ts';
import { percentile } from './measuring.ts';
import type { Bench, BenchRow } from './measuring.ts';

const BENCH = 'consensus';
const DEFAULT_SECONDS = 60;
const PEOPLE = 1_000;
/** Pieces of work under way. */
const PLACES = 256;
/** The same where blocks are to be many and small. */
const FEW_PLACES = 4;
const BLOCKS_BEHIND = 10_000;
const WARM_UP_MS = 3_000;
const ON_THEIR_WAY_MS = 200;
const DEADLINE_MS = 120_000;

const MIN_RECEIPTS_PER_SECOND = 1_500;
const MAX_P99_MS = 250;
const MAX_CATCH_UP_SECONDS = 30;
const MIN_SHARE_PERCENT = 70;

interface Measured {
  readonly rssMegabytes: number;
  readonly diskMegabytes: number;
  readonly processorSeconds: number;
  readonly height: number;
}

/** Runs the benchmark. */
export const benchConsensus: Bench = async (onProgress) => {
  const seconds = Number(process.env['COALESCE_BENCH_SECONDS'] ?? DEFAULT_SECONDS);
  const root = await mkdtemp(join(tmpdir(), 'coalesce-bench-'));
  const world = new LedgerWorld(PEOPLE, () => nowSeconds(systemClock));
  const committee = await CommitteeProcesses.create(root, world.genesis, world.replicas);
  try {
    onProgress(`${BENCH}: four replicas start`);
    await committee.startAll();
    const load = new ConsensusLoad(committee, world, PLACES);
    await delay(WARM_UP_MS);
    load.take();
    const before = await measure(committee.replicas[1]!);
    onProgress(`${BENCH}: ${seconds} s of steady load`);
    await delay(seconds * 1_000);
    const steady = load.take();
    const after = await measure(committee.replicas[1]!);
    onProgress(`${BENCH}: the primary is killed`);
    const { rows: kill, away } = await killRows(committee, load);
    await load.stop();
    onProgress(`${BENCH}: the others make small blocks, then it comes back`);
    const light = new ConsensusLoad(committee, world, FEW_PLACES);
    const catchUp = await catchUpRows(committee, light, away, 2_000 * seconds);
    await light.stop();
    const done = load.done + light.done;
    await committee.stopAll();
    onProgress(`${BENCH}: audit of every store`);
    return [
      ...steadyRows(steady, before, after),
      ...kill,
      ...catchUp,
      ...(await auditRows(committee, done)),
    ];
  } finally {
    await Promise.all(committee.replicas.map((replica) => replica.kill()));
    await rm(root, { recursive: true, force: true });
  }
};

async function measure(replica: ReplicaProcess): Promise<Measured> {
  const { rssBytes, processorSeconds, height } = await replica.status();
  return {
    rssMegabytes: rssBytes / 1e6,
    diskMegabytes: (await bytesBelow(replica.dataPath)) / 1e6,
    processorSeconds,
    height,
  };
}

async function bytesBelow(path: string): Promise<number> {
  const entries = await readdir(path, { withFileTypes: true, recursive: true });
  const sizes = entries.map(async (entry) => {
    if (!entry.isFile()) return 0;
    // A file may have been replaced meanwhile.
    const found = await stat(join(entry.parentPath, entry.name)).catch(() => undefined);
    return found?.size ?? 0;
  });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

function rowWithBar(row: Omit<BenchRow, 'bench' | 'met'>, isLeast: boolean): BenchRow {
  const { value, bar = 0 } = row;
  return { bench: BENCH, ...row, met: isLeast ? value >= bar : value <= bar };
}

function steadyRows(steady: LoadResult, before: Measured, after: Measured): BenchRow[] {
  const perSecond = (count: number): number => count / steady.seconds;
  const while_ = `${Math.round(steady.seconds)} s`;
  const per1000 = (delta: number): number => (1_000 * delta) / steady.receipts;
  if (steady.refused.length > 0) {
    throw new Error(`The benchmark of consensus failed: ${steady.refused[0]} for good work`);
  }
  return [
    rowWithBar(
      {
        case: `receipts (a hold, a verdict) sustained for ${while_}`,
        value: perSecond(steady.receipts),
        unit: '1/s',
        bar: MIN_RECEIPTS_PER_SECOND,
      },
      true,
    ),
    {
      bench: BENCH,
      case: 'transactions, the same',
      value: perSecond(steady.transactions),
      unit: '1/s',
    },
    rowWithBar(
      {
        case: 'p99 from handing in to the answer',
        value: percentile(steady.latenciesMs, 99),
        unit: 'ms',
        bar: MAX_P99_MS,
      },
      false,
    ),
    {
      bench: BENCH,
      case: 'median, the same',
      value: percentile(steady.latenciesMs, 50),
      unit: 'ms',
    },
    {
      bench: BENCH,
      case: 'transactions per block',
      value: steady.transactions / (after.height - before.height),
      unit: '',
    },
    {
      bench: BENCH,
      case: 'processor time of one replica per receipt',
      value: per1000(after.processorSeconds - before.processorSeconds) * 1_000,
      unit: 'us',
    },
    {
      bench: BENCH,
      case: 'disk of one replica, growth per 1,000 receipts',
      value: per1000(after.diskMegabytes - before.diskMegabytes),
      unit: 'MB',
    },
    {
      bench: BENCH,
      case: 'memory of one replica at the end (before: baseline)',
      value: after.rssMegabytes,
      baseline: before.rssMegabytes,
      unit: 'MB',
    },
  ];
}

/** The primary goes under load, and the others go on. */
async function killRows(
  committee: CommitteeProcesses,
  load: ConsensusLoad,
): Promise<{ readonly rows: BenchRow[]; readonly away: ReplicaProcess }> {
  const [first] = committee.replicas;
  const away = committee.replicas[(await first!.status()).primary]!;
  const killedAtMs = systemClock.monotonicMs();
  await away.kill();
  // Answers that were on their way do not count.
  await delay(ON_THEIR_WAY_MS);
  const quietMs = systemClock.monotonicMs();
  await until(() => load.lastDoneAtMs > quietMs, 'a new primary');
  const row = {
    case: 'primary killed: back in service',
    value: load.lastDoneAtMs - killedAtMs,
    unit: 'ms',
    bar: 2 * DEFAULT_REPLICA_SETTINGS.requestTimeoutMs,
  };
  return { rows: [rowWithBar(row, false)], away };
}

/** The others make many small blocks, then the one that was away comes back. */
async function catchUpRows(
  committee: CommitteeProcesses,
  load: ConsensusLoad,
  away: ReplicaProcess,
  maxMs: number,
): Promise<BenchRow[]> {
  const witness = committee.replicas.find((replica) => replica !== away)!;
  const from = (await witness.status()).height;
  const startMs = systemClock.monotonicMs();
  const isOver = async (): Promise<boolean> =>
    (await witness.status()).height >= from + BLOCKS_BEHIND ||
    systemClock.monotonicMs() > startMs + maxMs;
  load.take();
  while (!(await isOver())) await delay(500);
  const before = load.take();
  const backAtMs = systemClock.monotonicMs();
  const behind = (await witness.status()).height - from;
  await committee.start(away);
  const stateSeconds = await secondsUntil(away, witness, backAtMs, ({ height }) => height);
  const meanwhile = load.take();
  const storedSeconds = await secondsUntil(
    away,
    witness,
    backAtMs,
    ({ storedHeight }) => storedHeight,
  );
  return [
    rowWithBar(
      {
        case: `a replica ${behind} blocks behind has the state, its start included`,
        value: stateSeconds,
        unit: 's',
        bar: MAX_CATCH_UP_SECONDS,
      },
      false,
    ),
    { bench: BENCH, case: '... and every block of its absence', value: storedSeconds, unit: 's' },
    rowWithBar(
      {
        case: 'rate of the others meanwhile, of theirs before',
        value: (100 * rateOf(meanwhile)) / rateOf(before),
        unit: '%',
        bar: MIN_SHARE_PERCENT,
      },
      true,
    ),
  ];
}

function rateOf({ receipts, seconds }: LoadResult): number {
  return receipts / seconds;
}

async function secondsUntil(
  late: ReplicaProcess,
  witness: ReplicaProcess,
  startMs: number,
  pick: (status: Awaited<ReturnType<ReplicaProcess['status']>>) => number,
): Promise<number> {
  const { height } = await witness.status();
  for (;;) {
    const isThere = pick(await late.status()) >= height;
    const elapsedMs = systemClock.monotonicMs() - startMs;
    if (isThere) return elapsedMs / 1_000;
    if (elapsedMs > DEADLINE_MS) throw new Error('The replica does not catch up');
    await delay(50);
  }
}

async function until(isSo: () => boolean, what: string): Promise<void> {
  const deadlineMs = systemClock.monotonicMs() + DEADLINE_MS;
  while (!isSo()) {
    if (systemClock.monotonicMs() > deadlineMs) throw new Error(`Not in time: ${what}`);
    await delay(5);
  }
}

/** Every store from the first block: nothing lost, nothing twice, one state. */
async function auditRows(committee: CommitteeProcesses, done: number): Promise<BenchRow[]> {
  const startMs = systemClock.monotonicMs();
  const heights: number[] = [];
  let transactions = 0;
  for (const replica of committee.replicas) {
    const { report } = await committee.audit(replica);
    if (!report.valid) throw new Error(`The audit failed at ${report.block}: ${report.problem}`);
    heights.push(report.height);
    transactions = Math.max(transactions, report.transactions);
  }
  const auditMs = systemClock.monotonicMs() - startMs;
  return [
    {
      bench: BENCH,
      case: 'transactions in the blocks (baseline: answered with "done")',
      value: transactions,
      baseline: done,
      unit: '',
    },
    {
      bench: BENCH,
      case: `audit of four stores of ${Math.max(...heights)} blocks`,
      value: auditMs / 1_000,
      unit: 's',
    },
  ];
}
