/**
 * One chat completion of an OpenAI-compatible service, read as it is streamed: `POST
 * {baseUrl}/chat/completions` with `stream` (OpenAI API reference, Chat; server-sent events as in
 * the HTML standard, 9.2). A service that answers at once is read too.
 *
 * No redirect is followed, no more than a bounded answer is read, and nothing that the service says
 * of an error is repeated: it may quote the key.
 *
 * @module
 */

import { createParser } from 'eventsource-parser';
import { z } from 'zod';
import type { ServiceComponents, ServiceEndpoint } from '../../skills/openai-service.ts';
import type { ChatMessage } from './chat-prompt.ts';
import { ExecutorFailedError } from './errors.ts';
import type { ExecutorFailure } from './errors.ts';

/** Characters of an answer that are read; a result has less. */
export const MAX_ANSWER_CHARACTERS = 1024 * 1024;
/** Bytes of a response that are read: each token comes with some 300 bytes around it. */
export const MAX_RESPONSE_BYTES = 64 * 1024 * 1024;
/** Characters of a token, for a service that does not say how many there were. */
export const CHARACTERS_PER_TOKEN = 4;

const TRIES = 3;
const FIRST_WAIT_MS = 250;
const MAX_TOKENS = 1e9;

/** Tokens of one or more completions. */
export interface TokenUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** What is asked, besides the messages. */
export interface ChatRequest {
  readonly messages: readonly ChatMessage[];
  /** Further keys of the request, `model` among them. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** Where to ask. */
export interface ChatServiceInit {
  readonly endpoint: Extract<ServiceEndpoint, { valid: true }>;
  readonly components: Pick<ServiceComponents, 'request' | 'wait'>;
}

const text = z.string().nullish();
const chunkSchema = z.object({
  choices: z
    .array(
      z.object({
        delta: z.object({ content: text }).nullish(),
        message: z.object({ content: text }).nullish(),
        finish_reason: text,
      }),
    )
    .max(16)
    .nullish(),
  usage: z
    .object({
      prompt_tokens: z.number().min(0).max(MAX_TOKENS),
      completion_tokens: z.number().min(0).max(MAX_TOKENS),
    })
    .nullish(),
  error: z.unknown().optional(),
});

/** What is known of an answer so far. */
class Answer {
  text = '';
  finishReason: string | undefined;
  reported: TokenUsage | undefined;

  take(json: string): void {
    let chunk: z.infer<typeof chunkSchema>;
    try {
      chunk = chunkSchema.parse(JSON.parse(json));
    } catch (cause) {
      throw failed('BAD_RESULT', 'The service sent something that is no chat completion', cause);
    }
    if (chunk.error !== undefined && chunk.error !== null)
      throw failed('FAILED', 'The service broke off with an error');
    if (chunk.usage) {
      const { prompt_tokens: inputTokens, completion_tokens: outputTokens } = chunk.usage;
      this.reported = { inputTokens, outputTokens };
    }
    const [choice] = chunk.choices ?? [];
    this.text += choice?.delta?.content ?? choice?.message?.content ?? '';
    if (this.text.length > MAX_ANSWER_CHARACTERS) throw new ExecutorFailedError('RESULT_TOO_LARGE');
    this.finishReason ??= choice?.finish_reason ?? undefined;
  }
}

function failed(failure: ExecutorFailure, message: string, cause?: unknown): ExecutorFailedError {
  return new ExecutorFailedError(failure, { cause: new Error(message, { cause }) });
}

/** Asks a service. */
export class ChatService {
  readonly #init: ChatServiceInit;

  constructor(init: ChatServiceInit) {
    this.#init = init;
  }

  /**
   * The answer to one request. When `signal` fires, the connection is closed.
   *
   * @param onUsage - Told once what was used, also if the answer was broken off; estimated from the
   *   characters where the service did not say.
   * @throws {@link ExecutorFailedError}; the reason of the signal.
   */
  async complete(
    request: ChatRequest,
    signal: AbortSignal,
    onUsage: (usage: TokenUsage) => void,
  ): Promise<string> {
    const response = await this.#send(request, signal);
    const answer = new Answer();
    try {
      await read(response, answer);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ExecutorFailedError) throw error;
      throw failed('UNREACHABLE', 'The answer broke off', error);
    } finally {
      onUsage(answer.reported ?? estimatedUsage(request, answer.text));
    }
    return finishedText(answer);
  }

  /** Sends a request, again where the service was overloaded or out of reach. */
  async #send({ messages, parameters }: ChatRequest, signal: AbortSignal): Promise<Response> {
    const { endpoint, components } = this.#init;
    const stream = { stream: true, stream_options: { include_usage: true } };
    const init: RequestInit = {
      method: 'POST',
      headers: endpoint.headers,
      body: JSON.stringify({ ...parameters, messages, ...stream }),
      redirect: 'error',
      signal,
    };
    for (let attempt = 1; ; attempt++) {
      const { response, error } = await components.request(endpoint.url, init).then(
        (response) => ({ response, error: undefined }),
        (error: unknown) => ({ response: undefined, error }),
      );
      signal.throwIfAborted();
      if (response?.ok === true) return response;
      await response?.body?.cancel();
      const status = response?.status;
      const isWorthAnotherTry = status === undefined || status === 429 || status >= 500;
      if (attempt >= TRIES || !isWorthAnotherTry) throw refusal(endpoint.url, status, error);
      await components.wait(FIRST_WAIT_MS * 2 ** attempt, signal);
    }
  }
}

function refusal(url: string, status: number | undefined, cause: unknown): ExecutorFailedError {
  if (status === undefined) {
    return failed('UNREACHABLE', `${url} cannot be reached: is the service running?`, cause);
  }
  const mend = status === 401 || status === 403 ? ': check the key' : '';
  return failed('FAILED', `${url} refused with status ${status}${mend}`);
}

async function read(response: Response, answer: Answer): Promise<void> {
  if (response.body === null) return;
  const isStream = response.headers.get('content-type')?.includes('text/event-stream') === true;
  const parser = createParser({
    onEvent: ({ data }) => {
      if (data.trim() !== '[DONE]') answer.take(data);
    },
  });
  const decoder = new TextDecoder();
  let whole = '';
  let bytes = 0;
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    const limit = isStream ? MAX_RESPONSE_BYTES : 4 * MAX_ANSWER_CHARACTERS;
    if (bytes > limit) throw new ExecutorFailedError('RESULT_TOO_LARGE');
    const characters = decoder.decode(chunk, { stream: true });
    if (isStream) parser.feed(characters);
    else whole += characters;
  }
  if (!isStream) answer.take(whole + decoder.decode());
}

/** An answer that was cut short is no result. */
function finishedText({ text, finishReason }: Answer): string {
  switch (finishReason) {
    case undefined:
      throw failed('UNREACHABLE', 'The answer ended before it was finished');
    case 'length':
      throw failed('RESULT_TOO_LARGE', 'The answer was cut short: raise "maxOutputTokens"');
    case 'content_filter':
      throw failed('REJECTED', 'The service filtered the answer');
    default:
      return text;
  }
}

function estimatedUsage({ messages }: ChatRequest, answer: string): TokenUsage {
  const asked = messages.reduce((sum, { content }) => sum + content.length, 0);
  return {
    inputTokens: Math.ceil(asked / CHARACTERS_PER_TOKEN),
    outputTokens: Math.ceil(answer.length / CHARACTERS_PER_TOKEN),
  };
}
