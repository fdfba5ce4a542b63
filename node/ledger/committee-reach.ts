/**
 * Whether the committee can be reached: a circuit breaker in front of it, so that one task waits
 * for a committee that is gone and not each.
 *
 * Replicas that answer are not enough: with f + 1 of 2f + 1 left, each shows its last head and no
 * block follows. So the committee counts as reached while its head goes on; it tells of one every
 * few seconds also when nothing happens (wire-formats.md 5.1). The head is the one that was proven
 * to this node, or heard with its 2f + 1 signatures.
 *
 * Open, it lets nothing through and looks for itself again every few seconds; the first later head
 * closes it.
 *
 * @module
 */

import type { Clock, Logger } from '../../protocols/components.ts';
import type { CommittedHeader } from '../../protocols/pbft/messages.ts';
import { CLOCK_TOLERANCE_SECONDS } from '../../protocols/negotiation/documents.ts';

/** Between two looks while the committee is not reached, and how long one may take. */
const PROBE_INTERVAL_MS = 3_000;
const PROBE_TIMEOUT_MS = 2_500;
/** A head that stands still so long: ten seconds of silence and two changes of the view. */
export const STALL_MS = 20_000;
const TOLERANCE_MS = CLOCK_TOLERANCE_SECONDS * 1_000;

/** A look at the committee, as `coalesce status` shows it. */
export interface ReachDocument {
  readonly isReached: boolean;
  /** Since when, milliseconds since 1970. */
  readonly sinceMs: number;
  /** Why not; null where it is reached. */
  readonly reason: string | null;
}

export interface CommitteeReachInit {
  /** The head, proven by f + 1 replicas. */
  readonly look: (signal: AbortSignal) => Promise<CommittedHeader>;
  /** The latest head that was told here, with its signatures. */
  readonly heard: () => CommittedHeader | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The breaker of one node. */
export class CommitteeReach {
  readonly #init: CommitteeReachInit;
  /** Highest head, and when it was first seen here: monotonic, moved back by its age at first. */
  #height = 0;
  #advancedAtMs: number | undefined;
  /** The head at which it was opened: only a later one shows that the committee goes on. */
  #brokenAt: { readonly height: number; readonly reason: string } | undefined;
  #sinceMs: number;
  #timer: ReturnType<typeof setInterval> | undefined;
  #probe: Promise<void> | undefined;

  constructor(init: CommitteeReachInit) {
    this.#init = init;
    this.#sinceMs = init.clock.nowMs();
  }

  start(): void {
    this.#timer = setInterval(() => void this.probe(), PROBE_INTERVAL_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#probe;
  }

  /**
   * Why nothing is asked of the committee now; `undefined` where it can be. Looks for itself first
   * where nothing was heard for long: headers may have been lost on their way.
   */
  async problem(): Promise<string | undefined> {
    this.#listen();
    if (!this.#brokenAt && this.#isStalled()) await this.probe();
    return this.#brokenAt?.reason;
  }

  status(): ReachDocument {
    this.#listen();
    const reason = this.#brokenAt?.reason ?? null;
    return { isReached: reason === null, sinceMs: this.#sinceMs, reason };
  }

  /** A head that was proven here. */
  saw({ header: { height, timeMs } }: CommittedHeader): void {
    const { clock } = this.#init;
    if (this.#advancedAtMs !== undefined && height <= this.#height) return;
    // The first one may be old; this node's clock may differ from theirs.
    const isFirst = this.#advancedAtMs === undefined;
    const ageMs = isFirst ? Math.max(0, clock.nowMs() - timeMs - TOLERANCE_MS) : 0;
    this.#height = height;
    this.#advancedAtMs = clock.monotonicMs() - ageMs;
    if (this.#brokenAt && height > this.#brokenAt.height) this.#close();
  }

  /** The committee has not done what it was asked for in time. */
  failed(reason: string): void {
    this.#listen();
    if (!this.#brokenAt) this.#open(reason);
  }

  /** Looks at a committee that is broken, or seems so: whether its head goes on. Never rejects. */
  probe(): Promise<void> {
    this.#listen();
    if (!this.#brokenAt && !this.#isStalled()) return Promise.resolve();
    this.#probe ??= this.#look().finally(() => (this.#probe = undefined));
    return this.#probe;
  }

  async #look(): Promise<void> {
    try {
      this.saw(await this.#init.look(AbortSignal.timeout(PROBE_TIMEOUT_MS)));
    } catch (error) {
      this.#init.logger.debug({ err: error }, 'The committee does not answer.');
    }
    if (this.#brokenAt || !this.#isStalled()) return;
    this.#open(`no block has followed ${this.#height} for ${STALL_MS / 1_000} s`);
  }

  #listen(): void {
    const heard = this.#init.heard();
    if (heard) this.saw(heard);
  }

  #isStalled(): boolean {
    const nowMs = this.#init.clock.monotonicMs();
    return this.#advancedAtMs !== undefined && nowMs - this.#advancedAtMs > STALL_MS;
  }

  #open(reason: string): void {
    this.#brokenAt = { height: this.#height, reason };
    this.#sinceMs = this.#init.clock.nowMs();
    const { logger } = this.#init;
    logger.warn({ reason, height: this.#height }, 'The committee is not reached.');
  }

  #close(): void {
    this.#brokenAt = undefined;
    this.#sinceMs = this.#init.clock.nowMs();
    this.#init.logger.info({ height: this.#height }, 'The committee is reached again.');
  }
}
