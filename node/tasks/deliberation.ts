/**
 * From a task and its candidates to a logged decision: what the node knows is put beside what the
 * contractors say, the engine decides, the log keeps it, and the memory learns of it if it is acted
 * on. All but the wait for the disk happens in one turn of the event loop: of two tasks decided at
 * the same moment, the second finds what the first has spent of the budget of exploration.
 *
 * @module
 */

import type { Clock } from '../../protocols/components.ts';
import { nowSeconds } from '../../protocols/components.ts';
import type { ProvedSkill } from '../certificates/trust.ts';
import type { Config } from '../config/schema.ts';
import { CandidateTable } from '../decision/candidate-table.ts';
import { DecisionEngine } from '../decision/engine.ts';
import type { Decision } from '../decision/engine.ts';
import { attestedOutcomes, countedTestimony } from '../decision/learning/bootstrapping.ts';
import type { DecisionPolicy } from '../decision/policy.ts';
import type { Candidate, DecisionPurpose } from '../decision/request.ts';
import type { DecisionLog } from './decision-log.ts';
import type { DecisionMemory } from './decision-memory.ts';
import { candidateOf, decisionQuery, withVerification } from './decision-request.ts';
import type { DecisionInput, Prospect } from './decision-request.ts';
import { sourcesBehind } from './evidence-sources.ts';
import type { LocalMachine } from './local-machine.ts';
import { configuredThresholds, PolicyShelf } from './node-policy.ts';
import type { PolicyChoice } from './node-policy.ts';
import type { PreparedTask } from './prepared-task.ts';

export interface DeliberationComponents {
  readonly machine: LocalMachine;
  readonly log: DecisionLog;
  readonly memory: DecisionMemory;
  readonly config: Config;
  readonly clock: Clock;
  /** PeerId of this node. */
  readonly self: string;
  /** What the ledger takes for one contract; left out where there is none. */
  readonly ledgerFeesMicroUsd?: number | undefined;
}

/**
 * Where in a task's life a decision stands: somebody only asks; it is the first; or it is a choice
 * among those left after a failure.
 */
export type Stage = 'asked' | 'first' | 'again';

/** Decides. Nothing is learned of a decision that was only asked for. */
export class Deliberation {
  readonly #components: DeliberationComponents;
  readonly #engine = new DecisionEngine();
  readonly #policies: PolicyShelf;

  constructor(components: DeliberationComponents) {
    this.#components = components;
    this.#policies = new PolicyShelf(components.config);
  }

  /** Decides on made-up candidates; to check their results costs what it costs of any other. */
  onCandidates(
    task: PreparedTask,
    choice: PolicyChoice,
    candidates: readonly Candidate[],
  ): Promise<Decision> {
    const input = this.#input(task, choice, 'whatIf');
    const checked = candidates.map((candidate) => withVerification(input, candidate));
    return this.#decide(input, checked, 'asked');
  }

  /**
   * Decides on contractors that gave a quote. A choice after a failure does not explore: the task
   * has had its share of trying. They are looked at in the order of their ids, so that it gives no
   * advantage to answer first where a strategy takes the first of equals (equations.md 4).
   *
   * @param told - What else was found, for the record: contractors that gave no quote, and quotes
   *   that brokers hold.
   */
  onProspects(
    task: PreparedTask,
    choice: PolicyChoice,
    prospects: readonly Prospect[],
    stage: Stage,
    told: Pick<DecisionInput, 'leftOut' | 'market'> = {},
  ): Promise<Decision> {
    const purpose = stage === 'asked' ? 'question' : 'run';
    const own = { ...this.#input(task, choice, purpose), ...told };
    const isAgain = stage === 'again';
    const input = isAgain ? { ...own, memory: { ...own.memory, exploration: null } } : own;
    const { memory, self } = this.#components;
    const overShare = memory.overShare(
      prospects.map(({ quoted }) => ({
        contractor: quoted.peerId,
        addedMicroUsd: Number(quoted.quote.price),
      })),
    );
    const ordered = prospects.toSorted((a, b) => (a.quoted.peerId < b.quoted.peerId ? -1 : 1));
    const candidates = ordered.map((prospect) => {
      const { peerId } = prospect.quoted;
      const { proved } = prospect.contractor;
      const testimony = memory.weigh(peerId, self, proved);
      return candidateOf(input, prospect, {
        isOverShare: overShare.has(peerId),
        testimony,
        sources: sourcesBehind(prospect.contractor, {
          observer: self,
          isHeard: testimony !== undefined,
          isCounted: isCounted(testimony?.total ?? 0, proved, input.policy),
          credibility: (rater) => memory.credibility(rater),
        }),
      });
    });
    return this.#decide(input, candidates, stage);
  }

  async #decide(
    input: DecisionInput,
    candidates: readonly Candidate[],
    stage: Stage,
  ): Promise<Decision> {
    const { log, memory, config } = this.#components;
    const decision = this.#engine.decide(new CandidateTable(candidates), decisionQuery(input));
    const isActedOn = stage !== 'asked';
    await Promise.all([
      log.append(decision),
      isActedOn &&
        memory.observeDecision(decision, configuredThresholds(config), stage === 'first'),
    ]);
    return decision;
  }

  #input(task: PreparedTask, choice: PolicyChoice, purpose: DecisionPurpose): DecisionInput {
    const { log, config, machine, clock, memory } = this.#components;
    const thresholds = memory.thresholds(configuredThresholds(config));
    const policy = this.#policies.policy(thresholds, choice);
    return {
      decisionId: log.newId(),
      seed: log.newSeed(),
      task,
      config,
      machine,
      nowSeconds: nowSeconds(clock),
      policy,
      memory: memory.context(policy),
      purpose,
      ledgerFeesMicroUsd: this.#components.ledgerFeesMicroUsd,
    };
  }
}

/** Whether any of so many outcomes that others tell of counts beside the tests. */
function isCounted(told: number, { level, evidence }: ProvedSkill, policy: DecisionPolicy) {
  const isTested = level >= policy.pseudoOutcomesFromLevel;
  const tests = attestedOutcomes(isTested && evidence ? evidence : null, policy);
  return countedTestimony(tests, told, policy) > 0;
}
