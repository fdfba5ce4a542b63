/**
 * Every number of the secure session in one place (wire-formats.md 1.1-1.4). Tests and networks on
 * one host hand in others.
 *
 * @module
 */

/** Largest handshake record, in bytes. */
export const MAX_HANDSHAKE_RECORD_BYTES = 512;

/** How many earlier indexes the open window still tells apart. */
export const OPEN_WINDOW = 2_048;

/** Largest index of an OPEN. */
export const MAX_OPEN_INDEX = 65_535;

/** Limits of sessions and of the peers that ask for them. */
export interface SessionLimits {
  /** Age at which a session takes no new streams of ours. */
  readonly lifetimeMs: number;
  /** Time after that in which the peer's opens in flight are still accepted. */
  readonly graceMs: number;
  /** Age at which a side that is opening streams makes the next session. */
  readonly renewalMs: number;
  readonly maxLiveStreams: number;
  readonly maxSessionsPerPeer: number;
  readonly maxSessions: number;
  /** Handshakes that one peer may start. */
  readonly handshakesPerMinute: number;
  readonly handshakeBurst: number;
  /** Handshakes of all peers that are answered at the same time. */
  readonly maxPendingHandshakes: number;
  /** Age at which the static X25519 key is replaced. */
  readonly staticKeyLifetimeMs: number;
}

/** Defaults of wire-formats.md 1.4. */
export const SESSION_LIMITS: SessionLimits = {
  lifetimeMs: 900_000,
  graceMs: 30_000,
  renewalMs: 720_000,
  maxLiveStreams: 256,
  maxSessionsPerPeer: 4,
  maxSessions: 4_096,
  handshakesPerMinute: 6,
  handshakeBurst: 4,
  maxPendingHandshakes: 256,
  staticKeyLifetimeMs: 43_200_000,
};

/** When a sender starts the next epoch, and where a receiver gives up. */
export interface FrameLimits {
  /** Frames of an epoch, the REKEY included. */
  readonly maxEpochFrames: number;
  /** DATA bytes of an epoch. */
  readonly maxEpochBytes: number;
  readonly maxEpochMs: number;
  /** Largest number of an epoch. */
  readonly maxEpoch: number;
}

/** Limits of wire-formats.md 1.3. */
export const FRAME_LIMITS: FrameLimits = {
  maxEpochFrames: 2 ** 20,
  maxEpochBytes: 2 ** 34,
  maxEpochMs: 3_600_000,
  maxEpoch: 65_535,
};

/** Time limits of the network side. */
export interface SessionTimeouts {
  /** Finding and connecting to a peer. */
  readonly dialMs: number;
  /** The whole handshake. */
  readonly handshakeMs: number;
  /** OPEN to ACCEPT, on both sides. */
  readonly openMs: number;
  /** Sending what is left and waiting for the peer's end when a stream closes. */
  readonly closeMs: number;
}

/** Defaults: 10 s each (wire-formats.md 1.1 and 1.2). */
export const SESSION_TIMEOUTS: SessionTimeouts = {
  dialMs: 10_000,
  handshakeMs: 10_000,
  openMs: 10_000,
  closeMs: 10_000,
};
