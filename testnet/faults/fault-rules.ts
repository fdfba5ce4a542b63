/**
 * Faults of the links between nodes, as they stand in a network's control file, and what all of
 * them together do to one direction of one link. The knobs are those of `tc netem` and of
 * TigerBeetle's packet simulator, as far as they mean something above TCP, where there are
 * connections and no packets.
 *
 * @module
 */

import { z } from 'zod';

const MAX_FAULTS = 256;
const MAX_PEERS = 1_024;
const MAX_DELAY_MS = 60_000;

const peers = z.union([z.literal('all'), z.array(z.string().max(64)).min(1).max(MAX_PEERS)]);

const linkFault = z.strictObject({
  id: z.string().regex(/^[\w.-]{1,64}$/),
  /** Bytes from these peers ... */
  from: peers,
  /** ... to these. A fault of both directions says so. */
  to: peers,
  isBothWays: z.boolean(),
  latencyMs: z.number().min(0).max(MAX_DELAY_MS).optional(),
  /** The delay is drawn evenly from `latencyMs` minus this to `latencyMs` plus this. */
  jitterMs: z.number().min(0).max(MAX_DELAY_MS).optional(),
  kilobitsPerSecond: z.number().min(1).max(1e7).optional(),
  /** Share of new connections that fail. */
  lossPercent: z.number().min(0).max(100).optional(),
  /** Mean life of an open connection until it is reset. */
  resetEveryMs: z.number().min(50).max(3_600_000).optional(),
  /** Nothing passes. What is on its way waits, as TCP sends again, until the cut is healed. */
  isCut: z.boolean().optional(),
});

/** The control file. */
export const faultFileSchema = z.strictObject({
  v: z.literal(1),
  /** Rises with each change; a node says which one is in force. */
  revision: z.number().int().min(0),
  seed: z.number().int().min(0),
  faults: z.array(linkFault).max(MAX_FAULTS),
});

/** One fault. */
export type LinkFault = z.infer<typeof linkFault>;
/** All of a network. */
export type FaultFile = z.infer<typeof faultFileSchema>;

/** No fault at all. */
export const NO_FAULTS: FaultFile = { v: 1, revision: 0, seed: 1, faults: [] };

/** What happens to bytes in one direction. */
export interface LinkState {
  readonly latencyMs: number;
  readonly jitterMs: number;
  /** Infinity where nothing limits it. */
  readonly kilobitsPerSecond: number;
  readonly isCut: boolean;
}

/** What happens to connections between two peers. */
export interface ConnectionState {
  readonly lossPercent: number;
  /** Infinity where connections are not reset. */
  readonly resetEveryMs: number;
}

function includes(these: LinkFault['from'], peerId: string): boolean {
  return these === 'all' || these.includes(peerId);
}

function faultsOf(faults: readonly LinkFault[], from: string, to: string): LinkFault[] {
  return faults.filter(
    (fault) =>
      (includes(fault.from, from) && includes(fault.to, to)) ||
      (fault.isBothWays && includes(fault.from, to) && includes(fault.to, from)),
  );
}

/** The direction from one peer to another: delays add up, the least bandwidth counts. */
export function linkState(faults: readonly LinkFault[], from: string, to: string): LinkState {
  const these = faultsOf(faults, from, to);
  const sum = (pick: (fault: LinkFault) => number | undefined): number =>
    these.reduce((total, fault) => total + (pick(fault) ?? 0), 0);
  return {
    latencyMs: sum(({ latencyMs }) => latencyMs),
    jitterMs: sum(({ jitterMs }) => jitterMs),
    kilobitsPerSecond: Math.min(...these.map((fault) => fault.kilobitsPerSecond ?? Infinity)),
    isCut: these.some(({ isCut }) => isCut === true),
  };
}

/** Connections between two peers, whoever dials. */
export function connectionState(
  faults: readonly LinkFault[],
  one: string,
  other: string,
): ConnectionState {
  const these = [...new Set([...faultsOf(faults, one, other), ...faultsOf(faults, other, one)])];
  const kept = these.reduce((share, { lossPercent = 0 }) => share * (1 - lossPercent / 100), 1);
  return {
    lossPercent: (1 - kept) * 100,
    resetEveryMs: Math.min(...these.map(({ resetEveryMs }) => resetEveryMs ?? Infinity)),
  };
}
