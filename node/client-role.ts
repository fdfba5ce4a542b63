/**
 * The role of a buyer: survey, outsourcing, decisions, plans, attestation.
 *
 * @module
 */

import type { ArtifactReceiver } from '../protocols/a2a/artifact-stream.ts';
import type { Host } from '../protocols/libp2p-host.ts';
import { NegotiationClient } from '../protocols/negotiation/client.ts';
import type { Contract } from '../protocols/negotiation/contract.ts';
import type { SessionManager } from '../protocols/secure-channel/session-manager.ts';
import type { PairRecord } from '../protocols/reputation/records.ts';
import type { RecordGuard } from '../protocols/skill-discovery/validator.ts';
import type { AgentParts } from './agent-parts.ts';
import { createAttestation, createEndorser } from './attestation-parts.ts';
import type { NodeLedger } from './ledger/node-ledger.ts';
import type { AttestationRenewals } from './tasks/attestation-renewals.ts';
import { ContractorProofs } from './tasks/contractor-proofs.ts';
import { ContractorSurvey } from './tasks/contractor-survey.ts';
import type { Endorser } from './tasks/endorser.ts';
import { Outsourcing } from './tasks/outsourcing.ts';
import { ProspectFinder } from './tasks/prospect-finder.ts';
import { TaskExecution } from './tasks/task-execution.ts';
import { PlanRunner } from './tasks/planner/plan-runner.ts';
import { TaskRunner } from './tasks/task-runner.ts';
import { systemProcessor } from './system-clock.ts';

/** What of it the runtime talks to. */
export interface ClientRole {
  readonly survey: ContractorSurvey;
  readonly runner: TaskRunner;
  readonly planner: PlanRunner;
  readonly renewals: AttestationRenewals;
  readonly endorser: Endorser;
  readonly negotiation: NegotiationClient;
  readonly outsourcing: Outsourcing;
}

/** What it needs of the runtime. */
export interface ClientRoleInit {
  readonly guard: RecordGuard;
  /** Tells the network of this node's own status lists. */
  readonly tellStatusLists: () => Promise<void>;
  readonly ledger: NodeLedger | undefined;
  readonly artifacts: ArtifactReceiver;
  /** Told of each contract that this node has judged. */
  readonly onSettled: (contract: Contract) => void;
}

/** The parts that buy: survey, outsourcing, decisions, attestation. */
export function createClientRole(
  parts: AgentParts,
  sessions: SessionManager,
  host: Host,
  { guard, tellStatusLists, ledger, artifacts, onSettled }: ClientRoleInit,
): ClientRole {
  const { config, identity, logger, clock, random } = parts.init;
  const { machine, outcomes, decisionMemory: memory, receipts, contracts, trust } = parts;
  const negotiation = new NegotiationClient({ identity, clock, random, logger, store: contracts });
  const outsourcing = new Outsourcing({
    ...{ streams: sessions, negotiation, random, logger, artifacts },
    escrow: ledger,
    sealedFromMicroUsd: config.committee.sealedFromMicroUsd,
    accounts: parts.accounts,
    onSettled,
  });
  const proofs = new ContractorProofs({
    streams: sessions,
    self: identity.peerId,
    clock,
    random,
    statusMemory: parts.statusMemory,
    rotationMemory: parts.rotationMemory,
    trust,
    readPairs: ledger && ((keys) => pairsOf(ledger, keys)),
  });
  const survey = new ContractorSurvey({
    host,
    guard,
    clock,
    random,
    proofs,
    self: identity.peerId,
    outcomes,
    embedder: parts.embedder,
    streams: sessions,
    isLocalNetwork: config.network.isLocalNetwork,
    brokers: config.network.brokers,
    queryTimeoutMs: config.network.queryTimeoutMs,
    trust,
    named: new Set([...config.trust.known, ...config.trust.attestors]),
  });
  const prospects = new ProspectFinder({
    survey,
    outsourcing,
    config,
    clock,
    self: identity.peerId,
  });
  const execution = new TaskExecution({
    onDeclined: (peerId) => prospects.rest(peerId),
    verifiers: parts.init.verifiers,
    outsourcing,
    machine,
    outcomes,
    memory,
    receipts,
    config,
    clock,
    random,
    logger,
  });
  const ledgerFeesMicroUsd = ledger && Number(ledger.feesMicroUsd);
  const runner = new TaskRunner({
    prospects,
    execution,
    machine,
    log: parts.decisions,
    memory,
    recurring: parts.recurring,
    config,
    clock,
    processor: systemProcessor,
    self: identity.peerId,
    ledgerFeesMicroUsd,
    daily: parts.daily,
    tracer: parts.tracing.tracer,
  });
  const { maxParallel } = config.planner;
  return {
    negotiation,
    outsourcing,
    survey,
    runner,
    planner: new PlanRunner({
      runner,
      machine,
      clock,
      processor: systemProcessor,
      logger,
      maxParallel,
      daily: parts.daily,
      tracer: parts.tracing.tracer,
    }),
    renewals: createAttestation(
      parts,
      sessions,
      { outsourcing, ledgerFeesMicroUsd },
      tellStatusLists,
    ),
    endorser: createEndorser(parts, sessions),
  };
}

/** Entries that hold sums of pairs, each proven against the head of the ledger. */
async function pairsOf(
  { client }: NodeLedger,
  keys: readonly string[],
): Promise<readonly (PairRecord | undefined)[]> {
  const { records } = await client.prove(keys);
  return records as readonly (PairRecord | undefined)[];
}
