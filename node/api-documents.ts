/**
 * The JSON documents that the HTTP API answers with and the CLI prints (architecture.md 6). A field
 * may be added, none renamed. Every number has its unit in its name.
 *
 * @module
 */

import type { ReachDocument } from './ledger/committee-reach.ts';
import type { ReplicaStatus } from './ledger/replica-host.ts';
import type { JsonValue } from '../crypto/canonical-json.ts';
import type { WitnessCounts } from '../protocols/skill-discovery/clock-witnesses.ts';
import type { UnknownTerm } from './skills/term-check.ts';
import type { TaskCost } from './tasks/run-totals.ts';

/** Answer of `status`. */
export interface StatusDocument {
  readonly version: string;
  readonly name: string;
  readonly peerId: string;
  readonly addresses: readonly string[];
  readonly http: string;
  /** Where A2A clients find the agent card; null where they are not served. */
  readonly a2a: string | null;
  readonly dataDirectory: string;
  readonly pid: number;
  readonly uptimeSeconds: number;
  readonly memoryRssMegabytes: number;
  readonly peersConnected: number;
  readonly routingTableSize: number;
  readonly skills: readonly string[];
  readonly tasksInWork: number;
  readonly certificates: number;
  readonly paidMicroUsd: number;
  readonly earnedMicroUsd: number;
  /** What an hour of work costs here, and what it is made of. */
  readonly prices: {
    readonly computeUsdPerHour: number;
    readonly memoryUsdPerHour: number;
    readonly energyUsdPerKwh: number;
    readonly powerWatts: number;
  };
  /** What this machine can do, as the cost of a task here is computed. */
  readonly hardware: {
    readonly peakFlopsPerSecond: number;
    /** Null if it was not measured; the configuration has no such number. */
    readonly memoryBandwidthBytesPerSecond: number | null;
    readonly memoryGib: number;
    /** Of rate and memory; `mixed`: the configuration gives one of them. */
    readonly source: 'measured' | 'config' | 'mixed' | 'default';
    /** ISO 8601; null if nothing was measured. */
    readonly measuredAt: string | null;
  };
  /** What being tested by attestors costs; work and re-attestation of the last seven days. */
  readonly measuredTime: {
    /** Spent on re-attestation: benchmarks, and tasks of attestors. */
    readonly spentMs: number;
    /** Most that may be: 2 % of the work. */
    readonly allowedMs: number;
    /** Work for others that are no attestors. */
    readonly busyMs: number;
    /** Spent of busy; null without work. */
    readonly sharePercent: number | null;
    /** Spent on first attestations, ever, and most that may be. */
    readonly startSpentMs: number;
    readonly startAllowedMs: number;
    /** Most that one attestor may spend of it. */
    readonly startAllowedOfOneMs: number;
  };
  /** Paid for work in this day of UTC, and set aside; the limit is `spending.maxPerDayUsd`. */
  readonly spendingToday: {
    readonly spentMicroUsd: number;
    readonly limitMicroUsd: number | null;
  };
  /** Work that was judged and not countersigned, and letters about it. */
  readonly mail: {
    /** Verdicts of this node whose contractor was not there. */
    readonly lateVerdicts: number;
    /** Deliveries of this node that its clients have not judged. */
    readonly awaitedVerdicts: number;
    /** Letters kept for other peers; null where this node is no broker. */
    readonly lettersKept: number | null;
  };
  /** What this node has to answer queries with as a broker; null where it is none. */
  readonly broker: { readonly records: number; readonly quotes: number } | null;
  readonly decisionPolicy: string;
  readonly decision: DecisionStatusDocument;
  /** Null without a committee in the configuration. */
  readonly ledger: LedgerStatusDocument | null;
}

