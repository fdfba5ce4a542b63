/**
 * The library: one agent node in your own process.
 *
 * @packageDocumentation
 * @module
 */

import '../protocols/polyfills.ts';

export { AgentNode, createAgentNode } from './agent-node.ts';
export type { AgentNodeInit } from './agent-parts.ts';
export type * from './api-documents.ts';
export { openAgentNode } from './open-agent-node.ts';
export type { OpenAgentNode, OpenAgentNodeInit } from './open-agent-node.ts';
export { loadConfig } from './config/load.ts';
export type { Config, ConfigFile } from './config/schema.ts';
export { createLogger, silentLogger } from './logger.ts';
export { createDataDirectory, dataDirectory } from './storage/data-directory.ts';
export { loadOrCreateIdentity } from './storage/keystore.ts';
export { openStore } from './storage/store.ts';
export { systemClock, systemRandom } from './system-clock.ts';
export type {
  ResultVerifier,
  ResultVerifiers,
  VerifiedWork,
} from './tasks/verification/custom-verifier.ts';
export { auditLedger, auditReport, exportLine } from '../protocols/ledger/audit.ts';
export { committeeChain } from '../protocols/ledger/committee-chain.ts';
export { LedgerRail } from '../protocols/ledger/ledger-rail.ts';
export { BilateralBook } from '../protocols/settlement/bilateral-book.ts';
export { CreditLines } from '../protocols/settlement/credit-lines.ts';
