import { describe, expect, it } from 'vitest';
import { openEnvelope } from '../../crypto/envelope.ts';
import { keyRotationDefinition } from '../../crypto/key-rotation.ts';
import { decodeChallenge, decodeShow } from '../../crypto/presentation-messages.ts';
import { statusListDefinition } from '../../crypto/status-list.ts';
import { costlyInputs } from '../../crypto/test/costly-inputs.ts';
import { MAX_CASE_CPU_MS, leastCpuMs } from '../../crypto/test/fuzz.ts';
import { decodeBenchmarkMessage } from '../attestation/benchmark-messages.ts';
import {
  decodeBlinding,
  decodeIssuance,
  decodeIssuanceAnswer,
  decodeIssuanceOffer,
} from '../attestation/messages.ts';
import { decodeCardMessage } from '../card/messages.ts';
import { decodeReceipts, decodeReceiptsRequest } from '../card/receipt-messages.ts';
import { decodeRotations } from '../card/rotation-messages.ts';
import { decodeStatusRequest } from '../card/status-messages.ts';
import { parseAnswerMessage, parseOpenerMessage } from '../a2a/messages.ts';
import { SECURE_PROTOCOLS } from '../protocol-ids.ts';

const attest = SECURE_PROTOCOLS.attest.maxMessageBytes;
const a2a = SECURE_PROTOCOLS.a2a.maxMessageBytes;
const card = SECURE_PROTOCOLS.card.maxMessageBytes;

/** Size that {@link MAX_CASE_CPU_MS} is for. A peer pays for the size of a larger one. */
const TIMED_BYTES = 262_144;

/** Every decoder of a message of purposes 2, 3 and 4: its name, its size, what it reads. */
const DECODERS: readonly (readonly [string, number, string, (bytes: Uint8Array) => unknown])[] = [
  ['A2A request', a2a, 'request', readRequest],
  ['A2A answer', a2a, 'answer', parseAnswerMessage],
  ['benchmark', attest, 'bmask', decodeBenchmarkMessage],
  ['benchmark answer', attest, 'bmstep', decodeBenchmarkMessage],
  ['iss1', attest, 'iss1', decodeIssuanceOffer],
  ['iss2', attest, 'iss2', decodeBlinding],
  ['iss3', attest, 'iss3', decodeIssuance],
  ['iss4', attest, 'iss4', decodeIssuanceAnswer],
  ['card', card, 'card', decodeCardMessage],
  ['rcptreq', card, 'rcptreq', decodeReceiptsRequest],
  ['rcpts', card, 'rcpts', decodeReceipts],
  ['rotations', card, 'rotations', decodeRotations],
  ['statusreq', card, 'statusreq', decodeStatusRequest],
  ['chal', card, 'chal', decodeChallenge],
  ['show', card, 'show', decodeShow],
  ['rotation', card, 'rotate', (bytes) => openEnvelope(keyRotationDefinition, bytes)],
  ['status list', card, 'status', (bytes) => openEnvelope(statusListDefinition, bytes)],
];

describe('a message that is made to be costly is refused for little', () => {
  it.each(DECODERS)('at the decoder of %s', (_, maxBytes, typ, decode) => {
    // Also at the size that the decoder itself allows, if that is less than the stream does.
    for (const bytes of [maxBytes, 16_384, 1_024].flatMap((size) => costlyInputs(size, typ))) {
      expect(isRefused(decode(bytes[1])), bytes[0]).toBe(true);
      expect(
        leastCpuMs(() => decode(bytes[1])),
        bytes[0],
      ).toBeLessThan(MAX_CASE_CPU_MS * Math.max(1, bytes[1].length / TIMED_BYTES));
    }
  });
});

function readRequest(bytes: Uint8Array): unknown {
  const parsed = parseOpenerMessage(bytes);
  return parsed.kind === 'invalid' ? undefined : parsed;
}

function isRefused(read: unknown): boolean {
  return read === undefined || (read as { valid?: unknown }).valid === false;
}
