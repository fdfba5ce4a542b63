import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../crypto/bytes.ts';
import { encodeDocument } from '../../../crypto/canonical-json.ts';
import type { SignedDocument } from '../../../crypto/envelope.ts';
import { Identity } from '../../../crypto/identity.ts';
import { recoveryHash, signKeyRotation } from '../../../crypto/key-rotation.ts';
import type { KeyRotation, KeyRotationInit } from '../../../crypto/key-rotation.ts';
import { KeyRotationMemory } from '../../../crypto/key-rotation-memory.ts';
import { embedEnvelope } from '../../../crypto/presentation-messages.ts';
import { issueSkillCertificate } from '../../../crypto/skill-certificate.ts';
import type { HeldCertificate } from '../../../crypto/skill-certificate.ts';
import { StatusListMemory } from '../../../crypto/status-list-memory.ts';
import { hostileMessages } from '../../../crypto/test/costly-inputs.ts';
import { FUZZ_TIMEOUT_MS, fuzz } from '../../../crypto/test/fuzz.ts';
import { requestPresentation } from '../../card/client.ts';
import {
  ROTATIONS_LIMITS,
  decodeRotations,
  encodeRotationRequest,
  encodeRotations,
  isRotationRequest,
} from '../../card/rotation-messages.ts';
import { serveCards } from '../../card/server.ts';
import { SECURE_PROTOCOLS } from '../../protocol-ids.ts';
import { FakeNetwork } from '../a2a/fake-secure-streams.ts';
import { FakeClock, FakeLogger, FakeRandom } from '../a2a/test-agent.ts';

/** Written out, and not imported: peers agree on both, so a changed constant must be noticed. */
const THIRTY_DAYS_SECONDS = 2_592_000;
const MOST_ROTATIONS = 8;

const random = new FakeRandom();
const identity = (seed: number) => Identity.fromSeed(new Uint8Array(32).fill(seed));
const keys = Array.from({ length: 12 }, (_, i) => identity(10 + i));
const [old, next, third] = [keys[0]!, keys[1]!, keys[2]!];
const verifier = identity(2);
const issuer = identity(3);
const thief = identity(4);
const recovery = identity(5);
const clock = new FakeClock();
const NOW = Math.floor(clock.nowMs() / 1_000);
const TERM = 'performs:nlp/sentiment';

/** A rotation of `old` to `next` by their keys alone, unless `change` says otherwise. */
function rotation(change: Partial<KeyRotationInit> = {}): SignedDocument<KeyRotation> {
  return signKeyRotation({ old, new: next, seq: 1, iat: NOW - 10, ...change });
}

/** Rotations of keys 0, 1, 2 ... in their order, 30 days apart. */
function chainOf(length: number): SignedDocument<KeyRotation>[] {
  return Array.from({ length }, (_, i) =>
    rotation({
      old: keys[i]!,
      new: keys[i + 1]!,
      seq: i + 1,
      iat: NOW - (length - i) * THIRTY_DAYS_SECONDS,
    }),
  );
}

function certificateFor(peer: Identity, by = issuer): HeldCertificate {
  const issued = issueSkillCertificate({
    issuer: by,
    holder: peer.peerId,
    kind: 'attestation',
    claims: [{ kind: 'skill', name: TERM }],
    iat: NOW,
    nbf: NOW,
    exp: NOW + 86_400,
    list: 0,
    slot: 7,
    evidence: new Uint8Array(32).fill(9),
    random: (length) => random.bytes(length),
  });
  return { ...issued, openings: [] };
}

interface ShownWith {
  readonly rotations?: readonly SignedDocument<KeyRotation>[];
  readonly certificates?: readonly HeldCertificate[];
}

/** A verifier that remembers, and the peers that it asks. */
class VerifierUnderTest {
  readonly memory: KeyRotationMemory;
  readonly network = new FakeNetwork();
  readonly streams = this.network.join(verifier.peerId);

  constructor(memory = new KeyRotationMemory()) {
    this.memory = memory;
  }

