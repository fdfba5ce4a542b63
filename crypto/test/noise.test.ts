import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { counterNonce, openAesGcm, sealAesGcm } from '../aes-gcm.ts';
import { fromHex, toHex, utf8 } from '../bytes.ts';
import { NOISE_XX_NAME, NoiseXX } from '../noise.ts';
import type { NoiseRead } from '../noise.ts';
import { x25519KeyPair } from '../x25519.ts';
import { readVectors, vectorsDirectory } from './vectors.ts';

const EMPTY = new Uint8Array(0);

function pairOf(
  prologue: Uint8Array = EMPTY,
  otherPrologue: Uint8Array = prologue,
): [NoiseXX, NoiseXX] {
  const key = (byte: number) => x25519KeyPair(new Uint8Array(32).fill(byte));
  return [
    new NoiseXX({ role: 'initiator', prologue, staticKey: key(1), ephemeralKey: key(2) }),
    new NoiseXX({
      role: 'responder',
      prologue: otherPrologue,
      staticKey: key(3),
      ephemeralKey: key(4),
    }),
  ];
}

function written(noise: NoiseXX, payload: Uint8Array): Uint8Array {
  const result = noise.writeMessage(payload);
  if (!result.valid) throw new Error(result.reason);
  return result.message;
}

/** Runs the handshake and passes message `at` through `change`; gives each outcome of reading. */
function run(change: (message: Uint8Array) => Uint8Array, at: number): NoiseRead[] {
  const [initiator, responder] = pairOf();
  const outcomes: NoiseRead[] = [];
  for (let i = 0; i < 3; i++) {
    const [writer, reader] = i % 2 === 0 ? [initiator, responder] : [responder, initiator];
    const message = written(writer, utf8('payload'));
    const outcome = reader.readMessage(i === at ? change(message) : message);
    outcomes.push(outcome);
    if (!outcome.valid) break;
  }
  return outcomes;
}

interface Vector {
  readonly protocol_name: string;
  readonly init_prologue: string;
  readonly init_static: string;
  readonly init_ephemeral: string;
  readonly resp_prologue: string;
  readonly resp_static: string;
  readonly resp_ephemeral: string;
  readonly handshake_hash: string;
  readonly messages: readonly { readonly payload: string; readonly ciphertext: string }[];
}

describe.skipIf(vectorsDirectory() === undefined)('Noise XX, cacophony vector', () => {
  it('reproduces messages, handshake hash and transport messages byte for byte', () => {
    const file = readVectors('noise_25519_aesgcm_sha256.json') as { vectors: readonly Vector[] };
    const vector = file.vectors.find((v) => v.protocol_name === NOISE_XX_NAME)!;
    const pair = (hex: string) => x25519KeyPair(fromHex(hex));
    const initiator = new NoiseXX({
      role: 'initiator',
      prologue: fromHex(vector.init_prologue),
      staticKey: pair(vector.init_static),
      ephemeralKey: pair(vector.init_ephemeral),
    });
    const responder = new NoiseXX({
      role: 'responder',
      prologue: fromHex(vector.resp_prologue),
      staticKey: pair(vector.resp_static),
      ephemeralKey: pair(vector.resp_ephemeral),
    });
    vector.messages.slice(0, 3).forEach(({ payload, ciphertext }, i) => {
      const [writer, reader] = i % 2 === 0 ? [initiator, responder] : [responder, initiator];
      const message = written(writer, fromHex(payload));
      expect(toHex(message)).toBe(ciphertext);
      expect(reader.readMessage(message)).toMatchObject({
        valid: true,
        payload: fromHex(payload),
      });
    });
    const split = initiator.split();
    expect(responder.split()).toEqual(split);
    expect(toHex(split.handshakeHash)).toBe(vector.handshake_hash);
    vector.messages.slice(3).forEach(({ payload, ciphertext }, i) => {
      const key = i % 2 === 0 ? split.responderKey : split.initiatorKey;
      const nonce = counterNonce(Math.floor(i / 2));
      expect(toHex(sealAesGcm(key, nonce, EMPTY, fromHex(payload)))).toBe(ciphertext);
      expect(toHex(openAesGcm(key, nonce, EMPTY, fromHex(ciphertext))!)).toBe(payload);
    });
    expect(vector.messages).toHaveLength(6);
  });
});

