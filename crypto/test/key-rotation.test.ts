import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromUtf8, toBase64Url, utf8 } from '../bytes.ts';
import { signDocument } from '../envelope.ts';
import type { SignedDocument } from '../envelope.ts';
import { Identity } from '../identity.ts';
import {
  generateRecoveryKey,
  keyRotationDefinition,
  recoveryHash,
  signKeyRotation,
  verifyKeyRotation,
  verifyRotationChain,
} from '../key-rotation.ts';
import type { KeyRotation, KeyRotationInit, RotationChainExpectation } from '../key-rotation.ts';
import { KeyRotationMemory } from '../key-rotation-memory.ts';
import { ISSUED, seededRandom } from './certificate-fixtures.ts';
import { hostileMessages } from './costly-inputs.ts';
import { FUZZ_TIMEOUT_MS, fuzz } from './fuzz.ts';

/** Written out, and not imported: peers agree on both, so a changed constant must be noticed. */
const THIRTY_DAYS_SECONDS = 2_592_000;
const MOST_ROTATIONS = 8;

const random = seededRandom('rotation');
const keys = Array.from({ length: 12 }, () => Identity.fromSeed(random(32)));
const recoveries = Array.from({ length: 12 }, () => generateRecoveryKey(random));
const hashes = recoveries.map(({ publicKey }) => recoveryHash(publicKey));
const thief = Identity.fromSeed(random(32));
const now = { nowSeconds: ISSUED + 20 * THIRTY_DAYS_SECONDS };
const registered = hashes[0]!;

/** Rotation `i` of the identity: key i to key i + 1, consented by recovery key i. */
function rotation(i: number, change: Partial<KeyRotationInit> = {}): SignedDocument<KeyRotation> {
  return signKeyRotation({
    old: keys[i]!,
    new: keys[i + 1]!,
    seq: i + 1,
    iat: ISSUED + i * THIRTY_DAYS_SECONDS,
    recovery: { key: recoveries[i]!, nextHash: hashes[i + 1]! },
    ...change,
  });
}

/** Rotation `i` of an identity that registered no recovery key. */
function bareRotation(i: number, change: Partial<KeyRotationInit> = {}) {
  const { recovery, ...init } = {
    old: keys[i]!,
    new: keys[i + 1]!,
    seq: i + 1,
    iat: ISSUED + i * THIRTY_DAYS_SECONDS,
    recovery: undefined,
    ...change,
  };
  return signKeyRotation(recovery === undefined ? init : { ...init, recovery });
}

function follow(
  rotations: readonly SignedDocument<KeyRotation>[],
  change: Partial<RotationChainExpectation> = {},
) {
  return verifyRotationChain(
    rotations.map(({ envelope }) => envelope),
    {
      ...now,
      first: keys[0]!.peerId,
      registered: (peerId) => (peerId === keys[0]!.peerId ? registered : undefined),
      isDead: () => false,
      ...change,
    },
  );
}

const range = (count: number) => Array.from({ length: count }, (_, i) => i);

describe('a key rotation', () => {
  it('passes the identity to a new key, signed by it and by the registered recovery key', () => {
    const { envelope } = rotation(0);
    expect(verifyKeyRotation(envelope, { ...now, registered })).toMatchObject({
      valid: true,
      body: { old: keys[0]!.peerId, new: keys[1]!.peerId, seq: 1 },
      signers: [keys[1]!.peerId, recoveries[0]!.peerId],
    });
  });

  it('is signed by the old key where no recovery key was registered', () => {
    const { envelope, body } = bareRotation(0);
    expect(body).toMatchObject({ recovery: '', nextRecovery: '' });
    expect(verifyKeyRotation(envelope, { ...now, registered: undefined })).toMatchObject({
      valid: true,
      signers: [keys[1]!.peerId, keys[0]!.peerId],
    });
  });

  it('is refused before its time, a minute of tolerance left out', () => {
    const { envelope } = rotation(0);
    const at = (nowSeconds: number) => verifyKeyRotation(envelope, { nowSeconds, registered });
    expect(at(ISSUED - 60)).toMatchObject({ valid: true });
    expect(at(ISSUED - 61)).toMatchObject({ valid: false, reason: 'NOT_YET_VALID' });
  });

  it('is not signed for a recovery key that is the old or the new key', () => {
    for (const key of [keys[0]!, keys[1]!]) {
      const recovery = { key, nextHash: hashes[1]! };
      expect(() => rotation(0, { recovery })).toThrow('is the old or the new key');
    }
    expect(() => rotation(0, { new: keys[0]! })).toThrow('is the old key');
  });

  it('registers a recovery key by a hash that depends on every byte of the key', () => {
    const key = recoveries[0]!.publicKey;
    const other = key.slice();
    other[31]! ^= 1;
    expect(recoveryHash(key)).toHaveLength(32);
    expect(recoveryHash(other)).not.toEqual(recoveryHash(key));
    expect(() => recoveryHash(key.subarray(1))).toThrow('expected 32 bytes, got 31');
  });
});

