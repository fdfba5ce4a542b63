/**
 * The agent card of a node, in A2A 1.0 wire JSON (A2A 1.0 s.4.4, s.8): each published skill term is
 * one skill, prices and quantities stand in the params of two extensions, and the libp2p binding is
 * the last interface, so that a client which does not know it finds another one first.
 *
 * The card carries no A2A signature of its own: the signed skill record names its hash.
 *
 * @module
 */

import { A2A_PROTOCOL_VERSION, AgentCard } from '@a2a-js/sdk';
import { toBase64Url } from '../../crypto/bytes.ts';
import { encodeCanonicalJson } from '../../crypto/canonical-json.ts';
import type { DocumentLimits, JsonValue } from '../../crypto/canonical-json.ts';
import { sha256 } from '../../crypto/hash.ts';
import { SECURE_PROTOCOLS } from '../protocol-ids.ts';

/** Custom protocol binding of A2A over a coalesce session (binding.md in this folder). */
export const LIBP2P_BINDING_URI = 'urn:coalesce:a2a:libp2p:v1';
/** Extension whose params hold the price of each skill. */
export const ECONOMICS_EXTENSION_URI = 'urn:coalesce:a2a:economics:v1';
/** Extension whose params hold predicate, quantity and certificate ids. */
export const SKILL_CERTIFICATE_EXTENSION_URI = 'urn:coalesce:a2a:skill-certificate:v1';

/** Largest canonical agent card and its depth: it must fit a card message beside the vector. */
export const AGENT_CARD_LIMITS: DocumentLimits = { maxBytes: 57_344, maxDepth: 16 };

/** What one published term offers, as the card shows it. */
export interface CardOffer {
  /** Skill term, `predicate:path`. */
  readonly term: string;
  /** Default: the path of the term. */
  readonly name?: string;
  readonly description: string;
  readonly quantity?: number;
  readonly unit?: string;
  readonly priceMicroUsd: number;
  /** What the price buys one of, `task` for a whole task. */
  readonly perUnit: string;
  readonly latencyMs: number;
  /** Media types. Default: `text/plain` and `application/json`. */
  readonly inputModes?: readonly string[];
  readonly outputModes?: readonly string[];
}

/** A certificate as the card lists it; the document itself comes over `/coalesce/card`. */
export interface CardCertificate {
  /** certId, base64url. */
  readonly certId: string;
  readonly kind: string;
  readonly issuer: string;
  /** Seconds since 1970. */
  readonly exp: number;
}

/** One endpoint over HTTP. */
export interface HttpInterface {
  /** Absolute. */
  readonly url: string;
  readonly protocolBinding: 'JSONRPC' | 'HTTP+JSON';
  readonly protocolVersion: string;
}

/** A skill without a price. */
export interface FurtherSkill {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly tags: readonly string[];
}

/** Everything the card is made of. */
export interface AgentCardInit {
  readonly name: string;
  readonly description: string;
  readonly version: string;
  readonly peerId: string;
  readonly offers: readonly CardOffer[];
  /** Multiaddrs under which the node can be dialled, with or without `/p2p/<peerId>`. */
  readonly multiaddrs: readonly string[];
  /** Standard interfaces, in the order in which clients should try them. Default: none. */
  readonly httpInterfaces?: readonly HttpInterface[];
  /** Whether the request handler streams. Default: no. */
  readonly streaming?: boolean;
  /** Whether it sends push notifications. Default: no. */
  readonly pushNotifications?: boolean;
  /** What the agent does beside what it sells. */
  readonly furtherSkills?: readonly FurtherSkill[];
  /** A2A 1.0 s.4.5, wire JSON; any one of them is enough. Default: none. */
  readonly securitySchemes?: Readonly<Record<string, JsonValue>>;
  readonly certificates?: readonly CardCertificate[];
  readonly quoteTtlSeconds?: number;
  /** Ways of settlement that work, e.g. `ledger`. Default: none advertised. */
  readonly settlement?: readonly string[];
}

/** Agent card as wire JSON (ProtoJSON of `lf.a2a.v1.AgentCard`). */
export type AgentCardJson = Readonly<Record<string, JsonValue>>;

/** A card, its canonical bytes and the hash that the skill record names. */
export interface BuiltAgentCard {
  /** Wire JSON: what is served and hashed. */
  readonly json: AgentCardJson;
  /** The object form of the SDK: what its request handler takes. */
  readonly card: AgentCard;
  /** Full RFC 8785 bytes of `json`. */
  readonly bytes: Uint8Array;
  /** SHA-256 of `bytes`, base64url: `card` of the skill record. */
  readonly hash: string;
}

const DEFAULT_MODES = ['text/plain', 'application/json'];

interface TermParts {
  readonly predicate: string;
  readonly path: string;
}

function partsOf(term: string): TermParts {
  const colon = term.indexOf(':');
  if (colon < 1 || colon === term.length - 1) {
    throw new TypeError(`"term" expected predicate:path, got ${JSON.stringify(term)}`);
  }
  return { predicate: term.slice(0, colon), path: term.slice(colon + 1) };
}

