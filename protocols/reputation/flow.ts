/**
 * Flow of trust from the seeds of the genesis over satisfied work (wire-formats.md 5.3; after
 * EigenTrust, Kamvar et al. 2003, with lazy steps on an undirected graph). Who only works with its
 * own kind is hardly reached, however much praise they exchange. A weak signal by itself.
 *
 * @module
 */

import { ONE_Q32 } from './decay.ts';

/** Satisfied work between two peers, both directions and all task types together. */
export interface TrustEdge {
  readonly a: string;
  readonly b: string;
  /** Q32, above 0. */
  readonly weight: bigint;
}

/** Only the heaviest edges count, ties by key. */
export const MAX_TRUST_EDGES = 65_536;

/** All that flows, T. */
const TOTAL = 1n << 40n;
const STEPS = 8;

function edgeKey({ a, b }: TrustEdge): string {
  return `${a}/${b}`;
}

/** Heaviest edges first; the order of two keys decides a tie. */
function byWeight(x: TrustEdge, y: TrustEdge): number {
  if (x.weight !== y.weight) return x.weight > y.weight ? -1 : 1;
  return edgeKey(x) < edgeKey(y) ? -1 : 1;
}

/** Adds directed weights up to undirected edges, each capped. Zero edges are left out. */
export function trustEdges(
  directed: Iterable<readonly [from: string, to: string, weight: bigint]>,
  cap: bigint,
): TrustEdge[] {
  const sums = new Map<string, TrustEdge>();
  for (const [from, to, weight] of directed) {
    if (weight === 0n) continue;
    const [a, b] = from < to ? [from, to] : [to, from];
    const edge = { a, b, weight };
    const key = edgeKey(edge);
    const sum = (sums.get(key)?.weight ?? 0n) + weight;
    sums.set(key, { a, b, weight: sum < cap ? sum : cap });
  }
  return [...sums.values()];
}

/**
 * F of each peer that an edge touches, in Q32; every other peer has 0.
 *
 * @param edges - One per pair; the heaviest {@link MAX_TRUST_EDGES} of them count.
 */
export function flowFromSeeds(
  edges: readonly TrustEdge[],
  seeds: ReadonlySet<string>,
): Map<string, bigint> {
  const used = edges.length > MAX_TRUST_EDGES ? heaviest(edges) : edges;
  const indices = new Map<string, number>();
  const indexOf = (peer: string): number => {
    const index = indices.get(peer) ?? indices.size;
    indices.set(peer, index);
    return index;
  };
  const links = used.map(({ a, b, weight }) => ({ i: indexOf(a), j: indexOf(b), weight }));
  const degrees = new Array<bigint>(indices.size).fill(0n);
  for (const { i, j, weight } of links) {
    degrees[i]! += weight;
    degrees[j]! += weight;
  }
  let trust = [...indices.keys()].map((peer) =>
    seeds.has(peer) ? TOTAL / BigInt(seeds.size) : 0n,
  );
  for (let step = 0; step < STEPS; step++) trust = stepOnce(trust, degrees, links);

  const volume = degrees.reduce((sum, degree) => sum + degree, 0n);
  return new Map(
    [...indices].map(([peer, i]) => {
      const flow = (trust[i]! * volume * ONE_Q32) / (degrees[i]! * TOTAL);
      return [peer, flow < ONE_Q32 ? flow : ONE_Q32];
    }),
  );
}

function heaviest(edges: readonly TrustEdge[]): TrustEdge[] {
  return [...edges].sort(byWeight).slice(0, MAX_TRUST_EDGES);
}

/**
 * Half of each peer's trust stays, the other half goes along its edges by their weight. Whole
 * numbers are added up, so the order of the edges makes no difference.
 */
function stepOnce(
  trust: readonly bigint[],
  degrees: readonly bigint[],
  links: readonly { readonly i: number; readonly j: number; readonly weight: bigint }[],
): bigint[] {
  const next = trust.map((amount) => amount >> 1n);
  for (const { i, j, weight } of links) {
    next[j]! += ((trust[i]! >> 1n) * weight) / degrees[i]!;
    next[i]! += ((trust[j]! >> 1n) * weight) / degrees[j]!;
  }
  return next;
}
