/**
 * Client of an A2A agent over HTTP, by the address of its card (A2A 1.0 s.8, and 0.3 by the SDK's
 * compatibility layer).
 *
 * Nothing is sent to an origin that the operator did not name, whatever the card says; no redirect
 * is followed; the token goes over TLS or to this machine only; no more than a bounded answer is
 * read.
 *
 * @module
 */

import {
  ClientFactory,
  DefaultAgentCardResolver,
  JsonRpcTransportFactory,
  RestTransportFactory,
} from '@a2a-js/sdk/client';
import type { Client } from '@a2a-js/sdk/client';
import type { AgentCard } from '@a2a-js/sdk';
import type { Clock } from '../../../protocols/components.ts';
import { isLoopback } from '../../skills/openai-service.ts';
import type { ServiceComponents } from '../../skills/openai-service.ts';
import { ExecutorConfigError, ExecutorFailedError } from './errors.ts';

/** How long a card is believed. */
export const CARD_AGE_MS = 10 * 60_000;
/** Bytes of one answer or one stream. */
export const MAX_AGENT_ANSWER_BYTES = 32 * 1024 * 1024;
const CARD_TIMEOUT_MS = 10_000;

/** An agent as it is configured. */
export interface AgentConnectionInit {
  readonly term: string;
  /** An address below which `.well-known/agent-card.json` stands, or the card's own. */
  readonly url: string;
  readonly tokenVariable?: string;
  readonly origins?: readonly string[];
  readonly service: ServiceComponents;
  readonly clock: Clock;
}

/** An agent that can be talked to. */
export interface ConnectedAgent {
  readonly client: Client;
  readonly card: AgentCard;
}

/** Fetches and keeps the card. */
export class AgentConnection {
  readonly #init: AgentConnectionInit;
  readonly #origins: ReadonlySet<string>;
  readonly #token: string | undefined;
  #kept: { readonly agent: ConnectedAgent; readonly untilMs: number } | undefined;

  /** @throws {@link ExecutorConfigError} before anything is sent. */
  constructor(init: AgentConnectionInit) {
    const { term, url, origins = [], tokenVariable, service } = init;
    const bad = (detail: string) =>
      new ExecutorConfigError('BAD_SERVICE', `The executor of ${term} cannot be used: ${detail}`, {
        term,
      });
    const urls = [url, ...origins].map((text) => {
      const parsed = URL.canParse(text) ? new URL(text) : undefined;
      if (parsed && /^https?:$/.test(parsed.protocol) && parsed.username === '') return parsed;
      throw bad('"url" and "origins" expected addresses such as https://agent.example');
    });
    const inClear = urls.find(
      ({ protocol, hostname }) => protocol === 'http:' && !isLoopback(hostname),
    );
    if (tokenVariable !== undefined && inClear) {
      throw bad(`the token would go to ${inClear.host} in clear: use https`);
    }
    this.#token = tokenVariable && service.environment[tokenVariable]?.trim();
    if (tokenVariable !== undefined && !this.#token) {
      throw bad(`${tokenVariable} is not set: set it, or leave "tokenVariable" out`);
    }
    this.#init = init;
    this.#origins = new Set(urls.map(({ origin }) => origin));
  }

  /** The agent, by a card that is fetched where none is kept. */
  async agent(signal: AbortSignal): Promise<ConnectedAgent> {
    const nowMs = this.#init.clock.monotonicMs();
    if (this.#kept && nowMs < this.#kept.untilMs) return this.#kept.agent;
    const { url } = this.#init;
    const legacyCompat = { enabled: true };
    const limited = AbortSignal.any([signal, AbortSignal.timeout(CARD_TIMEOUT_MS)]);
    const resolver = new DefaultAgentCardResolver({
      fetchImpl: (input, init) => this.#fetch(input, { ...init, signal: limited }),
      legacyCompat,
    });
    const card = new URL(url).pathname.endsWith('.json')
      ? await resolver.resolve(url, '')
      : await resolver.resolve(`${url.replace(/\/+$/, '')}/`);
    const options = { fetchImpl: this.#fetch, legacyCompat };
    const factory = new ClientFactory({
      transports: [new JsonRpcTransportFactory(options), new RestTransportFactory(options)],
      cardResolver: resolver,
    });
    const agent = { client: await factory.createFromAgentCard(card), card };
    this.#kept = { agent, untilMs: nowMs + CARD_AGE_MS };
    return agent;
  }

  /** The card may be the reason of a failure: the next work fetches it anew. */
  forget(): void {
    this.#kept = undefined;
  }

  readonly #fetch = async (input: string | URL | Request, init: RequestInit = {}) => {
    const url = new URL(input instanceof Request ? input.url : input);
    if (!this.#origins.has(url.origin)) {
      const mend = 'name it in "origins" if it belongs to the agent';
      throw failed('UNREACHABLE', `The card of the agent names ${url.origin}: ${mend}`);
    }
    const headers = new Headers(init.headers);
    if (this.#token) headers.set('authorization', `Bearer ${this.#token}`);
    try {
      const sent = { ...init, headers, redirect: 'error' } as const;
      return bounded(await this.#init.service.request(url.href, sent));
    } catch (cause) {
      throw failed('UNREACHABLE', `${url.origin} cannot be reached: is the agent running?`, cause);
    }
  };
}

function failed(
  failure: 'UNREACHABLE' | 'RESULT_TOO_LARGE',
  message: string,
  cause?: unknown,
): ExecutorFailedError {
  return new ExecutorFailedError(failure, { cause: new Error(message, { cause }) });
}

/** The response, whose body fails after so many bytes. */
function bounded(response: Response): Response {
  let bytes = 0;
  const counter = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      bytes += chunk.length;
      if (bytes <= MAX_AGENT_ANSWER_BYTES) controller.enqueue(chunk);
      else controller.error(failed('RESULT_TOO_LARGE', 'The agent answered with too many bytes'));
    },
  });
  const { status, statusText, headers } = response;
  return new Response(response.body?.pipeThrough(counter) ?? null, { status, statusText, headers });
}
