/**
 * Faults of a running network by the names of its nodes: for the commands and for scenarios.
 *
 * @module
 */

import { BadInputError } from '../../node/errors.ts';
import { faultFileOf, readFaults, untilInForce, writeFaults } from './fault-file.ts';
import type { LinkFault } from './fault-rules.ts';

/** How long a node that is well may take to follow. */
const FOLLOW_TIMEOUT_MS = 5_000;

/** A node, as far as faults go. */
export interface FaultTarget {
  readonly name: string;
  /** `client`, `attestor`, `contractor`, `replica`. */
  readonly roles: readonly string[];
  readonly peerId: string;
  readonly dataDir: string;
}

/** What links suffer. */
export type LinkEffect = Omit<LinkFault, 'id' | 'from' | 'to' | 'isBothWays'>;

/** Which links: names of nodes, roles or `all`, in a list with commas. */
export interface LinkChoice {
  /** Default `all`. */
  readonly from?: string | undefined;
  /** Default: `others`, all but those of `from`; `all` where that is everybody. */
  readonly to?: string | undefined;
  readonly isOneWay?: boolean | undefined;
}

/** A fault in force, and the nodes that do not follow yet. */
export interface InForce {
  readonly fault: LinkFault;
  /** Names of nodes that stand still or are dead. */
  readonly late: readonly string[];
}

/**
 * Nodes that a list names. @throws {@link BadInputError} that says what could have been named.
 */
export function chooseNodes<Target extends Pick<FaultTarget, 'name' | 'roles'>>(
  targets: readonly Target[],
  list: string,
): Target[] {
  const chosen = new Set<Target>();
  for (const word of list.split(',').map((one) => one.trim())) {
    const found = targets.filter(
      ({ name, roles }) =>
        word === 'all' ||
        name === word ||
        roles.some((role) => word === role || word === `${role}s`),
    );
    if (found.length === 0) {
      const names = targets.map(({ name }) => name).join(', ');
      throw new BadInputError(
        `${word}: names no node; expected all, client, attestor, contractors, replicas or some of ${names}`,
      );
    }
    for (const one of found) chosen.add(one);
  }
  return [...chosen];
}

/** Faults of one network. */
export class NetworkFaults {
  readonly #path: string;
  readonly #targets: readonly FaultTarget[];
  readonly #awaited: readonly FaultTarget[];

  /**
   * @param dir - Of the network.
   * @param targets - All of its nodes.
   * @param awaited - Those that are waited for until they follow; default all.
   */
  constructor(dir: string, targets: readonly FaultTarget[], awaited = targets) {
    this.#path = faultFileOf(dir);
    this.#targets = targets;
    this.#awaited = awaited;
  }

  /** Faults of links in force. */
  async list(): Promise<readonly LinkFault[]> {
    return (await readFaults(this.#path)).faults;
  }

  /** Adds a fault, and waits until the nodes follow. */
  async inject(name: string, effect: LinkEffect, choice: LinkChoice): Promise<InForce> {
    const faults = await this.list();
    const used = new Set(faults.map(({ id }) => id));
    let number = 1;
    while (used.has(`${name}-${number}`)) number++;
    const fault: LinkFault = {
      id: `${name}-${number}`,
      ...this.#ends(choice),
      isBothWays: choice.isOneWay !== true,
      ...effect,
    };
    const late = await this.#write([...faults, fault]);
    return { fault, late };
  }

  /** Takes faults away; without ids, all. @returns those that were taken away, and late nodes. */
  async heal(ids: readonly string[] = []): Promise<{ healed: string[]; late: readonly string[] }> {
    // A damaged file is written anew, so it must not stop its own mend.
    const faults = ids.length > 0 ? await this.list() : await this.list().catch(() => []);
    const unknown = ids.filter((id) => !faults.some((fault) => fault.id === id));
    if (unknown.length > 0) {
      const there = faults.map(({ id }) => id).join(', ') || 'none';
      const isNode = unknown.some((id) => this.#targets.some(({ name }) => name === id));
      const hint = isNode ? '. A node is started or resumed by "heal" without a name' : '';
      throw new BadInputError(`${unknown.join(', ')}: no such fault; in force: ${there}${hint}`);
    }
    const healed = faults.filter(({ id }) => ids.length === 0 || ids.includes(id));
    const late = await this.#write(faults.filter((fault) => !healed.includes(fault)));
    return { healed: healed.map(({ id }) => id), late };
  }

  #ends({ from = 'all', to }: LinkChoice): Pick<LinkFault, 'from' | 'to'> {
    const targets = this.#targets;
    const left = chooseNodes(targets, from);
    const others = targets.filter((one) => !left.includes(one));
    const right =
      to === undefined || to === 'others'
        ? others.length > 0
          ? others
          : left
        : chooseNodes(targets, to);
    const peersOf = (chosen: readonly FaultTarget[]): LinkFault['from'] =>
      chosen.length === targets.length ? 'all' : chosen.map(({ peerId }) => peerId);
    return { from: peersOf(left), to: peersOf(right) };
  }

  async #write(faults: readonly LinkFault[]): Promise<readonly string[]> {
    const revision = await writeFaults(this.#path, faults);
    const targets = this.#awaited;
    const dirs = targets.map(({ dataDir }) => dataDir);
    const late = await untilInForce(dirs, revision, FOLLOW_TIMEOUT_MS);
    return targets.filter(({ dataDir }) => late.includes(dataDir)).map(({ name }) => name);
  }
}