/** The ledger that the configuration names. */
export interface LedgerStatusDocument {
  /** Hash of its genesis, hexadecimal. */
  readonly ledgerId: string;
  readonly replicas: number;
  /** Last block that 2f + 1 replicas have signed, as it was told; block time since 1970. */
  readonly head: { readonly height: number; readonly timeMs: number } | null;
  /** Two certified blocks of one height were seen: more than f replicas are faulty. */
  readonly isForked: boolean;
  /** Whether blocks go on, as this node sees it; while they do not, no price is held. */
  readonly reach: ReachDocument;
  /** What is done with tasks that cost money while it is not reached. */
  readonly withoutLedger: 'refuse' | 'bilateral';
  /** This node's part in consensus; null where it has none. */
  readonly replica: ReplicaStatus | null;
}

/** How this node decides now, and what it has learned. */
export interface DecisionStatusDocument {
  readonly policy: string;
  /** Learned weights of the criteria (Eq. 13), before the market's signals. */
  readonly weights: {
    readonly cost: number;
    readonly reliability: number;
    readonly latency: number;
    readonly security: number;
  };
  readonly thresholds: {
    readonly skill: number;
    readonly score: number;
    readonly confidence: number;
  };
  /** Rates count only decisions in which exploring was allowed. */
  readonly exploration: {
    readonly strategy: string;
    readonly allowedDecisions: number;
    readonly explored: number;
    readonly expectedRate: number;
    readonly actualRate: number;
    /** Of the binomial test; `null` where no decision was left to chance. */
    readonly pValue: number | null;
    readonly byChanceDecisions: number;
    readonly isAlarm: boolean;
    /** Whether the next decision explores if it may, because the node is stuck. */
    readonly isForced: boolean;
    readonly message: string;
    /** What explorations have lost, and what all tasks would have cost here. */
    readonly lossMicroUsd: number;
    readonly localCostMicroUsd: number;
  };
  /** Own spending, faded with a half-life of a month; Herfindahl-Hirschman index in [0, 1]. */
  readonly spending: {
    readonly microUsd: number;
    readonly contractors: number;
    readonly concentrationHhi: number;
  };
  /** Of the last decisions (Eq. 17), as a diagnostic; null before there is a transition. */
  readonly convergence: {
    readonly decisions: number;
    readonly stability: number | null;
    readonly secondEigenvalueModulus: number | null;
    readonly mixingSteps: number | null;
  };
  readonly alarms: readonly {
    readonly kind: string;
    readonly atMs: number;
    readonly sentence: string;
  }[];
}

/** One row of `peers`. */
export interface PeerDocument {
  readonly peerId: string;
  readonly connected: boolean;
  readonly addresses: readonly string[];
  readonly isKnown: boolean;
  readonly outcomes: { readonly verified: number; readonly failed: number };
  readonly paidMicroUsd: number;
  /** What it was last seen to offer, and to prove, since the start; task types it worked in. */
  readonly offers: readonly {
    readonly term: string;
    /** Null for a task type that it worked in, and of which no offer was seen. */
    readonly level: number | null;
    readonly priceMicroUsd: number | null;
    readonly perUnit: string | null;
  }[];
}

/** One row of `skills list`. */
export interface SkillDocument {
  readonly term: string;
  readonly description: string;
  readonly priceMicroUsd: number;
  readonly perUnit: string;
  readonly latencyMs: number;
  readonly capacity: number;
  readonly inWork: number;
  readonly executor: string;
}

/** Whether the executor of a skill on sale can work, as far as can be seen without work. */
export interface ExecutorHealthDocument {
  readonly term: string;
  readonly type: string;
  /** Null for none. */
  readonly problem: string | null;
}

/** What `doctor` asks a daemon for beside what other commands show. */
export interface HealthDocument {
  /** The record of what is sold, as last signed; null where nothing was published. */
  readonly record: { readonly seq: number; readonly expiresAtSeconds: number } | null;
  readonly executors: readonly ExecutorHealthDocument[];
  /** How the last records of other peers, 64 at most, are dated by this node's clock. */
  readonly peersDated: WitnessCounts;
}

/** One row of `skills suggest`: a kind of task that came again, and no term fits it. */
export interface TermSuggestionDocument {
  /** A term that could be coined. */
  readonly term: string;
  /** Tasks of the kind so far. */
  readonly tasks: number;
  /** The first descriptions that differ, at most 80 characters each. */
  readonly examples: readonly string[];
  /** The known term that comes nearest, by cosine. */
  readonly nearest: { readonly term: string; readonly similarity: number };
}

