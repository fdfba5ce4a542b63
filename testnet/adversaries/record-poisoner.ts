/**
 * A peer that poisons the DHT (security.md 6): it joins as any other, and has forged, oversize,
 * broken and outdated records of its victims stored by all that let it.
 *
 * @module
 */

import { equalBytes } from '../../crypto/bytes.ts';
import { encodeDocument } from '../../crypto/canonical-json.ts';
import { Identity } from '../../crypto/identity.ts';
import { silentLogger } from '../../node/logger.ts';
import { systemClock } from '../../node/system-clock.ts';
import { createHost } from '../../protocols/libp2p-host.ts';
import type { Host } from '../../protocols/libp2p-host.ts';
import { RECORD_NAMESPACE, recordKey } from '../../protocols/skill-discovery/dht-keys.ts';
import { forEachConcurrently } from '../testnet.ts';

const JOIN_TIMEOUT_MS = 20_000;
const PUT_TIMEOUT_MS = 5_000;
const PUT_CONCURRENCY = 4;
const GET_TIMEOUT_MS = 5_000;
/** Beyond the 8 KiB that a record may have. */
const OVERSIZE_BYTES = 12_288;

/** What nodes did with what they were asked to store. */
export interface PoisonOutcome {
  readonly accepted: number;
  readonly refused: number;
}

/** Takes every value for good: it lies, and needs no opinion of what is true. */
const ANYTHING = () => Promise.resolve();

/** One poisoner. */
export class RecordPoisoner {
  readonly #host: Host;
  readonly #captured = new Map<string, Uint8Array>();

  private constructor(host: Host) {
    this.#host = host;
  }

  /** Joins the network. */
  static async join(bootstrap: readonly string[]): Promise<RecordPoisoner> {
    const host = await createHost({
      clock: systemClock,
      identity: Identity.generate(),
      logger: silentLogger,
      validators: { [RECORD_NAMESPACE]: ANYTHING },
      selectors: { [RECORD_NAMESPACE]: () => 0 },
      isLocalNetwork: true,
      bootstrap,
    });
    await host.waitForPeers(1, AbortSignal.timeout(JOIN_TIMEOUT_MS));
    return new RecordPoisoner(host);
  }

  /** Keeps the records that are out now, to bring them back when they are outdated. */
  async capture(victims: readonly string[]): Promise<number> {
    for (const victim of victims) {
      const value = await this.#value(victim);
      if (value !== undefined) this.#captured.set(victim, value);
    }
    return this.#captured.size;
  }

  /** Has so many records stored, of the victims and of the kinds in turn. */
  async poison(victims: readonly string[], records: number): Promise<PoisonOutcome> {
    let accepted = 0;
    let refused = 0;
    const put = async (number: number): Promise<void> => {
      const victim = victims[number % victims.length]!;
      const value = this.#record(victim, Math.floor(number / victims.length));
      const signal = AbortSignal.timeout(PUT_TIMEOUT_MS);
      try {
        for await (const event of this.#host.dht.put(recordKey(victim), value, { signal })) {
          if (event.name === 'PEER_RESPONSE' && event.messageName === 'PUT_VALUE') {
            if (event.record !== undefined && equalBytes(event.record.value, value)) accepted += 1;
            else refused += 1;
          } else if (event.name === 'QUERY_ERROR') refused += 1;
        }
      } catch {
        // too slow, or refused by all
      }
    };
    const numbers = Array.from({ length: records }, (_, number) => number);
    await forEachConcurrently(numbers, PUT_CONCURRENCY, put);
    return { accepted, refused };
  }

  leave(): Promise<void> {
    return this.#host.stop();
  }

  #record(victim: string, number: number): Uint8Array {
    const old = this.#captured.get(victim);
    const kind = number % 4;
    if (kind === 0 && old !== undefined) return old; // outdated, and signed by the victim
    if (kind === 1) return new Uint8Array(OVERSIZE_BYTES).fill(number & 255);
    if (kind === 2 && old !== undefined) {
      const broken = new Uint8Array(old);
      broken[number % broken.length]! ^= 1;
      return broken;
    }
    const claim = { v: 1, typ: 'record', peerId: victim, seq: 9_000_000_000 + number };
    return encodeDocument({ b: Buffer.from(encodeDocument(claim)).toString('base64url'), s: [] });
  }

  /** What the first peer gives that has a record of a victim. */
  async #value(victim: string): Promise<Uint8Array | undefined> {
    const signal = AbortSignal.timeout(GET_TIMEOUT_MS);
    try {
      for await (const event of this.#host.dht.get(recordKey(victim), { signal })) {
        if (event.name === 'PEER_RESPONSE' && event.record) return event.record.value;
      }
    } catch {
      // nobody has one
    }
    return undefined;
  }
}
