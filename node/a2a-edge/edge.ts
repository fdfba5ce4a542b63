/**
 * A2A over HTTP (A2A 1.0 s.9 JSON-RPC, s.11 REST; 0.3 by the SDK's compatibility layer): the edge
 * by which agents and tools that know nothing of coalesce use a node. It has a port of its own and
 * none of the routes that control the node.
 *
 * The owner, who has the token of the data directory, uses the whole network through it; others use
 * what is on offer here, unpaid, where `a2a.unpaidWork` allows it.
 *
 * @module
 */

import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AgentCard, SendMessageRequest } from '@a2a-js/sdk';
import { RequestMalformedError } from '@a2a-js/sdk/errors';
import { DefaultRequestHandler, InMemoryPushNotificationStore } from '@a2a-js/sdk/server';
import type { AgentExecutor } from '@a2a-js/sdk/server';
import { agentCardHandler, jsonRpcHandler, restHandler } from '@a2a-js/sdk/server/express';
import express from 'express';
import type { Request, RequestHandler, Response } from 'express';
import { toBase64Url, utf8 } from '../../crypto/bytes.ts';
import { sha256 } from '../../crypto/hash.ts';
import type { Identity } from '../../crypto/identity.ts';
import type { CardOffer } from '../../protocols/a2a/agent-card.ts';
import { guardExecutor } from '../../protocols/a2a/error-scrubbing.ts';
import type { Clock, Logger, Random } from '../../protocols/components.ts';
import type { Config } from '../config/schema.ts';
import { BadInputError } from '../errors.ts';
import { codeOf } from '../storage/data-directory.ts';
import type { JsonSection } from '../storage/store.ts';
import { EdgeExecutor } from './edge-executor.ts';
import type { EdgeAgent } from './edge-executor.ts';
import { JSON_RPC_PATH, REST_PATH, edgeCard } from './edge-card.ts';
import type { EdgeCard } from './edge-card.ts';
import { completeEventStream } from './event-stream.ts';
import { bodyReader, hostGuard, refuseBody, tokenGuard, userOf, versionReader } from './guards.ts';
import { checkRestCall, checkRpcCall } from './message-checks.ts';
import { paperMethods } from './paper-methods.ts';
import { PushSender, checkedAddress } from './push-sender.ts';
import { StoredTasks } from './stored-tasks.ts';
import type { StoredTask } from './stored-tasks.ts';

const CARD_PATH = '/.well-known/agent-card.json';
/** Where it was until A2A 0.3. */
const OLD_CARD_PATH = '/.well-known/agent.json';
const CARD_MAX_AGE_SECONDS = 60;

