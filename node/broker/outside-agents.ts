/**
 * A2A agents outside the network, by the URL of their cards: fetched, read, and told to whoever
 * asks a broker for what they do. Nobody vouches for them, and they are always told as such.
 *
 * A skill is found under its id or tags where these are terms, and under the buckets of its words.
 *
 * @module
 */

import { AgentCard } from '@a2a-js/sdk';
import type { Logger } from '../../protocols/components.ts';
import {
  MAX_FOUND_OUTSIDE,
  MAX_OUTSIDE_SKILLS,
  MAX_OUTSIDE_TEXT,
} from '../../protocols/broker/messages.ts';
import type { OutsideAgent } from '../../protocols/broker/messages.ts';
import { bucketsOf } from '../../protocols/skill-discovery/similarity-buckets.ts';
import { ancestorsOf, isTerm } from '../../protocols/skill-discovery/terms.ts';
import type { Embedder } from '../skills/embedding.ts';

const FETCH_TIMEOUT_MS = 10_000;
const MAX_CARD_BYTES = 262_144;
/** Skills of one card that are taken up. */
const MAX_CARD_SKILLS = 64;
const MAX_EMBEDDED_TEXT = 1_024;

interface IndexedSkill {
  readonly name: string;
  readonly keys: ReadonlySet<string>;
}

interface IndexedAgent {
  readonly url: string;
  readonly name: string;
  readonly skills: readonly IndexedSkill[];
}

/** What it is handed. */
export interface OutsideAgentsComponents {
  /** URLs of agent cards. */
  readonly urls: readonly string[];
  readonly embedder: Embedder;
  readonly logger: Logger;
  /** Left out: the platform's. */
  readonly fetch?: typeof fetch;
}

/** The agents of a broker. */
export class OutsideAgents {
  readonly #components: OutsideAgentsComponents;
  readonly #agents = new Map<string, IndexedAgent>();

  constructor(components: OutsideAgentsComponents) {
    this.#components = components;
  }

  /** Fetches every card anew. One that cannot be read is told of no more. Never throws. */
  async refresh(signal: AbortSignal): Promise<void> {
    await Promise.all(
      this.#components.urls.map(async (url) => {
        try {
          const card = await this.#fetchCard(url, signal);
          this.#agents.set(url, await this.#indexed(url, card, signal));
        } catch (error) {
          this.#agents.delete(url);
          this.#components.logger.warn({ url, err: error }, 'An agent card could not be read.');
        }
      }),
    );
  }

  /** Agents with a skill under any of the keys. */
  find(keys: readonly string[]): readonly OutsideAgent[] {
    const found: OutsideAgent[] = [];
    for (const { url, name, skills } of this.#agents.values()) {
      const fitting = skills.filter((skill) => keys.some((key) => skill.keys.has(key)));
      const names = fitting.slice(0, MAX_OUTSIDE_SKILLS).map((skill) => skill.name);
      if (names.length > 0) found.push({ url, name, skills: names });
    }
    return found.slice(0, MAX_FOUND_OUTSIDE);
  }

  async #fetchCard(url: string, outer: AbortSignal): Promise<AgentCard> {
    const signal = AbortSignal.any([outer, AbortSignal.timeout(FETCH_TIMEOUT_MS)]);
    const load = this.#components.fetch ?? fetch;
    const response = await load(url, { signal, headers: { accept: 'application/json' } });
    if (!response.ok || response.body === null) throw new Error(`it answered ${response.status}`);
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of response.body) {
      bytes += chunk.length;
      if (bytes > MAX_CARD_BYTES) throw new Error(`it is larger than ${MAX_CARD_BYTES} bytes`);
      chunks.push(chunk);
    }
    return AgentCard.fromJSON(JSON.parse(Buffer.concat(chunks).toString('utf8')));
  }

  async #indexed(url: string, card: AgentCard, signal: AbortSignal): Promise<IndexedAgent> {
    const { embedder } = this.#components;
    const skills = card.skills.slice(0, MAX_CARD_SKILLS);
    const texts = skills.map(({ id, name, description, tags }) =>
      [id, name, description, ...tags].join(' ').slice(0, MAX_EMBEDDED_TEXT).toWellFormed(),
    );
    const vectors = texts.length === 0 ? [] : await embedder.embed(texts, { signal });
    return {
      url: url.slice(0, MAX_OUTSIDE_TEXT),
      name: shortened(card.name),
      skills: skills.map(({ id, name, tags }, i) => {
        const terms = [id, ...tags].filter(isTerm);
        const buckets = bucketsOf(vectors[i]!, embedder.modelId);
        const keys = new Set([...terms, ...terms.flatMap(ancestorsOf), ...buckets]);
        return { name: shortened(name || id), keys };
      }),
    };
  }
}

function shortened(text: string): string {
  return text.toWellFormed().slice(0, MAX_OUTSIDE_TEXT).toWellFormed();
}
