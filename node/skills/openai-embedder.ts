/**
 * An embedder behind an OpenAI-compatible service: `POST {baseUrl}/embeddings` (OpenAI API
 * reference, Embeddings). The network, the wait between tries and the environment are handed in.
 *
 * The service is not trusted with more than the texts: no redirect is followed, so that the key
 * stays with the host that was named; the key goes over TLS or to this machine only; no more than a
 * bounded answer is read; and no message repeats what the service said.
 *
 * @module
 */

import { z } from 'zod';
import type { Embedder } from './embedding.ts';
import { serviceEndpoint } from './openai-service.ts';
import type { ServiceComponents } from './openai-service.ts';

/** Largest number of dimensions that a card can carry (`protocols/card/messages.ts`). */
export const MAX_DIMENSIONS = 2_048;
/** Characters of a text that are sent. */
export const MAX_TEXT_CHARACTERS = 16_384;
/** Texts of one request. */
export const MAX_BATCH_TEXTS = 64;
/** Largest answer that is read: a full batch of the largest vectors, 24 characters a number. */
export const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_TRIES = 3;
const FIRST_WAIT_MS = 250;
const MAX_WAIT_MS = 5_000;

/** Configuration. */
export interface OpenAiEmbedderInit {
  /** Up to and without `/embeddings`, as in `https://api.openai.com/v1`. */
  readonly baseUrl: string;
  /** Name of the model at the service. */
  readonly model: string;
  /** Name under which vectors are published and compared; `model` if not given. */
  readonly modelId?: string;
  /** Name of the environment variable that holds the key; none: no key is sent. */
  readonly apiKeyVariable?: string;
  /** Asked of the service; without it the first answer fixes the number. */
  readonly dimensions?: number;
  readonly timeoutMs?: number;
  /** How often one request is sent at most. */
  readonly tries?: number;
}

/** Why no embedding came. */
export type EmbeddingFailure =
  | 'BAD_CONFIG'
  | 'NO_KEY'
  | 'UNREACHABLE'
  | 'TIMED_OUT'
  | 'REFUSED'
  | 'TOO_LARGE'
  | 'BAD_ANSWER'
  | 'WRONG_DIMENSIONS';

/** The service gave no usable embedding. */
export class EmbeddingServiceError extends Error {
  static override readonly name = 'EmbeddingServiceError';
  override readonly name = 'EmbeddingServiceError';
  readonly code: EmbeddingFailure;
  /** HTTP status, if there was an answer. */
  readonly details: { readonly status?: number };

  constructor(
    code: EmbeddingFailure,
    message: string,
    { status, ...options }: ErrorOptions & { readonly status?: number } = {},
  ) {
    super(message, options);
    this.code = code;
    this.details = status === undefined ? {} : { status };
  }
}

const answerSchema = z.object({
  data: z
    .array(
      z.object({
        index: z.number().int().min(0).max(MAX_BATCH_TEXTS),
        embedding: z.array(z.number()).min(1).max(MAX_DIMENSIONS),
      }),
    )
    .max(MAX_BATCH_TEXTS),
});

