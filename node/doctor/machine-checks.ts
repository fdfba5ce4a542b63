/**
 * Checks of the machine: its Node.js, its disk, its clock, and how busy it is said to be.
 *
 * @module
 */

import { CLOCK_TOLERANCE_SECONDS } from '../../protocols/negotiation/documents.ts';
import type { WitnessCounts } from '../../protocols/skill-discovery/clock-witnesses.ts';
import { isUsualUtilisation, USUAL_UTILISATION } from '../cost/internal-cost.ts';
import { count, failure, ifObserved, ok, warning } from './finding.ts';
import type { Finding, Observed, Trouble } from './finding.ts';

const MEGABYTE = 1_000_000;
/** Less than this ends a node: its store cannot write its log. */
const LEAST_FREE_BYTES = 100 * MEGABYTE;
const FEW_FREE_BYTES = 1_000 * MEGABYTE;
/** A file system rounds times, and a daemon writes while the doctor looks. */
const FILE_TOLERANCE_MS = 2_000;
/** The wall clock may drift so much from the monotonic one while the doctor looks. */
const JUMP_MS = 500;
const TOLERANCE_MS = CLOCK_TOLERANCE_SECONDS * 1_000;
/** Peers whose records must agree against this clock. */
const LEAST_WITNESSES = 2;
/** Blocks follow each other within seconds while a committee is reached. */
const MAX_HEAD_AGE_MS = 60_000;

/** Versions as `process.version` and `engines` have them. */
export interface NodeVersions {
  readonly running: string;
  /** Least one: `20.19.0`. */
  readonly least: string;
}

export function checkNodeVersion({ running, least }: NodeVersions): Finding {
  const check = 'node-version';
  if (isAtLeast(running, least)) return ok(check, `Node.js ${running}`);
  return failure(check, {
    found: `Node.js ${running}`,
    cause: `coalesce is made for ${least} and later`,
    mend: `install Node.js ${least} or later, and start the daemon with it`,
  });
}

function isAtLeast(running: string, least: string): boolean {
  const numbers = (text: string) => text.replace(/^v/, '').split(/[.-]/).slice(0, 3).map(Number);
  const [got, wanted] = [numbers(running), numbers(least)];
  const differing = wanted.findIndex((number, i) => number !== (got[i] ?? 0));
  return differing < 0 || (got[differing] ?? 0) > wanted[differing]!;
}

/** Of the disk that the data directory lies on. */
export interface DiskSpace {
  readonly path: string;
  readonly freeBytes: number;
}

export function checkDisk(observed: Observed<DiskSpace>): Finding {
  const check = 'disk-space';
  return ifObserved(check, observed, ({ path, freeBytes }) => {
    const found = `${Math.floor(freeBytes / MEGABYTE)} MB free at ${path}`;
    if (freeBytes >= FEW_FREE_BYTES) return ok(check, found);
    const mend = 'free some space, or move the data directory and name it with --data';
    if (freeBytes < LEAST_FREE_BYTES) {
      const cause = 'receipts and contracts that cannot be written end the daemon';
      return failure(check, { found, cause, mend });
    }
    const cause = 'the store grows with each task, and a replica keeps every block';
    return warning(check, { found, cause, mend });
  });
}

/** The configured share of the peak that work here reaches (paper Eq. 2 and 4). */
export function checkUtilisation(observed: Observed<number>): Finding {
  const check = 'utilisation';
  return ifObserved(check, observed, (utilisation) => {
    const trouble = utilisationTrouble(utilisation);
    if (trouble) return warning(check, trouble);
    return ok(check, `hardware.utilisation is ${utilisation}, which is usual`);
  });
}

/** What an unusual utilisation does to the cost here; `undefined` for a usual one. */
export function utilisationTrouble(utilisation: number): Trouble | undefined {
  if (isUsualUtilisation(utilisation)) return undefined;
  const { min, max } = USUAL_UTILISATION;
  const isLow = utilisation < min;
  return {
    found: `hardware.utilisation is ${utilisation}; usual is ${min} to ${max}`,
    cause: isLow
      ? 'tasks that name their operations are counted as slow here, and dear: they are handed out'
      : 'tasks that name their operations are counted as fast here, and cheap: they are kept here',
    mend:
      'leave it if it was measured; else: coalesce init --set ' +
      `hardware.utilisation=${isLow ? min : max}, and restart the daemon`,
  };
}

