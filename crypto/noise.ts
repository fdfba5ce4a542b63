/**
 * Noise_XX_25519_AESGCM_SHA256 (Noise Protocol Framework revision 34, s.5 and 7.5) as a state
 * machine on bytes.
 *
 * One pattern and one cipher suite. Keys are handed in, so published vectors run against the same
 * code. Not here: who the peer is (the payloads carry that), framing, time limits.
 *
 * @module
 */

import { AES_GCM_TAG_BYTES, counterNonce, openAesGcm, sealAesGcm } from './aes-gcm.ts';
import { concatBytes, utf8 } from './bytes.ts';
import { sha256 } from './hash.ts';
import { extract, hmacSha256 } from './hkdf.ts';
import { X25519_KEY_BYTES, x25519 } from './x25519.ts';
import type { X25519KeyPair } from './x25519.ts';

/** Name of the protocol: 28 bytes, padded with zeros to make the first hash (Noise s.5.2). */
export const NOISE_XX_NAME = 'Noise_XX_25519_AESGCM_SHA256';

/** Largest Noise message, in bytes (Noise s.3). */
export const MAX_NOISE_MESSAGE_BYTES = 65_535;

type Token = 'e' | 's' | 'ee' | 'es' | 'se';

/** XX: -> e; <- e, ee, s, es; -> s, se (Noise s.7.5). */
const PATTERN: readonly (readonly Token[])[] = [['e'], ['e', 'ee', 's', 'es'], ['s', 'se']];

/** Who sends the first message. */
export type NoiseRole = 'initiator' | 'responder';

/** Why a message was refused. Every refusal ends the handshake. */
export type NoiseRefusal = 'TOO_LONG' | 'TOO_SHORT' | 'BAD_CIPHERTEXT' | 'ZERO_SHARED_SECRET';

/** Outcome of reading a message. */
export type NoiseRead =
  | {
      readonly valid: true;
      readonly payload: Uint8Array;
      /** The handshake hash that was the payload's associated data, 32 bytes. */
      readonly payloadHash: Uint8Array;
    }
  | { readonly valid: false; readonly reason: NoiseRefusal };

/** Outcome of writing a message: a peer's key of small order shows only in the exchange. */
export type NoiseWrite =
  | { readonly valid: true; readonly message: Uint8Array }
  | { readonly valid: false; readonly reason: 'ZERO_SHARED_SECRET' };

/** What a finished handshake leaves. */
export interface NoiseSplit {
  /** Initiator to responder, 32 bytes. */
  readonly initiatorKey: Uint8Array;
  /** Responder to initiator, 32 bytes. */
  readonly responderKey: Uint8Array;
  /** Final handshake hash, 32 bytes. */
  readonly handshakeHash: Uint8Array;
}

/** Keys and context of one side. */
export interface NoiseInit {
  readonly role: NoiseRole;
  readonly prologue: Uint8Array;
  readonly staticKey: X25519KeyPair;
  /** Fresh for each handshake; its private half is erased at the end. */
  readonly ephemeralKey: X25519KeyPair;
}

const EMPTY = new Uint8Array(0);

class BadMessage extends Error {
  readonly reason: NoiseRefusal;

  constructor(reason: NoiseRefusal) {
    super(reason);
    this.reason = reason;
  }
}

/** SymmetricState and its CipherState (Noise s.5.1 and 5.2). */
class SymmetricState {
  #chainingKey: Uint8Array;
  #hash: Uint8Array;
  #key: Uint8Array | undefined;
  #counter = 0;

  constructor(prologue: Uint8Array) {
    const name = utf8(NOISE_XX_NAME);
    this.#hash = concatBytes(name, new Uint8Array(32 - name.length));
    this.#chainingKey = this.#hash.slice();
    this.mixHash(prologue);
  }

  get hash(): Uint8Array {
    return this.#hash.slice();
  }

  mixHash(data: Uint8Array): void {
    this.#hash = sha256(this.#hash, data);
  }

  /** HKDF of Noise s.4.3: two outputs. */
  #hkdf(input: Uint8Array): readonly [Uint8Array, Uint8Array] {
    const secret = extract(this.#chainingKey, input);
    const first = hmacSha256(secret, Uint8Array.of(1));
    const second = hmacSha256(secret, first, Uint8Array.of(2));
    secret.fill(0);
    return [first, second];
  }

  mixKey(input: Uint8Array): void {
    const [chainingKey, key] = this.#hkdf(input);
    this.erase();
    this.#chainingKey = chainingKey;
    this.#key = key;
    this.#counter = 0;
  }

  get tagBytes(): number {
    return this.#key ? AES_GCM_TAG_BYTES : 0;
  }

