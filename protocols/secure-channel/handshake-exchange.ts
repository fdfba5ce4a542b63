/**
 * The handshake over a stream: records in, records out, in the order of wire-formats.md 1.1.
 *
 * Each function runs under its caller's deadline and leaves closing the stream to it.
 *
 * @module
 */

import { concatBytes, lp16 } from '../../crypto/bytes.ts';
import type { HandshakeStep, InitiatorHandshake, ResponderHandshake } from './handshake.ts';
import { MAX_HANDSHAKE_RECORD_BYTES } from './limits.ts';
import type { SessionKeys } from './session-keys.ts';
import type { StreamDuplex } from './stream-duplex.ts';

/** The next record, or `undefined` if its length is above the limit. */
async function readRecord(
  duplex: StreamDuplex,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  const field = await duplex.read(2, signal);
  const length = (field[0]! << 8) | field[1]!;
  if (length > MAX_HANDSHAKE_RECORD_BYTES) return undefined;
  return duplex.read(length, signal);
}

const MALFORMED = { valid: false, reason: 'MALFORMED' } as const;

/**
 * The initiator's part.
 *
 * @param onKeys - Called when the keys are there and CONFIRM is not: the peer may already open
 *   streams on them.
 */
export async function initiateHandshake(
  duplex: StreamDuplex,
  handshake: InitiatorHandshake,
  onKeys: (keys: SessionKeys) => void,
  signal: AbortSignal,
): Promise<HandshakeStep<{ readonly keys: SessionKeys }>> {
  const { offer, message1 } = handshake.start();
  await duplex.send([concatBytes(lp16(offer), lp16(message1))], signal);
  const message2 = await readRecord(duplex, signal);
  if (!message2) return MALFORMED;
  const read = handshake.readMessage2(message2);
  if (!read.valid) return read;
  onKeys(handshake.keys);
  await duplex.send([lp16(read.message3)], signal);
  const confirm = await readRecord(duplex, signal);
  return confirm ? handshake.readConfirm(confirm) : MALFORMED;
}

/**
 * The responder's part.
 *
 * @param onKeys - Called when the initiator is proved, before CONFIRM is sent.
 */
export async function answerHandshake(
  duplex: StreamDuplex,
  handshake: ResponderHandshake,
  onKeys: (keys: SessionKeys) => void,
  signal: AbortSignal,
): Promise<HandshakeStep<object>> {
  const offer = await readRecord(duplex, signal);
  if (!offer) return MALFORMED;
  const message1 = await readRecord(duplex, signal);
  if (!message1) return MALFORMED;
  const answer = handshake.readOffer(offer, message1);
  if (!answer.valid) return answer;
  await duplex.send([lp16(answer.message2)], signal);
  const message3 = await readRecord(duplex, signal);
  if (!message3) return MALFORMED;
  const read = handshake.readMessage3(message3);
  if (!read.valid) return read;
  onKeys(read.keys);
  await duplex.send([lp16(read.keys.confirm)], signal);
  return { valid: true };
}