  /** Challenges a peer that answers honestly for its key, and shows what it is given. */
  async challenge(peer: Identity, { rotations, certificates }: ShownWith = {}) {
    serveCards({
      streams: this.network.join(peer.peerId),
      identity: peer,
      ownCard: () => ({ bytes: new Uint8Array(), vector: new Float32Array() }),
      certificates: () => Promise.resolve(certificates ?? [certificateFor(old)]),
      statusLists: () => Promise.resolve([]),
      rotations: rotations ?? [rotation()],
      clock,
      random,
      logger: new FakeLogger(),
    });
    return this.ask(peer);
  }

  async ask(peer: Identity) {
    const shown = await requestPresentation(this.streams, peer.peerId, {
      want: [{ term: TERM, min: '' }],
      believes: (by) => by === issuer.peerId,
      verifier: verifier.peerId,
      clock,
      random,
      statusMemory: new StatusListMemory({ isKept: (by) => by === issuer.peerId }),
      rotationMemory: this.memory,
    });
    return shown.valid ? shown.certificates.map(({ holder }) => holder) : shown.reason;
  }

  /** Challenges a peer that holds certificates of `old` and gives this chain of its own making. */
  async challengeWithChain(peer: Identity, chain: Uint8Array | 'silence' | 'abort') {
    const server = new FakeNetwork();
    serveCards({
      streams: server.join(peer.peerId),
      identity: peer,
      ownCard: () => ({ bytes: new Uint8Array(), vector: new Float32Array() }),
      certificates: () => Promise.resolve([certificateFor(old)]),
      statusLists: () => Promise.resolve([]),
      rotations: [rotation({ new: peer })],
      clock,
      random,
      logger: new FakeLogger(),
    });
    const behind = server.join(verifier.peerId);
    this.network.join(peer.peerId).handle(SECURE_PROTOCOLS.card, async (stream) => {
      const question = (await stream.readMessage())!;
      if (isRotationRequest(question)) {
        if (chain === 'abort') return stream.abort('badMessage');
        if (chain !== 'silence') await stream.writeMessage(chain);
      } else {
        const inner = await behind.open(peer.peerId, SECURE_PROTOCOLS.card);
        await inner.writeMessage(question);
        await stream.writeMessage((await inner.readMessage())!);
      }
      await stream.closeWrite();
    });
    return this.ask(peer);
  }
}

describe('certificates of a key that was rotated', () => {
  it('count for the new key', async () => {
    expect(await new VerifierUnderTest().challenge(next)).toEqual([old.peerId]);
  });

  it('count beside those of the new key, and over 8 rotations', async () => {
    const last = keys[MOST_ROTATIONS]!;
    const certificates = [certificateFor(old), certificateFor(keys[4]!), certificateFor(last)];
    const shown = { rotations: chainOf(MOST_ROTATIONS), certificates };
    expect(await new VerifierUnderTest().challenge(last, shown)).toEqual(
      certificates.map(({ certificate }) => certificate.body.holder),
    );
  });

  it('do not count where two rotations are less than 30 days apart', async () => {
    const first = rotation({ iat: NOW - THIRTY_DAYS_SECONDS });
    const challenge = (iat: number) => {
      const rotations = [first, rotation({ old: next, new: third, seq: 2, iat })];
      return new VerifierUnderTest().challenge(third, { rotations });
    };
    expect(await challenge(NOW - 1)).toBe('BAD_ROTATION_CHAIN');
    expect(await challenge(NOW)).toEqual([old.peerId]);
  });

  it('count with the consent of the recovery key that is known', async () => {
    const test = new VerifierUnderTest();
    const hash = recoveryHash(recovery.publicKey);
    test.memory.noteRecovery({ peerId: old.peerId, hash });
    const rotations = [rotation({ recovery: { key: recovery, nextHash: hash } })];
    expect(await test.challenge(next, { rotations })).toEqual([old.peerId]);
    expect(test.memory.registered(next.peerId)).toEqual(hash);
  });

  it('count no longer for the old key where the rotation is known', async () => {
    const test = new VerifierUnderTest();
    expect(await test.challenge(old, { rotations: [] })).toEqual([old.peerId]);
    await test.challenge(next);
    expect(await test.ask(old)).toBe('KEY_ROTATED');
  });

  it('do not count for a verifier that remembers no rotations', async () => {
    const test = new VerifierUnderTest();
    await test.challenge(next);
    const shown = await requestPresentation(test.streams, next.peerId, {
      want: [{ term: TERM, min: '' }],
      believes: (by) => by === issuer.peerId,
      verifier: verifier.peerId,
      clock,
      random,
    });
    expect(shown).toMatchObject({ reason: 'CERTIFICATE_OF_OTHER_HOLDER' });
  });
});