/** Answer of `skills publish` and `skills withdraw`. */
export interface PublishDocument {
  readonly seq: number;
  readonly expiresAtSeconds: number;
  readonly skills: readonly string[];
  readonly storedAtPeers: number;
  /** A peer that read the record back, or null with the reason. */
  readonly readBackBy: string | null;
  readonly reason?: string;
  readonly elapsedMs: number;
  /** Terms on offer that the vocabulary does not have. */
  readonly unknownTerms: readonly UnknownTerm[];
}

/** One hit of `query`. */
/**
 * Where a hit comes from. One of the first three says who gave the record: `holder`, the peer
 * itself, named in the DHT; `dht`, others that keep it, so the peer may be gone; `broker`, a broker
 * alone. Beside it: `broker`, a broker had the same record too; `cache`, all of it is from a look
 * shortly before; `known`, the peer has worked or is certified, or is named in the configuration.
 */
export type HitSource = 'holder' | 'dht' | 'broker' | 'cache' | 'known';

export interface HitDocument {
  readonly peerId: string;
  readonly term: string;
  readonly score: number;
  readonly scoreParts: Readonly<Record<string, number | null>>;
  readonly priceMicroUsd: number;
  readonly perUnit: string;
  readonly latencyMs: number;
  readonly level: number;
  readonly issuer: string | null;
  readonly certificateExpiresAt: number | null;
  /** Receipts of others that it showed and that verify; this node's own are not among them. */
  readonly receipts: { readonly shown: number; readonly clients: number };
  /** Of each minimum asked for: how much was proved, which may be more; never the exact value. */
  readonly resources: readonly {
    readonly name: string;
    readonly atLeast: number;
    /** What the attestor says that it rests on. */
    readonly basis: 'benchmark' | 'stated' | null;
    readonly level: number;
    readonly issuer: string | null;
    readonly certId: string | null;
  }[];
  readonly recordAgeMs: number;
  readonly sources: readonly HitSource[];
  readonly addresses: readonly string[];
}

/** The first hit of `query` whose record is verified, told before its proofs are asked for. */
export type FirstHitDocument = Pick<
  HitDocument,
  'peerId' | 'term' | 'priceMicroUsd' | 'perUnit' | 'latencyMs' | 'recordAgeMs'
>;

/** A step of a look: what was asked, who answered, what was dropped and why. */
export interface TraceDocument {
  /** Since the look began; left out for what was judged after it. */
  readonly atMs?: number;
  readonly event: string;
  /** Key of the DHT. */
  readonly key?: string;
  readonly peerId?: string;
  readonly detail?: string;
}

/** Answer of `query`. */
export interface QueryDocument {
  readonly query: string;
  readonly outcome: 'complete' | 'partial' | 'unreachable';
  readonly hits: readonly HitDocument[];
  /** Offers, and peers altogether, that are no hits. */
  readonly dropped: readonly {
    readonly peerId: string;
    readonly term?: string;
    readonly reason: string;
  }[];
  /** Of `dropped`: offers for which others of their network or attestor group left no place. */
  readonly leftOut: { readonly sameNetwork: number; readonly sameAttestorGroup: number };
  readonly asked: number;
  readonly answered: number;
  readonly elapsedMs: number;
  /** How long ago the look began that this answers from; 0 for a look of its own. */
  readonly lookAgeMs: number;
  /** When the first hit was verified, before proofs were asked for; `null` without one. */
  readonly firstHitMs: number | null;
  /** What brokers said beside their records; left out where none was asked. */
  readonly brokers?: {
    /** A2A agents outside the network, of which nothing is verified. */
    readonly outside: readonly {
      readonly url: string;
      readonly name: string;
      readonly skills: readonly string[];
      readonly verified: false;
    }[];
    /** What contractors asked of a broker, signed by them, for so many bytes of input. */
    readonly quotes: readonly {
      readonly peerId: string;
      readonly terms: readonly string[];
      readonly priceMicroUsd: number;
      readonly inBytes: number;
      readonly latencyMs: number;
      readonly expiresAtSeconds: number;
    }[];
    /** PeerIds of brokers that were asked and gave no answer. */
    readonly silent: readonly string[];
  };
  /** Terms asked for that the vocabulary does not have; they may be coined, or a slip. */
  readonly unknownTerms: readonly UnknownTerm[];
  readonly trace?: readonly TraceDocument[];
}

