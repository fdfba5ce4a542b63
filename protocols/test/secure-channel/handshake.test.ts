import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, u16 } from '../../../crypto/bytes.ts';
import { Identity, docId } from '../../../crypto/identity.ts';
import { NoiseXX } from '../../../crypto/noise.ts';
import { x25519KeyPair } from '../../../crypto/x25519.ts';
import {
  InitiatorHandshake,
  ResponderHandshake,
  encodeOffer,
  handshakePrologue,
  parseOffer,
} from '../../secure-channel/handshake.ts';
import type { HandshakeInit, HandshakeStep } from '../../secure-channel/handshake.ts';
import {
  INITIATOR,
  RESPONDER,
  initiatorInit,
  must,
  repeat,
  responderInit,
  runHandshake,
} from './example-session.ts';

const STRANGER = Identity.fromSeed(repeat(0x07));

type Change = (message: Uint8Array) => Uint8Array;
const MESSAGES = ['offer', 'message1', 'message2', 'message3', 'confirm'] as const;

/** Runs a handshake with one message changed on the way; gives the refusal, or `undefined`. */
function runChanged(
  at: (typeof MESSAGES)[number],
  change: Change,
  i: HandshakeInit = initiatorInit(),
  r: HandshakeInit = responderInit(),
): string | undefined {
  const initiator = new InitiatorHandshake(i);
  const responder = new ResponderHandshake(r);
  const carried = (name: (typeof MESSAGES)[number], bytes: Uint8Array) =>
    name === at ? change(bytes) : bytes;
  const { offer, message1 } = initiator.start();
  const second = responder.readOffer(carried('offer', offer), carried('message1', message1));
  if (!second.valid) return second.reason;
  const third = initiator.readMessage2(carried('message2', second.message2));
  if (!third.valid) return third.reason;
  const done = responder.readMessage3(carried('message3', third.message3));
  if (!done.valid) return done.reason;
  const confirmed = initiator.readConfirm(carried('confirm', done.keys.confirm));
  return confirmed.valid ? undefined : confirmed.reason;
}

/** An attacker's responder: any static key, any payload, the Noise part done right. */
function answerWith(
  payload: (payloadHash: Uint8Array) => Uint8Array,
  staticKey = x25519KeyPair(repeat(0x22)),
): HandshakeStep<object> {
  const initiator = new InitiatorHandshake(initiatorInit());
  const { offer, message1 } = initiator.start();
  const noise = new NoiseXX({
    role: 'responder',
    prologue: handshakePrologue(offer, INITIATOR.peerId, RESPONDER.peerId),
    staticKey,
    ephemeralKey: x25519KeyPair(repeat(0x55)),
  });
  noise.readMessage(message1);
  const written = noise.writeMessage(payload);
  if (!written.valid) throw new Error(written.reason);
  return initiator.readMessage2(written.message);
}

const auth = (identity: Identity, role: number, hash: Uint8Array, staticKey: Uint8Array) =>
  concatBytes(
    Uint8Array.of(1),
    identity.publicKey,
    identity.signDocument(docId('sessionAuth', Uint8Array.of(role), hash, staticKey)),
  );

const STATIC = x25519KeyPair(repeat(0x22));

