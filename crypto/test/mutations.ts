/**
 * Mutations of valid bytes, for fuzzing parsers: never the original itself.
 *
 * @module
 */

import fc from 'fast-check';
import { concatBytes, equalBytes } from '../bytes.ts';

/** `original` with one bit flipped, or bytes removed, inserted, repeated or overwritten. */
export function mutations(original: Uint8Array): fc.Arbitrary<Uint8Array> {
  const place = fc.integer({ min: 0, max: original.length - 1 });
  const flipped = fc.tuple(place, fc.integer({ min: 0, max: 7 })).map(([at, bit]) => {
    const bytes = original.slice();
    bytes[at]! ^= 1 << bit;
    return bytes;
  });
  const spliced = fc
    .tuple(place, fc.integer({ min: 0, max: 40 }), fc.uint8Array({ maxLength: 40 }))
    .map(([at, removed, inserted]) =>
      concatBytes(original.subarray(0, at), inserted, original.subarray(at + removed)),
    );
  const repeated = fc
    .tuple(place, place)
    .map(([a, b]) => concatBytes(original.subarray(0, Math.max(a, b)), original.subarray(a)));
  return fc.oneof(flipped, spliced, repeated).filter((bytes) => !equalBytes(bytes, original));
}

/** The text of valid JSON with one character replaced by one that JSON or base64url uses. */
export function textMutations(original: string): fc.Arbitrary<string> {
  return fc
    .tuple(
      fc.integer({ min: 0, max: original.length - 1 }),
      fc.constantFrom(...'{}[]",:0129-. \n\\abcAZ_etruflns'),
    )
    .map(([at, character]) => original.slice(0, at) + character + original.slice(at + 1))
    .filter((text) => text !== original);
}
