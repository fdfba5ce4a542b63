/**
 * One session as one side holds it: its keys, the indexes it has used and seen, its age, and how
 * many streams live on it (wire-formats.md 1.2 and 1.4).
 *
 * No clock of its own: every call that depends on time is handed monotonic milliseconds.
 *
 * @module
 */

import { MAX_OPEN_INDEX } from './limits.ts';
import type { SessionLimits } from './limits.ts';
import { ReplayWindow } from './replay-window.ts';
import { eraseSessionKeys, otherRole } from './session-keys.ts';
import type { SessionKeys, SessionRole } from './session-keys.ts';
import {
  deriveStreamSecrets,
  encodeAccept,
  openOpen,
  parseOpenHeader,
  readAnswer,
  sealOpen,
} from './stream-open.ts';
import type { OpenAnswer, OpenBody, OpenTranscript, StreamSecrets } from './stream-open.ts';

/** Who and what a session is made of. */
export interface SessionInit {
  readonly remotePeer: string;
  readonly role: SessionRole;
  readonly keys: SessionKeys;
  readonly limits: SessionLimits;
  readonly nowMs: number;
}

/** An OPEN on its way: the bytes to send, and how to read the answer. */
export interface OutgoingOpen {
  readonly open: Uint8Array;
  readAnswer(answer: Uint8Array): OpenAnswer;
}

/** A verified OPEN of the peer. */
export interface IncomingOpen {
  readonly body: OpenBody;
  /** ACCEPT for it and the stream's secrets; `undefined` if the session has been erased since. */
  accept(
    nonce: Uint8Array,
  ): { readonly accept: Uint8Array; readonly secrets: StreamSecrets } | undefined;
}

/** A session. Lives at most 930 s from its confirmation; its streams may live on. */
export class Session {
  readonly remotePeer: string;
  readonly role: SessionRole;
  readonly id: Uint8Array;
  /** Public session hash `sh`, 32 bytes. */
  readonly hash: Uint8Array;
  readonly #keys: SessionKeys;
  readonly #limits: SessionLimits;
  readonly #window = new ReplayWindow();
  #createdAtMs: number;
  #confirmedAtMs: number | undefined;
  #lastUsedAtMs: number;
  #nextIndex = 0;
  #liveStreams = 0;
  #isErased = false;

  constructor(init: SessionInit) {
    this.remotePeer = init.remotePeer;
    this.role = init.role;
    this.id = init.keys.id;
    this.hash = init.keys.hash;
    this.#keys = init.keys;
    this.#limits = init.limits;
    this.#createdAtMs = init.nowMs;
    this.#lastUsedAtMs = init.nowMs;
  }

  get isErased(): boolean {
    return this.#isErased;
  }

  get isConfirmed(): boolean {
    return this.#confirmedAtMs !== undefined;
  }

  get liveStreams(): number {
    return this.#liveStreams;
  }

  /** Monotonic time of the last OPEN in either direction, in milliseconds. */
  get lastUsedAtMs(): number {
    return this.#lastUsedAtMs;
  }

  /** Time since the confirmation, or since the handshake where there was none. */
  ageMs(nowMs: number): number {
    return nowMs - (this.#confirmedAtMs ?? this.#createdAtMs);
  }

  /** Starts the session's life: CONFIRM was sent or verified, or an OPEN proved the peer. */
  confirm(nowMs: number): void {
    this.#confirmedAtMs ??= nowMs;
  }

  /** Whether this side may open a stream on it. */
  canOpen(nowMs: number): boolean {
    return (
      !this.#isErased &&
      this.isConfirmed &&
      this.ageMs(nowMs) < this.#limits.lifetimeMs &&
      this.#nextIndex <= MAX_OPEN_INDEX
    );
  }

  /** Whether the peer's opens are not accepted any more and the keys are due for erasure. */
  hasExpired(nowMs: number): boolean {
    return this.#isErased || this.ageMs(nowMs) >= this.#limits.lifetimeMs + this.#limits.graceMs;
  }

  /**
   * A new OPEN; its index is used up even if it is never sent.
   *
   * @throws {@link TypeError} unless `canOpen(nowMs)`.
   */
  createOpen(body: OpenBody, nowMs: number): OutgoingOpen {
    if (!this.canOpen(nowMs)) throw new TypeError('the session takes no new streams');
    const index = this.#nextIndex++;
    this.#lastUsedAtMs = nowMs;
    const key = this.#keys.openKeys[this.role];
    const { open, transcript } = sealOpen(key, this.id, this.role, index, body);
    return {
      open,
      readAnswer: (answer) =>
        this.#isErased
          ? { kind: 'invalid' }
          : readAnswer(answer, this.#keys.exporterSecret, transcript),
    };
  }

  /**
   * Checks an OPEN of the peer: role, window, then tag; marks the index and counts as confirmation.
   *
   * @returns `undefined` for every refusal: they all get the same answer.
   */
  readOpen(open: Uint8Array, nowMs: number): IncomingOpen | undefined {
    const header = parseOpenHeader(open);
    const role = otherRole(this.role);
    if (!header || this.hasExpired(nowMs) || header.role !== role) return undefined;
    if (header.index > BigInt(MAX_OPEN_INDEX)) return undefined;
    const index = Number(header.index);
    if (!this.#window.isFresh(index)) return undefined;
    const opened = openOpen(this.#keys.openKeys[role], index, open);
    if (!opened) return undefined;
    this.#window.markSeen(index);
    this.#lastUsedAtMs = nowMs;
    this.confirm(nowMs);
    return {
      body: opened.body,
      accept: (nonce) => this.#accept(opened.transcript, nonce),
    };
  }

  #accept(transcript: OpenTranscript, nonce: Uint8Array): ReturnType<IncomingOpen['accept']> {
    if (this.#isErased) return undefined;
    const secrets = deriveStreamSecrets(this.#keys.exporterSecret, transcript, nonce);
    return { accept: encodeAccept(nonce, secrets.confirm), secrets };
  }

  /** Takes a slot for a stream; `false` if all are in use. */
  reserveStream(): boolean {
    if (this.#liveStreams >= this.#limits.maxLiveStreams) return false;
    this.#liveStreams++;
    return true;
  }

  /** Gives a slot back. */
  releaseStream(): void {
    if (this.#liveStreams > 0) this.#liveStreams--;
  }

  /** Overwrites the session's secrets. Streams that live go on by their own. */
  erase(): void {
    this.#isErased = true;
    eraseSessionKeys(this.#keys);
  }
}
