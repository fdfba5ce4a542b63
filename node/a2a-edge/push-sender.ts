/**
 * Push notifications of A2A tasks. The URL is the client's, so that it may name this machine or its
 * network: every address that the name has must be public, the connection goes to the one that was
 * checked, and no redirect is followed.
 *
 * @module
 */

import { lookup as systemLookup } from 'node:dns/promises';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import type { LookupFunction } from 'node:net';
import type { StreamResponse, TaskPushNotificationConfig } from '@a2a-js/sdk';
import { V1PushNotificationSerializer } from '@a2a-js/sdk/server';
import type {
  PushNotificationSender,
  PushNotificationStore,
  ServerCallContext,
} from '@a2a-js/sdk/server';
import type { Logger } from '../../protocols/components.ts';
import { isPublicAddress } from './public-address.ts';

/** Receivers of one task. */
const MAX_RECEIVERS = 8;
/** Notifications on their way, over all tasks; one more is dropped and logged. */
const MAX_IN_FLIGHT = 32;
const TIMEOUT_MS = 5_000;

export interface PushSenderInit {
  readonly store: PushNotificationStore;
  /** Also to addresses that are not public: for tests, and for a node of one's own network. */
  readonly isPrivateAllowed: boolean;
  readonly logger: Logger;
}

/** Sends what happens to tasks to the URLs that their clients gave. */
export class PushSender implements PushNotificationSender {
  readonly #init: PushSenderInit;
  readonly #serializer = new V1PushNotificationSerializer();
  #inFlight = 0;
  /** By task: notifications of one task arrive in order. */
  readonly #last = new Map<string, Promise<void>>();

  constructor(init: PushSenderInit) {
    this.#init = init;
  }

  async send(response: StreamResponse, context: ServerCallContext): Promise<void> {
    const taskId = taskIdOf(response);
    if (taskId === '') return;
    const receivers = (await this.#init.store.load(taskId, context)).slice(0, MAX_RECEIVERS);
    if (receivers.length === 0) return;
    if (this.#inFlight >= MAX_IN_FLIGHT) {
      this.#init.logger.warn({ taskId }, 'Too many push notifications are on their way.');
      return;
    }
    const { body, contentType } = this.#serializer.serialize(response);
    const before = this.#last.get(taskId) ?? Promise.resolve();
    this.#inFlight += 1;
    const sent = before
      .then(() => Promise.all(receivers.map((to) => this.#post(to, body, contentType))))
      .then(() => undefined)
      .finally(() => {
        this.#inFlight -= 1;
        if (this.#last.get(taskId) === sent) this.#last.delete(taskId);
      });
    this.#last.set(taskId, sent);
  }

  /** A receiver that cannot be reached is its client's business. */
  async #post(to: TaskPushNotificationConfig, body: string, contentType: string): Promise<void> {
    const { isPrivateAllowed, logger } = this.#init;
    try {
      const url = new URL(to.url);
      const address = await checkedAddress(url, isPrivateAllowed);
      await post(url, address, body, { 'content-type': contentType, ...authHeaders(to) });
    } catch (error) {
      logger.info({ taskId: to.taskId, err: error }, 'A push notification was not delivered.');
    }
  }
}

function taskIdOf({ payload }: StreamResponse): string {
  switch (payload?.$case) {
    case 'task':
      return payload.value.id;
    case 'statusUpdate':
    case 'artifactUpdate':
      return payload.value.taskId;
    default:
      return '';
  }
}

/**
 * An address of the URL's host that may be connected to.
 *
 * @throws {@link RangeError} for another scheme, or a host with an address that is not public.
 */
export async function checkedAddress(url: URL, isPrivateAllowed: boolean): Promise<string> {
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new RangeError(`"url" expected http or https, got ${url.protocol}`);
  }
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const addresses =
    isIP(host) === 0
      ? (await systemLookup(host, { all: true })).map(({ address }) => address)
      : [host];
  const refused = addresses.find((address) => !isPrivateAllowed && !isPublicAddress(address));
  if (refused !== undefined) throw new RangeError(`"url" names ${refused}, which is not public`);
  const [first] = addresses;
  if (first === undefined) throw new RangeError('"url" names a host without an address');
  return first;
}

function authHeaders({ authentication, token }: TaskPushNotificationConfig): object {
  if (authentication?.scheme) {
    return { authorization: `${authentication.scheme} ${authentication.credentials}`.trim() };
  }
  return token ? { 'x-a2a-notification-token': token } : {};
}

function post(url: URL, address: string, body: string, headers: object): Promise<void> {
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const pinned: LookupFunction = (_host, options, callback) => {
    const family = isIP(address);
    if (options.all === true) callback(null, [{ address, family }]);
    else callback(null, address, family);
  };
  return new Promise((resolve, reject) => {
    const request = send(url, {
      method: 'POST',
      headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      lookup: pinned,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    request.once('error', reject);
    request.once('response', (response) => {
      response.destroy();
      const { statusCode = 0 } = response;
      if (statusCode >= 200 && statusCode < 300) resolve();
      else reject(new RangeError(`the receiver answered ${statusCode}`));
    });
    request.end(body);
  });
}
