/**
 * Key schedule of a session: exporter secret, session id, public session hash, confirmation and the
 * two OPEN keys (wire-formats.md 1.1).
 *
 * @module
 */

import { concatBytes, utf8 } from '../../crypto/bytes.ts';
import { SESSION_TAGS } from '../../crypto/domain-tags.ts';
import { sha256 } from '../../crypto/hash.ts';
import { expand, extract } from '../../crypto/hkdf.ts';
import type { NoiseSplit } from '../../crypto/noise.ts';

/** Handshake role as it stands on the wire: ASCII I and R. */
export const SESSION_ROLES = { initiator: 0x49, responder: 0x52 } as const;

/** The role byte of one side. */
export type SessionRole = (typeof SESSION_ROLES)[keyof typeof SESSION_ROLES];

/** The role of the other side. */
export function otherRole(role: SessionRole): SessionRole {
  return role === SESSION_ROLES.initiator ? SESSION_ROLES.responder : SESSION_ROLES.initiator;
}

/** Length of a session id, in bytes. */
export const SESSION_ID_BYTES = 16;

/** What both sides of a finished handshake hold. */
export interface SessionKeys {
  /** ES, 32 bytes: secret, erased at the end of the session's life. */
  readonly exporterSecret: Uint8Array;
  /** sid, 16 bytes. */
  readonly id: Uint8Array;
  /** sh, 32 bytes: public, for proofs and agreements. */
  readonly hash: Uint8Array;
  /** What the responder sends to show that it has the keys, 32 bytes. */
  readonly confirm: Uint8Array;
  /** K_open by the role of the stream's opener, 32 bytes each. */
  readonly openKeys: Readonly<Record<SessionRole, Uint8Array>>;
}

/** Derives the keys of a session; overwrites the two Split keys, which serve nothing else. */
export function deriveSessionKeys(split: NoiseSplit): SessionKeys {
  const empty = new Uint8Array(0);
  const input = concatBytes(split.initiatorKey, split.responderKey);
  const exporterSecret = extract(split.handshakeHash, input);
  input.fill(0);
  split.initiatorKey.fill(0);
  split.responderKey.fill(0);
  const openKey = (role: SessionRole) =>
    expand(exporterSecret, SESSION_TAGS.open, Uint8Array.of(role));
  return {
    exporterSecret,
    id: expand(exporterSecret, SESSION_TAGS.id, empty, SESSION_ID_BYTES),
    hash: sha256(utf8(SESSION_TAGS.hash), Uint8Array.of(0), split.handshakeHash),
    confirm: expand(exporterSecret, SESSION_TAGS.confirm, empty),
    openKeys: {
      [SESSION_ROLES.initiator]: openKey(SESSION_ROLES.initiator),
      [SESSION_ROLES.responder]: openKey(SESSION_ROLES.responder),
    },
  };
}

/** Overwrites every secret of a session. */
export function eraseSessionKeys(keys: SessionKeys): void {
  keys.exporterSecret.fill(0);
  keys.confirm.fill(0);
  keys.openKeys[SESSION_ROLES.initiator].fill(0);
  keys.openKeys[SESSION_ROLES.responder].fill(0);
}
