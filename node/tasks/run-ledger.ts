/**
 * Where the time and the money of one run went.
 *
 * @module
 */

import type { Clock } from '../../protocols/components.ts';
import type { AttemptDocument, BargainDocument } from '../api-documents.ts';
import type { PriceSecurity } from './outsourcing.ts';

/** Time and money of one run, as it goes. Money is micro-USD. */
export class RunLedger {
  readonly attempts: AttemptDocument[] = [];
  paidMicroUsd = 0;
  /** Processor time of the work itself, where it was done here. */
  workHereSeconds = 0;
  isDoneHere = false;
  /** Of the attempt that comes next. */
  bargained: BargainDocument | undefined;
  /** Of the attempt under way. */
  security: PriceSecurity | undefined;
  readonly #clock: Clock;
  readonly #phasesMs = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Runs `work` and adds its time to `phase`. */
  async timed<Result>(phase: string, work: () => Promise<Result>): Promise<Result> {
    const startMs = this.#clock.monotonicMs();
    try {
      return await work();
    } finally {
      const before = this.#phasesMs.get(phase) ?? 0;
      this.#phasesMs.set(phase, before + this.#clock.monotonicMs() - startMs);
    }
  }

  /** Notes an attempt that began at `startMs` of the monotonic clock. */
  note(attempt: Omit<AttemptDocument, 'wallMs'>, startMs: number): void {
    const wallMs = Math.round(this.#clock.monotonicMs() - startMs);
    const { bargained, security } = this;
    this.bargained = undefined;
    this.security = undefined;
    const settlement = security && { by: security.by, reason: security.reason };
    this.attempts.push({
      ...attempt,
      ...(bargained && { bargained }),
      ...(settlement && { settlement }),
      wallMs,
    });
  }

  /** Milliseconds per phase, to a tenth. */
  get phasesMs(): Record<string, number> {
    return Object.fromEntries(
      [...this.#phasesMs].map(([phase, ms]) => [phase, Math.round(ms * 10) / 10]),
    );
  }
}
