/**
 * OPEN and its answer over a stream (wire-formats.md 1.2), for both sides.
 *
 * Each function runs under its caller's deadline and leaves closing the stream to it.
 *
 * @module
 */

import type { SecureProtocol } from '../protocol-ids.ts';
import { raceSignal } from './deadline.ts';
import type { OutgoingOpen, Session } from './session.ts';
import type { StreamDuplex } from './stream-duplex.ts';
import {
  OPEN_BYTES,
  REJECT_CODES,
  answerBytesAfter,
  encodeReject,
  parseOpenHeader,
} from './stream-open.ts';
import type { OpenAnswer, RejectCode, StreamSecrets } from './stream-open.ts';

/** Sends OPEN and reads the answer. */
export async function requestOpen(
  duplex: StreamDuplex,
  outgoing: OutgoingOpen,
  signal: AbortSignal,
): Promise<OpenAnswer> {
  await duplex.send([outgoing.open], signal);
  const type = await duplex.read(1, signal);
  const restBytes = answerBytesAfter(type[0]);
  if (restBytes === undefined) return { kind: 'invalid' };
  const rest = await duplex.read(restBytes, signal);
  const answer = new Uint8Array(1 + restBytes);
  answer.set(type);
  answer.set(rest, 1);
  return outgoing.readAnswer(answer);
}

/** What an acceptor asks of its node. */
export interface AcceptInit {
  readonly protocol: SecureProtocol;
  readonly remotePeer: string;
  nowMs(): number;
  /** The session with this id, if it is one of the remote peer. */
  findSession(id: Uint8Array): Session | undefined;
  /** Whether both peers are the parties of the agreement with this id. */
  isParty(context: Uint8Array): boolean | Promise<boolean>;
  /** 32 fresh random bytes. */
  createNonce(): Uint8Array;
}

/** A stream that was accepted: it holds a slot of `session`. */
export interface AcceptedOpen {
  readonly session: Session;
  readonly context: Uint8Array;
  readonly secrets: StreamSecrets;
}

/** Reads OPEN and sends ACCEPT, or sends REJECT and gives its code. */
export async function answerOpen(
  duplex: StreamDuplex,
  init: AcceptInit,
  signal: AbortSignal,
): Promise<AcceptedOpen | RejectCode> {
  const open = await duplex.read(OPEN_BYTES, signal);
  const outcome = await judgeOpen(open, init, signal);
  if (typeof outcome === 'number') {
    await duplex.send([encodeReject(outcome)], signal);
    return outcome;
  }
  const { accept, ...accepted } = outcome;
  try {
    signal.throwIfAborted();
    await duplex.send([accept], signal);
  } catch (error) {
    accepted.session.releaseStream();
    throw error;
  }
  return accepted;
}

/** The acceptor's checks, in the order of wire-formats.md 1.2. */
async function judgeOpen(
  open: Uint8Array,
  init: AcceptInit,
  signal: AbortSignal,
): Promise<(AcceptedOpen & { readonly accept: Uint8Array }) | RejectCode> {
  const header = parseOpenHeader(open);
  if (!header) return REJECT_CODES.other;
  const session = init.findSession(header.sessionId);
  if (!session) return REJECT_CODES.unknownSession;
  const incoming = session.readOpen(open, init.nowMs());
  if (!incoming) return REJECT_CODES.other;
  const { purpose, context } = incoming.body;
  if (purpose !== init.protocol.purpose) return REJECT_CODES.other;
  const isBound = context.some((byte) => byte !== 0);
  if (isBound && !(await raceSignal(Promise.resolve(init.isParty(context)), signal))) {
    return REJECT_CODES.other;
  }
  if (!session.reserveStream()) return REJECT_CODES.busy;
  const accepted = incoming.accept(init.createNonce());
  if (accepted) return { session, context, ...accepted };
  session.releaseStream();
  return REJECT_CODES.unknownSession;
}
