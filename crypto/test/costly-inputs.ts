/**
 * Inputs that cost a parser of JSON the most for their size, and inputs for fuzzing that have some
 * of these among them.
 *
 * @module
 */

import fc from 'fast-check';
import { fromUtf8, utf8 } from '../bytes.ts';
import { mutations, textMutations } from './mutations.ts';

/** Large ones are few, for each costs as much as a thousand small ones. */
const SMALL_PER_LARGE = 250;

function repeated(count: number, item: (i: number) => string): string {
  return Array.from({ length: Math.max(0, Math.floor(count)) }, (_, i) => item(i)).join(',');
}

/** Members with keys in canonical order, nine bytes and a comma each. */
const keys = (bytes: number) =>
  repeated(bytes / 10, (i) => `"k${i.toString(36).padStart(4, '0')}":0`);
const items = (bytes: number, item: string) => repeated(bytes / (item.length + 1), () => item);

/** Shapes by name: text of about so many bytes that is canonical, with the name of a message. */
const SHAPES = {
  keys: (bytes: number, typ: string) => `{${keys(bytes)},"typ":"${typ}","v":1}`,
  numbers: (bytes: number, typ: string) => `{"leaves":[${items(bytes, '0')}],"typ":"${typ}","v":1}`,
  objects: (bytes: number, typ: string) => `{"certs":[${items(bytes, '{}')}],"typ":"${typ}","v":1}`,
  'keys of keys': (bytes: number, typ: string) =>
    `{"job":{${keys(bytes / 2)}},"nonce":{${keys(bytes / 2)}},"typ":"${typ}","v":1}`,
  depth: (bytes: number) => '['.repeat(bytes / 2) + ']'.repeat(bytes / 2),
  text: (bytes: number, typ: string) => `{"job":"${'x'.repeat(bytes)}","typ":"${typ}","v":1}`,
  escapes: (bytes: number, typ: string) =>
    `{"skill":"${'\\u0001'.repeat(bytes / 6)}","typ":"${typ}","v":1}`,
} as const;

/** Costly inputs of nearly `maxBytes`, by the name of their shape. @param typ - Of the message. */
export function costlyInputs(maxBytes: number, typ: string): readonly [string, Uint8Array][] {
  return Object.entries(SHAPES).map(([name, shape]) => [name, utf8(shape(maxBytes - 64, typ))]);
}

/**
 * What a parser of JSON messages may be sent: anything, valid messages with changes, and large
 * inputs of up to 64 KiB. Never a valid message itself.
 */
export function hostileMessages(...valid: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const types = valid.map((bytes) => /"typ":"(\w+)"/.exec(fromUtf8(bytes))?.[1] ?? 'none');
  const large = fc
    .record({
      shape: fc.constantFrom(...Object.values(SHAPES)),
      bytes: fc.integer({ min: 1_000, max: 65_000 }),
      typ: fc.constantFrom(...types),
    })
    .map(({ shape, bytes, typ }) => utf8(shape(bytes, typ)));
  const small = fc.oneof(
    fc.uint8Array({ maxLength: 600 }),
    ...valid.map((bytes) => mutations(bytes)),
    ...valid.map((bytes) => textMutations(fromUtf8(bytes)).map(utf8)),
  );
  return fc.oneof({ weight: SMALL_PER_LARGE, arbitrary: small }, { weight: 1, arbitrary: large });
}
