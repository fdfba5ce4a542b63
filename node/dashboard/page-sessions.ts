/**
 * Who may use the API from the dashboard. A link holds a token that is good once and for two
 * minutes; the page trades it for a session of two halves. One is a cookie that no script can read,
 * the other a key that the page keeps for its own origin and sends as a header. Cookies do not tell
 * ports apart, so another server of this machine may be sent the cookie: without the key it is
 * nothing. Another site cannot send the header, for the API gives no leave (no CORS).
 *
 * In memory: the end of the daemon ends every session.
 *
 * @module
 */

import { createHash, timingSafeEqual } from 'node:crypto';
import { toBase64Url, utf8 } from '../../crypto/bytes.ts';
import type { Clock, Random } from '../../protocols/components.ts';

/** How long a link can be opened. */
export const LINK_LIFE_MS = 120_000;
/** How long a session lasts after its last use. */
export const SESSION_LIFE_MS = 12 * 3_600_000;
/** Links not opened yet, and open sessions; the oldest gives way. */
export const MAX_LINKS = 16;
export const MAX_SESSIONS = 16;
const SECRET_BYTES = 32;

/** The two halves of a session. */
export interface PageSession {
  readonly cookie: string;
  readonly key: string;
}

interface OpenSession {
  /** SHA-256 of both halves. */
  readonly digest: Uint8Array;
  usedMs: number;
}

/** Links and sessions of one daemon. */
export class PageSessions {
  readonly #clock: Clock;
  readonly #random: Random;
  /** When each link was made, by the SHA-256 of its token. */
  #links: { readonly digest: Uint8Array; readonly madeMs: number }[] = [];
  #sessions: OpenSession[] = [];

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** A token that opens one session. */
  newLink(): string {
    const token = this.#secret();
    const link = { digest: digestOf(token), madeMs: this.#clock.monotonicMs() };
    this.#links = [...this.#links, link].slice(-MAX_LINKS);
    return token;
  }

  /** Trades a token for a session. `undefined`: it is unknown, too old, or was used before. */
  open(token: string): PageSession | undefined {
    const nowMs = this.#clock.monotonicMs();
    this.#links = this.#links.filter(({ madeMs }) => nowMs - madeMs < LINK_LIFE_MS);
    const digest = digestOf(token);
    const link = this.#links.find((one) => timingSafeEqual(one.digest, digest));
    if (!link) return undefined;
    this.#links = this.#links.filter((one) => one !== link);
    const session = { cookie: this.#secret(), key: this.#secret() };
    const open = { digest: digestOf(joined(session)), usedMs: nowMs };
    this.#sessions = [...this.#sessions, open].slice(-MAX_SESSIONS);
    return session;
  }

  /** Whether both halves are of one open session; if so it lasts on. */
  isOpen(session: PageSession): boolean {
    const nowMs = this.#clock.monotonicMs();
    this.#sessions = this.#sessions.filter(({ usedMs }) => nowMs - usedMs < SESSION_LIFE_MS);
    const digest = digestOf(joined(session));
    const open = this.#sessions.find((one) => timingSafeEqual(one.digest, digest));
    if (open) open.usedMs = nowMs;
    return open !== undefined;
  }

  #secret(): string {
    return toBase64Url(this.#random.bytes(SECRET_BYTES));
  }
}

function joined({ cookie, key }: PageSession): string {
  return `${cookie}.${key}`;
}

/** Of equal length, and no secret that is kept. */
function digestOf(text: string): Uint8Array {
  return createHash('sha256').update(utf8(text)).digest();
}