describe('attacks on a verifier that follows rotations', () => {
  const nextHash = recoveryHash(recovery.publicKey);

  it('a thief of the old key without the registered recovery key is refused, and kills nothing', async () => {
    const test = new VerifierUnderTest();
    test.memory.noteRecovery({ peerId: old.peerId, hash: nextHash });
    const stolen = { rotations: [rotation({ new: thief })] };
    expect(await test.challenge(thief, stolen)).toBe('BAD_ROTATION_CHAIN');
    const invented = rotation({ new: thief, recovery: { key: identity(6), nextHash } });
    expect(await test.challenge(thief, { rotations: [invented] })).toBe('BAD_ROTATION_CHAIN');
    const rotations = [rotation({ recovery: { key: recovery, nextHash } })];
    expect(await test.challenge(next, { rotations })).toEqual([old.peerId]);
  });

  it('a thief of the second key needs the recovery key that the first rotation named', async () => {
    const test = new VerifierUnderTest();
    test.memory.noteRecovery({ peerId: old.peerId, hash: nextHash });
    const first = rotation({ recovery: { key: recovery, nextHash } });
    await test.challenge(next, { rotations: [first] });
    // The chain begins at the second key, so that it does not show what the first rotation said.
    const second = rotation({ old: next, new: thief, seq: 2 });
    const stolen = { rotations: [second], certificates: [certificateFor(next)] };
    expect(await test.challenge(thief, stolen)).toBe('BAD_ROTATION_CHAIN');
  });

  it('anybody with a recovery key of their own making is refused where none is known', async () => {
    const rotations = [rotation({ new: thief, recovery: { key: identity(6), nextHash } })];
    expect(await new VerifierUnderTest().challenge(thief, { rotations })).toBe(
      'BAD_ROTATION_CHAIN',
    );
  });

  it('two rotations of one key kill the identity: its certificates count for nobody', async () => {
    const test = new VerifierUnderTest();
    expect(await test.challenge(old, { rotations: [] })).toEqual([old.peerId]);
    expect(await test.challenge(next)).toEqual([old.peerId]);
    const second = { rotations: [rotation({ new: thief })] };
    expect(await test.challenge(thief, second)).toBe('IDENTITY_DEAD');
    expect(await test.ask(thief)).toBe('BAD_ROTATION_CHAIN');
    expect(await test.ask(next)).toBe('BAD_ROTATION_CHAIN');
    expect(await test.ask(old)).toBe('IDENTITY_DEAD');
    expect(test.memory.conflicts()).toMatchObject([{ old: old.peerId }]);
  });

  it('a chain that leads to another peer is refused', async () => {
    const replayed = encodeRotations([rotation().envelope]);
    expect(await new VerifierUnderTest().challengeWithChain(thief, replayed)).toBe(
      'BAD_ROTATION_CHAIN',
    );
  });

  it('a chain replayed after its owner showed it is refused, and kills nothing', async () => {
    const test = new VerifierUnderTest();
    await test.challenge(next);
    const replayed = encodeRotations([rotation().envelope]);
    expect(await test.challengeWithChain(thief, replayed)).toBe('BAD_ROTATION_CHAIN');
    expect(await test.ask(next)).toEqual([old.peerId]);
  });

  it('a chain of 9 is refused', async () => {
    const chain = chainOf(9).map(({ envelope }) => envelope);
    expect(() => encodeRotations(chain)).toThrow();
    const write = (length: number) =>
      encodeDocument(
        { chain: chain.slice(0, length).map(embedEnvelope), typ: 'rotations', v: 1 },
        ROTATIONS_LIMITS,
      );
    expect([8, 9].map((length) => decodeRotations(write(length))?.length)).toEqual([8, undefined]);
    expect(await new VerifierUnderTest().challengeWithChain(keys[9]!, write(9))).toBe(
      'CERTIFICATE_OF_OTHER_HOLDER',
    );
  });

  it.each([
    ['no rotation', encodeRotations([])],
    ['garbage', utf8('[')],
    ['silence', 'silence'],
    ['an aborted stream', 'abort'],
  ] as const)(
    "another holder's certificate without a rotation stays refused: %s",
    async (_what, chain) => {
      expect(await new VerifierUnderTest().challengeWithChain(thief, chain)).toBe(
        'CERTIFICATE_OF_OTHER_HOLDER',
      );
    },
  );

  it("another holder's certificate beside a valid chain of the peer's own stays refused", async () => {
    const shown = {
      rotations: [rotation({ old: third, new: thief })],
      certificates: [certificateFor(third)],
    };
    const test = new VerifierUnderTest();
    expect(await test.challenge(thief, shown)).toEqual([third.peerId]);
    const chain = encodeRotations(shown.rotations.map(({ envelope }) => envelope));
    expect(await test.challengeWithChain(thief, chain)).toBe('CERTIFICATE_OF_OTHER_HOLDER');
  });

  it('strangers whose own issuers certify them take no room in the memory', async () => {
    const test = new VerifierUnderTest(new KeyRotationMemory({ maxRotations: 2 }));
    for (const peer of keys.slice(2, 8)) {
      const rotations = [rotation({ old: peer, new: thief })];
      const certificates = [certificateFor(peer, thief)];
      expect(await test.challenge(thief, { rotations, certificates })).toEqual([peer.peerId]);
    }
    expect(test.memory.envelopes()).toEqual([]);
    expect(await test.challenge(next)).toEqual([old.peerId]);
    expect(test.memory.envelopes()).toHaveLength(1);
  });

  it('keys made up before the certified one take no room in the memory', async () => {
    const test = new VerifierUnderTest();
    const rotations = chainOf(4);
    await test.challenge(keys[4]!, { rotations, certificates: [certificateFor(keys[3]!)] });
    expect(test.memory.envelopes()).toEqual([rotations[3]!.envelope]);
  });

  it('a rotation for which there is no room does not count: a second one would not be noticed', async () => {
    const test = new VerifierUnderTest(new KeyRotationMemory({ maxRotations: 0 }));
    expect(await test.challenge(next)).toBe('MEMORY_FULL');
  });
});

