/**
 * Sees this node's escrows through: reads how each stands on the ledger, and does the next step
 * until it is closed. Which escrows are open is on disk, so a node that restarts goes on.
 *
 * A step that the ledger refuses is not tried again for a while: each try costs a fee.
 *
 * @module
 */

import { fromBase64Url, toBase64Url, toHex } from '../../crypto/bytes.ts';
import { nowSeconds } from '../../protocols/components.ts';
import type { Clock, Logger } from '../../protocols/components.ts';
import type { ProvenState } from '../../protocols/ledger-service/client.ts';
import { MAX_READ_KEYS } from '../../protocols/ledger-service/messages.ts';
import { contractKey } from '../../protocols/ledger/records.ts';
import type { ContractRecord } from '../../protocols/ledger/records.ts';
import type { TransactionCall } from '../../protocols/ledger/transactions.ts';
import { elapse } from '../../protocols/negotiation/agreement-machine.ts';
import type { Contract } from '../../protocols/negotiation/contract.ts';
import type { ContractStore } from '../../protocols/negotiation/contract-store.ts';
import { KeyedLock } from '../../protocols/negotiation/keyed-lock.ts';
import type { RailOutcome } from '../../protocols/settlement/payment-rail.ts';
import type { JsonSection } from '../storage/store.ts';
import { nextEscrowStep } from './escrow-steps.ts';

const SWEEP_INTERVAL_MS = 5_000;
/** How long a step that was refused is left alone. */
const REST_MS = 120_000;

/** An open escrow as it is stored. */
export interface OpenEscrow {
  /** base64url. */
  readonly contractId: string;
}

export interface EscrowKeeperInit {
  readonly ledger: { prove(keys: readonly string[]): Promise<ProvenState> };
  readonly submit: (call: TransactionCall) => Promise<RailOutcome>;
  readonly contracts: Pick<ContractStore, 'byContract'>;
  readonly open: JsonSection<OpenEscrow>;
  /** Told of a contract for which no money was held in time. */
  readonly onNeverHeld: (contractId: string) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The escrows of one node, in both roles. */
export class EscrowKeeper {
  readonly #init: EscrowKeeperInit;
  readonly #lock = new KeyedLock();
  /** Until when a contract is left alone, on the monotonic clock. */
  readonly #resting = new Map<string, number>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #sweep: Promise<void> | undefined;

  constructor(init: EscrowKeeperInit) {
    this.#init = init;
  }

  start(): void {
    this.#timer = setInterval(() => void this.sweep(), SWEEP_INTERVAL_MS);
    void this.sweep();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#sweep;
  }

  /** From now on a contract is seen through; resolves once that is on disk. */
  add(contractId: string): Promise<void> {
    return this.#init.open.put(contractId, { contractId });
  }

  /** {@link EscrowKeeper.add}, for who cannot wait for the disk. */
  addLater(contractId: string): void {
    this.add(contractId).catch((error: unknown) => {
      this.#init.logger.error({ err: error }, 'An escrow could not be noted.');
    });
  }

  /** Open escrows, base64url. */
  async list(): Promise<readonly string[]> {
    return (await this.#init.open.values()).map(({ contractId }) => contractId);
  }

  /** Does what is to be done for one contract now. Never rejects. */
  async attend(contractId: string): Promise<void> {
    await this.#attend([contractId]);
  }

  /** Does what is to be done for every contract. Never rejects. */
  sweep(): Promise<void> {
    this.#sweep ??= this.#all().finally(() => (this.#sweep = undefined));
    return this.#sweep;
  }

  async #all(): Promise<void> {
    const ids = await this.list().catch((error: unknown) => {
      this.#init.logger.error({ err: error }, 'Open escrows could not be read.');
      return [];
    });
    for (let i = 0; i < ids.length; i += MAX_READ_KEYS) {
      await this.#attend(ids.slice(i, i + MAX_READ_KEYS));
    }
  }

  async #attend(ids: readonly string[]): Promise<void> {
    try {
      const keys = ids.map((id) => contractKey(toHex(fromBase64Url(id))));
      const { head, records } = await this.#init.ledger.prove(keys);
      for (const [i, id] of ids.entries()) {
        const record = records[i] as ContractRecord | undefined;
        await this.#lock.run(id, () => this.#step(id, record, head.header.timeMs));
      }
    } catch (error) {
      this.#init.logger.warn({ err: error }, 'The ledger could not be asked; it is tried again.');
    }
  }

  async #step(id: string, record: ContractRecord | undefined, blockMs: number): Promise<void> {
    const { contracts, clock, open, logger, submit, onNeverHeld } = this.#init;
    const stored = await contracts.byContract(fromBase64Url(id));
    if (!stored?.agreement) return open.delete(id);
    const contract: Contract = elapse(stored, nowSeconds(clock));
    const step = nextEscrowStep({ contract, record, blockMs, nowMs: clock.nowMs() });
    if (step.type === 'wait') return;
    if (step.type === 'over') {
      this.#resting.delete(id);
      if (!step.isHeld) onNeverHeld(id);
      logger.info({ contract: id, end: record?.end ?? 'NOT_HELD' }, 'An escrow is over.');
      return open.delete(id);
    }
    const nowMs = clock.monotonicMs();
    if ((this.#resting.get(id) ?? 0) > nowMs) return;
    const outcome = await submit(step.call);
    if (outcome.done) {
      logger.info({ contract: id, op: step.call.op }, 'A step of an escrow was taken.');
      return;
    }
    this.#resting.set(id, nowMs + REST_MS);
    const { refusal } = outcome;
    logger.warn({ contract: id, op: step.call.op, refusal }, 'A step of an escrow was refused.');
  }
}

/** Contract id of an agreed contract, base64url. */
export function contractIdOf({ agreement }: Contract): string {
  return toBase64Url(agreement!.id);
}
