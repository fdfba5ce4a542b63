/**
 * Hash of everything exchanged in a benchmark. It stands as evidence in the certificate, and both
 * sides can compute it.
 *
 *   SHA-256(tag || 0x00 || sh || lp16(attestor) || lp16(holder)
 *           || for each message: u8 sender (0x41 attestor, 0x48 holder) || u32 length || bytes)
 *
 * @module
 */

import { createHash } from 'node:crypto';
import { lp16, u32, u8, utf8 } from '../../crypto/bytes.ts';
import { BENCHMARK_TAGS } from '../../crypto/domain-tags.ts';
import { peerIdToBytes } from '../../crypto/identity.ts';

const SENDERS = { attestor: 0x41, holder: 0x48 } as const;

/** Collects the messages of one benchmark, in the order in which they were sent. */
export class BenchmarkTranscript {
  readonly #hash = createHash('sha256');

  /** @param sessionHash - `sh` of the stream's session, 32 bytes. */
  constructor(sessionHash: Uint8Array, attestor: string, holder: string) {
    this.#hash.update(utf8(BENCHMARK_TAGS.transcript));
    this.#hash.update(u8(0)).update(sessionHash);
    this.#hash.update(lp16(peerIdToBytes(attestor))).update(lp16(peerIdToBytes(holder)));
  }

  add(sender: keyof typeof SENDERS, message: Uint8Array): void {
    this.#hash.update(u8(SENDERS[sender])).update(u32(message.length)).update(message);
  }

  /** Hash of all messages so far, 32 bytes. */
  digest(): Uint8Array {
    return new Uint8Array(this.#hash.copy().digest());
  }
}
