/**
 * Structured logs: one JSON line each on stderr or in a file, secrets redacted.
 *
 * @module
 */

import { pino } from 'pino';
import type { Logger } from '../protocols/components.ts';

/** Levels of the `logLevel` setting. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;

/** One of {@link LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * A pino logger.
 *
 * @param destination - Path of a file to append to; default stderr.
 */
export function createLogger(level: LogLevel, destination?: string): Logger {
  const target = pino.destination({ dest: destination ?? 2, sync: true, append: true });
  return pino({ level, redact: ['token', 'seed', 'salt', '*.token', '*.seed', '*.salt'] }, target);
}

/** A logger that says nothing. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
