/**
 * Queue between the handlers of one control stream, which finish in any order, and its one writer.
 *
 * @module
 */

/** Unbounded by itself: the producer calls {@link AnswerQueue.whenBelow} before it adds more. */
export class AnswerQueue implements AsyncIterable<readonly Uint8Array[]> {
  readonly #answers: Uint8Array[] = [];
  #isEnded = false;
  #wakeWriter: (() => void) | undefined;
  #producers: (() => void)[] = [];

  /** Answers that wait for the writer. */
  get length(): number {
    return this.#answers.length;
  }

  /** Whether nobody reads answers any more, or none follows. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Adds an answer. After {@link AnswerQueue.end} it is dropped: nobody is there to read it. */
  push(answer: Uint8Array): void {
    if (this.#isEnded) return;
    this.#answers.push(answer);
    this.#wakeWriter?.();
  }

  /** No answer follows. Those already queued are still read. */
  end(): void {
    this.#isEnded = true;
    this.#wakeWriter?.();
    this.#wakeProducers();
  }

  /** Resolves once fewer than `count` answers wait, or the queue has ended. */
  async whenBelow(count: number): Promise<void> {
    while (this.#answers.length >= count && !this.#isEnded) {
      await new Promise<void>((resolve) => {
        this.#producers.push(resolve);
      });
    }
  }

  #wakeProducers(): void {
    for (const wake of this.#producers.splice(0)) wake();
  }

  /** Answers as they come, those of one tick together. */
  async *[Symbol.asyncIterator](): AsyncGenerator<readonly Uint8Array[], void, undefined> {
    try {
      for (;;) {
        if (this.#answers.length > 0) {
          await endOfTick();
          const answers = this.#answers.splice(0);
          this.#wakeProducers();
          yield answers;
        } else if (this.#isEnded) {
          return;
        } else {
          await new Promise<void>((resolve) => {
            this.#wakeWriter = resolve;
          });
        }
      }
    } finally {
      // The writer is gone: producers must neither wait for it nor fill the queue.
      this.#answers.length = 0;
      this.end();
    }
  }
}

/** What is ready in this turn of the event loop has been added after it. */
function endOfTick(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
