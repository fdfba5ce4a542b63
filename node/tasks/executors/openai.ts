/**
 * Back end `openai`: a model behind any OpenAI-compatible service does the work of a skill, by the
 * operator's prompt.
 *
 * What the service charges follows from the tokens that it reports and the operator's prices; it is
 * a cost of the work, whether or not a result came of it. Two runs need not agree, so the work
 * cannot be checked by doing it again.
 *
 * @module
 */

import { toHex } from '../../../crypto/bytes.ts';
import type { Random } from '../../../protocols/components.ts';
import { serviceEndpoint } from '../../skills/openai-service.ts';
import type { ServiceComponents } from '../../skills/openai-service.ts';
import { chatMessages, REPAIR_MESSAGE, withoutFence } from './chat-prompt.ts';
import type { ChatInstructions, ChatMessage } from './chat-prompt.ts';
import { CHARACTERS_PER_TOKEN, ChatService } from './chat-service.ts';
import type { TokenUsage } from './chat-service.ts';
import { ExecutorConfigError, ExecutorFailedError } from './errors.ts';
import type { ExecuteOptions, SkillExecutor, SkillResult, SkillWork } from './skill-executor.ts';
import { withTimeout } from './time-limit.ts';
import { assertInputSize, isJson } from './work-input.ts';
import { readResultPart } from './work-result.ts';

/** Default limit of an input: some 65,000 tokens. */
export const DEFAULT_MAX_PROMPT_BYTES = 256 * 1024;

const DEFAULT_TIMEOUT_MS = 120_000;
const DEFAULT_MAX_OUTPUT_TOKENS = 4_096;
/** Tokens of an answer before any was measured. */
const EXPECTED_OUTPUT_TOKENS = 500;
/** Processor time here: a request is written and a stream is read. */
const SECONDS = 0.01;
const MEMORY_GIB = 0.01;

/** Configuration. Dollars per million tokens are micro-dollars per token. */
export interface OpenAiExecutorInit extends ChatInstructions {
  readonly term: string;
  /** Up to and without `/chat/completions`, as in `https://api.openai.com/v1`. */
  readonly baseUrl: string;
  readonly model: string;
  /** Name of the environment variable that holds the key; none: no key is sent. */
  readonly apiKeyVariable?: string;
  readonly maxInputBytes?: number;
  readonly maxOutputTokens?: number;
  /** Further keys of the request, such as `temperature`; they win over those made here. */
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** Whether the service knows `response_format`; true if left out. */
  readonly hasJsonMode?: boolean;
  readonly timeoutMs?: number;
  readonly inputUsdPerMillionTokens?: number;
  readonly outputUsdPerMillionTokens?: number;
}

/** What the executor needs of the world. */
export interface OpenAiExecutorComponents {
  readonly service: ServiceComponents;
  readonly random: Random;
}

/** Has a model do the work. */
export class OpenAiExecutor implements SkillExecutor {
  readonly term: string;
  readonly workKind = 'waits';
  readonly isRemote = true;
  readonly #init: OpenAiExecutorInit;
  readonly #random: Random;
  readonly #chat: ChatService;

  /** @throws {@link ExecutorConfigError} for an address or a key that cannot be used. */
  constructor(init: OpenAiExecutorInit, { service, random }: OpenAiExecutorComponents) {
    const { term, baseUrl, apiKeyVariable } = init;
    const key = apiKeyVariable === undefined ? {} : { apiKeyVariable };
    const endpoint = serviceEndpoint(
      { baseUrl, path: 'chat/completions', ...key },
      service.environment,
    );
    if (!endpoint.valid) {
      const message = `The executor of ${term} cannot be used: ${endpoint.detail}`;
      throw new ExecutorConfigError('BAD_SERVICE', message, { term });
    }
    this.term = term;
    this.#init = init;
    this.#random = random;
    this.#chat = new ChatService({ endpoint, components: service });
  }

  estimate({ inputBytes }: { readonly inputBytes: number }) {
    const { systemPrompt, template = '', maxOutputTokens = DEFAULT_MAX_OUTPUT_TOKENS } = this.#init;
    const characters = systemPrompt.length + template.length + inputBytes;
    const paidMicroUsd = this.#priceOf({
      inputTokens: Math.ceil(characters / CHARACTERS_PER_TOKEN),
      outputTokens: Math.min(EXPECTED_OUTPUT_TOKENS, maxOutputTokens),
    });
    return { seconds: SECONDS, memoryGib: MEMORY_GIB, paidMicroUsd };
  }

  async execute(work: SkillWork, { signal, onSpent }: ExecuteOptions): Promise<SkillResult> {
    signal.throwIfAborted();
    assertInputSize(work.parts, this.#init.maxInputBytes ?? DEFAULT_MAX_PROMPT_BYTES);
    const nonce = toHex(this.#random.bytes(16));
    const messages = chatMessages(this.#init, work, nonce);
    const { mediaType } = work.specification.output;
    return withTimeout(this.#init.timeoutMs ?? DEFAULT_TIMEOUT_MS, signal, async (limited) => {
      const ask = async (asked: readonly ChatMessage[]): Promise<string> => {
        const request = { messages: asked, parameters: this.#parameters(mediaType) };
        const answer = await this.#chat.complete(request, limited, (usage) => {
          onSpent?.({ paidMicroUsd: this.#priceOf(usage) });
        });
        return isJson({ mediaType }) ? withoutFence(answer) : answer;
      };
      const answer = await ask(messages);
      try {
        return { parts: [readResultPart(answer, mediaType)] };
      } catch (error) {
        if (!isJson({ mediaType }) || !(error instanceof ExecutorFailedError)) throw error;
        const content = answer;
        const repaired = await ask([...messages, { role: 'assistant', content }, REPAIR_MESSAGE]);
        return { parts: [readResultPart(repaired, mediaType)] };
      }
    });
  }

  #parameters(mediaType: string): Record<string, unknown> {
    const { model, maxOutputTokens, hasJsonMode = true, parameters = {} } = this.#init;
    const isLimitNamed = 'max_completion_tokens' in parameters;
    return {
      model,
      ...(!isLimitNamed && { max_tokens: maxOutputTokens ?? DEFAULT_MAX_OUTPUT_TOKENS }),
      ...(hasJsonMode && isJson({ mediaType }) && { response_format: { type: 'json_object' } }),
      ...parameters,
    };
  }

  #priceOf({ inputTokens, outputTokens }: TokenUsage): number {
    const { inputUsdPerMillionTokens = 0, outputUsdPerMillionTokens = 0 } = this.#init;
    return inputTokens * inputUsdPerMillionTokens + outputTokens * outputUsdPerMillionTokens;
  }
}
