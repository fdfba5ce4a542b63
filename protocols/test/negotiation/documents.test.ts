import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toBase64Url, toHex, utf8 } from '../../../crypto/bytes.ts';
import { openEnvelope, signDocument } from '../../../crypto/envelope.ts';
import { sha256 } from '../../../crypto/hash.ts';
import {
  AGREEMENT,
  AGREEMENT_PERIODS,
  QUOTE,
  QUOTE_REQUEST,
  acknowledgementDefinition,
  deliveryDefinition,
  verdictDefinition,
} from '../../negotiation/documents.ts';
import type { TaskShape } from '../../negotiation/documents.ts';
import {
  encodeTaskSpecification,
  manifestHash,
  partBytes,
  resultManifest,
  taskHash,
  taskHashOfBytes,
} from '../../negotiation/task-hash.ts';
import {
  ALICE,
  BOB,
  PARTIES,
  SALT,
  SHAPE,
  agreementBody,
  bytes32,
  makeChain,
  makeRequest,
} from './fixture.ts';

const chain = makeChain();
const definitions = [
  [QUOTE_REQUEST, chain.request],
  [QUOTE, chain.quote],
  [AGREEMENT, chain.agreement],
  [deliveryDefinition(PARTIES), chain.delivery],
  [acknowledgementDefinition(PARTIES), chain.acknowledgement],
  [verdictDefinition(PARTIES), chain.receipt],
] as const;

describe('documents of a contract', () => {
  it.each(definitions)('%# reads back what was signed', (definition, document) => {
    const opened = openEnvelope<unknown>(definition, document.envelope);
    expect(opened).toMatchObject({ valid: true, body: document.body, id: document.id });
  });

  it.each(definitions)('%# refuses a missing and an unknown key', (definition, { body }) => {
    for (const key of Object.keys(body)) {
      const less: Record<string, unknown> = { ...body };
      delete less[key];
      expect(definition.schema.safeParse(less).success).toBe(false);
    }
    expect(definition.schema.safeParse({ ...body, extra: 1 }).success).toBe(false);
  });

  it('are signed by the parties of the agreement in the order of the specification', () => {
    const { client, contractor } = PARTIES;
    expect(chain.request.signers).toEqual([client]);
    expect(chain.quote.signers).toEqual([contractor]);
    expect(chain.agreement.signers).toEqual([client, contractor]);
    expect(chain.delivery.signers).toEqual([contractor]);
    expect(chain.acknowledgement.signers).toEqual([client]);
    expect(chain.receipt.signers).toEqual([client, contractor]);
  });

  it('a verdict stands with one signature and with two, an agreement with two only', () => {
    const verdict = verdictDefinition(PARTIES);
    expect(openEnvelope(verdict, chain.clientVerdict.envelope).valid).toBe(true);
    expect(openEnvelope(verdict, chain.receipt.envelope).valid).toBe(true);
    expect(openEnvelope(AGREEMENT, chain.proposal.envelope).valid).toBe(false);
  });

  it('the contract id covers every term of the agreement', () => {
    const ids = new Set<string>();
    const changes = [
      {},
      { price: '1499' },
      { deliverSecs: 601 },
      { verifySecs: 3_601 },
      { disputeSecs: 259_201 },
      { holdSecs: 31 },
      { sh: bytes32(1) },
      { nonce: bytes32(1) },
      { iat: 1 },
      { task: bytes32(1) },
      { quote: bytes32(1) },
    ];
    for (const change of changes) {
      const body = agreementBody(chain.quote, change);
      ids.add(toHex(signDocument(AGREEMENT, body, ALICE, BOB).id));
    }
    expect(ids.size).toBe(changes.length);
  });
});