describe('the session handshake', () => {
  it('gives both sides the same keys for any keys of theirs', () => {
    const seed = fc.uint8Array({ minLength: 32, maxLength: 32 });
    fc.assert(
      fc.property(seed, seed, seed, seed, (si, ei, sr, er) => {
        const { initiatorKeys, responderKeys } = runHandshake(
          initiatorInit({ staticKey: x25519KeyPair(si), ephemeralKey: x25519KeyPair(ei) }),
          responderInit({ staticKey: x25519KeyPair(sr), ephemeralKey: x25519KeyPair(er) }),
        );
        expect(initiatorKeys).toEqual(responderKeys);
      }),
      { numRuns: 20 },
    );
  });

  it('makes other keys in every handshake, with the same identities and static keys', () => {
    const first = runHandshake();
    const second = runHandshake(
      initiatorInit({ ephemeralKey: x25519KeyPair(repeat(0x66)) }),
      responderInit(),
    );
    expect(second.initiatorKeys.exporterSecret).not.toEqual(first.initiatorKeys.exporterSecret);
    expect(second.initiatorKeys.hash).not.toEqual(first.initiatorKeys.hash);
  });

  it('overwrites both ephemeral private keys', () => {
    const [i, r] = [initiatorInit(), responderInit()];
    runHandshake(i, r);
    expect(i.ephemeralKey.privateKey).toEqual(repeat(0));
    expect(r.ephemeralKey.privateKey).toEqual(repeat(0));
  });

  it('throws for a session with oneself', () => {
    expect(() => new InitiatorHandshake(initiatorInit({ remotePeer: INITIATOR.peerId }))).toThrow(
      TypeError,
    );
  });
});

describe('OFFER', () => {
  it('round-trips 1 to 8 different suites', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat({ max: 65_535 }), { minLength: 1, maxLength: 8 }),
        (suites) => {
          expect(parseOffer(encodeOffer(suites))).toEqual(suites);
        },
      ),
    );
  });

  it('is refused with another version, a wrong count, a wrong length or a suite twice', () => {
    const bad = ['', '01', '0100', '02010001', '01020001', '0101000100', '010200010001', '0109'];
    for (const hex of bad) {
      expect(parseOffer(new Uint8Array(Buffer.from(hex, 'hex'))), hex).toBeUndefined();
    }
    const nine = concatBytes(Uint8Array.of(1, 9), ...Array.from({ length: 9 }, (_, i) => u16(i)));
    expect(parseOffer(nine)).toBeUndefined();
    expect(() => encodeOffer([])).toThrow(RangeError);
    expect(() => encodeOffer([1, 1])).toThrow(RangeError);
  });

  it('is refused when its first suite is one that the responder does not do', () => {
    const responder = new ResponderHandshake(responderInit());
    const { message1 } = new InitiatorHandshake(initiatorInit()).start();
    expect(responder.readOffer(encodeOffer([2, 1]), message1)).toEqual({
      valid: false,
      reason: 'NO_COMMON_SUITE',
    });
  });
});

