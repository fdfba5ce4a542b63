/**
 * The agent card of the HTTP edge: the skills on offer with their prices, the interfaces over HTTP
 * first, signed with the node's key (A2A 1.0 s.8.4: JWS over RFC 8785, EdDSA). The key id is the
 * PeerId, which is the public key, so that a verifier needs no other source.
 *
 * @module
 */

import { generateAgentCardSignature } from '@a2a-js/sdk';
import type { AgentCard } from '@a2a-js/sdk';
import { toBase64Url } from '../../crypto/bytes.ts';
import type { Identity } from '../../crypto/identity.ts';
import { buildAgentCard } from '../../protocols/a2a/agent-card.ts';
import type { AgentCardJson, CardOffer, HttpInterface } from '../../protocols/a2a/agent-card.ts';
import { VERSION } from '../version.ts';

/** Path of the JSON-RPC endpoint. */
export const JSON_RPC_PATH = '/a2a/jsonrpc';
/** Path of the REST endpoint. */
export const REST_PATH = '/a2a/rest';

/** Versions of A2A that the edge speaks. */
export const CARD_VERSIONS = ['1.0', '0.3'] as const;

/** What the node's owner may have done by the whole network. */
const OUTSOURCE = {
  id: 'coalesce:run',
  name: 'Run on the network',
  description: [
    'Finds agents with the skill that the message names, compares what the work costs here and',
    'there, has it done where it costs less, verifies the result and brings it back. Needs the',
    "token of the node's owner.",
  ].join(' '),
  tags: ['coalesce', 'outsourcing'],
};

/** What the card is made of. */
export interface EdgeCardInit {
  readonly name: string;
  readonly identity: Identity;
  /** Where clients reach the edge, without a slash at its end. */
  readonly url: string;
  readonly offers: readonly CardOffer[];
  readonly multiaddrs: readonly string[];
}

/** The signed card in wire JSON, and the same in the SDK's object form, without a signature. */
export interface EdgeCard {
  readonly json: AgentCardJson;
  readonly card: AgentCard;
}

/** Builds and signs the card. */
export async function edgeCard(init: EdgeCardInit): Promise<EdgeCard> {
  const { name, identity, url, offers, multiaddrs } = init;
  const httpInterfaces = CARD_VERSIONS.flatMap((protocolVersion): HttpInterface[] => [
    { url: `${url}${JSON_RPC_PATH}`, protocolBinding: 'JSONRPC', protocolVersion },
    { url: `${url}${REST_PATH}`, protocolBinding: 'HTTP+JSON', protocolVersion },
  ]);
  const { card, json } = buildAgentCard({
    name,
    description: 'An agent of a coalesce network: skills of its own, and those of its peers.',
    version: VERSION,
    peerId: identity.peerId,
    offers,
    multiaddrs,
    httpInterfaces,
    streaming: true,
    pushNotifications: true,
    furtherSkills: [OUTSOURCE],
    securitySchemes: {
      owner: { httpAuthSecurityScheme: { scheme: 'Bearer', description: 'The node’s token' } },
    },
  });
  const sign = generateAgentCardSignature(signingKey(identity), {
    alg: 'EdDSA',
    kid: identity.peerId,
    typ: 'JOSE',
  });
  // The SDK signs the object form in other bytes than its clients verify; the wire form is right.
  const signed = await sign(json as unknown as AgentCard);
  return { card, json: signed as unknown as AgentCardJson };
}

/** What JWS signs starts with its header in base64url, and no document of coalesce does. */
function signingKey({ publicKey, seed }: Identity) {
  return { kty: 'OKP', crv: 'Ed25519', x: toBase64Url(publicKey), d: toBase64Url(seed) };
}
