/**
 * Hashcash for quote requests, asked for only while a contractor is under load. A request costs the
 * contractor two signature checks, a signature and a flush; a puzzle costs it one hash to make and
 * two to check, and the asker some thousands.
 *
 * The contractor keeps nothing for a puzzle: the cookie holds what it needs, under a MAC of a key
 * that lives as long as the process. It is for one peer and one request and ends after half a
 * minute, so a solution is good for nothing else. Who has answered which is not known here:
 * `admission.ts` takes each solution once.
 *
 * cookie = u32 expiry in seconds || u8 bits || first 16 bytes of HMAC-SHA-256(key, expiry || bits
 * || lp16(peer) || SHA-256(request)); a solution is 8 bytes such that SHA-256(tag || 0x00 || cookie
 * || solution) begins with so many zero bits (hashcash, Back 2002).
 *
 * @module
 */

import { concatBytes, equalBytes, lp16, u32, utf8 } from '../../crypto/bytes.ts';
import { ASK_PUZZLE_TAG } from '../../crypto/domain-tags.ts';
import { hmacSha256 } from '../../crypto/hkdf.ts';
import { sha256, sha256Buffer } from '../../crypto/hash.ts';

export const COOKIE_BYTES = 21;
export const SOLUTION_BYTES = 8;
/** Hardest puzzle that is asked, and that a client works on: a quarter of a second. */
export const MAX_PUZZLE_BITS = 18;
/** For how long a puzzle may be answered. */
export const PUZZLE_SECONDS = 30;
const EXPIRY_BYTES = 4;
const HEAD_BYTES = EXPIRY_BYTES + 1;
const MAC_BYTES = 16;
/** Hashes between two turns of the event loop: about a millisecond. */
const HASHES_PER_TURN = 1_024;

/** A request that came with a cookie. */
export interface AnsweredPuzzle {
  readonly peerId: string;
  /** Envelope of the request. */
  readonly request: Uint8Array;
  readonly cookie: Uint8Array;
  readonly solution: Uint8Array;
}

/** Makes puzzles and checks answers. */
export class AskPuzzles {
  readonly #key: Uint8Array;

  /** @param key - 32 random bytes. */
  constructor(key: Uint8Array) {
    this.#key = key;
  }

  /** Cookie of a puzzle of so many bits. */
  cookieFor(peerId: string, request: Uint8Array, bits: number, nowSeconds: number): Uint8Array {
    const head = concatBytes(u32(nowSeconds + PUZZLE_SECONDS), Uint8Array.of(bits));
    return concatBytes(head, this.#mac(head, peerId, request));
  }

  /** Whether an answer is to a puzzle of this contractor, in time, and right. Never throws. */
  isAnswered({ peerId, request, cookie, solution }: AnsweredPuzzle, nowSeconds: number): boolean {
    if (cookie.length !== COOKIE_BYTES || solution.length !== SOLUTION_BYTES) return false;
    const head = cookie.subarray(0, HEAD_BYTES);
    const view = new DataView(cookie.buffer, cookie.byteOffset, cookie.length);
    if (view.getUint32(0) < nowSeconds) return false;
    if (!equalBytes(cookie.subarray(HEAD_BYTES), this.#mac(head, peerId, request))) return false;
    return zeroBits(digestOf(puzzleOf(cookie, solution))) >= puzzleBits(cookie);
  }

  #mac(head: Uint8Array, peerId: string, request: Uint8Array): Uint8Array {
    return hmacSha256(this.#key, head, lp16(utf8(peerId)), sha256(request)).subarray(0, MAC_BYTES);
  }
}

/** How many zero bits the solution of a cookie's puzzle needs. */
export function puzzleBits(cookie: Uint8Array): number {
  return cookie[EXPIRY_BYTES]!;
}

/**
 * The solution of a puzzle. Gives the event loop its turns.
 *
 * @returns `undefined` for a cookie that is none, or a puzzle of more than {@link MAX_PUZZLE_BITS}.
 * @throws the reason of `signal`.
 */
export async function solvePuzzle(
  cookie: Uint8Array,
  signal?: AbortSignal,
): Promise<Uint8Array | undefined> {
  if (cookie.length !== COOKIE_BYTES || puzzleBits(cookie) > MAX_PUZZLE_BITS) return undefined;
  const bits = puzzleBits(cookie);
  const solution = new Uint8Array(SOLUTION_BYTES);
  const puzzle = puzzleOf(cookie, solution);
  const counter = new DataView(puzzle.buffer, puzzle.length - SOLUTION_BYTES);
  for (let tried = 0; ; tried++) {
    if (tried % HASHES_PER_TURN === 0) {
      signal?.throwIfAborted();
      await new Promise(setImmediate);
    }
    counter.setUint32(4, tried);
    if (zeroBits(digestOf(puzzle)) >= bits) return puzzle.slice(-SOLUTION_BYTES);
  }
}

function puzzleOf(cookie: Uint8Array, solution: Uint8Array): Uint8Array {
  return concatBytes(utf8(ASK_PUZZLE_TAG), Uint8Array.of(0), cookie, solution);
}

function digestOf(puzzle: Uint8Array): Buffer {
  return sha256Buffer(puzzle);
}

/** Zero bits at the head of a digest. */
function zeroBits(digest: Uint8Array): number {
  let bits = 0;
  for (const byte of digest) {
    bits += Math.clz32(byte) - 24;
    if (byte !== 0) break;
  }
  return bits;
}