describe('ranges', () => {
  it.each(Object.entries(AGREEMENT_PERIODS))('%s is held at both ends', (name, { min, max }) => {
    const isValid = (value: number): boolean =>
      AGREEMENT.schema.safeParse(agreementBody(chain.quote, { [name]: value })).success;
    expect([min - 1, min, max, max + 1].map(isValid)).toEqual([false, true, true, false]);
  });

  it('arbiters are 0, 1, 3, 5 or 7, sorted, none twice', () => {
    const isValid = (arbiters: readonly string[]): boolean =>
      AGREEMENT.schema.safeParse(agreementBody(chain.quote, { arbiters: [...arbiters] })).success;
    const [low, high] = [ALICE.peerId, BOB.peerId].sort() as [string, string];
    expect(isValid([])).toBe(true);
    expect(isValid([low])).toBe(true);
    expect(isValid([low, high])).toBe(false);
    expect(isValid([low, low, high])).toBe(false);
    expect(isValid([high, low, low])).toBe(false);
  });

  it('a task shape has 1 to 16 different skills of up to 128 characters', () => {
    const isValid = (shape: Partial<TaskShape>): boolean =>
      QUOTE_REQUEST.schema.safeParse({
        ...chain.request.body,
        shape: { ...SHAPE, ...shape },
      }).success;
    const skills = Array.from({ length: 17 }, (_, i) => `performs:a/b${i}`);
    expect(isValid({ skills: skills.slice(0, 16) })).toBe(true);
    expect(isValid({ skills })).toBe(false);
    expect(isValid({ skills: [] })).toBe(false);
    expect(isValid({ skills: ['performs:a', 'performs:a'] })).toBe(false);
    expect(isValid({ skills: [`performs:${'a'.repeat(119)}`] })).toBe(true);
    expect(isValid({ skills: [`performs:${'a'.repeat(120)}`] })).toBe(false);
    expect(isValid({ skills: ['no predicate'] })).toBe(false);
    expect(isValid({ inBytes: -1 })).toBe(false);
  });

  it('a load has slots, and no more available than there are', () => {
    const isValid = (load: object): boolean =>
      QUOTE.schema.safeParse({ ...chain.quote.body, load }).success;
    expect(isValid({ demand: 9, available: 4, total: 4 })).toBe(true);
    expect(isValid({ demand: 0, available: 5, total: 4 })).toBe(false);
    expect(isValid({ demand: 0, available: 0, total: 0 })).toBe(false);
  });

  it('money is a decimal string without sign, fraction or leading zero', () => {
    const isValid = (price: unknown): boolean =>
      QUOTE.schema.safeParse({ ...chain.quote.body, price }).success;
    expect(['0', '1', '9999999999999999999'].map(isValid)).toEqual([true, true, true]);
    const wrong = ['', '-1', '+1', '01', '1.5', '1e3', '10000000000000000000', 5, null];
    expect(wrong.map(isValid)).toEqual(wrong.map(() => false));
  });

  it('a verdict has at most 32 checks', () => {
    const isValid = (length: number): boolean =>
      verdictDefinition(PARTIES).schema.safeParse({
        ...chain.clientVerdict.body,
        checks: Array.from({ length }, () => ({ type: 'schema', passed: 1 })),
      }).success;
    expect([0, 32, 33].map(isValid)).toEqual([true, true, false]);
  });
});

describe('task hash', () => {
  it('is SHA-256 of the domain, the salt and the canonical specification', () => {
    const hash = taskHash(SALT, { b: 0.5, a: 'x' });
    const expected = sha256(utf8('coalesce/task/v1\0'), SALT, utf8('{"a":"x","b":0.5}'));
    expect(hash).toEqual(expected);
    expect(taskHashOfBytes(SALT, encodeTaskSpecification({ b: 0.5, a: 'x' }))).toEqual(hash);
  });

  it('hides a guessable task behind its salt', () => {
    const other = new Uint8Array(16).fill(1);
    expect(taskHash(SALT, { a: 1 })).not.toEqual(taskHash(other, { a: 1 }));
    expect(() => taskHash(new Uint8Array(15), {})).toThrow('"salt" expected 16 bytes, got 15');
  });

  it('refuses a specification above 256 KiB', () => {
    expect(() => encodeTaskSpecification('a'.repeat(262_142))).not.toThrow();
    expect(() => encodeTaskSpecification('a'.repeat(262_143))).toThrow('larger than 262144');
  });
});

describe('result manifest', () => {
  it('is SHA-256 of the JCS list of part hashes, in order', () => {
    const parts = [{ text: 'héllo' }, { data: { b: 1.5, a: null } }, { bytes: SALT }];
    const hashes = [utf8('héllo'), utf8('{"a":null,"b":1.5}'), SALT].map((b) => sha256(b));
    const list = utf8(`[${hashes.map((hash) => `"${toBase64Url(hash)}"`).join(',')}]`);
    const manifest = resultManifest(parts);
    expect(manifest).toEqual({ result: sha256(list), bytes: 6 + 18 + 16 });
    expect(manifestHash(hashes)).toEqual(manifest.result);
    expect(resultManifest([...parts].reverse()).result).not.toEqual(manifest.result);
  });

  it('is the same for a JSON value whatever the order of its keys', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string({ unit: 'grapheme' }),
          fc.double({ noNaN: true, noDefaultInfinity: true }),
        ),
        (data) => {
          const turned = Object.fromEntries(Object.entries(data).reverse());
          expect(partBytes({ data: turned })).toEqual(partBytes({ data }));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('refuses more than 1,024 parts', () => {
    const hashes = Array.from({ length: 1_025 }, () => SALT);
    expect(() => manifestHash(hashes)).toThrow('at most 1024');
    expect(() => manifestHash(hashes.slice(1))).not.toThrow();
  });
});

describe('request ids', () => {
  it('differ by nonce alone', () => {
    expect(makeRequest({ nonce: bytes32(1) }).id).not.toEqual(
      makeRequest({ nonce: bytes32(2) }).id,
    );
  });
});