/** Reads no more than {@link MAX_ANSWER_BYTES}. */
async function readBounded(response: Response): Promise<string> {
  const tooLarge = () =>
    new EmbeddingServiceError('TOO_LARGE', `The answer is larger than ${MAX_ANSWER_BYTES} bytes`);
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  if (response.body === null) return text;
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw tooLarge();
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function isWorthAnotherTry(error: unknown): boolean {
  if (!(error instanceof EmbeddingServiceError)) return false;
  const { code, details } = error;
  if (code === 'UNREACHABLE' || code === 'TIMED_OUT') return true;
  return code === 'REFUSED' && (details.status === 429 || (details.status ?? 0) >= 500);
}

/** Embeds by asking a service. */
export class OpenAiEmbedder implements Embedder {
  readonly modelId: string;
  readonly #url: string;
  readonly #init: OpenAiEmbedderInit;
  readonly #components: ServiceComponents;
  readonly #headers: Readonly<Record<string, string>>;
  #dimensions: number;

  /** @throws {@link EmbeddingServiceError} BAD_CONFIG or NO_KEY, before anything is sent. */
  constructor(init: OpenAiEmbedderInit, components: ServiceComponents) {
    const { model, modelId = model, dimensions = 0 } = init;
    this.#init = init;
    this.#components = components;
    const endpoint = serviceEndpoint({ ...init, path: 'embeddings' }, components.environment);
    if (!endpoint.valid) throw new EmbeddingServiceError(endpoint.code, endpoint.detail);
    this.#url = endpoint.url;
    this.#headers = endpoint.headers;
    if (!/^[\x21-\x7e]{1,64}$/.test(modelId)) {
      const detail = '"modelId" expected 1 to 64 visible ASCII characters';
      throw new EmbeddingServiceError('BAD_CONFIG', detail);
    }
    if (!Number.isInteger(dimensions) || dimensions < 0 || dimensions > MAX_DIMENSIONS) {
      const detail = `"dimensions" expected 1 to ${MAX_DIMENSIONS}, got ${dimensions}`;
      throw new EmbeddingServiceError('BAD_CONFIG', detail);
    }
    this.modelId = modelId;
    this.#dimensions = dimensions;
  }

  /** 0 until the first answer, unless configured. */
  get dimensions(): number {
    return this.#dimensions;
  }

  /** @throws {@link EmbeddingServiceError}, or the reason of the signal. */
  async embed(
    texts: readonly string[],
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<Float32Array[]> {
    // Services refuse an empty text; its vector is zero by definition.
    const asked = texts.flatMap((text, place) => (text.trim() === '' ? [] : [place]));
    const vectors = new Map<number, Float32Array>();
    for (let start = 0; start < asked.length; start += MAX_BATCH_TEXTS) {
      const batch = asked.slice(start, start + MAX_BATCH_TEXTS);
      const input = batch.map((place) => texts[place]!.slice(0, MAX_TEXT_CHARACTERS));
      const answers = await this.#embedBatch(input, signal);
      batch.forEach((place, i) => vectors.set(place, answers[i]!));
    }
    return texts.map((_, place) => vectors.get(place) ?? new Float32Array(this.#dimensions));
  }

  async #embedBatch(
    input: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<Float32Array[]> {
    const { tries = DEFAULT_TRIES } = this.#init;
    for (let attempt = 1; ; attempt++) {
      try {
        return this.#vectorsOf(await this.#ask(input, signal), input.length);
      } catch (error) {
        signal?.throwIfAborted();
        if (attempt >= tries || !isWorthAnotherTry(error)) throw error;
        await this.#components.wait(Math.min(FIRST_WAIT_MS * 2 ** attempt, MAX_WAIT_MS), signal);
      }
    }
  }

  async #ask(input: readonly string[], signal: AbortSignal | undefined): Promise<string> {
    const { model, dimensions, timeoutMs = DEFAULT_TIMEOUT_MS } = this.#init;
    const limit = AbortSignal.timeout(timeoutMs);
    const body = { model, input, encoding_format: 'float' };
    try {
      const response = await this.#components.request(this.#url, {
        method: 'POST',
        headers: this.#headers,
        body: JSON.stringify(dimensions === undefined ? body : { ...body, dimensions }),
        redirect: 'error',
        signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
      });
      if (response.ok) return await readBounded(response);
      await response.body?.cancel();
      const { status } = response;
      const mend = status === 401 || status === 403 ? ': check the key' : '';
      const message = `${this.#url} refused with status ${status}${mend}`;
      throw new EmbeddingServiceError('REFUSED', message, { status });
    } catch (cause) {
      if (cause instanceof EmbeddingServiceError) throw cause;
      signal?.throwIfAborted();
      if (limit.aborted) {
        const message = `${this.#url} gave no answer within ${timeoutMs} ms`;
        throw new EmbeddingServiceError('TIMED_OUT', message, { cause });
      }
      const message = `${this.#url} cannot be reached: is the service running?`;
      throw new EmbeddingServiceError('UNREACHABLE', message, { cause });
    }
  }

  #vectorsOf(text: string, count: number): Float32Array[] {
    const bad = (cause?: unknown) =>
      new EmbeddingServiceError('BAD_ANSWER', `${this.#url} answered with no list of embeddings`, {
        cause,
      });
    let answer: z.infer<typeof answerSchema>;
    try {
      answer = answerSchema.parse(JSON.parse(text));
    } catch (cause) {
      throw bad(cause);
    }
    const byIndex = new Map(answer.data.map(({ index, embedding }) => [index, embedding]));
    const rows = Array.from({ length: count }, (_, index) => byIndex.get(index));
    if (answer.data.length !== count || !rows.every((row) => row !== undefined)) throw bad();
    const expected = this.#dimensions || rows[0]!.length;
    const other = rows.find(({ length }) => length !== expected);
    if (other !== undefined) {
      const message = `${this.#url} answered with ${other.length} dimensions, not ${expected}`;
      throw new EmbeddingServiceError('WRONG_DIMENSIONS', message);
    }
    this.#dimensions = expected;
    return rows.map(normalised);
  }
}

/** The same direction at length 1. Divided by the largest first, so that no square overflows. */
function normalised(row: readonly number[]): Float32Array {
  const largest = row.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (largest === 0) return new Float32Array(row.length);
  let squares = 0;
  for (const value of row) squares += (value / largest) * (value / largest);
  const length = Math.sqrt(squares);
  return Float32Array.from(row, (value) => value / largest / length);
}
