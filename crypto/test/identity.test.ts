import { createPublicKey, verify } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';
import { base58btc } from 'multiformats/bases/base58';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, fromHex, toBase64Url, toHex, utf8 } from '../bytes.ts';
import { docId } from '../identity.ts';
import {
  Identity,
  PEER_ID_BYTES,
  isPeerId,
  peerIdBytesOf,
  peerIdToBytes,
  peerIdToText,
  publicKeyOfPeerId,
  verifyDocumentSignature,
  verifyEd25519,
} from '../identity.ts';

const alice = Identity.fromSeed(new Uint8Array(32).fill(1));
const bob = Identity.fromSeed(new Uint8Array(32).fill(2));
const text = (bytes: Uint8Array): string => base58btc.encode(bytes).slice(1);

describe('PeerIds', () => {
  // wire-formats.md 7, worked example A.
  it.each([
    [
      alice,
      '12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5',
      '0024080112208a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c',
    ],
    [
      bob,
      '12D3KooWJWoaqZhDaoEFshF7Rh1bpY9ohihFhzcW6d69Lr2NASuq',
      '0024080112208139770ea87d175f56a35466c34c7ecccb8d8a91b4ee37a25df60f5b8fc9b394',
    ],
  ])('are those of the worked example, number %#', (identity, peerId, bytes) => {
    expect(identity.peerId).toBe(peerId);
    expect(toHex(peerIdToBytes(peerId))).toBe(bytes);
    expect(peerIdToText(fromHex(bytes))).toBe(peerId);
    expect(toHex(publicKeyOfPeerId(peerId))).toBe(bytes.slice(12));
    expect(toHex(peerIdBytesOf(identity.publicKey))).toBe(bytes);
  });

  const raw = peerIdToBytes(alice.peerId);
  const key = alice.publicKey;
  it.each([
    ['an RSA key', 'QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N'],
    ['a secp256k1 key', text(concatBytes(fromHex('00250802122102'), key))],
    ['another key type of the same length', text(concatBytes(fromHex('002408021220'), key))],
    ['a SHA-256 multihash of the key', text(concatBytes(fromHex('122408011220'), key))],
    ['a key of 31 bytes', text(raw.slice(0, -1))],
    ['a byte more', text(concatBytes(raw, Uint8Array.of(0)))],
    ['no text', ''],
    ['the text in CIDv1', 'bafzaajaiaejcbcui4pox'],
    ['letters that base58 has not', alice.peerId.replace('K', '0')],
    ['white space', ` ${alice.peerId}`],
    ['the multibase letter', `z${alice.peerId}`],
    ['61 characters', '1'.repeat(61)],
    ['a long text', '1'.repeat(1_000_000)],
  ])('refuse %s', (_, peerId) => {
    expect(isPeerId(peerId)).toBe(false);
    expect(() => publicKeyOfPeerId(peerId)).toThrow(TypeError);
  });

  it('have 38 bytes', () => {
    expect(raw).toHaveLength(PEER_ID_BYTES);
    expect(() => peerIdBytesOf(new Uint8Array(31))).toThrow(/expected 32 bytes, got 31/);
  });

  it('are read only from the text that they are written as', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String({ maxLength: 60 })), (candidate) => {
        if (isPeerId(candidate)) expect(peerIdToText(peerIdToBytes(candidate))).toBe(candidate);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('Identity', () => {
  it('has the public key that RFC 8032 derives from the seed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (seed) => {
        expect(toHex(Identity.fromSeed(seed).publicKey)).toBe(toHex(ed25519.getPublicKey(seed)));
      }),
      { numRuns: 20 },
    );
  });

  it('signs what RFC 8032 signs, over the tag, a zero byte and the id', () => {
    const id = docId('cert', utf8('{}'));
    const message = concatBytes(utf8('coalesce/sig/v1\0'), id);
    expect(toHex(alice.signDocument(id))).toBe(toHex(ed25519.sign(message, alice.seed)));
  });

  it('makes a new key each time', () => {
    expect(Identity.generate().peerId).not.toBe(Identity.generate().peerId);
  });

  it('keeps its own copy of the seed', () => {
    const seed = new Uint8Array(32).fill(9);
    const identity = Identity.fromSeed(seed);
    seed.fill(0);
    expect(toHex(identity.seed)).toBe('09'.repeat(32));
  });

  it('throws for a seed that does not have 32 bytes', () => {
    expect(() => Identity.fromSeed(new Uint8Array(31))).toThrow(/expected 32 bytes, got 31/);
  });
});

describe('verifyDocumentSignature', () => {
  const id = docId('cert', utf8('{}'));
  const signature = alice.signDocument(id);

  it('accepts the signature of the peer', () => {
    expect(verifyDocumentSignature(alice.peerId, id, signature)).toBe(true);
  });

  it('refuses another peer, another document and another type of the same body', () => {
    expect(verifyDocumentSignature(bob.peerId, id, signature)).toBe(false);
    expect(verifyDocumentSignature(alice.peerId, docId('cert', utf8('[]')), signature)).toBe(false);
    expect(verifyDocumentSignature(alice.peerId, docId('status', utf8('{}')), signature)).toBe(
      false,
    );
  });

  it('refuses a signature over the bare id: the tag keeps other protocols apart', () => {
    const bare = ed25519.sign(id, alice.seed);
    expect(verifyEd25519(alice.publicKey, id, bare)).toBe(true);
    expect(verifyDocumentSignature(alice.peerId, id, bare)).toBe(false);
  });

  it('answers false for a text that is no PeerId', () => {
    expect(verifyDocumentSignature('nobody', id, signature)).toBe(false);
  });

  it('still verifies after more keys than it remembers', () => {
    // Any 32 bytes import; 4,096 of them push out every key imported before.
    for (let i = 0; i < 4_100; i++) {
      const key = new Uint8Array(32);
      new DataView(key.buffer).setUint32(0, i + 10);
      verifyEd25519(key, id, signature);
    }
    expect(verifyDocumentSignature(alice.peerId, id, signature)).toBe(true);
  });

  it('is what the native verifier says to the tagged message', () => {
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: toBase64Url(alice.publicKey) };
    const message = concatBytes(utf8('coalesce/sig/v1\0'), id);
    expect(verify(null, message, createPublicKey({ key: jwk, format: 'jwk' }), signature)).toBe(
      true,
    );
  });
});