describe('attacks on a key rotation', () => {
  it('refuses a thief of the old key, who does not have the recovery key', () => {
    const stolen = bareRotation(0, { new: thief });
    expect(verifyKeyRotation(stolen.envelope, { ...now, registered })).toMatchObject({
      valid: false,
      reason: 'RECOVERY_MISSING',
    });
  });

  it('refuses a thief of the old key who brings a recovery key of his own', () => {
    const key = generateRecoveryKey(random);
    const stolen = rotation(0, { new: thief, recovery: { key, nextHash: hashes[1]! } });
    for (const hash of [registered, undefined]) {
      const verified = verifyKeyRotation(stolen.envelope, { ...now, registered: hash });
      expect(verified).toMatchObject({ valid: false, reason: 'WRONG_RECOVERY' });
    }
  });

  it('cannot keep out a thief of the old key where no recovery key was registered', () => {
    const stolen = bareRotation(0, { new: thief });
    expect(verifyKeyRotation(stolen.envelope, { ...now, registered: undefined }).valid).toBe(true);
  });

  it.each([
    ['the recovery key before the new key', [recoveries[0]!, keys[1]!]],
    ['the old key in the place of the recovery key', [keys[1]!, keys[0]!]],
    ['the new key alone', [keys[1]!]],
    ['the new key twice', [keys[1]!, keys[1]!]],
    ['a third signature', [keys[1]!, recoveries[0]!, keys[0]!]],
    ['no signature', []],
  ])('refuses %s as signers', (_, signers) => {
    const definition = { ...keyRotationDefinition, signers: () => signers.map((s) => s.peerId) };
    const forged = signDocument(definition, rotation(0).body, ...signers);
    expect(verifyKeyRotation(forged.envelope, { ...now, registered })).toMatchObject({
      valid: false,
      reason: 'WRONG_SIGNERS',
    });
  });

  it('refuses a rotation whose new key was exchanged after signing', () => {
    const text = fromUtf8(rotation(0).envelope);
    const { b } = JSON.parse(text) as { b: string };
    const body = fromUtf8(new Uint8Array(Buffer.from(b, 'base64url')));
    const changed = body.replace(/"seq":1/, '"seq":2');
    const forged = utf8(text.replace(b, toBase64Url(utf8(changed))));
    expect(verifyKeyRotation(forged, { ...now, registered })).toMatchObject({
      valid: false,
      reason: 'BAD_SIGNATURE',
    });
  });

  it(
    'never throws on arbitrary or mutated bytes, and never takes them',
    () => {
      fuzz(hostileMessages(rotation(0).envelope), (received) => {
        expect(verifyKeyRotation(received, { ...now, registered }).valid).toBe(false);
      });
    },
    FUZZ_TIMEOUT_MS,
  );
});