/** A decision as it stands in a run, short. */
export interface ShortDecisionDocument {
  readonly decisionId: string;
  /** What it was made for: a task that was run, a question, or candidates of a file. */
  readonly purpose: 'run' | 'question' | 'whatIf';
  readonly choice: 'LOCAL' | 'OUTSOURCE' | 'REFUSED';
  readonly contractor: string | null;
  readonly score: number | null;
  readonly confidence: number | null;
  readonly exploration: boolean;
  readonly costInternalMicroUsd: number | null;
  readonly costExternalMicroUsd: number | null;
  readonly reason: string;
  readonly candidates: readonly {
    readonly peerId: string;
    readonly score: number | null;
    readonly costExternalMicroUsd?: number;
    readonly dropped?: string;
  }[];
}

/** Answer of `decisions summary`. */
export interface DecisionsSummaryDocument {
  /** Decisions on tasks that were run, among the newest 100,000 of the log. */
  readonly decisions: number;
  /** Those that were only asked for, which the other figures leave out. */
  readonly notActedOn: number;
  readonly choices: Readonly<Record<string, number>>;
  /** By what settled them: a gate, all of them passed, an exploration, or that nobody was there. */
  readonly rows: readonly {
    readonly decidedBy: string;
    readonly count: number;
    readonly sharePercent: number;
  }[];
}

/** What happened at one contractor, or here. */
export interface AttemptDocument {
  readonly where: string;
  /** The round of bargaining before it; left out where there was none. */
  readonly bargained?: BargainDocument;
  /** How the price was secured; left out where there was none, or it came not so far. */
  readonly settlement?: SettlementDocument;
  readonly outcome: 'verified' | 'failed-verification' | 'failed';
  readonly reason: string | null;
  readonly paidMicroUsd: number;
  readonly wallMs: number;
}

/** How a price was secured before the work. */
export interface SettlementDocument {
  /** `bilateral`: on the contractor's credit, with what is owed signed by both. */
  readonly by: 'ledger' | 'bilateral';
  /** Why not by the ledger that this node has; null where it is, or there is none. */
  readonly reason: string | null;
}

/** What was asked for a task, what this node offered, and what it was agreed for. */
export interface BargainDocument {
  readonly quotedMicroUsd: number;
  readonly offeredMicroUsd: number;
  readonly agreedMicroUsd: number;
}

/** One subtask of a run that was tried. */
export interface SubtaskDocument {
  readonly id: string;
  /** Which piece of the input it was about; `null` where the input was not cut. */
  readonly source: string | null;
  /** Subtasks whose results it took as input. */
  readonly dependsOn: readonly string[];
  readonly status: 'completed' | 'failed' | 'refused';
  readonly decision: ShortDecisionDocument;
  readonly attempts: readonly AttemptDocument[];
  readonly verification: {
    readonly passed: boolean;
    readonly checks: readonly {
      readonly type: string;
      readonly passed: boolean;
      readonly detail: string;
      readonly skipped?: boolean;
    }[];
  };
  readonly paidMicroUsd: number;
  readonly receiptId: string | null;
  readonly wallMs: number;
  /** Where the time went. */
  readonly phasesMs: Readonly<Record<string, number>>;
  /** What totals are computed from, so that subtasks of several runs can be summed. */
  readonly cost: TaskCost & {
    /** Processor time of the work itself, where it was done here. */
    readonly workHereSeconds: number;
  };
}