describe('messages of rotations', () => {
  it('carry up to 8 rotations byte for byte within their limit', () => {
    for (let length = 0; length <= MOST_ROTATIONS; length++) {
      const nextHash = recoveryHash(recovery.publicKey);
      const envelopes = chainOf(length).map(
        ({ body }, i) =>
          rotation({
            old: keys[i]!,
            new: keys[i + 1]!,
            seq: Number.MAX_SAFE_INTEGER - 8 + i,
            iat: body.iat,
            recovery: { key: recovery, nextHash },
          }).envelope,
      );
      const bytes = encodeRotations(envelopes);
      expect(decodeRotations(bytes)).toEqual(envelopes);
      expect(bytes.length).toBeLessThan(ROTATIONS_LIMITS.maxBytes);
    }
  });

  it('ask in one canonical form', () => {
    expect(new TextDecoder().decode(encodeRotationRequest())).toBe('{"typ":"rotreq","v":1}');
    expect(isRotationRequest(utf8('{"v":1,"typ":"rotreq"}'))).toBe(false);
  });

  it(
    'never throw on arbitrary or changed bytes, and read none in two forms',
    () => {
      const valid = encodeRotations([rotation().envelope]);
      fuzz(hostileMessages(valid, encodeRotationRequest()), (bytes) => {
        const read = decodeRotations(bytes);
        if (read) expect(encodeRotations(read)).toEqual(bytes);
        expect(isRotationRequest(bytes)).toBe(false);
      });
    },
    FUZZ_TIMEOUT_MS,
  );

  it('are refused beyond their size before they are parsed', () => {
    const read = (size: number) =>
      decodeRotations(
        utf8(`{"chain":[{"b":"${'A'.repeat(size)}","s":[]}],"typ":"rotations","v":1}`),
      );
    expect(read(ROTATIONS_LIMITS.maxBytes)).toBeUndefined();
    expect(read(4)).toHaveLength(1);
  });
});
