/**
 * Slots in which work is done, and a bounded queue before them that no client can fill: clients are
 * served in turn, however much each has waiting (round robin; Nagle, RFC 970).
 *
 * A lane is one skill. Work of a lane waits for a slot of this lane alone; the queue's bounds are
 * those of all lanes together.
 *
 * @module
 */

/** Work that waits, over all lanes and clients. */
export const MAX_WAITING = 256;
/** Work of one client that waits, over all lanes. */
export const MAX_WAITING_PER_CLIENT = 16;

/** Where a piece of work belongs. */
export interface SlotRequest {
  readonly lane: string;
  /** Pieces of the lane's work at a time. */
  readonly slots: number;
  readonly client: string;
}

type Start = () => void;

interface Lane {
  /** As its last request said. */
  slots: number;
  inWork: number;
  /** What waits, by client. The client that is served next stands first. */
  readonly waiting: Map<string, Start[]>;
}

/** The slots of all lanes. */
export class FairSlots {
  readonly #lanes = new Map<string, Lane>();
  readonly #waitingOf = new Map<string, number>();
  #waiting = 0;

  /** Pieces of work that wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /**
   * Waits for a slot.
   *
   * @returns what gives the slot back, to be called once; `undefined` if the queue is full.
   * @throws the reason of the signal, if it fires before there is a slot.
   */
  async take(request: SlotRequest, signal: AbortSignal): Promise<(() => void) | undefined> {
    signal.throwIfAborted();
    const lane = this.#laneOf(request);
    if (lane.waiting.size === 0 && lane.inWork < lane.slots) lane.inWork += 1;
    else if (this.#isFull(request.client)) return undefined;
    else await this.#wait(lane, request, signal);
    return () => {
      lane.inWork -= 1;
      this.#serve(lane);
      if (lane.inWork === 0) this.#lanes.delete(request.lane);
    };
  }

  #laneOf({ lane: name, slots }: SlotRequest): Lane {
    const lane = this.#lanes.get(name) ?? { slots, inWork: 0, waiting: new Map<string, Start[]>() };
    lane.slots = slots;
    this.#lanes.set(name, lane);
    return lane;
  }

  #isFull(client: string): boolean {
    const own = this.#waitingOf.get(client) ?? 0;
    return this.#waiting >= MAX_WAITING || own >= MAX_WAITING_PER_CLIENT;
  }

  #wait(lane: Lane, { client }: SlotRequest, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const start = (): void => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = (): void => {
        const own = lane.waiting.get(client)!;
        own.splice(own.indexOf(start), 1);
        if (own.length === 0) lane.waiting.delete(client);
        this.#count(client, -1);
        reject(signal.reason as Error);
      };
      const own = lane.waiting.get(client) ?? [];
      own.push(start);
      lane.waiting.set(client, own);
      this.#count(client, 1);
      signal.addEventListener('abort', leave, { once: true });
      this.#serve(lane);
    });
  }

  /** Free slots go to the first client in turn, which then stands last. */
  #serve(lane: Lane): void {
    for (const [client, own] of lane.waiting) {
      if (lane.inWork >= lane.slots) return;
      const start = own.shift()!;
      lane.waiting.delete(client);
      // A client with more to do comes up again in this very loop.
      if (own.length > 0) lane.waiting.set(client, own);
      this.#count(client, -1);
      lane.inWork += 1;
      start();
    }
  }

  #count(client: string, change: 1 | -1): void {
    const own = (this.#waitingOf.get(client) ?? 0) + change;
    if (own === 0) this.#waitingOf.delete(client);
    else this.#waitingOf.set(client, own);
    this.#waiting += change;
  }
}
