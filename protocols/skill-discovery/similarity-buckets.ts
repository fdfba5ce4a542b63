/**
 * Locality-sensitive buckets: names under which a vector is published and asked for, so that a DHT
 * of exact keys finds what is near in meaning.
 *
 * A table holds random directions, the normals of random hyperplanes (Charikar 2002); a vector's
 * bucket is the direction, or its opposite, that it goes farthest along (Andoni et al. 2015). Both
 * sides take the likeliest buckets of all tables, in the order of query-directed multi-probing (Lv
 * et al. 2007, s.4). At equal recall on the labelled set a bucket held half as many skills as one
 * of sign patterns did. Of two tables of 34 directions 12 keys find 96 % of the ten nearest of 200
 * skills (on the halves of the set 95.5 and 95.7 %), of one of 68 directions a point more;
 * directions drawn anew moved either by a point. The benchmark `discovery` prints other layouts.
 *
 * The directions follow from the id of the model, so two peers with the same model agree, and a
 * name holds a tag of the model, so that vectors of two models never meet. Sums run in a fixed
 * order over exact entries of +-1: all machines get the same names.
 *
 * Limit: with {@link MAX_BUCKET_NAMES} names each, one bucket holds an eighth of all skills, and 16
 * keys hold 90 % of them. The DHT hands out 20 providers per key: of the ten nearest of 200 skills
 * 95 % were found so, of 1,000 56 %, of 10,000 10 % (all of them without that bound). Beyond some
 * hundreds of skills of one model the exact terms, or a broker, must carry the search.
 *
 * @module
 */

import { toHex } from '../../crypto/bytes.ts';
import { sha256 } from '../../crypto/hash.ts';

/** How many buckets there are. Peers that find one another have the same layout. */
export interface BucketLayout {
  /** Independent tables. */
  readonly tables: number;
  /** Directions of a table: it has twice as many buckets. */
  readonly directions: number;
}

/** The layout of the network. */
export const BUCKET_LAYOUT: BucketLayout = { tables: 2, directions: 34 };
/** Most names of a vector, published or asked for (the record's `embeddings.buckets`). */
export const MAX_BUCKET_NAMES = 16;
/** Most dimensions of a vector. */
export const MAX_BUCKET_DIMENSIONS = 4_096;

/** Models whose directions are kept. */
const MAX_KEPT_MODELS = 4;
const TAG_HEX_DIGITS = 8;
const BLOCK_BITS = 256;

/** Directions of a model, each a row of +1 and -1. */
interface Directions {
  readonly tag: string;
  readonly rows: readonly Int8Array[];
}

const kept = new Map<string, Directions>();
const encoder = new TextEncoder();

function digestOf(...parts: readonly (string | number)[]): Uint8Array {
  return sha256(encoder.encode(JSON.stringify(['coalesce-similarity-buckets-v2', ...parts])));
}

/** SHA-256 in counter mode: 256 signs a block. */
function directionOf(modelId: string, dimensions: number, number: number): Int8Array {
  const row = new Int8Array(dimensions);
  for (let start = 0; start < dimensions; start += BLOCK_BITS) {
    const digest = digestOf('direction', modelId, dimensions, number, start);
    for (let bit = 0; bit < BLOCK_BITS && start + bit < dimensions; bit++) {
      row[start + bit] = ((digest[bit >> 3]! >> (bit & 7)) & 1) === 1 ? 1 : -1;
    }
  }
  return row;
}

function directionsOf(modelId: string, dimensions: number, count: number): Directions {
  const key = `${count} ${dimensions} ${modelId}`;
  const known = kept.get(key);
  if (known !== undefined) return known;
  const rows = Array.from({ length: count }, (_, number) =>
    directionOf(modelId, dimensions, number),
  );
  const tag = toHex(digestOf('model', modelId, dimensions)).slice(0, TAG_HEX_DIGITS);
  const directions = { tag, rows };
  if (kept.size >= MAX_KEPT_MODELS) kept.clear();
  kept.set(key, directions);
  return directions;
}

/** How far the vector goes along a direction. */
function extentAlong(row: Int8Array, vector: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < row.length; i++) sum += row[i]! * vector[i]!;
  return sum;
}

/** A bucket, and how far the vector would have to move to fall into it: squared, up to a factor. */
interface Probe {
  readonly name: string;
  readonly score: number;
}

/** All buckets of one table, whose directions are `rows`. */
function probesOfTable(
  vector: ArrayLike<number>,
  rows: readonly Int8Array[],
  nameOf: (direction: number) => string,
): readonly Probe[] {
  const extents = rows.map((row) => extentAlong(row, vector));
  const farthest = extents.reduce((most, extent) => Math.max(most, Math.abs(extent)), 0);
  return extents.flatMap((extent, direction): Probe[] => {
    const name = nameOf(direction);
    return [
      { name: `${name}p`, score: (farthest - extent) * (farthest - extent) },
      { name: `${name}n`, score: (farthest + extent) * (farthest + extent) },
    ];
  });
}

function likeliestBuckets(
  vector: ArrayLike<number>,
  modelId: string,
  count: number,
  { tables, directions }: BucketLayout,
): readonly string[] {
  if (vector.length > MAX_BUCKET_DIMENSIONS) {
    const limit = `at most ${MAX_BUCKET_DIMENSIONS} dimensions, got ${vector.length}`;
    throw new RangeError(`"vector" expected ${limit}`);
  }
  const { tag, rows } = directionsOf(modelId, vector.length, tables * directions);
  const probes = Array.from({ length: tables }, (_, table) =>
    probesOfTable(
      vector,
      rows.slice(table * directions, (table + 1) * directions),
      (direction) => `${tag}t${table}d${direction}`,
    ),
  ).flat();
  // A vector of zeros, or of no numbers, is near to nothing.
  const hasDirection = probes.some(({ score }) => score > 0);
  if (!hasDirection || probes.some(({ score }) => !Number.isFinite(score))) return [];
  probes.sort((a, b) => a.score - b.score || (a.name < b.name ? -1 : 1));
  return probes.slice(0, count).map(({ name }) => name);
}

/**
 * Names of the buckets under which a vector is published; none for a vector of zeros or with an
 * infinite number.
 *
 * @throws {@link RangeError} above {@link MAX_BUCKET_DIMENSIONS}.
 */
export function bucketsOf(
  vector: ArrayLike<number>,
  modelId: string,
  layout: BucketLayout = BUCKET_LAYOUT,
): readonly string[] {
  return likeliestBuckets(vector, modelId, MAX_BUCKET_NAMES, layout);
}

/**
 * Names of the buckets to ask for what is near to a vector, the likeliest first.
 *
 * @param maxKeys - 1 to {@link MAX_BUCKET_NAMES}.
 * @throws {@link RangeError} for another number, or above {@link MAX_BUCKET_DIMENSIONS}.
 */
export function probesOf(
  vector: ArrayLike<number>,
  modelId: string,
  maxKeys: number = MAX_BUCKET_NAMES,
  layout: BucketLayout = BUCKET_LAYOUT,
): readonly string[] {
  if (!Number.isInteger(maxKeys) || maxKeys < 1 || maxKeys > MAX_BUCKET_NAMES) {
    throw new RangeError(`"maxKeys" expected 1 to ${MAX_BUCKET_NAMES}, got ${maxKeys}`);
  }
  return likeliestBuckets(vector, modelId, maxKeys, layout);
}
