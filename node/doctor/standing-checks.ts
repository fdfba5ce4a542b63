/**
 * Checks of what a node stands on before others: certificates, its record, its committee, and the
 * executors that do what it sells.
 *
 * @module
 */

import type {
  CertificateDocument,
  ExecutorHealthDocument,
  HealthDocument,
  LedgerStatusDocument,
} from '../api-documents.ts';
import { count, failure, ifObserved, ok, warning } from './finding.ts';
import type { Finding, Observed } from './finding.ts';

const DAY_SECONDS = 86_400;
/** Certificates of resources live a day, of skills 30: so much of its life is left for a mend. */
const LAST_SHARE_OF_LIFE = 0.1;
/** A replica so far behind catches up by asking others for their state. */
const MAX_LAG_BLOCKS = 64;

/** Certificates that the node holds, and what it sells by them. */
export interface CertificateReadings {
  readonly nowSeconds: number;
  readonly certificates: readonly Pick<
    CertificateDocument,
    'certId' | 'kind' | 'issuedAtSeconds' | 'expiresAtSeconds' | 'status' | 'leaves'
  >[];
  /** Terms on sale. */
  readonly skills: readonly string[];
}

export function checkCertificates(observed: Observed<CertificateReadings>): Finding {
  const check = 'certificates';
  return ifObserved(check, observed, ({ nowSeconds, certificates, skills }) => {
    const over = certificates.filter(({ expiresAtSeconds }) => expiresAtSeconds <= nowSeconds);
    const revoked = certificates.filter(({ status }) => status === 'revoked');
    const bad = [...new Set([...over, ...revoked])];
    if (bad.length > 0) {
      const named = bad.map((one) => {
        const why = revoked.includes(one) ? 'was revoked' : `expired ${dateOf(one)}`;
        return `${aboutOf(one)} (${one.certId.slice(0, 12)}) ${why}`;
      });
      // Its own word and endorsements let nobody in anyway.
      const isAttested = bad.some(({ kind }) => kind === 'attestation');
      return (isAttested ? failure : warning)(check, {
        found: named.join('; '),
        cause: 'clients do not believe it: it gives this node no level, and proves nothing to them',
        mend: `ask the attestor to attest anew, on its node: ${attestCommand(bad)}`,
      });
    }
    const ending = certificates.filter((one) => isEnding(one, nowSeconds));
    if (ending.length > 0) {
      return warning(check, {
        found: ending.map((one) => `${aboutOf(one)} expires ${dateOf(one)}`).join('; '),
        cause: 'its attestor does not renew it, or has not yet (attestation.isRenewing)',
        mend: 'ask the attestor to attest anew before that',
      });
    }
    if (certificates.length === 0 && skills.length > 0) {
      return warning(check, {
        found: `no certificate, and ${count(skills.length, 'skill')} on sale`,
        cause: 'confidence in a contractor without outcomes or tests is 0, so nobody hires it',
        mend: 'have an attestor that clients trust run: coalesce attest PEER --skill TERM',
      });
    }
    const found = `${count(certificates.length, 'certificate')}, none revoked or about to expire`;
    return ok(check, found);
  });
}

/** How the first of them is attested. */
function attestCommand([first]: readonly Held[]): string {
  const name = first?.leaves[0]?.name ?? '';
  const isResource = name.startsWith('hasResource:');
  return `coalesce attest PEER ${isResource ? '--resource' : '--skill'} ${name || 'TERM'}`;
}

type Held = CertificateReadings['certificates'][number];

function isEnding({ issuedAtSeconds, expiresAtSeconds }: Held, nowSeconds: number): boolean {
  const life = expiresAtSeconds - issuedAtSeconds;
  return expiresAtSeconds - nowSeconds < Math.min(3 * DAY_SECONDS, LAST_SHARE_OF_LIFE * life);
}

function aboutOf({ kind, leaves }: Held): string {
  return `${kind} of ${leaves[0]?.name ?? 'nothing'}`;
}

function dateOf({ expiresAtSeconds }: Held): string {
  return new Date(expiresAtSeconds * 1_000).toISOString();
}

/** The record by which the node is found. */
export interface RecordReadings {
  readonly nowSeconds: number;
  readonly skills: readonly string[];
  readonly record: HealthDocument['record'];
}

export function checkRecord(observed: Observed<RecordReadings>): Finding {
  const check = 'skill-record';
  return ifObserved(check, observed, ({ nowSeconds, skills, record }) => {
    if (skills.length === 0) return ok(check, 'nothing is on sale');
    const cause = 'the record could not be renewed: see the log for why nobody took it';
    const mend = 'check the connected peers, then publish again: coalesce skills publish';
    if (record === null) {
      const found = `${count(skills.length, 'skill')} on sale, and no record is published`;
      return failure(check, { found, cause, mend });
    }
    const leftSeconds = record.expiresAtSeconds - nowSeconds;
    if (leftSeconds > 0) return ok(check, `number ${record.seq}, for ${leftSeconds} s more`);
    const found = `the record expired ${-leftSeconds} s ago: nobody finds this node`;
    return failure(check, { found, cause, mend });
  });
}

export function checkCommittee(observed: Observed<LedgerStatusDocument | null>): Finding {
  const check = 'committee';
  return ifObserved(check, observed, (ledger) => {
    if (ledger === null) return ok(check, 'no ledger is configured: contracts are on credit');
    const { reach, replica, head, isForked, replicas } = ledger;
    if (isForked) {
      return failure(check, {
        found: `two blocks of one height are certified on ledger ${ledger.ledgerId.slice(0, 16)}`,
        cause: 'more than a third of the replicas are faulty or were copied',
        mend: 'stop paying by this ledger, and ask who runs its replicas',
      });
    }
    if (replica && replica.halted !== null) {
      return failure(check, {
        found: `the replica of this node has stopped: ${replica.halted}`,
        cause: 'it met a state that it cannot go on from',
        mend: 'keep its directory, look at the log, and restart the daemon',
      });
    }
    if (!reach.isReached) {
      const since = new Date(reach.sinceMs).toISOString();
      return failure(check, {
        found: `not reached since ${since}: ${reach.reason ?? 'no reason is known'}`,
        cause: 'too many of its replicas are away, or this node is cut off from them',
        mend: 'check the connected peers; committee.withoutLedger says what happens meanwhile',
      });
    }
    if (replica && replica.lagBlocks > MAX_LAG_BLOCKS) {
      return warning(check, {
        found: `the replica of this node is ${replica.lagBlocks} blocks behind`,
        cause: 'it was off, or its machine is too slow',
        mend: 'wait; if it does not shrink, give the replica more processor time',
      });
    }
    return ok(check, `${replicas} replicas, block ${head?.height ?? 0}`);
  });
}

export function checkExecutors(observed: Observed<readonly ExecutorHealthDocument[]>): Finding {
  const check = 'executors';
  return ifObserved(check, observed, (executors) => {
    const broken = executors.filter(({ problem }) => problem !== null);
    if (executors.length === 0) return ok(check, 'nothing is on sale');
    if (broken.length === 0) {
      const found = executors.map(({ term, type }) => `${term} (${type})`).join(', ');
      return ok(check, `ready: ${found}`);
    }
    return failure(check, {
      found: broken.map(({ term, type, problem }) => `${term} (${type}): ${problem}`).join('; '),
      cause: 'work that is taken for it fails, which costs reputation',
      mend: 'mend the executor, or take the skill back: coalesce skills withdraw TERM',
    });
  });
}
