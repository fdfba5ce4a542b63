/**
 * The network, the clock and the environment of this process, for clients of services.
 *
 * @module
 */

import { setTimeout as delay } from 'node:timers/promises';
import type { ServiceComponents } from './skills/openai-service.ts';

/** The real ones. */
export const systemService: ServiceComponents = {
  request: (url, init) => fetch(url, init),
  wait: (durationMs, signal) => delay(durationMs, undefined, signal ? { signal } : {}),
  environment: process.env,
};
