/**
 * What the parts of a replica share.
 *
 * @module
 */

import type { Chain } from './chain.ts';
import type { Committee, ReplicaSigner, ReplicaVerifier } from './committee.ts';
import type { Effect, Moment } from './effects.ts';
import type { Journal } from './journal.ts';
import type { RequestPool } from './request-pool.ts';
import type { Rules } from './rules.ts';
import type { ReplicaSettings } from './settings.ts';
import type { StateMachine } from './state-machine.ts';
import type { Requirement } from './view-change.ts';

/** Where a replica stands among the views. */
export interface ViewState {
  view: number;
  /** `false` from its VIEW-CHANGE until the NEW-VIEW: no votes meanwhile. */
  isActive: boolean;
  /** What the NEW-VIEW asks of the first block; none in view 0. */
  requirement: Requirement | undefined;
  /** A block was committed since the view was entered. */
  hasProgressed: boolean;
  enteredAtMs: number;
  /** Changes of view without a view that served everybody: time-outs double with each. */
  failedViews: number;
  /** How long a block takes that is waited for, as measured here. */
  blockMs: number;
}

export interface ReplicaParts {
  readonly committee: Committee;
  /** Number of this replica. */
  readonly index: number;
  readonly signer: ReplicaSigner;
  readonly verifier: ReplicaVerifier;
  readonly rules: Rules;
  readonly settings: ReplicaSettings;
  readonly app: StateMachine;
  readonly pool: RequestPool;
  readonly chain: Chain;
  readonly journal: Journal;
  readonly views: ViewState;
  readonly emit: (effect: Effect) => void;
  /** Clocks of the input that is being handled. */
  readonly moment: () => Moment;
  /** This replica's log is lost: it follows and never votes. */
  readonly isObserver: boolean;
}