describe('a chain of rotations', () => {
  it('leads to the present key over at most eight rotations', () => {
    expect(follow([])).toMatchObject({ valid: true, current: keys[0]!.peerId });
    const chain = range(MOST_ROTATIONS).map((i) => rotation(i));
    expect(follow(chain)).toMatchObject({ valid: true, current: keys[MOST_ROTATIONS]!.peerId });
    expect(follow([...chain, rotation(MOST_ROTATIONS)])).toMatchObject({
      valid: false,
      reason: 'TOO_MANY',
    });
  });

  it('goes on without recovery keys, until a later key registers one', () => {
    const chain = [bareRotation(0), bareRotation(1)];
    expect(follow(chain, { registered: () => undefined })).toMatchObject({ valid: true });
    const later = (peerId: string) => (peerId === keys[1]!.peerId ? hashes[1] : undefined);
    expect(follow(chain, { registered: later })).toMatchObject({
      valid: false,
      reason: 'RECOVERY_MISSING',
      at: 1,
    });
    expect(follow([bareRotation(0), rotation(1)], { registered: later }).valid).toBe(true);
  });

  it('allows one rotation in 30 days', () => {
    const iat = ISSUED + THIRTY_DAYS_SECONDS - 1;
    expect(follow([rotation(0), rotation(1, { iat })])).toMatchObject({
      valid: false,
      reason: 'TOO_SOON',
      at: 1,
    });
    expect(follow([rotation(0), rotation(1, { iat: iat + 1 })])).toMatchObject({ valid: true });
  });
});

describe('attacks on a chain of rotations', () => {
  it('refuses a replayed link', () => {
    expect(follow([rotation(0), rotation(0)])).toMatchObject({ valid: false, at: 1 });
    expect(follow([rotation(0), rotation(1), rotation(1)])).toMatchObject({ valid: false, at: 2 });
  });

  it('takes no order of the links but the right one', () => {
    const chain = range(4).map((i) => rotation(i));
    fc.assert(
      fc.property(fc.shuffledSubarray(chain, { minLength: 1 }), (links) => {
        const isPrefix = links.every((link, i) => link === chain[i]);
        expect(follow(links).valid).toBe(isPrefix);
      }),
    );
  });

  it('refuses a link of another identity', () => {
    const foreign = rotation(1, {
      old: thief,
      recovery: { key: recoveries[1]!, nextHash: registered },
    });
    expect(follow([rotation(0), foreign])).toMatchObject({ reason: 'BROKEN_CHAIN', at: 1 });
  });

  it('refuses the recovery key that was already used', () => {
    const again = rotation(1, { recovery: { key: recoveries[0]!, nextHash: hashes[2]! } });
    expect(follow([rotation(0), again])).toMatchObject({ reason: 'WRONG_RECOVERY', at: 1 });
  });

  it('refuses a number that does not ascend, and a key that returns', () => {
    expect(follow([rotation(0), rotation(1, { seq: 1 })])).toMatchObject({
      reason: 'SEQUENCE_NOT_ASCENDING',
    });
    const back = rotation(1, { new: keys[0]! });
    expect(follow([rotation(0), back])).toMatchObject({ reason: 'KEY_RETURNS', at: 1 });
  });
});

