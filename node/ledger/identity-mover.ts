/**
 * Brings the ledger up to this node's rotations (wire-formats.md 2.4): `cert rotate` works while no
 * daemon runs and tells nobody, so the daemon of the new key looks, when it starts, for accounts of
 * its former keys and has them moved. The recovery key that is registered here is registered there.
 *
 * A rotation is sent by the key that it leads to, which needs no account for it. While an account
 * may still move, the present key must not be used on the ledger: a key that was used cannot take
 * another's account over. So {@link IdentityMover.pending} keeps payments and contracts off.
 *
 * @module
 */

import { fromBase64Url, toBase64Url } from '../../crypto/bytes.ts';
import { signDocument } from '../../crypto/envelope.ts';
import type { SignedDocument } from '../../crypto/envelope.ts';
import type { Identity } from '../../crypto/identity.ts';
import { recoveryHash } from '../../crypto/key-rotation.ts';
import type { KeyRotation } from '../../crypto/key-rotation.ts';
import type { Logger } from '../../protocols/components.ts';
import type { RefusalCode } from '../../protocols/errors.ts';
import type { LedgerRules } from '../../protocols/ledger/genesis.ts';
import { accountKey, movedKey, recoveryKey } from '../../protocols/ledger/records.ts';
import type { AccountRecord, MovedRecord, RecoveryRecord } from '../../protocols/ledger/records.ts';
import { TRANSACTION } from '../../protocols/ledger/transactions.ts';
import type { Transaction, TransactionCall } from '../../protocols/ledger/transactions.ts';
import type { ProvenState } from '../../protocols/ledger-service/client.ts';
import type { RailOutcome } from '../../protocols/settlement/payment-rail.ts';
import type { RotationHistory } from '../certificates/rotation-history.ts';

/** Until the next try where the committee is not reached, doubled up to the most. */
const FIRST_RETRY_MS = 2_000;
const LAST_RETRY_MS = 300_000;
/** Where it refuses, and another day may change that. */
const REFUSED_RETRY_MS = 3_600_000;
/** Until the next look for an account of this node, to register its recovery key. */
const NO_ACCOUNT_RETRY_MS = 60_000;

/** Refusals that no waiting mends. */
const FINAL: ReadonlySet<RefusalCode> = new Set<RefusalCode>([
  'ACCOUNT_EXISTS',
  'ACCOUNT_MOVED',
  'BAD_SIGNATURE',
  'MALFORMED',
  'NOT_PERMITTED',
  'RECOVERY_MISSING',
  'RECOVERY_REGISTERED',
  'ROTATION_NOT_NEXT',
  'TOO_MANY_ROTATIONS',
  'WRONG_LEDGER',
  'WRONG_RECOVERY',
  'WRONG_SIGNERS',
]);

/** Keys of this node that are no longer its own. */
export interface FormerKeys {
  readonly history: RotationHistory;
  /** A former identity, as `cert rotate` has kept it; `undefined` if its file is gone. */
  load(peerId: string): Promise<Identity | undefined>;
}

export interface IdentityMoverInit {
  readonly rules: LedgerRules;
  readonly identity: Identity;
  readonly former: FormerKeys;
  readonly ledger: {
    prove(keys: readonly string[]): Promise<ProvenState>;
    submit(transaction: Uint8Array): Promise<'done' | RefusalCode>;
  };
  /** Submits as this node's account. */
  readonly submit: (call: TransactionCall) => Promise<RailOutcome>;
  readonly logger: Logger;
}

/** What a look has led to. */
type Step =
  | { readonly type: 'settled' }
  /** The account may still move. */
  | { readonly type: 'later'; readonly problem: string; readonly retryMs?: number }
  /** It will not, or there is none of this node's yet. */
  | { readonly type: 'given-up'; readonly problem: string | null; readonly retryMs?: number };

const SETTLED: Step = { type: 'settled' };

/** Moves the accounts of one node's former keys. */
export class IdentityMover {
  readonly #init: IdentityMoverInit;
  #problem: string | null = null;
  #isPending: boolean;
  #retryMs = FIRST_RETRY_MS;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running: Promise<void> | undefined;
  #isStopped = false;

  constructor(init: IdentityMoverInit) {
    this.#init = init;
    this.#isPending = !this.#isOfficer && init.former.history.rotations.length > 0;
    if (this.#isPending) this.#problem = 'the ledger was not asked yet';
  }

  /**
   * Why this node does not use the ledger yet: the account of a former key moves first. `undefined`
   * where there is none, or it has moved.
   */
  get pending(): string | undefined {
    if (!this.#isPending) return undefined;
    return `the account of the former key moves to this one first (${this.#problem})`;
  }

  /** Submits as this node's account, once nothing has to move to it any more. */
  readonly submit = async (call: TransactionCall): Promise<RailOutcome> =>
    this.#isPending ? { done: false, refusal: 'BUSY' } : this.#init.submit(call);

  /** Why the account of a former key, or a recovery key, is not where it should be; or null. */
  get problem(): string | null {
    return this.#problem;
  }

  start(): void {
    const { rotations, recovery } = this.#init.former.history;
    if (rotations.length === 0 && !recovery) return;
    if (this.#isOfficer) {
      this.#problem =
        'the genesis names this key by its office: no account moves to it or from it, and it ' +
        'registers no recovery key';
      return;
    }
    this.#schedule(0);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  get #isOfficer(): boolean {
    const { rules, identity } = this.#init;
    return rules.officers.has(identity.peerId);
  }

  #schedule(delayMs: number): void {
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => {
      this.#running = this.look().finally(() => (this.#running = undefined));
    }, delayMs);
  }

