/**
 * Protocol ids (architecture.md 4) and, beside each, the limits that belong to it
 * (wire-formats.md 1.2 and 1.6).
 *
 * @module
 */

/** Kademlia DHT of the coalesce network. */
export const KAD_PROTOCOL = '/coalesce/kad/1.0.0';
/** Handshake of the secure session. */
export const SESSION_PROTOCOL = '/coalesce/session/1.0.0';

/** A protocol whose streams are opened inside a secure session. */
export interface SecureProtocol {
  readonly id: string;
  /** The `purpose` byte of OPEN. */
  readonly purpose: number;
  /** Largest message, in bytes, checked before allocation. */
  readonly maxMessageBytes: number;
  /** A stream that names a contract carries one artifact: a first message, then bytes. */
  readonly hasArtifacts?: boolean;
}

/** The protocols that run over the session. */
export const SECURE_PROTOCOLS = {
  negotiation: { id: '/coalesce/negotiation/1.0.0', purpose: 1, maxMessageBytes: 65_536 },
  a2a: { id: '/coalesce/a2a/1.0.0', purpose: 2, maxMessageBytes: 1_048_576, hasArtifacts: true },
  card: { id: '/coalesce/card/1.0.0', purpose: 3, maxMessageBytes: 98_304 },
  attest: { id: '/coalesce/attest/1.0.0', purpose: 4, maxMessageBytes: 262_144 },
  query: { id: '/coalesce/query/1.0.0', purpose: 5, maxMessageBytes: 1_048_576 },
  mailbox: { id: '/coalesce/mailbox/1.0.0', purpose: 6, maxMessageBytes: 262_144 },
} as const satisfies Record<string, SecureProtocol>;

/** Topics of gossip (architecture.md 4). */
export const GOSSIP_TOPICS = {
  revocations: 'coalesce/revocations/v1',
  /** Headers with the votes of 2f + 1 replicas. */
  blocks: 'coalesce/blocks/v1',
} as const;

/** Largest message of gossip, in bytes: the envelope of a full status list has 14.8 KiB. */
export const MAX_GOSSIP_BYTES = 32_768;

/** Consensus between the replicas of a committee: direct streams, not the session. */
export const PBFT_PROTOCOL = '/coalesce/pbft/1.0.0';
/** Committed blocks, for a replica that was away. */
export const BLOCKS_PROTOCOL = '/coalesce/blocks/1.0.0';
/** Questions of anybody to a replica of a ledger. */
export const LEDGER_PROTOCOL = '/coalesce/ledger/1.0.0';
