/** An edge on loopback with a node behind it that is not there, and the SDK's own client. */

import { ClientFactory, ClientFactoryOptions, JsonRpcTransportFactory } from '@a2a-js/sdk/client';
import { Role } from '@a2a-js/sdk';
import type { Message, SendMessageRequest } from '@a2a-js/sdk';
import { Identity } from '../../../crypto/identity.ts';
import { FakeClock, FakeLogger, FakeRandom } from '../../../protocols/test/a2a/test-agent.ts';
import { startA2aEdge } from '../../a2a-edge/edge.ts';
import type { A2aEdge } from '../../a2a-edge/edge.ts';
import type { EdgeAgent } from '../../a2a-edge/edge-executor.ts';
import type { StoredTask } from '../../a2a-edge/stored-tasks.ts';
import type { RunDocument } from '../../api-documents.ts';
import { loadConfig } from '../../config/load.ts';
import type { TaskRequest } from '../../http-api/routes/requests.ts';
import { MemoryJsonSection } from '../memory-section.ts';

export const TOKEN = 'a token of a data directory';
export const SENTIMENT = 'performs:nlp/sentiment';
export const RISK = 'performs:finance/risk-assessment';

/** A node that answers in upper case. */
export class FakeEdgeAgent implements EdgeAgent {
  names = [SENTIMENT, RISK];
  readonly requests: TaskRequest[] = [];
  readonly signals: AbortSignal[] = [];
  /** Work waits for this. */
  gate: Promise<void> = Promise.resolve();
  status: RunDocument['status'] = 'completed';
  failure: Error | undefined;

  terms = () => this.names;

  async run(request: TaskRequest, signal: AbortSignal): Promise<RunDocument> {
    this.requests.push(request);
    await this.#wait(signal);
    const decision = { decisionId: 'd1', choice: 'OUTSOURCE', contractor: 'x', reason: 'cheaper' };
    const subtasks = [{ decision, paidMicroUsd: 40, receiptId: 'r1' }];
    const output = [{ mediaType: 'application/json', data: { label: 'positive' } }];
    return { status: this.status, output, subtasks, totals: {} } as unknown as RunDocument;
  }

  async workUnpaid(
    term: string,
    inputs: readonly { readonly bytes: Uint8Array }[],
    signal: AbortSignal,
  ) {
    await this.#wait(signal);
    const text = new TextDecoder().decode(inputs[0]!.bytes).toUpperCase();
    return [{ mediaType: 'text/plain', text: `${term}: ${text}` }];
  }

  async #wait(signal: AbortSignal): Promise<void> {
    this.signals.push(signal);
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
    await Promise.race([this.gate, aborted]);
    if (this.failure) throw this.failure;
  }
}

export interface WorldInit {
  readonly flags?: Readonly<Record<string, unknown>>;
  readonly tasks?: MemoryJsonSection<StoredTask>;
}

export interface EdgeWorld {
  readonly edge: A2aEdge;
  readonly agent: FakeEdgeAgent;
  readonly identity: Identity;
  readonly logger: FakeLogger;
  readonly tasks: MemoryJsonSection<StoredTask>;
  readonly clock: FakeClock;
}

/** Starts an edge. */
export async function startWorld({ flags = {}, tasks }: WorldInit = {}): Promise<EdgeWorld> {
  const agent = new FakeEdgeAgent();
  const identity = Identity.fromSeed(new Uint8Array(32).fill(7));
  const section = tasks ?? new MemoryJsonSection<StoredTask>();
  const clock = new FakeClock();
  const logger = new FakeLogger();
  const edge = await startA2aEdge({
    config: loadConfig([{ origin: 'test', values: { a2a: flags } }]),
    identity,
    token: TOKEN,
    agent,
    offers: () =>
      agent.names.map((term) => {
        return { term, description: term, priceMicroUsd: 40, perUnit: 'task', latencyMs: 1_000 };
      }),
    multiaddrs: () => [],
    tasks: section,
    clock,
    random: new FakeRandom(),
    logger,
  });
  return { edge, agent, identity, logger, tasks: section, clock };
}

/** The SDK's client, as any user has it; with the owner's token or without one. */
export function clientOf(url: string, token: string | undefined = TOKEN) {
  const fetchImpl: typeof fetch = (input, init) => {
    const headers = new Headers(init?.headers);
    if (token !== undefined) headers.set('authorization', `Bearer ${token}`);
    return fetch(input, { ...init, headers });
  };
  const transports = [new JsonRpcTransportFactory({ fetchImpl })];
  return new ClientFactory(
    ClientFactoryOptions.createFrom(ClientFactoryOptions.default, { transports }),
  ).createFromUrl(url);
}

let messages = 0;

/** A message of a user with one text. */
export function textMessage(text: string, changes: Partial<Message> = {}): SendMessageRequest {
  messages += 1;
  return {
    tenant: '',
    message: {
      messageId: `m${messages}`,
      contextId: '',
      taskId: '',
      role: Role.ROLE_USER,
      parts: [
        {
          content: { $case: 'text', value: text },
          mediaType: 'text/plain',
          filename: '',
          metadata: undefined,
        },
      ],
      metadata: undefined,
      extensions: [],
      referenceTaskIds: [],
      ...changes,
    },
    configuration: undefined,
    metadata: undefined,
  };
}
