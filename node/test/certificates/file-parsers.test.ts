/** Any bytes in the files that a person hands to `cert verify`, and in `rotations.json`. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromUtf8, toBase64Url, utf8 } from '../../../crypto/bytes.ts';
import { signKeyRotation } from '../../../crypto/key-rotation.ts';
import { StatusListMemory } from '../../../crypto/status-list-memory.ts';
import {
  ISSUED,
  holder,
  issue,
  issuer,
  stranger,
  verifier,
} from '../../../crypto/test/certificate-fixtures.ts';
import { FUZZ_TIMEOUT_MS, fuzz } from '../../../crypto/test/fuzz.ts';
import { mutations } from '../../../crypto/test/mutations.ts';
import { FakeRandom } from '../../../protocols/test/negotiation/fake-world.ts';
import {
  discloseLeaves,
  verifyDisclosure,
  verifyProof,
} from '../../certificates/portable-proofs.ts';
import { parseRotationHistory } from '../../certificates/rotation-history.ts';
import { TrustPolicy } from '../../certificates/trust-policy.ts';
import { verifiableOf } from '../../cli/commands/cert-disclosures.ts';
import { loadConfig } from '../../config/load.ts';
import { BadInputError } from '../../errors.ts';

const NOW = ISSUED + 100;
const SKILL = 'performs:nlp/sentiment';
const held = issue({ claims: [{ kind: 'skill', name: SKILL }] });
const disclosure = utf8(JSON.stringify(discloseLeaves(held, [SKILL])));
const rotation = signKeyRotation({ old: holder, new: stranger, seq: 1, iat: ISSUED });
const rotations = utf8(
  JSON.stringify({
    v: 1,
    rotations: [toBase64Url(rotation.envelope)],
    recovery: { peerId: stranger.peerId, hash: toBase64Url(new Uint8Array(32)) },
  }),
);
const trust = new TrustPolicy(
  loadConfig([{ origin: 'test', values: { trust: { attestors: [issuer.peerId] } } }]).trust,
);

/** What a file may hold: a good one that was damaged, any JSON, any bytes. */
const filesLike = (good: Uint8Array): fc.Arbitrary<Uint8Array> =>
  fc.oneof(mutations(good), fc.json().map(utf8), fc.uint8Array({ maxLength: 200 }));

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}

describe('any bytes', () => {
  it(
    'as a disclosure are refused with a reason, and a change of one is never believed',
    () => {
      expect(verifyDisclosure(jsonOf(disclosure), NOW).valid).toBe(true);
      fuzz(filesLike(disclosure), (bytes) => {
        const json = jsonOf(bytes);
        const checked = verifyDisclosure(json, NOW);
        if (!checked.valid) return expect(checked.reason).toMatch(/^[A-Z_]+: /);
        // Only white space outside of strings can have changed.
        expect(json).toEqual(jsonOf(disclosure));
      });
    },
    FUZZ_TIMEOUT_MS,
  );

  it(
    'as a presentation are refused with a reason',
    () => {
      const question = {
        ...{ name: 'hasResource:memory-mib', min: 40n, nonce: new Uint8Array(32) },
        ...{ holder: holder.peerId, verifier: verifier.peerId, nowSeconds: NOW },
        ...{ statusMemory: new StatusListMemory(), trust, random: new FakeRandom('fuzz') },
      };
      const texts = fc.oneof(fc.json(), fc.string({ maxLength: 200, unit: 'binary' }));
      fuzz(texts, (text) => {
        const checked = verifyProof(text, question);
        expect(checked).toMatchObject({ valid: false });
        if (!checked.valid) expect(checked.reason).toMatch(/^[A-Z_]+: /);
      });
    },
    FUZZ_TIMEOUT_MS,
  );

  it(
    'in a file that is to be verified make a question or an error that says what to do',
    () => {
      const files = fc.oneof(filesLike(disclosure), filesLike(utf8('{"presentation":"x"}')));
      fuzz(files, (bytes) => {
        try {
          const body = verifiableOf(Buffer.from(bytes), 'FILE', {});
          expect(Object.keys(body)).toHaveLength(1);
        } catch (error) {
          expect(error).toBeInstanceOf(BadInputError);
          expect((error as Error).message).toMatch(/^cert verify: /);
        }
      });
    },
    FUZZ_TIMEOUT_MS,
  );

  it(
    'in rotations.json are a damaged file, or the rotations that were written and no other',
    () => {
      const written = parseRotationHistory(jsonOf(rotations), stranger.peerId);
      expect(written?.rotations).toHaveLength(1);
      fuzz(filesLike(rotations), (bytes) => {
        const history = parseRotationHistory(jsonOf(bytes), stranger.peerId);
        for (const { envelope } of history?.rotations ?? []) {
          expect(fromUtf8(envelope)).toBe(fromUtf8(rotation.envelope));
        }
      });
    },
    FUZZ_TIMEOUT_MS,
  );
});