  encryptAndHash(plaintext: Uint8Array): Uint8Array {
    const sealed = this.#key
      ? sealAesGcm(this.#key, counterNonce(this.#counter++), this.#hash, plaintext)
      : plaintext;
    this.mixHash(sealed);
    return sealed;
  }

  decryptAndHash(sealed: Uint8Array): Uint8Array {
    const plaintext = this.#key
      ? openAesGcm(this.#key, counterNonce(this.#counter++), this.#hash, sealed)
      : sealed.slice();
    if (!plaintext) throw new BadMessage('BAD_CIPHERTEXT');
    this.mixHash(sealed);
    return plaintext;
  }

  split(): NoiseSplit {
    const [initiatorKey, responderKey] = this.#hkdf(EMPTY);
    return { initiatorKey, responderKey, handshakeHash: this.hash };
  }

  erase(): void {
    this.#chainingKey.fill(0);
    this.#key?.fill(0);
  }
}

/** One side of one XX handshake. Messages alternate; the initiator writes the first. */
export class NoiseXX {
  readonly #role: NoiseRole;
  readonly #state: SymmetricState;
  readonly #staticKey: X25519KeyPair;
  readonly #ephemeralKey: X25519KeyPair;
  #remoteStatic: Uint8Array | undefined;
  #remoteEphemeral: Uint8Array | undefined;
  #next = 0;
  #isFailed = false;

  constructor(init: NoiseInit) {
    this.#role = init.role;
    this.#staticKey = init.staticKey;
    this.#ephemeralKey = init.ephemeralKey;
    this.#state = new SymmetricState(init.prologue);
  }

  /** The peer's static public key, once a message has carried it. */
  get remoteStaticKey(): Uint8Array | undefined {
    return this.#remoteStatic?.slice();
  }

  /** Whether all three messages have passed and `split` may be called. */
  get isComplete(): boolean {
    return !this.#isFailed && this.#next === PATTERN.length;
  }

  #takeTurn(isWriting: boolean): readonly Token[] {
    const tokens = PATTERN[this.#next];
    const isOwnTurn = (this.#next % 2 === 0) === (this.#role === 'initiator');
    if (this.#isFailed || !tokens || isOwnTurn !== isWriting) {
      throw new TypeError(`this side cannot ${isWriting ? 'write' : 'read'} a message now`);
    }
    this.#next++;
    return tokens;
  }

  /**
   * The next message of this side.
   *
   * @param payload - Bytes, or a function of the handshake hash that will be their associated data.
   * @throws {@link TypeError} out of turn.
   */
  writeMessage(payload: Uint8Array | ((payloadHash: Uint8Array) => Uint8Array)): NoiseWrite {
    const parts: Uint8Array[] = [];
    try {
      for (const token of this.#takeTurn(true)) {
        if (token === 'e') {
          this.#state.mixHash(this.#ephemeralKey.publicKey);
          parts.push(this.#ephemeralKey.publicKey);
        } else if (token === 's') {
          parts.push(this.#state.encryptAndHash(this.#staticKey.publicKey));
        } else {
          this.#mixSharedSecret(token);
        }
      }
    } catch (error) {
      return this.#refuseWrite(error);
    }
    const bytes = typeof payload === 'function' ? payload(this.#state.hash) : payload;
    parts.push(this.#state.encryptAndHash(bytes));
    return { valid: true, message: concatBytes(...parts) };
  }

  /**
   * Reads the peer's next message. After a refusal the handshake cannot go on.
   *
   * @throws {@link TypeError} out of turn; never for what a peer sent.
   */
  readMessage(message: Uint8Array): NoiseRead {
    const tokens = this.#takeTurn(false);
    try {
      if (message.length > MAX_NOISE_MESSAGE_BYTES) throw new BadMessage('TOO_LONG');
      let rest = message;
      const take = (length: number): Uint8Array => {
        if (rest.length < length) throw new BadMessage('TOO_SHORT');
        const taken = rest.slice(0, length);
        rest = rest.subarray(length);
        return taken;
      };
      for (const token of tokens) {
        if (token === 'e') {
          this.#remoteEphemeral = take(X25519_KEY_BYTES);
          this.#state.mixHash(this.#remoteEphemeral);
        } else if (token === 's') {
          const sealed = take(X25519_KEY_BYTES + this.#state.tagBytes);
          this.#remoteStatic = this.#state.decryptAndHash(sealed);
        } else {
          this.#mixSharedSecret(token);
        }
      }
      const payloadHash = this.#state.hash;
      return { valid: true, payload: this.#state.decryptAndHash(rest), payloadHash };
    } catch (error) {
      this.erase();
      if (error instanceof BadMessage) return { valid: false, reason: error.reason };
      throw error;
    }
  }

  /**
   * Keys of the two directions and the final hash; erases everything else.
   *
   * @throws {@link TypeError} before the last message, or when called twice.
   */
  split(): NoiseSplit {
    if (!this.isComplete) throw new TypeError('the handshake is not complete');
    const result = this.#state.split();
    this.erase();
    return result;
  }

  /** Ends the handshake and overwrites the ephemeral private key and the chaining key. */
  erase(): void {
    this.#isFailed = true;
    this.#state.erase();
    this.#ephemeralKey.privateKey.fill(0);
  }

  #refuseWrite(error: unknown): NoiseWrite {
    if (!(error instanceof BadMessage)) throw error;
    this.erase();
    return { valid: false, reason: 'ZERO_SHARED_SECRET' };
  }

  /** es and se name the initiator's key first (Noise s.5.3). */
  #mixSharedSecret(token: 'ee' | 'es' | 'se'): void {
    const isInitiator = this.#role === 'initiator';
    const isOwnStatic = token === (isInitiator ? 'se' : 'es');
    const isRemoteStatic = token === (isInitiator ? 'es' : 'se');
    const own = isOwnStatic ? this.#staticKey : this.#ephemeralKey;
    const remote = isRemoteStatic ? this.#remoteStatic : this.#remoteEphemeral;
    const secret = x25519(own.privateKey, remote!);
    if (!secret) throw new BadMessage('ZERO_SHARED_SECRET');
    this.#state.mixKey(secret);
    secret.fill(0);
  }
}
