/**
 * The session handshake on bytes: OFFER, three Noise XX messages whose payloads are signed by the
 * peers' identities, CONFIRM (wire-formats.md 1.1).
 *
 * A signature covers the handshake hash, so a stolen static key is worth nothing in another
 * handshake. Not here: streams, record lengths, time limits, and how many handshakes a peer may
 * start.
 *
 * @module
 */

import { concatBytes, equalBytes, lp16, u16, utf8 } from '../../crypto/bytes.ts';
import { SESSION_TAGS } from '../../crypto/domain-tags.ts';
import {
  docId,
  peerIdToBytes,
  publicKeyOfPeerId,
  verifyDocumentSignature,
} from '../../crypto/identity.ts';
import type { Identity } from '../../crypto/identity.ts';
import { NoiseXX } from '../../crypto/noise.ts';
import type { NoiseRefusal } from '../../crypto/noise.ts';
import type { X25519KeyPair } from '../../crypto/x25519.ts';
import { SESSION_ROLES, deriveSessionKeys, otherRole } from './session-keys.ts';
import type { SessionKeys, SessionRole } from './session-keys.ts';

/** Noise_XX_25519_AESGCM_SHA256 with HKDF-SHA256 and AES-256-GCM. */
export const SUITE_NOISE_XX = 0x0001;

const OFFER_VERSION = 1;
const MAX_SUITES = 8;
const AUTH_VERSION = 1;
const AUTH_BYTES = 97;
/** Lengths of the three Noise messages, in bytes. */
export const HANDSHAKE_MESSAGE_BYTES = [32, 193, 161] as const;

/** Why a handshake was refused. */
export type HandshakeRefusal =
  | 'MALFORMED'
  | 'NO_COMMON_SUITE'
  | 'BAD_CIPHERTEXT'
  | 'ZERO_SHARED_SECRET'
  | 'WRONG_IDENTITY'
  | 'BAD_SIGNATURE'
  | 'BAD_CONFIRM';

interface Refused {
  readonly valid: false;
  readonly reason: HandshakeRefusal;
}

/** A value, or why the handshake ends here. */
export type HandshakeStep<Value> = ({ readonly valid: true } & Value) | Refused;

/** One side's part of a handshake. */
export interface HandshakeInit {
  readonly identity: Identity;
  /** PeerId of the other side, as the connection proved it. */
  readonly remotePeer: string;
  readonly staticKey: X25519KeyPair;
  /** Fresh for each handshake; its private half is overwritten. */
  readonly ephemeralKey: X25519KeyPair;
}

function refuse(reason: HandshakeRefusal | NoiseRefusal): Refused {
  if (reason === 'TOO_LONG' || reason === 'TOO_SHORT') return { valid: false, reason: 'MALFORMED' };
  return { valid: false, reason };
}

/**
 * OFFER of `suites`, best first.
 *
 * @throws {@link RangeError} unless there are 1 to 8 different ones.
 */
export function encodeOffer(suites: readonly number[]): Uint8Array {
  if (suites.length < 1 || suites.length > MAX_SUITES || new Set(suites).size !== suites.length) {
    throw new RangeError(`"suites" expected 1 to ${MAX_SUITES} different suites`);
  }
  return concatBytes(Uint8Array.of(OFFER_VERSION, suites.length), ...suites.map(u16));
}

/** Suites of a received OFFER, or `undefined` if it is malformed. */
export function parseOffer(offer: Uint8Array): readonly number[] | undefined {
  const count = offer[1] ?? 0;
  if (offer[0] !== OFFER_VERSION || count < 1 || count > MAX_SUITES) return undefined;
  if (offer.length !== 2 + 2 * count) return undefined;
  const view = new DataView(offer.buffer, offer.byteOffset, offer.byteLength);
  const suites = Array.from({ length: count }, (_, i) => view.getUint16(2 + 2 * i));
  return new Set(suites).size === count ? suites : undefined;
}

/**
 * The prologue that both sides put under the handshake: what was offered, and who talks to whom.
 *
 * @throws {@link TypeError} if the two peers are one, or not Ed25519 PeerIds.
 */
export function handshakePrologue(
  offer: Uint8Array,
  initiator: string,
  responder: string,
): Uint8Array {
  if (initiator === responder) throw new TypeError('a peer has no session with itself');
  return concatBytes(
    utf8(SESSION_TAGS.prologue),
    Uint8Array.of(0),
    lp16(offer),
    lp16(peerIdToBytes(initiator)),
    lp16(peerIdToBytes(responder)),
  );
}

function authId(role: SessionRole, payloadHash: Uint8Array, staticKey: Uint8Array): Uint8Array {
  return docId('sessionAuth', Uint8Array.of(role), payloadHash, staticKey);
}

/** What both roles share: writing and checking the signed payload, and finishing. */
class HandshakeSide {
  readonly #init: HandshakeInit;
  readonly #role: SessionRole;
  readonly #noise: NoiseXX;

