/**
 * Check `json-schema`: every JSON part of the result keeps a JSON Schema (draft 2020-12) that the
 * client wrote.
 *
 * The schema is the user's own, the data is a peer's. So a schema that would let hostile data burn
 * time is refused when the specification is read, and each run has a time limit.
 *
 * @module
 */

import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import addFormatsModule from 'ajv-formats';
import { encodeCanonicalJson } from '../../../crypto/canonical-json.ts';
import type { JsonValue } from '../../../crypto/canonical-json.ts';
import { ComputationTimeoutError } from '../executors/errors.ts';
import { runWithin } from '../executors/time-limit.ts';
import type { ResultPart } from '../task-parts.ts';

// The CommonJS build names itself as its own default export.
const addFormats = addFormatsModule as unknown as typeof addFormatsModule.default;

/** A JSON Schema. */
export type JsonSchema = { readonly [keyword: string]: JsonValue | undefined } | boolean;

const SCHEMA_LIMITS = { maxBytes: 65_536, maxDepth: 32 };
/** `uniqueItems` compares all pairs, so the list must be bounded by the schema itself. */
const MAX_UNIQUE_ITEMS = 1_000;
const MAX_VALIDATION_MS = 1_000;
const MAX_LISTED_ERRORS = 5;

/** Outcome of one check, without its name. */
export interface CheckOutcome {
  readonly passed: boolean;
  readonly detail: string;
}

function compile(schema: JsonSchema): ValidateFunction {
  const ajv = new Ajv2020({ strict: true, allErrors: false, validateFormats: true, logger: false });
  addFormats(ajv);
  return ajv.compile(schema);
}

/** What is wrong with a schema that a user wrote, or `undefined`. */
export function findSchemaProblem(schema: JsonSchema): string | undefined {
  try {
    encodeCanonicalJson(schema, SCHEMA_LIMITS);
    const unbounded = findUnboundedUniqueItems(schema);
    if (unbounded !== undefined) return unbounded;
    runWithin(MAX_VALIDATION_MS, () => compile(schema));
    return undefined;
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'cannot be compiled';
    return `is not a usable JSON Schema (2020-12): ${reason}`;
  }
}

function findUnboundedUniqueItems(schema: JsonValue | undefined): string | undefined {
  if (typeof schema !== 'object' || schema === null) return undefined;
  if (Array.isArray(schema)) return firstDefined(schema as readonly JsonValue[]);
  const record = schema as { readonly [key: string]: JsonValue | undefined };
  const { uniqueItems, maxItems } = record as { uniqueItems?: JsonValue; maxItems?: JsonValue };
  if (uniqueItems === true && !(typeof maxItems === 'number' && maxItems <= MAX_UNIQUE_ITEMS)) {
    return `has "uniqueItems" without a limit: add "maxItems" of at most ${MAX_UNIQUE_ITEMS}`;
  }
  return firstDefined(Object.values(record));
}

function firstDefined(schemas: readonly (JsonValue | undefined)[]): string | undefined {
  for (const schema of schemas) {
    const problem = findUnboundedUniqueItems(schema);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** Checks every JSON part of a result; a result without one fails. Never throws on its content. */
export function checkJsonSchema(
  schema: JsonSchema,
  resultParts: readonly ResultPart[],
): CheckOutcome {
  const parts = resultParts.filter(({ data }) => data !== undefined);
  if (parts.length === 0) return { passed: false, detail: 'the result has no JSON part' };
  try {
    const validate = compile(schema);
    for (const [i, { data }] of parts.entries()) {
      if (!runWithin(MAX_VALIDATION_MS, () => validate(data))) {
        return {
          passed: false,
          detail: `JSON part ${i}: ${describeErrors(validate.errors ?? [])}`,
        };
      }
    }
  } catch (error) {
    if (!(error instanceof ComputationTimeoutError)) throw error;
    return { passed: false, detail: `the schema took longer than ${MAX_VALIDATION_MS} ms` };
  }
  return { passed: true, detail: `${parts.length} JSON parts keep the schema` };
}

function describeErrors(errors: readonly ErrorObject[]): string {
  return errors
    .slice(0, MAX_LISTED_ERRORS)
    .map(({ instancePath, message }) => `${instancePath.slice(0, 200) || '/'} ${message ?? ''}`)
    .join('; ');
}
