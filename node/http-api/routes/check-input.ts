/**
 * Checks what a caller wrote against its schema. The HTTP API does so with what it is sent, the MCP
 * server with what an agent hands a tool: the same schemas, and the same words.
 *
 * @module
 */

import type { z } from 'zod';
import { BadInputError } from '../../errors.ts';

/**
 * The value, checked.
 *
 * @param what - How a problem of the value as a whole is named.
 * @throws {@link BadInputError} that lists every problem.
 */
export function checkInput<Value>(schema: z.ZodType<Value>, value: unknown, what: string): Value {
  const parsed = schema.safeParse(value ?? {});
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => {
    const path = issue.path.join('.');
    return `${path === '' ? what : path}: ${issue.message}`;
  });
  throw new BadInputError(`The ${what} is not valid`, { problems });
}
