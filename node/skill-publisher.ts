/**
 * From the skills on the shelf and the certificates held to the agent card and the signed skill
 * record that other peers find.
 *
 * @module
 */

import { toBase64Url } from '../crypto/bytes.ts';
import { sha256 } from '../crypto/hash.ts';
import type { Logger } from '../protocols/components.ts';
import { buildAgentCard } from '../protocols/a2a/agent-card.ts';
import type { BuiltAgentCard } from '../protocols/a2a/agent-card.ts';
import type { OwnCard } from '../protocols/card/server.ts';
import { encodeVector } from '../protocols/card/messages.ts';
import { MAX_OFFERS, MAX_RECORD_CERTIFICATES } from '../protocols/skill-discovery/skill-record.ts';
import { bucketsOf } from '../protocols/skill-discovery/similarity-buckets.ts';
import type {
  Advertiser,
  PublishResult,
  RecordContent,
} from '../protocols/skill-discovery/advertise.ts';
import type { CertificateShelf } from './certificates/certificate-shelf.ts';
import type { HealthDocument, PublishDocument } from './api-documents.ts';
import type { Embedder } from './skills/embedding.ts';
import { unknownTerms } from './skills/term-check.ts';
import type { LearnedSkills } from './tasks/learned-skills.ts';
import type { SkillShelf } from './tasks/skill-shelf.ts';
import { VERSION } from './version.ts';

const ZERO_HASH = toBase64Url(new Uint8Array(32));
const NO_EMBEDDINGS = { model: '', dim: 0, sha256: ZERO_HASH, buckets: [] };
/** Unit of what is attested and not sold. */
const NOT_FOR_SALE = 'none';
const NO_CARD: OwnCard = { bytes: new Uint8Array(), vector: new Float32Array() };

export interface SkillPublisherInit {
  readonly name: string;
  readonly peerId: string;
  readonly shelf: SkillShelf;
  readonly certificates: CertificateShelf;
  /** Hash of the registered recovery key, 32 bytes. */
  readonly recovery: Uint8Array | undefined;
  readonly advertiser: Advertiser;
  readonly embedder: Embedder;
  readonly logger: Logger;
  /** Public half of the key that letters for this node are sealed for now, 32 bytes. */
  readonly sealingKey: () => Uint8Array;
  /** What the node has shown that it can do, by which the vector of its descriptions is moved. */
  readonly learned: Pick<LearnedSkills, 'vectorFor'>;
  readonly addresses: () => readonly string[];
}

/** Publishes one node's skills. */
export class SkillPublisher {
  readonly #init: SkillPublisherInit;
  #card: OwnCard = NO_CARD;

  constructor(init: SkillPublisherInit) {
    this.#init = init;
  }

  /** The card that the last published record names. */
  ownCard(): OwnCard {
    return this.#card;
  }

  /** The record as last signed; null before the first one. */
  lastRecord(): HealthDocument['record'] {
    const body = this.#init.advertiser.record?.body;
    return body ? { seq: body.seq, expiresAtSeconds: body.exp } : null;
  }