describe('attacks on the handshake', () => {
  it('downgrade: a suite added to or taken from OFFER on the way ends it', () => {
    expect(runChanged('offer', () => encodeOffer([1, 2]))).toBe('BAD_CIPHERTEXT');
    const i = new InitiatorHandshake(initiatorInit(), [1, 7]);
    const { message1 } = i.start();
    const responder = new ResponderHandshake(responderInit());
    const { message2 } = must(responder.readOffer(encodeOffer([1]), message1));
    expect(i.readMessage2(message2)).toEqual({ valid: false, reason: 'BAD_CIPHERTEXT' });
  });

  it('every single-bit flip of every message of a handshake is refused', () => {
    const sent = runHandshake();
    const accepted: string[] = [];
    for (const name of MESSAGES) {
      for (let bit = 0; bit < sent[name].length * 8; bit++) {
        const refusal = runChanged(name, (bytes) => {
          const changed = bytes.slice();
          changed[bit >> 3]! ^= 1 << (bit & 7);
          return changed;
        });
        if (refusal === undefined) accepted.push(`${name} bit ${bit}`);
      }
    }
    expect(accepted).toEqual([]);
  }, 60_000);

  it('truncation and extension: a message of another length is refused', () => {
    for (const name of MESSAGES) {
      expect(
        runChanged(name, (bytes) => bytes.subarray(1)),
        name,
      ).toBeDefined();
      expect(
        runChanged(name, (bytes) => concatBytes(bytes, Uint8Array.of(0))),
        name,
      ).toBeDefined();
    }
  });

  it('wrong identity in the payload: a peer that signs with its own key is not the PeerId', () => {
    expect(answerWith((h) => auth(STRANGER, 0x52, h, STATIC.publicKey), STATIC)).toEqual({
      valid: false,
      reason: 'WRONG_IDENTITY',
    });
    expect(runChanged('offer', (o) => o, initiatorInit({ identity: STRANGER }))).toBeDefined();
  });

  it('stolen static key: a signature from another handshake does not fit this one', () => {
    let recorded: Uint8Array | undefined;
    const first = answerWith(
      (h) => (recorded = auth(RESPONDER, 0x52, h, STATIC.publicKey)),
      STATIC,
    );
    expect(first.valid).toBe(true);
    const second = new InitiatorHandshake(
      initiatorInit({ ephemeralKey: x25519KeyPair(repeat(0x77)) }),
    );
    const { offer, message1 } = second.start();
    const thief = new NoiseXX({
      role: 'responder',
      prologue: handshakePrologue(offer, INITIATOR.peerId, RESPONDER.peerId),
      staticKey: STATIC,
      ephemeralKey: x25519KeyPair(repeat(0x55)),
    });
    thief.readMessage(message1);
    const written = thief.writeMessage(recorded!);
    if (!written.valid) throw new Error(written.reason);
    expect(second.readMessage2(written.message)).toEqual({ valid: false, reason: 'BAD_SIGNATURE' });
  });

  it('a signature over another static key or for the other role is refused', () => {
    const other = x25519KeyPair(repeat(0x23)).publicKey;
    const badSignature = { valid: false, reason: 'BAD_SIGNATURE' };
    expect(answerWith((h) => auth(RESPONDER, 0x52, h, other), STATIC)).toEqual(badSignature);
    expect(answerWith((h) => auth(RESPONDER, 0x49, h, STATIC.publicKey), STATIC)).toEqual(
      badSignature,
    );
  });

  it('unknown key share: sides that believe in different peers do not finish', () => {
    const asStranger = responderInit({ remotePeer: STRANGER.peerId });
    expect(runChanged('offer', (o) => o, initiatorInit(), asStranger)).toBe('BAD_CIPHERTEXT');
    const toStranger = initiatorInit({ remotePeer: STRANGER.peerId });
    expect(runChanged('offer', (o) => o, toStranger)).toBe('BAD_CIPHERTEXT');
  });

  it('all-zero X25519: ephemeral keys of small order end it on both sides', () => {
    const zero = () => new Uint8Array(32);
    expect(runChanged('message1', zero)).toBe('ZERO_SHARED_SECRET');
    const withZero: Change = (message) => concatBytes(zero(), message.subarray(32));
    expect(runChanged('message2', withZero)).toBe('ZERO_SHARED_SECRET');
  });

  it('reflection: the initiator does not take its own first message for an answer', () => {
    const initiator = new InitiatorHandshake(initiatorInit());
    const { message1 } = initiator.start();
    expect(initiator.readMessage2(message1)).toEqual({ valid: false, reason: 'MALFORMED' });
  });

  it('a payload of another version or length is refused', () => {
    const signed = (h: Uint8Array) => auth(RESPONDER, 0x52, h, STATIC.publicKey);
    const malformed = { valid: false, reason: 'MALFORMED' };
    expect(answerWith((h) => signed(h).with(0, 2), STATIC)).toEqual(malformed);
    expect(answerWith((h) => signed(h).subarray(1), STATIC)).toEqual(malformed);
  });

  it('arbitrary bytes at any point are refused without an exception', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...MESSAGES),
        fc.oneof(
          fc.uint8Array({ maxLength: 600 }),
          fc.uint8Array({ minLength: 193, maxLength: 193 }),
          fc.uint8Array({ minLength: 161, maxLength: 161 }),
        ),
        (name, bytes) => {
          expect(runChanged(name, () => bytes)).toBeDefined();
        },
      ),
      { numRuns: 200 },
    );
  });
});
