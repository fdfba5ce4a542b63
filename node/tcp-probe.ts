/**
 * Whether something listens at an address: a TCP connection that is closed at once. Says nothing
 * about who answers.
 *
 * @module
 */

import { connect, createServer } from 'node:net';
import { codeOf } from './storage/data-directory.ts';

const TIMEOUT_MS = 3_000;

/** Where to. */
export interface TcpAddress {
  readonly host: string;
  readonly port: number;
}

/** @returns why nothing answers, for example ECONNREFUSED; `undefined` if something does. */
export function probeTcp(
  { host, port }: TcpAddress,
  timeoutMs = TIMEOUT_MS,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (problem: string | undefined): void => {
      socket.destroy();
      resolve(problem);
    };
    socket.setTimeout(timeoutMs, () => end(`no answer within ${timeoutMs} ms`));
    socket.once('connect', () => end(undefined));
    socket.once('error', (error) => end(codeOf(error)));
  });
}

/** @returns why a server cannot listen there, for example EADDRINUSE; `undefined` if it can. */
export function probeListen({ host, port }: TcpAddress): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(codeOf(error)));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
