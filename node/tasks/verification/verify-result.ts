/**
 * Carries out the checks of a specification on a result (paper III-G, phase 5). A result is hostile
 * input: it is bounded first, and nothing in it makes this throw.
 *
 * Knows no clock and no money: the caller measures the time and settles by the outcome.
 *
 * @module
 */

import { CanonicalJsonError } from '../../../crypto/canonical-json.ts';
import type { Random } from '../../../protocols/components.ts';
import { ComputationTimeoutError, ExecutorFailedError } from '../executors/errors.ts';
import type { SkillExecutor } from '../executors/skill-executor.ts';
import { TASK_LIMITS } from '../task-limits.ts';
import { encodeResultPart } from '../task-parts.ts';
import type { ResolvedPart, ResultPart } from '../task-parts.ts';
import type { CheckType, VerificationCheck } from '../task-verification.ts';
import type { TaskSpecification } from '../task.ts';
import { checkGrounding } from './grounding-check.ts';
import { checkJsonSchema } from './json-schema-check.ts';
import type { CheckOutcome } from './json-schema-check.ts';
import { checkPortfolio } from './optimality-check.ts';
import { checkByVerifier } from './custom-verifier.ts';
import type { ResultVerifier } from './custom-verifier.ts';
import { checkByRecomputing, isSampled } from './recompute-check.ts';

/** Outcome of one check. */
export interface CheckResult extends CheckOutcome {
  /**
   * `well-formed` comes first and is always there; the rest follow the specification. `custom`, of
   * who embeds the node, comes last.
   */
  readonly type: CheckType | 'well-formed' | 'custom';
  /** True if the check was not carried out; it then counts as passed, and `detail` says why. */
  readonly skipped?: true;
}

/** Outcome of all checks of a result. */
export interface Verification {
  readonly passed: boolean;
  readonly checks: readonly CheckResult[];
}

/** What is checked, and with what. */
export interface VerificationRequest {
  readonly specification: TaskSpecification;
  readonly inputParts: readonly ResolvedPart[];
  readonly resultParts: readonly ResultPart[];
  readonly random: Random;
  /** Share of results that `recompute` does again, 0 to 1; a check may ask for more, not less. */
  readonly auditRate: number;
  /** This node's own executor of the skill, if it has one. */
  readonly recompute?: SkillExecutor;
  /** A check of who embeds the node, beside those that the specification names. */
  readonly verifier?: ResultVerifier | undefined;
  readonly signal?: AbortSignal;
}

const NEVER = new AbortController().signal;

/**
 * Checks a result. Once it turns out not to be well-formed, no other check looks at it.
 *
 * @throws the signal's reason; an error of this node's own executor, since that says nothing about
 *   the result.
 */
export async function verifyResult(request: VerificationRequest): Promise<Verification> {
  const wellFormed = checkWellFormed(request);
  const checks: CheckResult[] = [{ type: 'well-formed', ...wellFormed }];
  if (wellFormed.passed) {
    for (const check of request.specification.verification) {
      request.signal?.throwIfAborted();
      checks.push({ type: check.type, ...(await runCheck(check, request)) });
    }
    const { verifier } = request;
    if (verifier) checks.push({ type: 'custom', ...(await checkByVerifier(verifier, request)) });
  }
  return { passed: checks.every(({ passed }) => passed), checks };
}

function checkWellFormed({ specification, resultParts }: VerificationRequest): CheckOutcome {
  const { maxParts, maxPartBytes } = TASK_LIMITS;
  const fail = (detail: string): CheckOutcome => ({ passed: false, detail });
  if (resultParts.length === 0) return fail('the result has no part');
  if (resultParts.length > maxParts) return fail(`the result has more than ${maxParts} parts`);
  let bytes = 0;
  for (const [i, part] of resultParts.entries()) {
    if (typeof part.mediaType !== 'string') return fail(`part ${i} has no media type`);
    if (part.text !== undefined && typeof part.text !== 'string') {
      return fail(`part ${i} has a text that is no string`);
    }
    try {
      bytes += encodeResultPart(part).length;
    } catch (error) {
      if (!(error instanceof CanonicalJsonError || error instanceof TypeError)) throw error;
      return fail(`part ${i}: ${error.message.slice(0, 200)}`);
    }
    if (bytes > maxPartBytes) return fail(`the result is larger than ${maxPartBytes} bytes`);
  }
  const { mediaType } = specification.output;
  const isExpected = resultParts.some((part) => essence(part.mediaType) === essence(mediaType));
  if (!isExpected) return fail(`no part has the media type ${mediaType}`);
  return { passed: true, detail: `${resultParts.length} parts, ${bytes} bytes` };
}

function essence(mediaType: string): string {
  return (mediaType.split(';')[0] ?? '').trim().toLowerCase();
}

async function runCheck(
  check: VerificationCheck,
  request: VerificationRequest,
): Promise<CheckOutcome & { readonly skipped?: true }> {
  const { specification, inputParts, resultParts, signal = NEVER } = request;
  switch (check.type) {
    case 'json-schema': {
      const schema = check.schema ?? specification.output.schema ?? true;
      return checkJsonSchema(schema, resultParts);
    }
    case 'optimality':
      return checkPortfolio(inputParts, resultParts, check.tolerance, signal);
    case 'grounding':
      return checkGrounding(inputParts, resultParts);
    case 'recompute':
      return runRecompute(Math.max(check.auditRate ?? 0, request.auditRate), request);
  }
}

async function runRecompute(
  auditRate: number,
  {
    specification,
    inputParts,
    resultParts,
    random,
    recompute,
    signal = NEVER,
  }: VerificationRequest,
): Promise<CheckOutcome & { readonly skipped?: true }> {
  const skip = (detail: string) => ({ passed: true, skipped: true, detail }) as const;
  if (recompute?.recomputeTolerance === undefined) {
    return skip('this node has no executor that gives the same result twice');
  }
  if (!isSampled(random, auditRate)) return skip(`not in the sample of ${auditRate * 100} %`);
  const work = { specification, parts: inputParts };
  const tolerance = recompute.recomputeTolerance;
  try {
    return await checkByRecomputing(recompute, tolerance, work, resultParts, signal);
  } catch (error) {
    if (!(error instanceof ComputationTimeoutError || error instanceof ExecutorFailedError)) {
      throw error;
    }
    return skip(`this node could not do the work again: ${error.message}`);
  }
}
