/**
 * Credit of a contractor without a ledger (wire-formats.md 4.4 and 6): a cap per known peer, and
 * one for all newcomers together, who get one task at a time as a class unless told otherwise. Any
 * number of new names can take at most that; nothing is claimed about how many names one person
 * has.
 *
 * @module
 */

/** Caps, in micro-USD. */
export interface CreditLimits {
  readonly perPeerMicroUsd: bigint;
  /** What all newcomers together may owe, open work included. */
  readonly newcomersMicroUsd: bigint;
  /** Tasks of all newcomers together in work at a time; left out: one. */
  readonly newcomerTasks?: number;
}

/** A client asks for work before it has paid. */
export interface CreditAsk {
  /** Name of the contract, any text. */
  readonly contract: string;
  readonly client: string;
  /** Known to this node by the rule of wire-formats.md 6; everybody else is a newcomer. */
  readonly isKnown: boolean;
  readonly amountMicroUsd: bigint;
  /** What the client owes by its last statement. */
  readonly owedMicroUsd: bigint;
}

interface OpenCredit {
  readonly client: string;
  readonly isKnown: boolean;
  readonly amountMicroUsd: bigint;
}

/** Credit that is given out at the moment. */
export class CreditLines {
  readonly #limits: CreditLimits;
  readonly #open = new Map<string, OpenCredit>();
  /** What newcomers owe by statements and have not paid, by client. */
  readonly #newcomersOwe = new Map<string, bigint>();

  constructor(limits: CreditLimits) {
    this.#limits = limits;
  }

  /** Grants credit for a contract, once; `false` when a cap would be passed. */
  grant({ contract, client, isKnown, amountMicroUsd, owedMicroUsd }: CreditAsk): boolean {
    if (this.#open.has(contract)) return true;
    const isWithin = isKnown
      ? owedMicroUsd + this.#openOf(client) + amountMicroUsd <= this.#limits.perPeerMicroUsd
      : this.#hasRoomForNewcomer(amountMicroUsd);
    if (isWithin) this.#open.set(contract, { client, isKnown, amountMicroUsd });
    return isWithin;
  }

  /**
   * Work on credit has ended.
   *
   * @param owedMicroUsd - What the client owes now, by its last statement; 0 if it paid; left out:
   *   as {@link setNewcomerDebt} said.
   */
  end(contract: string, owedMicroUsd?: bigint): void {
    const credit = this.#open.get(contract);
    if (!credit) return;
    this.#open.delete(contract);
    if (!credit.isKnown && owedMicroUsd !== undefined) {
      this.setNewcomerDebt(credit.client, owedMicroUsd);
    }
  }

  /** Corrects what a newcomer owes: it has paid, or has become known (0). */
  setNewcomerDebt(client: string, owedMicroUsd: bigint): void {
    if (owedMicroUsd > 0n) this.#newcomersOwe.set(client, owedMicroUsd);
    else this.#newcomersOwe.delete(client);
  }

  #openOf(client: string): bigint {
    let sum = 0n;
    for (const credit of this.#open.values()) {
      if (credit.client === client) sum += credit.amountMicroUsd;
    }
    return sum;
  }

  #hasRoomForNewcomer(amountMicroUsd: bigint): boolean {
    const open = [...this.#open.values()].filter(({ isKnown }) => !isKnown);
    if (open.length >= (this.#limits.newcomerTasks ?? 1)) return false;
    let owed = open.reduce((sum, credit) => sum + credit.amountMicroUsd, amountMicroUsd);
    for (const debt of this.#newcomersOwe.values()) owed += debt;
    return owed <= this.#limits.newcomersMicroUsd;
  }
}
