/**
 * Memory of sent messages: the same message of the same peer under the same contract is executed
 * once, however often it is sent (a2a.md 1; the client resends after a broken stream).
 *
 * In memory and bounded: it does not survive a restart, and the oldest finished entries go first.
 *
 * @module
 */

import { equalBytes } from '../../crypto/bytes.ts';
import { bindingRefusal } from './errors.ts';
import type { RpcError } from './errors.ts';

/** Result or error of a JSON-RPC method, without its envelope. */
export type RpcOutcome = { readonly result: unknown } | { readonly error: RpcError };

/** Bounds of the memory. */
export interface MessageLogLimits {
  readonly maxMessagesPerPeer: number;
  readonly maxPeers: number;
  /** Largest result kept by itself. A task is kept by its id whatever its size. */
  readonly maxKeptResultBytes: number;
}

/** Default bounds. */
export const MESSAGE_LOG_LIMITS: MessageLogLimits = {
  maxMessagesPerPeer: 512,
  maxPeers: 1_024,
  maxKeptResultBytes: 4_096,
};

/** What identifies a message, and what it said. */
export interface SentMessage {
  readonly peerId: string;
  readonly contract: string | undefined;
  readonly messageId: string;
  /** Hash of the message's content. */
  readonly contentHash: Uint8Array;
}

interface Entry {
  readonly contentHash: Uint8Array;
  running: Promise<RpcOutcome> | undefined;
  taskId: string | undefined;
  kept: RpcOutcome | undefined;
}

/** Remembers what became of each message. */
export class MessageLog {
  readonly #limits: MessageLogLimits;
  /** By peer, least recently used first; by contract and message id, oldest first. */
  readonly #peers = new Map<string, Map<string, Entry>>();

  constructor(limits: MessageLogLimits = MESSAGE_LOG_LIMITS) {
    this.#limits = limits;
  }

  /**
   * Outcome of `message`: of `execute` the first time, of the same execution every other time.
   *
   * An error is not remembered: the message was not executed and may be sent again.
   *
   * @param readTask - Outcome of asking for the task of an execution that has finished.
   */
  async run(
    message: SentMessage,
    execute: () => Promise<RpcOutcome>,
    readTask: (taskId: string) => Promise<RpcOutcome>,
  ): Promise<RpcOutcome> {
    const entries = this.#entriesOf(message.peerId);
    const key = `${message.contract ?? ''}/${message.messageId}`;
    const known = entries.get(key);
    if (known !== undefined) {
      if (!equalBytes(known.contentHash, message.contentHash)) {
        return { error: bindingRefusal('MESSAGE_ID_REUSED') };
      }
      if (known.running !== undefined) return known.running;
      if (known.taskId !== undefined) return readTask(known.taskId);
      return known.kept ?? { error: bindingRefusal('RESULT_NOT_KEPT') };
    }
    if (!makeRoom(entries, this.#limits.maxMessagesPerPeer)) {
      return { error: bindingRefusal('TOO_MANY_REQUESTS') };
    }
    const entry: Entry = {
      contentHash: message.contentHash,
      running: undefined,
      taskId: undefined,
      kept: undefined,
    };
    entries.set(key, entry);
    entry.running = execute().then(
      (outcome) => {
        this.#settle(entries, key, entry, outcome);
        return outcome;
      },
      (error: unknown) => {
        entries.delete(key);
        throw error;
      },
    );
    return entry.running;
  }

  #settle(entries: Map<string, Entry>, key: string, entry: Entry, outcome: RpcOutcome): void {
    entry.running = undefined;
    if ('error' in outcome) {
      entries.delete(key);
      return;
    }
    entry.taskId = taskIdOf(outcome.result);
    if (entry.taskId !== undefined) return;
    const size = JSON.stringify(outcome.result)?.length ?? 0;
    if (size <= this.#limits.maxKeptResultBytes) entry.kept = outcome;
  }

  #entriesOf(peerId: string): Map<string, Entry> {
    const entries = this.#peers.get(peerId) ?? new Map<string, Entry>();
    this.#peers.delete(peerId);
    if (this.#peers.size >= this.#limits.maxPeers) {
      for (const [oldest, theirs] of this.#peers) {
        if ([...theirs.values()].some(({ running }) => running !== undefined)) continue;
        this.#peers.delete(oldest);
        break;
      }
    }
    this.#peers.set(peerId, entries);
    return entries;
  }
}

/** Drops the oldest finished entry if there are `max`; `false` if all of them are still running. */
function makeRoom(entries: Map<string, Entry>, max: number): boolean {
  if (entries.size < max) return true;
  for (const [key, { running }] of entries) {
    if (running !== undefined) continue;
    entries.delete(key);
    return true;
  }
  return false;
}

function taskIdOf(result: unknown): string | undefined {
  const { task } = result as { readonly task?: { readonly id?: unknown } };
  return typeof task?.id === 'string' ? task.id : undefined;
}
