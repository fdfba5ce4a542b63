/**
 * Checks of the machine: its Node.js, its disk and its clock.
 *
 * @module
 */

import { CLOCK_TOLERANCE_SECONDS } from '../../protocols/negotiation/documents.ts';
import { failure, ifObserved, ok, warning } from './finding.ts';
import type { Finding, Observed } from './finding.ts';

const MEGABYTE = 1_000_000;
/** Less than this ends a node: its store cannot write its log. */
const LEAST_FREE_BYTES = 100 * MEGABYTE;
const FEW_FREE_BYTES = 1_000 * MEGABYTE;
/** A file system rounds times, and a daemon writes while the doctor looks. */
const FILE_TOLERANCE_MS = 2_000;
/** The wall clock may drift so much from the monotonic one while the doctor looks. */
const JUMP_MS = 500;
const TOLERANCE_MS = CLOCK_TOLERANCE_SECONDS * 1_000;
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
}

const SET_CLOCK = 'have the clock set by NTP (timedatectl set-ntp true), and restart the daemon';

export function checkClock(readings: ClockReadings): Finding {
  const check = 'clock';
  const trouble = clockTrouble(readings);
  if (trouble) return failure(check, { ...trouble, mend: SET_CLOCK });
  const { newestFile, newestIssueMs, head } = readings;
  const witnesses = [
    newestFile && 'its own files',
    newestIssueMs !== null && 'its certificates',
    head?.isReached === true && 'the committee',
  ].filter((name) => typeof name === 'string');
  if (witnesses.length === 0) return ok(check, 'it goes forward; nobody is there to compare with');
  return ok(check, `it goes forward, and agrees with ${witnesses.join(', ')}`);
}

function clockTrouble(readings: ClockReadings): { found: string; cause: string } | undefined {
  const { nowMs, wallElapsedMs, monotonicElapsedMs, newestFile, newestIssueMs, head } = readings;
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
  if (head?.isReached !== true) return undefined;
  const aheadMs = nowMs - head.timeMs;
  const cause = 'peers refuse what is dated beyond their tolerance, quotes and agreements first';
  if (-aheadMs > TOLERANCE_MS) {
    return { found: `this clock is ${seconds(-aheadMs)} behind the committee's`, cause };
  }
  if (aheadMs > MAX_HEAD_AGE_MS + TOLERANCE_MS) {
    const found = `the committee's last block is ${seconds(aheadMs)} old by this clock`;
    return { found: `${found}, and it goes on`, cause };
  }
  return undefined;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