describe('two rotations of one key', () => {
  const first = rotation(0);
  const second = rotation(0, { new: keys[5]! });

  it('kill the identity if they name different new keys, whichever came first', () => {
    for (const order of [
      [first, second],
      [second, first],
    ]) {
      const memory = new KeyRotationMemory();
      expect(order.map((document) => memory.note(document))).toEqual(['NEW', 'CONFLICT']);
      expect(memory.note(first)).toBe('IDENTITY_DEAD');
      expect(memory.conflicts()).toEqual([
        { old: keys[0]!.peerId, first: order[0]!.envelope, second: order[1]!.envelope },
      ]);
      const isDead = (peerId: string) => memory.isDead(peerId);
      expect(follow([first], { isDead })).toMatchObject({ reason: 'IDENTITY_DEAD', at: 0 });
    }
  });

  it('kill the chain that leads through the key', () => {
    const memory = new KeyRotationMemory();
    memory.note(rotation(1));
    memory.note(rotation(1, { new: keys[6]! }));
    const isDead = (peerId: string) => memory.isDead(peerId);
    expect(follow([rotation(0)], { isDead })).toMatchObject({ reason: 'IDENTITY_DEAD', at: 0 });
    expect(follow([rotation(0)]).valid).toBe(true);
  });

  it('do no harm if they name the same new key', () => {
    const memory = new KeyRotationMemory();
    const again = rotation(0, { seq: 7 });
    expect([first, first, again].map((document) => memory.note(document))).toEqual([
      'NEW',
      'KNOWN',
      'SAME_KEYS',
    ]);
    expect(memory.isDead(keys[0]!.peerId)).toBe(false);
  });

  it('are still known after a restart', () => {
    const memory = new KeyRotationMemory();
    for (const document of [first, second, rotation(3)]) memory.note(document);
    const restored = new KeyRotationMemory();
    for (const envelope of memory.envelopes()) {
      const { old } = keyRotationDefinition.schema.parse(bodyOf(envelope));
      const hash = hashes[keys.findIndex(({ peerId }) => peerId === old)];
      const verified = verifyKeyRotation(envelope, { ...now, registered: hash });
      if (verified.valid) restored.note(verified);
    }
    expect(restored.isDead(keys[0]!.peerId)).toBe(true);
    expect(restored.envelopes()).toEqual(memory.envelopes());
  });

  it('are noticed although others fill the memory with identities of their own', () => {
    const isKept = (peerId: string) => peerId === keys[0]!.peerId;
    const memory = new KeyRotationMemory({ maxRotations: 2, isKept });
    const flood = range(3).map(() => bareRotation(0, { old: Identity.fromSeed(random(32)) }));
    expect(flood.map((document) => memory.note(document))).toEqual(Array(3).fill('NOT_KEPT'));
    expect([first, second].map((document) => memory.note(document))).toEqual(['NEW', 'CONFLICT']);
    const small = new KeyRotationMemory({ maxRotations: 2 });
    expect(flood.map((document) => small.note(document))).toEqual(['NEW', 'NEW', 'MEMORY_FULL']);
  });
});

describe('the recovery keys in the memory', () => {
  const { peerId } = keys[0]!;
  const [first, other] = [hashes[0]!, hashes[1]!];

  it('are the first ones seen: a thief of the key cannot register another', () => {
    const memory = new KeyRotationMemory();
    memory.noteRecovery({ peerId, hash: first });
    memory.noteRecovery({ peerId, hash: other });
    expect(memory.registered(peerId)).toEqual(first);
    expect(memory.registered(keys[1]!.peerId)).toBeUndefined();
  });

  it('are those that a rotation names, whatever a record of the new key said before', () => {
    const memory = new KeyRotationMemory();
    memory.noteRecovery({ peerId: keys[1]!.peerId, hash: hashes[7]! });
    memory.note(rotation(0));
    expect(memory.registered(keys[1]!.peerId)).toEqual(hashes[1]);
    expect(memory.successorOf(peerId)).toBe(keys[1]!.peerId);
  });

  it('are those that a rotation names, though a thief of the new key wrote a record before it was seen', () => {
    // The verifier has not seen the first rotation: of the second key it knows the thief's record.
    const stolenRecovery = generateRecoveryKey(random);
    const memory = new KeyRotationMemory();
    memory.noteRecovery({ peerId, hash: first });
    memory.noteRecovery({
      peerId: keys[1]!.peerId,
      hash: recoveryHash(stolenRecovery.publicKey),
    });
    const known = { registered: (asked: string) => memory.registered(asked) };
    const stolen = rotation(1, {
      new: thief,
      recovery: { key: stolenRecovery, nextHash: hashes[7]! },
    });
    expect(follow([rotation(0), stolen], known)).toMatchObject({ reason: 'WRONG_RECOVERY', at: 1 });
    expect(follow([rotation(0), rotation(1)], known)).toMatchObject({ valid: true });
    memory.note(rotation(0));
    expect(follow([rotation(0), stolen], known)).toMatchObject({ reason: 'WRONG_RECOVERY', at: 1 });
  });

  it('take no more room than they may', () => {
    const memory = new KeyRotationMemory({ maxRotations: 2 });
    for (const key of keys) memory.noteRecovery({ peerId: key.peerId, hash: first });
    expect(memory.recoveries().map((one) => one.peerId)).toEqual([peerId, keys[1]!.peerId]);
  });
});

function bodyOf(envelope: Uint8Array): unknown {
  const { b } = JSON.parse(fromUtf8(envelope)) as { b: string };
  return JSON.parse(fromUtf8(new Uint8Array(Buffer.from(b, 'base64url'))));
}