  /** Whether the last record names a resource of which no certificate stands any more. */
  isOutdated(): boolean {
    const offers = this.#init.advertiser.record?.body.offers ?? [];
    const onSale = new Set(this.#init.shelf.list().map(({ term }) => term));
    const attested = new Set(this.#init.certificates.attestedResources());
    return offers.some(({ term, perUnit }) => {
      return perUnit === NOT_FOR_SALE && !onSale.has(term) && !attested.has(term);
    });
  }

  /** Publishes what is on the shelf now, or that nothing is. */
  async publish(signal?: AbortSignal): Promise<PublishDocument> {
    const { shelf, advertiser } = this.#init;
    const options = signal === undefined ? {} : { signal };
    const content = await this.#content();
    const result = await advertiser.publish(content, options);
    return documentOf(
      result,
      shelf.list().map(({ term }) => term),
    );
  }

  async #content(): Promise<RecordContent> {
    const { shelf, embedder, recovery: hash } = this.#init;
    const recovery = hash && { recovery: toBase64Url(hash) };
    const sealingKey = toBase64Url(this.#init.sealingKey());
    const items = shelf.list();
    if (items.length === 0) {
      this.#card = NO_CARD;
      return {
        offers: [],
        embeddings: NO_EMBEDDINGS,
        certificates: [],
        sealingKey,
        ...recovery,
        card: ZERO_HASH,
      };
    }
    const text = items.map(({ term, description }) => `${term} ${description}`).join('\n');
    const terms = new Set(items.map(({ term }) => term));
    const vector = await this.#vectorOf(text, [...terms]);
    const card = this.#buildCard();
    this.#card = { bytes: card.bytes, vector };
    return {
      offers: [
        ...items.map((item) => ({
          term: item.term,
          priceMicroUsd: String(item.priceMicroUsd),
          perUnit: item.perUnit,
          latencyMs: item.latencyMs,
          capacity: item.capacity,
          ...(item.quantity === undefined ? {} : { quantity: String(item.quantity) }),
          ...(item.unit === undefined ? {} : { unit: item.unit }),
          ...(item.windows === undefined ? {} : { windows: item.windows }),
        })),
        ...this.#attestedResources().filter(({ term }) => !terms.has(term)),
      ].slice(0, MAX_OFFERS),
      embeddings:
        vector.length === 0
          ? NO_EMBEDDINGS
          : {
              model: embedder.modelId,
              dim: vector.length,
              sha256: toBase64Url(sha256(encodeVector(vector))),
              buckets: [...bucketsOf(vector, embedder.modelId)],
            },
      certificates: this.#listedCertificates(),
      sealingKey,
      ...recovery,
      card: card.hash,
    };
  }

  /** Empty where a service gives none: skills are found by their terms then. */
  async #vectorOf(text: string, terms: readonly string[]): Promise<Float32Array> {
    const { embedder, logger, learned } = this.#init;
    try {
      const [described] = await embedder.embed([text]);
      return await learned.vectorFor(terms, described!);
    } catch (error) {
      logger.warn({ error }, 'The skills are published without an embedding.');
      return new Float32Array();
    }
  }

  /**
   * Resources that attestors have measured here, so that they can be looked for: nothing to buy,
   * and no amount, which is proved to whoever asks for a minimum.
   */
  #attestedResources(): RecordContent['offers'] {
    const nothingToBuy = { priceMicroUsd: '0', perUnit: NOT_FOR_SALE, latencyMs: 0, capacity: 0 };
    return this.#init.certificates.attestedResources().map((term) => ({ term, ...nothingToBuy }));
  }

  /** What record and card say of the certificates held, endorsements last. */
  #listedCertificates(): RecordContent['certificates'] {
    const held = this.#init.certificates.standing().slice(0, MAX_RECORD_CERTIFICATES);
    return held.map(({ certificate: { id, body } }) => ({
      certId: toBase64Url(id),
      kind: body.kind,
      issuer: body.issuer,
      exp: body.exp,
    }));
  }

  #buildCard(): BuiltAgentCard {
    const { name, peerId, shelf, addresses } = this.#init;
    return buildAgentCard({
      name,
      description: `${name}, a coalesce node`,
      version: VERSION,
      peerId,
      multiaddrs: addresses(),
      streaming: true,
      offers: shelf.list().map(({ term, description, priceMicroUsd, perUnit, latencyMs }) => ({
        term,
        description,
        priceMicroUsd,
        perUnit,
        latencyMs,
      })),
      certificates: this.#listedCertificates(),
    });
  }
}

const NOT_READ_BACK = {
  NO_PEERS: 'no peer is connected; the record is published when one comes',
  NOT_STORED: 'every peer asked refused the record or did not answer',
  NOT_SEEN: 'peers took the record, and none showed it in time',
} as const;

function documentOf(result: PublishResult, skills: readonly string[]): PublishDocument {
  const { record, storedBy, readBack, readBackFrom, reason, elapsedMs } = result;
  return {
    seq: record.body.seq,
    expiresAtSeconds: record.body.exp,
    skills,
    storedAtPeers: storedBy,
    readBackBy: readBack ? (readBackFrom ?? null) : null,
    ...(reason === undefined ? {} : { reason: NOT_READ_BACK[reason] }),
    elapsedMs: Math.round(elapsedMs),
    unknownTerms: unknownTerms(skills),
  };
}
