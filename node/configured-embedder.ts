/**
 * The embedder that the configuration names: the built-in one, or a service that speaks the OpenAI
 * API. The service is asked over this process's `fetch`.
 *
 * @module
 */

import type { Config } from './config/schema.ts';
import { BadInputError, UnreachableError } from './errors.ts';
import { localEmbedder } from './skills/embedding.ts';
import type { Embedder } from './skills/embedding.ts';
import { EmbeddingServiceError, OpenAiEmbedder } from './skills/openai-embedder.ts';
import { systemService } from './system-service.ts';

/** A service whose failures a user can read. */
class ServiceEmbedder implements Embedder {
  readonly #service: OpenAiEmbedder;

  constructor(service: OpenAiEmbedder) {
    this.#service = service;
  }

  get modelId(): string {
    return this.#service.modelId;
  }

  get dimensions(): number {
    return this.#service.dimensions;
  }

  /** @throws {@link UnreachableError} if the service gives no vectors. */
  async embed(...asked: Parameters<Embedder['embed']>): Promise<Float32Array[]> {
    try {
      return await this.#service.embed(...asked);
    } catch (error) {
      if (!(error instanceof EmbeddingServiceError)) throw error;
      throw new UnreachableError(`Embedding service: ${error.message}`, { cause: error });
    }
  }
}

/** @throws {@link BadInputError} for a service that cannot be used as it is configured. */
export function configuredEmbedder({ embedding }: Pick<Config, 'embedding'>): Embedder {
  const { provider, baseUrl, model, modelId, apiKeyVariable, dimensions } = embedding;
  if (provider === 'local' || baseUrl === undefined || model === undefined) return localEmbedder;
  const init = {
    baseUrl,
    model,
    ...(modelId === undefined ? {} : { modelId }),
    ...(apiKeyVariable === undefined ? {} : { apiKeyVariable }),
    ...(dimensions === undefined ? {} : { dimensions }),
  };
  try {
    return new ServiceEmbedder(new OpenAiEmbedder(init, systemService));
  } catch (error) {
    if (!(error instanceof EmbeddingServiceError)) throw error;
    throw new BadInputError(`embedding: ${error.message}`, { cause: error });
  }
}
