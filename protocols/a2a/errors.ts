/**
 * Errors of A2A over the session: JSON-RPC codes (A2A 1.0 s.5.4), the answers that the server makes
 * itself, and what a client call can fail with.
 *
 * @module
 */

import { A2A_ERROR_CODE } from '@a2a-js/sdk/errors';
import { LIBP2P_BINDING_URI } from './agent-card.ts';

/** JSON-RPC error as it travels. */
export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: readonly object[];
}

/** JSON-RPC code of the binding's own refusals: the range that JSON-RPC leaves to servers. */
export const BINDING_REFUSAL_CODE = -32000;

/** Why the binding itself refused a request; `reason` of the error's `ErrorInfo`. */
export type BindingRefusal =
  /** No such contract, or the two peers are not its parties: the answer is the same. */
  | 'CONTRACT_REFUSED'
  /** More requests in flight than the server takes from one peer. */
  | 'TOO_MANY_REQUESTS'
  /** The message id was used before, with other content. */
  | 'MESSAGE_ID_REUSED'
  /** The message was executed before, and its result was too large to be kept. */
  | 'RESULT_NOT_KEPT'
  /** The answer does not fit a control message. */
  | 'RESULT_TOO_LARGE';

const REFUSAL_TEXT: Readonly<Record<BindingRefusal, string>> = {
  CONTRACT_REFUSED: 'The contract is not one between these two peers.',
  TOO_MANY_REQUESTS: 'Too many requests are in flight. Send this one again later.',
  MESSAGE_ID_REUSED: 'This messageId was used before with other content. Choose a new one.',
  RESULT_NOT_KEPT: 'This message was executed before. Its result is no longer here.',
  RESULT_TOO_LARGE: 'The result is larger than one control message.',
};

/** Error object of a refusal by the binding. */
export function bindingRefusal(reason: BindingRefusal): RpcError {
  const info = {
    '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
    reason,
    domain: LIBP2P_BINDING_URI,
  };
  return { code: BINDING_REFUSAL_CODE, message: REFUSAL_TEXT[reason], data: [info] };
}

/** Error object of a plain JSON-RPC failure. */
export function jsonRpcError(
  kind: 'PARSE_ERROR' | 'INVALID_REQUEST' | 'METHOD_NOT_FOUND' | 'INVALID_PARAMS',
  detail?: string,
): RpcError {
  const texts = {
    PARSE_ERROR: 'The message is not JSON.',
    INVALID_REQUEST: 'The message is not a request.',
    METHOD_NOT_FOUND: 'The method does not exist.',
    INVALID_PARAMS: 'The parameters are not valid.',
  } as const;
  const message = detail === undefined ? texts[kind] : `${texts[kind]} ${detail}`;
  return { code: A2A_ERROR_CODE[kind], message };
}

/** The one text for everything that went wrong inside: it says nothing of the inside. */
export const INTERNAL_ERROR: RpcError = {
  code: A2A_ERROR_CODE.INTERNAL_ERROR,
  message: 'The agent failed inside.',
};

const CODE_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(A2A_ERROR_CODE).map(([name, code]) => [code, name]),
);

/** The server answered with an error. `code` is its A2A name, e.g. `TASK_NOT_FOUND`. */
export class A2aRequestError extends Error {
  static override readonly name = 'A2aRequestError';
  override readonly name = 'A2aRequestError';
  /** Name of the A2A code, the binding's own reason, or `UNKNOWN_ERROR`. */
  readonly code: string;
  readonly details: {
    readonly peerId: string;
    readonly method: string;
    readonly rpcCode: number;
    /** The server's own words: untrusted text, without control characters, at most 512. */
    readonly serverMessage: string;
  };

  constructor(peerId: string, method: string, error: RpcError) {
    const code = codeOf(error);
    const serverMessage = printable(error.message, 512);
    super(`${method} to ${peerId} was refused with ${code} (${error.code}): ${serverMessage}`);
    this.code = code;
    this.details = { peerId, method, rpcCode: error.code, serverMessage };
  }
}

function codeOf(error: RpcError): string {
  const named = CODE_NAMES.get(error.code);
  if (named !== undefined) return named;
  if (error.code !== BINDING_REFUSAL_CODE) return 'UNKNOWN_ERROR';
  const info = error.data?.find((entry) => 'reason' in entry && 'domain' in entry) as
    { readonly reason: unknown; readonly domain: unknown } | undefined;
  const isOurs = info?.domain === LIBP2P_BINDING_URI && typeof info.reason === 'string';
  return isOurs && Object.hasOwn(REFUSAL_TEXT, info.reason) ? info.reason : 'UNKNOWN_ERROR';
}

/** `text` without control characters, cut to `maxLength` UTF-16 units. */
export function printable(text: string, maxLength: number): string {
  return text.slice(0, maxLength).replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, ' ');
}

/** The control stream broke before the answer came, and the request was not or no longer resent. */
export class A2aConnectionError extends Error {
  static override readonly name = 'A2aConnectionError';
  override readonly name = 'A2aConnectionError';
  readonly code = 'A2A_CONNECTION_LOST';
  readonly details: { readonly peerId: string };

  constructor(peerId: string, cause: unknown) {
    super(`the A2A stream to ${peerId} broke before the answer; ask for the task by its id`, {
      cause,
    });
    this.details = { peerId };
  }
}

/** The server sent something that is not an answer of A2A. The stream is given up. */
export class A2aAnswerError extends Error {
  static override readonly name = 'A2aAnswerError';
  override readonly name = 'A2aAnswerError';
  readonly code = 'A2A_BAD_ANSWER';
  readonly details: { readonly peerId: string; readonly problem: string };

  constructor(peerId: string, problem: string) {
    super(`${peerId} sent an A2A answer that cannot be used: ${problem}; try another peer`);
    this.details = { peerId, problem };
  }
}

/** The client broke the rules of the control stream, which is therefore closed. */
export class A2aPeerError extends Error {
  static override readonly name = 'A2aPeerError';
  override readonly name = 'A2aPeerError';
  readonly code = 'A2A_BAD_REQUESTS';
  readonly details: { readonly peerId: string; readonly problem: string };

  constructor(peerId: string, problem: string) {
    super(`${peerId} broke the rules of the A2A stream: ${problem}; the stream was closed`);
    this.details = { peerId, problem };
  }
}