/** Sums of a run, or of several. */
export interface TotalsDocument {
  readonly paidMicroUsd: number;
  /** Of it, before the run was cut short, for what was not completed by then; else 0. */
  readonly paidBeforeMicroUsd: number;
  /**
   * Calibrated C_int at decision time of what was completed, opportunity cost (Eq. 5) left out;
   * null if nothing was, or all of it is infeasible.
   */
  readonly localCostMicroUsd: number | null;
  /** The same with Eq. 5. */
  readonly localCostWithOpportunityMicroUsd: number | null;
  /** Paid, handled and done here, failed tasks included; null if all of it is infeasible. */
  readonly spentMicroUsd: number | null;
  /** 100 x (1 - spent / local cost); null where the local cost is 0 or null. */
  readonly netSavingPercent: number | null;
  /** The same without this node's own processor time: money paid, and work done here. */
  readonly moneySavingPercent: number | null;
  readonly netSavingWithOpportunityPercent: number | null;
  /** The paper's metric: clipped savings over the cost of what was done locally. */
  readonly paperMetricPercent: number | null;
  readonly wallMs: number;
}

/** Answer of `run`. */
export interface RunDocument {
  readonly taskId: string;
  readonly title: string;
  /** `partial`: some subtasks were completed, others not. */
  readonly status: 'completed' | 'partial' | 'failed' | 'refused';
  readonly output: readonly OutputPartDocument[] | null;
  readonly subtasks: readonly SubtaskDocument[];
  /** Subtasks without an end: time was up, or what they need was not done. */
  readonly skipped: readonly string[];
  readonly totals: TotalsDocument;
}

/** How far a run is: at its beginning, and when a subtask has ended. */
export interface PlanProgressDocument {
  /** A run of several subtasks that is cut short goes on by it. */
  readonly runId: string;
  /** The one that has ended; `null` at the beginning. */
  readonly subtask: {
    readonly id: string;
    readonly source: string | null;
    readonly status: SubtaskDocument['status'] | 'skipped';
    /** PeerId, or `local`; `null` if nobody did it. */
    readonly where: string | null;
    readonly paidMicroUsd: number;
    readonly wallMs: number;
  } | null;
  readonly ended: number;
  readonly of: number;
  readonly paidMicroUsd: number;
}

/** Answer of `decide --plan`: the subtasks, and why each would be handed out. */
export interface PlanDocument {
  readonly title: string;
  /** None were cut, the user named them, or a rule cut the input. */
  readonly origin: 'whole' | 'named' | 'rule';
  /** For all of them together; `null` for no limit. */
  readonly budgetMicroUsd: number | null;
  readonly deadlineMs: number | null;
  readonly subtasks: readonly {
    readonly id: string;
    readonly term: string;
    readonly source: string | null;
    readonly dependsOn: readonly string[];
    readonly sensitivity: string;
    /** Without the results that it depends on. */
    readonly inputBytes: number;
    readonly valueMicroUsd: number;
    /** Calibrated; `null` if this machine cannot do it. */
    readonly costHereMicroUsd: number | null;
    /** The paper's reasons to hand it out; none: it is cheap here and nothing waits. */
    readonly reasons: readonly ('skill missing here' | 'costly here' | 'parallel')[];
  }[];
}

/** One part of a result. */
export interface OutputPartDocument {
  readonly mediaType: string;
  readonly text?: string;
  readonly data?: JsonValue;
}

/** One row of `cert show` without an id, and the answer with one. */
export interface CertificateDocument {
  readonly certId: string;
  readonly kind: string;
  readonly issuer: string;
  readonly holder: string;
  readonly issuedAtSeconds: number;
  readonly expiresAtSeconds: number;
  /** Of an attestation of a resource: whether its attestor says that it ran a benchmark. */
  readonly basis: 'benchmark' | 'stated' | null;
  /** Level by this node's own trust policy (wire-formats.md 2.2). */
  readonly level: number;
  /** By the newest status list at hand; `unknown` without a current one. */
  readonly status: 'good' | 'revoked' | 'unknown';
  /** What stands against a higher level; `null` for nothing. */
  readonly remark: string | null;
  readonly leaves: readonly {
    readonly kind: string;
    readonly name: string;
    readonly value: string;
  }[];
  /** The signed certificate as it travels: what `cert verify` takes. */
  readonly envelope: string;
}