  /** Looks once, does what is to be done, and sees to the next look. Never rejects. */
  async look(): Promise<void> {
    const { logger } = this.#init;
    let step: Step;
    try {
      step = await this.#step();
    } catch (error) {
      logger.debug({ err: error }, 'The ledger could not be asked for a former account.');
      const problem = error instanceof Error ? error.message : 'the ledger does not answer';
      step = { type: 'later', problem };
    }
    const before = this.#problem;
    this.#problem = step.type === 'settled' ? null : step.problem;
    if (step.type !== 'later') this.#isPending = false;
    if (this.#problem !== null && this.#problem !== before) {
      logger.warn({ problem: this.#problem }, 'The ledger is not up to the keys of this node.');
    }
    if (step.type === 'settled') return;
    this.#schedule(step.retryMs ?? this.#retryMs);
    if (step.retryMs === undefined) {
      this.#retryMs = Math.min(LAST_RETRY_MS, 2 * this.#retryMs);
    }
  }

  async #step(): Promise<Step> {
    const { former, ledger, logger } = this.#init;
    const { rotations } = former.history;
    const { records } = await ledger.prove(rotations.map(({ body }) => movedKey(body.old)));
    for (const [i, rotation] of rotations.entries()) {
      const { old, new: next } = rotation.body;
      const moved = records[i] as MovedRecord | undefined;
      if (moved && moved.to !== next) {
        const problem = `the account of ${old} has passed to ${moved.to}, a key of somebody else`;
        return { type: 'given-up', problem, retryMs: LAST_RETRY_MS };
      }
      if (moved) continue;
      const outcome = await this.#move(rotation);
      if (outcome === 'none') continue;
      if (outcome !== 'done') return outcome;
      logger.info({ from: old, to: next }, 'The account of a former key was moved.');
    }
    // From here on the key may be used: its own transactions come next.
    this.#isPending = false;
    return this.#register();
  }

  /** Has one rotation carried out; `none`: the old key has no account to be moved. */
  async #move(rotation: SignedDocument<KeyRotation>): Promise<'done' | 'none' | Step> {
    const { identity, former, ledger } = this.#init;
    const { old, new: next, recovery } = rotation.body;
    const { records } = await ledger.prove([accountKey(old), recoveryKey(old)]);
    const [account, registered] = records as [AccountRecord?, RecoveryRecord?];
    if (!account) return 'none';
    if (recovery !== '' && !registered) {
      const refusal = await this.#registerFor(rotation.body, account);
      if (refusal) return refusal;
    }
    const sender = next === identity.peerId ? identity : await former.load(next);
    if (!sender) {
      const problem = `the file with the key of ${next}, which sends its own rotation, is gone`;
      return { type: 'given-up', problem, retryMs: REFUSED_RETRY_MS };
    }
    const args = { rotation: toBase64Url(rotation.envelope) };
    const result = await ledger.submit(this.#sign(sender, 1, { op: 'rotate', args }));
    if (result === 'done' || result === 'EXECUTED') return 'done';
    return refusedStep(result, `the ledger does not move the account of ${old}: ${result}`);
  }

  /**
   * The recovery key of a former key, whose rotation it signs: it was made and used before the
   * ledger had heard of it. The former key itself registers it.
   */
  async #registerFor(
    { old, recovery }: KeyRotation,
    { seq }: AccountRecord,
  ): Promise<Step | undefined> {
    const { former, ledger } = this.#init;
    const sender = await former.load(old);
    if (!sender) {
      const problem = `the file with the key of ${old}, which registers its recovery key, is gone`;
      return { type: 'given-up', problem, retryMs: REFUSED_RETRY_MS };
    }
    const hash = toBase64Url(recoveryHash(fromBase64Url(recovery)));
    const call: TransactionCall = { op: 'recover', args: { hash } };
    const result = await ledger.submit(this.#sign(sender, seq + 1, call));
    if (result === 'done') return undefined;
    return refusedStep(result, `the ledger does not take the recovery key of ${old}: ${result}`);
  }

  /** Registers the recovery key of this node's own account, if there are both. */
  async #register(): Promise<Step> {
    const { identity, former, ledger, submit, logger } = this.#init;
    const { recovery } = former.history;
    if (!recovery) return SETTLED;
    const { peerId } = identity;
    const { records } = await ledger.prove([accountKey(peerId), recoveryKey(peerId)]);
    const [account, registered] = records as [AccountRecord?, RecoveryRecord?];
    const hash = toBase64Url(recovery);
    if (registered) {
      if (registered.hash === hash) return SETTLED;
      const problem = 'another recovery key than the one of this node is registered on the ledger';
      return { type: 'given-up', problem, retryMs: REFUSED_RETRY_MS };
    }
    if (!account) return { type: 'given-up', problem: null, retryMs: NO_ACCOUNT_RETRY_MS };
    const outcome = await submit({ op: 'recover', args: { hash } });
    if (!outcome.done) {
      const { refusal } = outcome;
      return refusedStep(refusal, `the ledger does not take the recovery key: ${refusal}`);
    }
    logger.info({ peerId }, 'The recovery key is registered on the ledger.');
    return SETTLED;
  }

  #sign(sender: Identity, seq: number, call: TransactionCall): Uint8Array {
    const body = {
      v: 1,
      typ: 'tx',
      ledger: toBase64Url(this.#init.rules.ledgerId),
      account: sender.peerId,
      seq,
      ...call,
    } as Transaction;
    return signDocument(TRANSACTION, body, sender).envelope;
  }
}

function refusedStep(refusal: RefusalCode, problem: string): Step {
  if (refusal === 'ROTATED_TOO_SOON') return { type: 'later', problem, retryMs: REFUSED_RETRY_MS };
  return FINAL.has(refusal)
    ? { type: 'given-up', problem, retryMs: REFUSED_RETRY_MS }
    : { type: 'later', problem };
}
