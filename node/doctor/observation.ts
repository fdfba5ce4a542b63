/**
 * All that the doctor observed, and all of its checks in the order in which a person reads them.
 *
 * @module
 */

import { checkConfig, checkDataDirectory, checkIdentity, checkToken } from './directory-checks.ts';
import type { ConfigReadings, FileReadings, IdentityReadings } from './directory-checks.ts';
import type { Finding, FindingState, Observed } from './finding.ts';
import { checkClock, checkDisk, checkNodeVersion, checkUtilisation } from './machine-checks.ts';
import type { ClockReadings, DiskSpace, NodeVersions } from './machine-checks.ts';
import {
  checkDayOne,
  checkOutsourcing,
  checkPrices,
  checkScores,
  checkSpread,
} from './market-checks.ts';
import type { DecisionReadings, PriceReadings } from './market-checks.ts';
import {
  checkBootstrap,
  checkDaemon,
  checkPeers,
  checkPorts,
  checkReachability,
} from './network-checks.ts';
import type {
  BootstrapReadings,
  DaemonReadings,
  PeerReadings,
  PortReadings,
  ReachabilityReadings,
} from './network-checks.ts';
import {
  checkCertificates,
  checkCommittee,
  checkExecutors,
  checkRecord,
} from './standing-checks.ts';
import type { CertificateReadings, RecordReadings } from './standing-checks.ts';
import type { ExecutorHealthDocument, LedgerStatusDocument } from '../api-documents.ts';

/** What was seen of one node. */
export interface Observation {
  readonly versions: NodeVersions;
  readonly directory: FileReadings;
  readonly identity: IdentityReadings;
  readonly token: FileReadings;
  readonly config: ConfigReadings;
  readonly disk: Observed<DiskSpace>;
  readonly clock: ClockReadings;
  /** As configured. */
  readonly utilisation: Observed<number>;
  readonly daemon: DaemonReadings;
  readonly ports: Observed<readonly PortReadings[]>;
  readonly bootstrap: Observed<readonly BootstrapReadings[]>;
  readonly peers: Observed<PeerReadings>;
  readonly reachability: Observed<ReachabilityReadings>;
  readonly certificates: Observed<CertificateReadings>;
  readonly record: Observed<RecordReadings>;
  readonly committee: Observed<LedgerStatusDocument | null>;
  readonly executors: Observed<readonly ExecutorHealthDocument[]>;
  readonly prices: Observed<PriceReadings>;
  readonly decisions: Observed<DecisionReadings>;
}

/** Answer of `doctor`. */
export interface DoctorDocument {
  readonly dataDirectory: string;
  /** Whether no check failed. */
  readonly healthy: boolean;
  readonly counts: Readonly<Record<FindingState, number>>;
  readonly findings: readonly Finding[];
}

/** Every check on what was seen. */
export function diagnose(seen: Observation): DoctorDocument {
  const findings = [
    checkNodeVersion(seen.versions),
    checkDataDirectory(seen.directory, seen.identity.mode !== null),
    checkIdentity(seen.identity),
    checkToken(seen.token),
    checkConfig(seen.config),
    checkDisk(seen.disk),
    checkClock(seen.clock),
    checkUtilisation(seen.utilisation),
    checkPorts(seen.ports),
    checkDaemon(seen.daemon),
    checkBootstrap(seen.bootstrap),
    checkPeers(seen.peers),
    checkReachability(seen.reachability),
    checkCertificates(seen.certificates),
    checkRecord(seen.record),
    checkCommittee(seen.committee),
    checkExecutors(seen.executors),
    checkPrices(seen.prices),
    checkSpread(seen.decisions),
    checkOutsourcing(seen.decisions),
    checkDayOne(seen.decisions),
    checkScores(seen.decisions),
  ];
  const numberOf = (state: FindingState) => findings.filter((one) => one.state === state).length;
  const counts = {
    ok: numberOf('ok'),
    warning: numberOf('warning'),
    failure: numberOf('failure'),
    skipped: numberOf('skipped'),
  };
  return { dataDirectory: seen.directory.path, healthy: counts.failure === 0, counts, findings };
}