/** One row of `cert list --issued`. */
export interface IssuedDocument {
  readonly certId: string;
  readonly kind: string;
  readonly holder: string;
  readonly issuedAtSeconds: number;
  readonly expiresAtSeconds: number;
  readonly isRevoked: boolean;
  /** Issued before the key was rotated: it cannot be revoked any more. */
  readonly isUnderFormerKey: boolean;
  /** Terms; empty for a certificate that was issued before they were kept. */
  readonly about: readonly string[];
}

/** Answer of `cert list --issued`. */
export interface IssuedListDocument {
  /** The newest first, 1,000 at most. */
  readonly issued: readonly IssuedDocument[];
  readonly total: number;
}

/** Answer of `cert verify`. */
export interface VerifyDocument {
  readonly valid: boolean;
  readonly reason: string | null;
  /** Of an envelope or a disclosure. */
  readonly certificate: CertificateDocument | null;
  /** Of a proof: what was asked, how much was proved, and the level by this node's trust policy. */
  readonly proved?: {
    readonly name: string;
    readonly atLeast: number | null;
    readonly basis: 'benchmark' | 'stated' | null;
    readonly level: number;
    readonly issuer: string | null;
    readonly remarks: readonly string[];
  };
}

/** Answer of `cert disclose`: for whoever is to see these leaves. */
export interface DisclosureDocument {
  /** Envelope. */
  readonly certificate: string;
  readonly open: readonly unknown[];
}

/** Answer of `cert prove`: for one verifier. */
export interface PortableProofDocument {
  readonly holder: string;
  readonly verifier: string;
  /** base64url. */
  readonly nonce: string;
  readonly proved: readonly { readonly name: string; readonly atLeast: number }[];
  /** The `show` message. */
  readonly presentation: string;
}

/** Answer of `cert revoke`. */
export interface RevocationDocument {
  readonly certId: string;
  /** Where the certificate stands in the issuer's status lists. */
  readonly list: number;
  readonly slot: number;
  /** `false`: it had been revoked before. */
  readonly isNew: boolean;
}

/** Answer of `cert endorse`. */
export interface EndorsementDocument {
  readonly peerId: string;
  readonly term: string;
  /** Receipts of the last 90 days whose verdict is `pass`, and all. */
  readonly passed: number;
  readonly run: number;
  /** docId of the newest of them, base64url. */
  readonly receiptId: string;
  readonly certId: string;
  readonly delivered: boolean;
  /** Why the contractor did not take it. */
  readonly reason: string | null;
}

/** Answer of `attest`. */
export interface AttestDocument {
  readonly peerId: string;
  readonly term: string;
  readonly run: number;
  readonly passed: number;
  /** Whether it failed by its answers alone: by tasks that were answered, and answered wrongly. */
  readonly isWrong: boolean;
  readonly failures: readonly string[];
  readonly certId: string | null;
  readonly delivered: boolean;
  readonly paidMicroUsd: number;
  readonly elapsedMs: number;
  /** For how long the peer had the tasks, the way to it included: it worked no longer on them. */
  readonly busyMs: number;
}

/** Answer of `attest --resource`. */
export interface ResourceAttestDocument {
  readonly peerId: string;
  readonly resource: string;
  readonly unit: string;
  /** Measured over the network, or stated by who runs this node. */
  readonly method: 'benchmark' | 'stated';
  readonly measured: boolean;
  /** Whether the peer's answer was not the result of the work; not so if it was late or none. */
  readonly isWrong: boolean;
  /** Why nothing was measured, or the certificate was not taken; null if all went well. */
  readonly reason: string | null;
  /** In `unit`; null if nothing was measured. The certificate hides it. */
  readonly value: number | null;
  readonly certId: string | null;
  readonly delivered: boolean;
  readonly elapsedMs: number;
  /** Time of the peer's worker, by its own word. */
  readonly busyMs: number;
}
