/**
 * Checks a received agent card against the signed skill record that named it: the hash first, then
 * the form of the card (A2A 1.0 s.4.4), then the embedding vector.
 *
 * A card says what a peer claims. It proves no skill.
 *
 * @module
 */

import { z } from 'zod';
import { equalBytes, fromUtf8, toBase64Url } from '../../crypto/bytes.ts';
import { encodeCanonicalJson } from '../../crypto/canonical-json.ts';
import type { JsonValue } from '../../crypto/canonical-json.ts';
import { sha256 } from '../../crypto/hash.ts';
import { AGENT_CARD_LIMITS, LIBP2P_BINDING_URI, agentCardHash } from '../a2a/agent-card.ts';
import { decodeVector } from './messages.ts';
import type { CardMessage } from './messages.ts';

const text = (max: number) => z.string().max(max);
const modes = z.array(text(128)).min(1).max(32);

const agentCardSchema = z.looseObject({
  name: text(256).min(1),
  description: text(8_192),
  version: text(64).min(1),
  supportedInterfaces: z
    .array(
      z.looseObject({
        url: text(2_048).min(1),
        protocolBinding: text(256).min(1),
        protocolVersion: text(16).min(1),
      }),
    )
    .min(1)
    .max(32),
  capabilities: z.looseObject({
    streaming: z.boolean().optional(),
    extensions: z
      .array(
        z.looseObject({
          uri: text(2_048),
          required: z.boolean().optional(),
          params: z.record(z.string(), z.unknown()).optional(),
        }),
      )
      .max(32)
      .optional(),
  }),
  defaultInputModes: modes,
  defaultOutputModes: modes,
  skills: z
    .array(
      z.looseObject({
        id: text(256).min(1),
        name: text(256),
        description: text(8_192),
        tags: z.array(text(128)).max(64),
        inputModes: modes.optional(),
        outputModes: modes.optional(),
      }),
    )
    .min(1)
    .max(64),
});

/** An agent card whose form was checked, in wire JSON. Members it does not name are kept. */
export type ReceivedAgentCard = z.infer<typeof agentCardSchema>;

/** What the signed skill record says of the card: a `SkillRecord` has this form. */
export interface ExpectedCard {
  readonly peerId: string;
  /** SHA-256 of the card, base64url. */
  readonly card: string;
  readonly embeddings: { readonly dim: number; readonly sha256: string };
}

/** Why a card was refused. */
export type CardRefusal =
  | 'MALFORMED'
  | 'CARD_HASH_MISMATCH'
  | 'NOT_CANONICAL'
  | 'NOT_AN_AGENT_CARD'
  | 'CARD_OF_OTHER_PEER'
  | 'VECTOR_LENGTH_MISMATCH'
  | 'VECTOR_HASH_MISMATCH'
  | 'VECTOR_NOT_FINITE';

/** Outcome of checking a card. */
export type CheckedCard =
  | {
      readonly valid: true;
      readonly card: ReceivedAgentCard;
      /** Canonical bytes, to be kept. */
      readonly bytes: Uint8Array;
      /** `undefined` if the record names none. */
      readonly vector: Float32Array | undefined;
    }
  | { readonly valid: false; readonly reason: CardRefusal };

/** Checks a card message against the record. Never throws on received bytes. */
export function checkCard(message: CardMessage, expected: ExpectedCard): CheckedCard {
  if (agentCardHash(message.card) !== expected.card) return refuse('CARD_HASH_MISMATCH');
  const json = parseCanonical(message.card);
  if (json === undefined) return refuse('NOT_CANONICAL');
  const parsed = agentCardSchema.safeParse(json);
  if (!parsed.success) return refuse('NOT_AN_AGENT_CARD');
  const isForeign = parsed.data.supportedInterfaces.some(
    ({ protocolBinding, url }) =>
      protocolBinding === LIBP2P_BINDING_URI && !url.endsWith(`/p2p/${expected.peerId}`),
  );
  if (isForeign) return refuse('CARD_OF_OTHER_PEER');
  const vector = checkVector(message.vector, expected);
  if (typeof vector === 'string') return refuse(vector);
  return { valid: true, card: parsed.data, bytes: message.card, vector };
}

function refuse(reason: CardRefusal): { valid: false; reason: CardRefusal } {
  return { valid: false, reason };
}

function parseCanonical(bytes: Uint8Array): unknown {
  try {
    const json = JSON.parse(fromUtf8(bytes)) as JsonValue;
    return equalBytes(encodeCanonicalJson(json, AGENT_CARD_LIMITS), bytes) ? json : undefined;
  } catch {
    return undefined;
  }
}

function checkVector(
  bytes: Uint8Array,
  { embeddings }: ExpectedCard,
): Float32Array | undefined | CardRefusal {
  if (bytes.length !== 4 * embeddings.dim) return 'VECTOR_LENGTH_MISMATCH';
  if (embeddings.dim === 0) return undefined;
  if (toBase64Url(sha256(bytes)) !== embeddings.sha256) return 'VECTOR_HASH_MISMATCH';
  return decodeVector(bytes) ?? 'VECTOR_NOT_FINITE';
}