function skillOf(offer: CardOffer): object {
  const { predicate, path } = partsOf(offer.term);
  return {
    id: offer.term,
    name: offer.name ?? path,
    description: offer.description,
    tags: [...new Set([predicate, ...path.split('/')])],
    inputModes: offer.inputModes ?? DEFAULT_MODES,
    outputModes: offer.outputModes ?? DEFAULT_MODES,
  };
}

function withPeerId(multiaddr: string, peerId: string): string {
  const suffix = `/p2p/${peerId}`;
  if (multiaddr.endsWith(suffix)) return multiaddr;
  if (multiaddr.includes('/p2p/') && !multiaddr.endsWith('/p2p-circuit')) {
    throw new TypeError(`"multiaddrs" expected addresses of ${peerId}, got ${multiaddr}`);
  }
  return multiaddr + suffix;
}

function interfacesOf(init: AgentCardInit): object[] {
  const protocolVersion = A2A_PROTOCOL_VERSION;
  // A node that was given no address can still be found by its PeerId over the DHT.
  const addresses = init.multiaddrs.length > 0 ? init.multiaddrs : [''];
  const libp2p = addresses.map((multiaddr) => ({
    url: withPeerId(multiaddr, init.peerId),
    protocolBinding: LIBP2P_BINDING_URI,
    protocolVersion,
  }));
  return [...(init.httpInterfaces ?? []), ...libp2p];
}

function economicsOf(init: AgentCardInit): object {
  const skills = init.offers.map((offer): [string, object] => [
    offer.term,
    {
      model: offer.perUnit === 'task' ? 'per_task' : 'per_unit',
      price: offer.priceMicroUsd,
      perUnit: offer.perUnit,
      maxLatencyMs: offer.latencyMs,
    },
  ]);
  return {
    uri: ECONOMICS_EXTENSION_URI,
    description: 'List prices of the skills; a signed quote over the session is what binds.',
    params: {
      currency: 'USD',
      unit: 'micro',
      skills: Object.fromEntries(skills),
      negotiation: SECURE_PROTOCOLS.negotiation.id,
      ...(init.quoteTtlSeconds !== undefined && { quoteTtlSeconds: init.quoteTtlSeconds }),
      ...(init.settlement && init.settlement.length > 0 && { settlement: init.settlement }),
    },
  };
}

function skillCertificatesOf(init: AgentCardInit): object {
  const skills = init.offers.map((offer): [string, object] => [
    offer.term,
    {
      predicate: partsOf(offer.term).predicate,
      ...(offer.quantity !== undefined && { quantity: offer.quantity }),
      ...(offer.unit !== undefined && { unit: offer.unit }),
    },
  ]);
  return {
    uri: SKILL_CERTIFICATE_EXTENSION_URI,
    description:
      'Predicates and quantities of the skills; presentations are made over the session.',
    params: {
      skills: Object.fromEntries(skills),
      presentation: SECURE_PROTOCOLS.card.id,
      certificates: (init.certificates ?? []).map(({ certId, kind, issuer, exp }) => ({
        certId,
        kind,
        issuer,
        exp,
      })),
    },
  };
}

/**
 * Builds the agent card of a node.
 *
 * @throws {@link TypeError} for a term that is not `predicate:path`, a second offer of one term, no
 *   offer at all (A2A asks for one skill or more), or a multiaddr of another peer.
 * @throws `CanonicalJsonError` for a card beyond {@link AGENT_CARD_LIMITS}.
 */
export function buildAgentCard(init: AgentCardInit): BuiltAgentCard {
  const skills = [...init.offers.map(skillOf), ...(init.furtherSkills ?? [])];
  if (skills.length === 0) throw new TypeError('"offers" expected at least one offer, got 0');
  const terms = new Set(init.offers.map((offer) => offer.term));
  if (terms.size !== init.offers.length) {
    throw new TypeError(`"offers" expected distinct terms, got ${[...terms].join(', ')} repeated`);
  }
  const card = AgentCard.fromJSON({
    name: init.name,
    description: init.description,
    version: init.version,
    supportedInterfaces: interfacesOf(init),
    capabilities: {
      streaming: init.streaming ?? false,
      pushNotifications: init.pushNotifications ?? false,
      extendedAgentCard: false,
      extensions: [economicsOf(init), skillCertificatesOf(init)],
    },
    defaultInputModes: DEFAULT_MODES,
    defaultOutputModes: DEFAULT_MODES,
    skills,
    ...(init.securitySchemes && {
      securitySchemes: init.securitySchemes,
      securityRequirements: Object.keys(init.securitySchemes).map((name) => ({
        schemes: { [name]: { list: [] } },
      })),
    }),
  });
  const json = AgentCard.toJSON(card) as AgentCardJson;
  const bytes = encodeCanonicalJson(json, AGENT_CARD_LIMITS);
  return { json, card, bytes, hash: agentCardHash(bytes) };
}

/** Hash of a card's canonical bytes as the skill record names it: SHA-256, base64url. */
export function agentCardHash(bytes: Uint8Array): string {
  return toBase64Url(sha256(bytes));
}