/** This clock, and what others and the past say of it. */
export interface ClockReadings {
  readonly nowMs: number;
  /** How far both clocks went while the doctor looked. */
  readonly wallElapsedMs: number;
  readonly monotonicElapsedMs: number;
  /** The file of the data directory that was written last; null for none. */
  readonly newestFile: { readonly path: string; readonly writtenMs: number } | null;
  /** The latest time that an attestor wrote into a certificate held here; null for none. */
  readonly newestIssueMs: number | null;
  /** Time of the last block that this node knows; null without a ledger. */
  readonly head: { readonly timeMs: number; readonly isReached: boolean } | null;
  /** How the last records of peers are dated by this clock; null without a daemon. */
  readonly peersDated: WitnessCounts | null;
}

const SET_CLOCK = 'have the clock set by NTP (timedatectl set-ntp true), and restart the daemon';

export function checkClock(readings: ClockReadings): Finding {
  const check = 'clock';
  const trouble = clockTrouble(readings);
  if (trouble) return failure(check, { ...trouble, mend: SET_CLOCK });
  const { newestFile, newestIssueMs, head, peersDated } = readings;
  const witnesses = [
    newestFile && 'its own files',
    newestIssueMs !== null && 'its certificates',
    head?.isReached === true && 'the committee',
    peersDated && peersDated.fine > 0 && count(peersDated.fine, 'peer'),
  ].filter((name) => typeof name === 'string');
  if (witnesses.length === 0) return ok(check, 'it goes forward; nobody is there to compare with');
  return ok(check, `it goes forward, and agrees with ${witnesses.join(', ')}`);
}

type ClockTrouble = Pick<Trouble, 'found' | 'cause'>;

function clockTrouble(readings: ClockReadings): ClockTrouble | undefined {
  const { nowMs, wallElapsedMs, monotonicElapsedMs, newestFile, newestIssueMs, head, peersDated } =
    readings;
  const jumpMs = wallElapsedMs - monotonicElapsedMs;
  if (Math.abs(jumpMs) > JUMP_MS) {
    const cause = 'something sets the clock in jumps: deadlines and expiries end at wrong times';
    return { found: `the clock jumped by ${seconds(jumpMs)} while the doctor looked`, cause };
  }
  if (newestFile && newestFile.writtenMs - nowMs > FILE_TOLERANCE_MS) {
    const by = seconds(newestFile.writtenMs - nowMs);
    const found = `${newestFile.path} was written ${by} in the future`;
    return { found, cause: 'the clock went backwards since, or was wrong then' };
  }
  if (newestIssueMs !== null && newestIssueMs - nowMs > TOLERANCE_MS) {
    const found = `a certificate was issued ${seconds(newestIssueMs - nowMs)} in the future`;
    return { found, cause: "this clock is behind the attestor's, and peers refuse what it dates" };
  }
  return (
    (peersDated ? peersTrouble(peersDated) : undefined) ??
    (head?.isReached === true ? headTrouble(nowMs - head.timeMs) : undefined)
  );
}

const REFUSED = 'peers refuse what is dated beyond their tolerance, quotes and agreements first';

/** One peer alone may be the one that is wrong. */
function peersTrouble({ fine, future, expired }: WitnessCounts): ClockTrouble | undefined {
  if (future >= LEAST_WITNESSES && future > fine) {
    const found = `records of ${future} of ${future + fine} peers come from this clock's future`;
    return { found, cause: 'it is behind theirs, and nothing that they publish is believed here' };
  }
  if (expired >= LEAST_WITNESSES && fine + future === 0) {
    const found = `the records of all ${expired} peers have expired by this clock`;
    return { found, cause: 'it is ahead of theirs, or nobody has published for an hour' };
  }
  return undefined;
}

/** @param aheadMs - Of this clock before the last block of a committee that goes on. */
function headTrouble(aheadMs: number): ClockTrouble | undefined {
  if (-aheadMs > TOLERANCE_MS) {
    return { found: `this clock is ${seconds(-aheadMs)} behind the committee's`, cause: REFUSED };
  }
  if (aheadMs > MAX_HEAD_AGE_MS + TOLERANCE_MS) {
    const found = `the committee's last block is ${seconds(aheadMs)} old by this clock`;
    return { found: `${found}, and it goes on`, cause: REFUSED };
  }
  return undefined;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