export interface A2aEdgeInit {
  readonly config: Pick<Config, 'name' | 'a2a'>;
  readonly identity: Identity;
  /** The owner's. */
  readonly token: string;
  readonly agent: EdgeAgent;
  readonly offers: () => readonly CardOffer[];
  readonly multiaddrs: () => readonly string[];
  readonly tasks: JsonSection<StoredTask>;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** A listening edge. */
export interface A2aEdge {
  /** Base URL: where the agent card is found. */
  readonly url: string;
  /** Tasks of clients in work. */
  readonly inWork: () => number;
  /** Ends what is in work, and stops listening. */
  close(): Promise<void>;
}

/** Starts the edge. @throws {@link BadInputError} if its port is taken. */
export async function startA2aEdge(init: A2aEdgeInit): Promise<A2aEdge> {
  const { config, clock, random, logger, token } = init;
  const { unpaidWork, publicUrl } = config.a2a;
  const tasks = new StoredTasks({ section: init.tasks, clock, logger });
  await tasks.start();
  const executor = new EdgeExecutor({ agent: init.agent, clock });
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  const server = createServer(app);
  server.requestTimeout = 60_000; // of the request's bytes; an answer may take longer
  const url = await listen(server, config.a2a);
  const card = cardOf(init, publicUrl ?? url);
  const requestHandler = new EdgeRequestHandler(await card(), card, {
    executor: guardExecutor(executor, { clock, random, logger }),
    tasks,
    isPrivatePushAllowed: config.a2a.isPrivatePushAllowed,
    logger,
  });
  const options = {
    requestHandler,
    userBuilder: (request: Request) => {
      const user = userOf(request, token);
      return user ? Promise.resolve(user) : Promise.reject(new Error('no such token'));
    },
    legacyCompat: { enabled: true },
  };
  app.use(hostGuard(publicUrl));
  app.use(CARD_PATH, versionReader, serveCard(card));
  app.get(OLD_CARD_PATH, (_request, response) => response.redirect(307, CARD_PATH));
  const ownerOnly = tokenGuard(token, unpaidWork === 'none');
  const guards = [ownerOnly, bodyReader, refuseBody, versionReader];
  app.use(JSON_RPC_PATH, ...guards, completeEventStream(), paperMethods(), checkRpcCall);
  app.use(JSON_RPC_PATH, jsonRpcHandler(options));
  app.use(REST_PATH, ...guards, completeEventStream(), checkRestCall, restHandler(options));
  app.use((_request: Request, response: Response) => {
    response.status(404).json({ error: { code: 404, message: `See ${CARD_PATH}` } });
  });
  return {
    url,
    inWork: () => executor.inWork,
    close: async () => {
      executor.abort();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

interface HandlerInit {
  readonly executor: AgentExecutor;
  readonly tasks: StoredTasks;
  readonly isPrivatePushAllowed: boolean;
  readonly logger: Logger;
}

/** The SDK's handler, whose card changes with what is on offer and whose push URLs are checked. */
class EdgeRequestHandler extends DefaultRequestHandler {
  readonly #card: () => Promise<EdgeCard>;
  readonly #isPrivateAllowed: boolean;

  constructor(first: EdgeCard, card: () => Promise<EdgeCard>, init: HandlerInit) {
    const store = new InMemoryPushNotificationStore();
    const { executor, tasks, isPrivatePushAllowed: isPrivateAllowed, logger } = init;
    const sender = new PushSender({ store, isPrivateAllowed, logger });
    super(first.card, tasks, executor, undefined, store, sender);
    this.#card = card;
    this.#isPrivateAllowed = isPrivateAllowed;
  }

  override async getAgentCard(): Promise<AgentCard> {
    return (await this.#card()).card;
  }

  override async createTaskPushNotificationConfig(
    ...[params, context]: Parameters<DefaultRequestHandler['createTaskPushNotificationConfig']>
  ) {
    await refusePrivate(params.url, this.#isPrivateAllowed);
    return super.createTaskPushNotificationConfig(params, context);
  }

  override async sendMessage(
    ...[params, context]: Parameters<DefaultRequestHandler['sendMessage']>
  ) {
    await refusePrivate(pushUrlOf(params), this.#isPrivateAllowed);
    return super.sendMessage(params, context);
  }

  override async *sendMessageStream(
    ...[params, context]: Parameters<DefaultRequestHandler['sendMessageStream']>
  ) {
    await refusePrivate(pushUrlOf(params), this.#isPrivateAllowed);
    yield* super.sendMessageStream(params, context);
  }
}

function pushUrlOf({ configuration }: SendMessageRequest): string | undefined {
  return configuration?.taskPushNotificationConfig?.url;
}

/** @throws RequestMalformedError for a URL that this node must not connect to. */
async function refusePrivate(url: string | undefined, isPrivateAllowed: boolean): Promise<void> {
  if (url === undefined || url === '') return;
  try {
    await checkedAddress(new URL(url), isPrivateAllowed);
  } catch {
    throw new RequestMalformedError('The push URL must be http or https to a public address.');
  }
}

/** The same card until something in it changes: signing it takes longer than sending it. */
function cardOf(init: A2aEdgeInit, url: string): () => Promise<EdgeCard> {
  let known: { readonly key: string; readonly card: Promise<EdgeCard> } | undefined;
  return () => {
    const { config, identity, offers, multiaddrs } = init;
    const content = { name: config.name, offers: offers(), multiaddrs: multiaddrs(), url };
    const key = JSON.stringify(content);
    if (known?.key !== key) known = { key, card: edgeCard({ ...content, identity }) };
    return known.card;
  };
}

/** The signed card for 1.0; for older clients, and those that do not say, the SDK's hybrid. */
function serveCard(card: () => Promise<EdgeCard>): RequestHandler {
  const older = agentCardHandler({
    agentCardProvider: async () => (await card()).card,
    cache: { maxAge: CARD_MAX_AGE_SECONDS },
    legacyCompat: { enabled: true },
  });
  return async (request, response, next) => {
    const version = request.headers['a2a-version'] ?? '';
    if (request.method !== 'GET' || version !== '1.0') {
      older(request, response, next);
      return;
    }
    const text = JSON.stringify((await card()).json);
    const etag = `"${toBase64Url(sha256(utf8(text)))}"`;
    response.set({
      'Cache-Control': `public, max-age=${CARD_MAX_AGE_SECONDS}`,
      ETag: etag,
      Vary: 'A2A-Version',
      'Access-Control-Allow-Origin': '*',
    });
    if (request.headers['if-none-match'] === etag) response.status(304).end();
    else response.type('application/json').send(text);
  };
}

function listen(server: Server, a2a: Config['a2a']): Promise<string> {
  const { host, port } = a2a;
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      reject(
        new BadInputError(
          `a2a.port ${port}: cannot listen on ${host} (${codeOf(error)}); choose another port, or 0 for a free one`,
          { cause: error },
        ),
      );
    });
    server.listen(port, host, () => {
      const address = server.address();
      if (address === null || typeof address === 'string') throw new TypeError('not listening');
      resolve(`http://${host.includes(':') ? `[${host}]` : host}:${address.port}`);
    });
  });
}
