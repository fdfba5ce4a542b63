/**
 * Deliberately broken rules. Each must be noticed by the checker, or the checker proves nothing.
 *
 * @module
 */

import { faultyAtMost } from '../../../protocols/pbft/committee.ts';
import type { ReplicaVerifier } from '../../../protocols/pbft/committee.ts';
import type { Rules } from '../../../protocols/pbft/rules.ts';
import type { ScenarioOptions } from './scenario.ts';

export interface Mutant {
  readonly name: string;
  /** Whether the broken rule is one of safety, seen as a violation, or of liveness. */
  readonly breaks: 'safety' | 'liveness';
  readonly rules?: Partial<Rules>;
  /** In the place of the one that checks signatures. */
  readonly verifier?: ReplicaVerifier;
  /** The disk says that it has flushed and has not. */
  readonly losesFlushes?: boolean;
  /** Whether the application looks at sequence numbers. */
  readonly checksSeq?: boolean;
  /** Byzantine replicas run the broken rule as well. */
  readonly isForAll?: boolean;
  /** Faults that the rule is there for. */
  readonly scenario?: ScenarioOptions;
}

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'a certificate needs 2f votes',
    breaks: 'safety',
    rules: { quorum: (replicas) => 2 * faultyAtMost(replicas) },
    isForAll: true,
    scenario: { strategies: ['equivocating primary', 'double votes'] },
  },
  {
    name: 'a vote is sent before it is flushed',
    breaks: 'safety',
    rules: { waitsForFlush: () => false },
  },
  { name: 'the disk does not flush', breaks: 'safety', losesFlushes: true },
  {
    name: 'a vote in a view that was left',
    breaks: 'safety',
    rules: { mayVote: (view, current) => view <= current.view },
    scenario: { strategies: ['replay of old views'] },
  },
  {
    name: 'an older NEW-VIEW is entered',
    breaks: 'safety',
    rules: { mayEnter: () => true },
    scenario: { strategies: ['replay of old views'] },
  },
  {
    name: 'what the NEW-VIEW asks for is not checked',
    breaks: 'safety',
    rules: { meetsRequirement: () => true },
    scenario: { strategies: ['substituted block'], hushes: true },
  },
  {
    name: 'a VIEW-CHANGE does not tell what was prepared',
    breaks: 'safety',
    rules: { reportedPrepared: () => undefined },
    isForAll: true,
  },
  {
    name: 'certificates in a VIEW-CHANGE are not checked',
    breaks: 'safety',
    rules: { isProven: () => true },
    scenario: { strategies: ['two-faced view change', 'double votes'], hushes: true },
  },
  {
    name: 'a NEW-VIEW needs f + 1 VIEW-CHANGEs',
    breaks: 'safety',
    rules: { newViewQuorum: (replicas) => faultyAtMost(replicas) + 1 },
    scenario: { strategies: ['forged new view', 'double votes'], hushes: true },
    isForAll: true,
  },
  {
    name: 'the log goes at a checkpoint that only this replica has',
    breaks: 'safety',
    rules: { checkpointQuorum: () => 1 },
  },
  {
    name: 'certificates of blocks and snapshots are not checked',
    breaks: 'safety',
    rules: { isCommitted: () => true },
    scenario: { strategies: ['lying checkpoint'] },
  },
  {
    name: 'votes and views are forgotten in a restart',
    breaks: 'safety',
    rules: { remembersVotes: () => false },
  },
  {
    name: 'signatures of replicas are not checked',
    breaks: 'safety',
    verifier: { verify: () => true },
    scenario: { strategies: ['two-faced view change', 'lying checkpoint'] },
  },
  {
    name: 'signatures of clients are not checked',
    breaks: 'safety',
    rules: { isSignatureNeeded: () => false },
  },
  {
    name: 'sequence numbers of clients are not checked',
    breaks: 'safety',
    checksSeq: false,
    scenario: { strategies: ['bad block'] },
  },
  {
    name: 'the time of a block is not checked',
    breaks: 'safety',
    rules: { isTimeRight: () => true },
    scenario: { strategies: ['bad block'] },
  },
  {
    name: 'the state of a block is not checked',
    breaks: 'safety',
    rules: { isStateRight: () => true },
    scenario: { strategies: ['bad block'] },
  },
  {
    name: 'a replica votes on after its log is lost',
    breaks: 'safety',
    rules: { mayVoteWithoutLog: () => true },
    scenario: { wipes: true, strategies: ['equivocating primary', 'double votes'] },
  },
  { name: 'nothing is sent again', breaks: 'liveness', rules: { resends: () => false } },
  {
    name: 'a silent primary is not suspected',
    breaks: 'liveness',
    rules: { suspectsSilence: () => false, suspectsCensorship: () => false },
    scenario: { strategies: ['silent'] },
  },
  {
    name: 'a primary that censors is not suspected',
    breaks: 'liveness',
    rules: { suspectsCensorship: () => false },
    scenario: { strategies: ['censoring one client'] },
  },
];