describe('Noise XX', () => {
  it('gives both sides the same associated data for each payload', () => {
    const [initiator, responder] = pairOf();
    responder.readMessage(written(initiator, EMPTY));
    let seen: Uint8Array = EMPTY;
    const second = responder.writeMessage((hash) => (seen = hash));
    if (!second.valid) throw new Error(second.reason);
    const read = initiator.readMessage(second.message);
    expect(read).toMatchObject({ valid: true, payloadHash: seen, payload: seen });
    expect(seen).toHaveLength(32);
  });

  it('shows each side the static key of the other', () => {
    const [initiator, responder] = pairOf();
    responder.readMessage(written(initiator, EMPTY));
    initiator.readMessage(written(responder, EMPTY));
    responder.readMessage(written(initiator, EMPTY));
    const publicKey = (byte: number) => x25519KeyPair(new Uint8Array(32).fill(byte)).publicKey;
    expect(initiator.remoteStaticKey).toEqual(publicKey(3));
    expect(responder.remoteStaticKey).toEqual(publicKey(1));
  });

  it('fails at the second message when the two prologues differ', () => {
    const [initiator, responder] = pairOf(utf8('a'), utf8('b'));
    expect(responder.readMessage(written(initiator, EMPTY)).valid).toBe(true);
    expect(initiator.readMessage(written(responder, EMPTY))).toEqual({
      valid: false,
      reason: 'BAD_CIPHERTEXT',
    });
  });

  it('never completes after any one bit of any message was flipped', () => {
    let flips = 0;
    for (const [at, length] of [39, 103, 71].entries()) {
      for (let bit = 0; bit < length * 8; bit++) {
        const outcomes = run((message) => {
          const changed = message.slice();
          changed[bit >> 3]! ^= 1 << (bit & 7);
          return changed;
        }, at);
        expect(outcomes.at(-1)!.valid, `message ${at + 1}, bit ${bit}`).toBe(false);
        flips++;
      }
    }
    expect(flips).toBe(213 * 8);
  });

  it('refuses a message that is cut or lengthened', () => {
    fc.assert(
      fc.property(fc.nat({ max: 2 }), fc.integer({ min: -71, max: 20 }), (at, difference) => {
        fc.pre(difference !== 0);
        const outcomes = run(
          (message) =>
            difference < 0
              ? message.subarray(0, Math.max(0, message.length + difference))
              : new Uint8Array([...message, ...new Uint8Array(difference)]),
          at,
        );
        expect(outcomes.at(-1)!.valid).toBe(false);
      }),
      { numRuns: 100 },
    );
  });

  it('refuses an ephemeral key of small order, which would make the secret all zero', () => {
    const [initiator] = pairOf();
    written(initiator, EMPTY);
    const message = new Uint8Array(96 + 16);
    expect(initiator.readMessage(message)).toEqual({ valid: false, reason: 'ZERO_SHARED_SECRET' });
    const [, responder] = pairOf();
    expect(responder.readMessage(new Uint8Array(32)).valid).toBe(true);
    expect(responder.writeMessage(EMPTY)).toEqual({ valid: false, reason: 'ZERO_SHARED_SECRET' });
  });

  it('survives arbitrary bytes at every message without throwing', () => {
    fc.assert(
      fc.property(fc.nat({ max: 2 }), fc.uint8Array({ maxLength: 400 }), (at, bytes) => {
        const outcomes = run(() => bytes, at);
        if (at > 0) expect(outcomes.at(-1)!.valid).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  it('erases the ephemeral private key at the end and after a refusal', () => {
    const ephemeralKey = x25519KeyPair(new Uint8Array(32).fill(2));
    const staticKey = x25519KeyPair(new Uint8Array(32).fill(1));
    const noise = new NoiseXX({ role: 'initiator', prologue: EMPTY, staticKey, ephemeralKey });
    written(noise, EMPTY);
    expect(noise.readMessage(EMPTY)).toEqual({ valid: false, reason: 'TOO_SHORT' });
    expect(ephemeralKey.privateKey).toEqual(new Uint8Array(32));
    expect(staticKey.privateKey).toEqual(new Uint8Array(32).fill(1));
    expect(noise.isComplete).toBe(false);
    expect(() => noise.split()).toThrow(TypeError);
  });

  it('throws out of turn', () => {
    const [initiator, responder] = pairOf();
    expect(() => initiator.readMessage(EMPTY)).toThrow(TypeError);
    expect(() => responder.writeMessage(EMPTY)).toThrow(TypeError);
    expect(() => responder.split()).toThrow(TypeError);
  });
});
