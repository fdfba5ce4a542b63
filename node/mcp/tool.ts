/**
 * One tool of the MCP server: what an agent is told of it, and how it is one call of the daemon's
 * HTTP API.
 *
 * @module
 */

import type { ToolAnnotations } from '@modelcontextprotocol/sdk/types.js';
import type { z } from 'zod';
import type { ApiClient } from '../http-api/client.ts';
import type { SpendingLimits } from './spending-limits.ts';

/** What a call is handed beside its input. */
export interface ToolContext {
  readonly client: ApiClient;
  /** Aborted when the agent cancels, or is gone. */
  readonly signal: AbortSignal;
  readonly limits: SpendingLimits;
  /** Told of how far the daemon is. */
  readonly onProgress: (progress: unknown) => void;
}

/** A tool. */
export interface Tool {
  readonly name: string;
  readonly title: string;
  /** Says to an agent what it does, when to use it, and what the answer means. */
  readonly description: string;
  /** Of the arguments, as the HTTP API checks them; only its JSON Schema is shown. */
  readonly input: z.ZodType;
  /** Of the answer. Fields may be added, so it names the most useful ones and refuses none. */
  readonly output: z.ZodType;
  readonly annotations: ToolAnnotations;
  /** @throws {@link BadInputError} for arguments that are not valid, before anything is asked. */
  readonly call: (input: unknown, context: ToolContext) => Promise<object>;
}
