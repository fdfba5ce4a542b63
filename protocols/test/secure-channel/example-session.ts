/**
 * The two sides of worked example A (wire-formats.md 7): fixed keys, and a handshake between them.
 *
 * @module
 */

import { Identity } from '../../../crypto/identity.ts';
import { x25519KeyPair } from '../../../crypto/x25519.ts';
import type { HandshakeInit, HandshakeStep } from '../../secure-channel/handshake.ts';
import { InitiatorHandshake, ResponderHandshake } from '../../secure-channel/handshake.ts';
import { SESSION_LIMITS } from '../../secure-channel/limits.ts';
import type { SessionLimits } from '../../secure-channel/limits.ts';
import { SESSION_ROLES } from '../../secure-channel/session-keys.ts';
import type { SessionKeys } from '../../secure-channel/session-keys.ts';
import { Session } from '../../secure-channel/session.ts';

/** `length` equal bytes. */
export const repeat = (byte: number, length = 32): Uint8Array => new Uint8Array(length).fill(byte);

export const INITIATOR = Identity.fromSeed(repeat(0x01));
export const RESPONDER = Identity.fromSeed(repeat(0x02));

/** The initiator's part; fields may be replaced. */
export function initiatorInit(changes: Partial<HandshakeInit> = {}): HandshakeInit {
  return {
    identity: INITIATOR,
    remotePeer: RESPONDER.peerId,
    staticKey: x25519KeyPair(repeat(0x11)),
    ephemeralKey: x25519KeyPair(repeat(0x33)),
    ...changes,
  };
}

/** The responder's part; fields may be replaced. */
export function responderInit(changes: Partial<HandshakeInit> = {}): HandshakeInit {
  return {
    identity: RESPONDER,
    remotePeer: INITIATOR.peerId,
    staticKey: x25519KeyPair(repeat(0x22)),
    ephemeralKey: x25519KeyPair(repeat(0x44)),
    ...changes,
  };
}

/** Value of a step that must succeed. */
export function must<Value extends object>(step: HandshakeStep<Value>): Value {
  if (!step.valid) throw new Error(`refused: ${step.reason}`);
  return step;
}

/** Everything that travels in one handshake. */
export interface Transcript {
  readonly offer: Uint8Array;
  readonly message1: Uint8Array;
  readonly message2: Uint8Array;
  readonly message3: Uint8Array;
  readonly confirm: Uint8Array;
  readonly initiatorKeys: SessionKeys;
  readonly responderKeys: SessionKeys;
}

/** A whole handshake without faults. */
export function runHandshake(
  i: HandshakeInit = initiatorInit(),
  r: HandshakeInit = responderInit(),
): Transcript {
  const initiator = new InitiatorHandshake(i);
  const responder = new ResponderHandshake(r);
  const { offer, message1 } = initiator.start();
  const { message2 } = must(responder.readOffer(offer, message1));
  const { message3 } = must(initiator.readMessage2(message2));
  const { keys: responderKeys } = must(responder.readMessage3(message3));
  const confirm = responderKeys.confirm.slice();
  const { keys: initiatorKeys } = must(initiator.readConfirm(confirm));
  return { offer, message1, message2, message3, confirm, initiatorKeys, responderKeys };
}

/** Both sides' sessions of the worked example, confirmed at time 0. */
export function sessionPair(changes: Partial<SessionLimits> = {}): [Session, Session] {
  const { initiatorKeys, responderKeys } = runHandshake();
  const limits = { ...SESSION_LIMITS, ...changes };
  const initiator = new Session({
    remotePeer: RESPONDER.peerId,
    role: SESSION_ROLES.initiator,
    keys: initiatorKeys,
    limits,
    nowMs: 0,
  });
  const responder = new Session({
    remotePeer: INITIATOR.peerId,
    role: SESSION_ROLES.responder,
    keys: responderKeys,
    limits,
    nowMs: 0,
  });
  initiator.confirm(0);
  responder.confirm(0);
  return [initiator, responder];
}