  constructor(init: HandshakeInit, role: SessionRole, offer: Uint8Array) {
    const { identity, remotePeer, staticKey, ephemeralKey } = init;
    const isInitiator = role === SESSION_ROLES.initiator;
    this.#init = init;
    this.#role = role;
    this.#noise = new NoiseXX({
      role: isInitiator ? 'initiator' : 'responder',
      prologue: isInitiator
        ? handshakePrologue(offer, identity.peerId, remotePeer)
        : handshakePrologue(offer, remotePeer, identity.peerId),
      staticKey,
      ephemeralKey,
    });
  }

  writeEmpty(): HandshakeStep<{ readonly message: Uint8Array }> {
    const written = this.#noise.writeMessage(new Uint8Array(0));
    return written.valid ? written : refuse(written.reason);
  }

  readEmpty(message: Uint8Array): HandshakeStep<object> {
    if (message.length !== HANDSHAKE_MESSAGE_BYTES[0]) return this.#fail('MALFORMED');
    const read = this.#noise.readMessage(message);
    return read.valid ? { valid: true } : refuse(read.reason);
  }

  /** The next message, its payload signed over the hash that goes with it. */
  writeSigned(): HandshakeStep<{ readonly message: Uint8Array }> {
    const { identity, staticKey } = this.#init;
    const written = this.#noise.writeMessage((payloadHash) =>
      concatBytes(
        Uint8Array.of(AUTH_VERSION),
        identity.publicKey,
        identity.signDocument(authId(this.#role, payloadHash, staticKey.publicKey)),
      ),
    );
    return written.valid ? written : refuse(written.reason);
  }

  readSigned(message: Uint8Array, messageBytes: number): HandshakeStep<object> {
    if (message.length !== messageBytes) return this.#fail('MALFORMED');
    const read = this.#noise.readMessage(message);
    if (!read.valid) return refuse(read.reason);
    const { payload, payloadHash } = read;
    if (payload.length !== AUTH_BYTES || payload[0] !== AUTH_VERSION) {
      return this.#fail('MALFORMED');
    }
    const { remotePeer } = this.#init;
    if (!equalBytes(payload.subarray(1, 33), publicKeyOfPeerId(remotePeer))) {
      return this.#fail('WRONG_IDENTITY');
    }
    const id = authId(otherRole(this.#role), payloadHash, this.#noise.remoteStaticKey!);
    if (!verifyDocumentSignature(remotePeer, id, payload.subarray(33))) {
      return this.#fail('BAD_SIGNATURE');
    }
    return { valid: true };
  }

  finish(): SessionKeys {
    return deriveSessionKeys(this.#noise.split());
  }

  erase(): void {
    this.#noise.erase();
  }

  #fail(reason: HandshakeRefusal): Refused {
    this.#noise.erase();
    return refuse(reason);
  }
}

/** The side that sends the first message. Methods are called in the order of the file. */
export class InitiatorHandshake {
  readonly #side: HandshakeSide;
  readonly #offer: Uint8Array;
  #keys: SessionKeys | undefined;

  /** @throws {@link RangeError} unless this side does the first of `suites`. */
  constructor(init: HandshakeInit, suites: readonly number[] = [SUITE_NOISE_XX]) {
    if (suites[0] !== SUITE_NOISE_XX) throw new RangeError('"suites" expected suite 1 first');
    this.#offer = encodeOffer(suites);
    this.#side = new HandshakeSide(init, SESSION_ROLES.initiator, this.#offer);
  }

  /** OFFER and the first message, which may be sent together. */
  start(): { readonly offer: Uint8Array; readonly message1: Uint8Array } {
    const written = this.#side.writeEmpty();
    if (!written.valid) throw new TypeError('the first message needs no exchange');
    return { offer: this.#offer, message1: written.message };
  }

  /** Checks who answered; gives the third message. */
  readMessage2(message2: Uint8Array): HandshakeStep<{ readonly message3: Uint8Array }> {
    const read = this.#side.readSigned(message2, HANDSHAKE_MESSAGE_BYTES[1]);
    if (!read.valid) return read;
    const written = this.#side.writeSigned();
    if (!written.valid) return written;
    this.#keys = this.#side.finish();
    return { valid: true, message3: written.message };
  }

  /**
   * Keys of the session before CONFIRM. The peer's first valid OPEN confirms them as well.
   *
   * @throws {@link TypeError} before the third message.
   */
  get keys(): SessionKeys {
    if (!this.#keys) throw new TypeError('the handshake is not complete');
    return this.#keys;
  }

  /** Checks CONFIRM, in constant time. */
  readConfirm(confirm: Uint8Array): HandshakeStep<{ readonly keys: SessionKeys }> {
    if (!equalBytes(confirm, this.keys.confirm)) return refuse('BAD_CONFIRM');
    return { valid: true, keys: this.keys };
  }

  /** Ends an unfinished handshake and overwrites its secrets, the session's keys excepted. */
  erase(): void {
    this.#side.erase();
  }
}

/** The side that answers. */
export class ResponderHandshake {
  readonly #init: HandshakeInit;
  #side: HandshakeSide | undefined;

  constructor(init: HandshakeInit) {
    this.#init = init;
  }

  /** Checks OFFER and the first message; gives the second. */
  readOffer(
    offer: Uint8Array,
    message1: Uint8Array,
  ): HandshakeStep<{ readonly message2: Uint8Array }> {
    const suites = parseOffer(offer);
    if (!suites) return refuse('MALFORMED');
    if (suites[0] !== SUITE_NOISE_XX) return refuse('NO_COMMON_SUITE');
    this.#side = new HandshakeSide(this.#init, SESSION_ROLES.responder, offer);
    const read = this.#side.readEmpty(message1);
    if (!read.valid) return read;
    const written = this.#side.writeSigned();
    return written.valid ? { valid: true, message2: written.message } : written;
  }

  /** Checks who asked; gives the keys, whose `confirm` is sent next. */
  readMessage3(message3: Uint8Array): HandshakeStep<{ readonly keys: SessionKeys }> {
    if (!this.#side) throw new TypeError('the handshake has no second message yet');
    const read = this.#side.readSigned(message3, HANDSHAKE_MESSAGE_BYTES[2]);
    return read.valid ? { valid: true, keys: this.#side.finish() } : read;
  }

  /** Ends an unfinished handshake and overwrites its secrets. */
  erase(): void {
    this.#side?.erase();
  }
}
