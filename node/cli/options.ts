/**
 * Parsers of command line options. A bad value ends with exit code 2 and a line that names it.
 *
 * @module
 */

import { InvalidArgumentError, Option } from 'commander';
import { NO_LIMITS, USUAL_LIMITS } from '../decision/explanation-text.ts';
import type { ShownLimits } from '../decision/explanation-text.ts';
import { EXPLORATION_STRATEGIES } from '../decision/exploration/exploration-strategy.ts';
import { POLICY_NAMES } from '../decision/policy.ts';
import { resourceNameProblem, resourceTerm } from '../skills/resource-name.ts';

/** Collects a repeatable option. */
export function collect(value: string, previous: readonly string[]): string[] {
  return [...previous, value];
}

/** A whole number of `min` to `max`. */
export function wholeNumber(min: number, max: number) {
  return (text: string): number => {
    const value = Number(text);
    if (!/^[0-9]+$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(`expected a whole number from ${min} to ${max}.`);
    }
    return value;
  };
}

/** `--policy`: how to decide on this one task. */
export function policyOption(): Option {
  return new Option('--policy <name>', "decide by this policy instead of the node's").choices(
    POLICY_NAMES,
  );
}

/** `--explore`: which strategy of exploration this one task may use. */
export function exploreOption(): Option {
  return new Option('--explore <strategy>', "explore by this instead of the node's").choices(
    EXPLORATION_STRATEGIES,
  );
}

/** What {@link allOption} sets. */
export interface AllOption {
  readonly all?: boolean;
}

/** `--all`: every contractor of a printed decision, not only the best. */
export function allOption(): Option {
  return new Option('--all', 'print the figures of every contractor, not only of the best');
}

/** Of how many contractors a decision is printed. */
export function limitsOf({ all }: AllOption): ShownLimits {
  return all === true ? NO_LIMITS : USUAL_LIMITS;
}

/** Dollars, turned into whole micro-USD. */
export function microUsd(text: string): number {
  const value = Number(text);
  if (!/^[0-9]*\.?[0-9]+$/.test(text) || !Number.isFinite(value) || value > 1e9) {
    throw new InvalidArgumentError('expected an amount in dollars, for example 0.002.');
  }
  return Math.round(value * 1e6);
}

/** An id of the command line. */
export function id(text: string): string {
  if (!/^[A-Za-z0-9_-]{1,128}$/.test(text)) {
    throw new InvalidArgumentError('expected an id: letters, digits, "_" and "-".');
  }
  return text;
}

/** So much of a resource. */
export interface Minimum {
  /** Term. */
  readonly name: string;
  readonly min: number;
}

/** Most of a quantity: 2^32 - 1. */
const MAX_QUANTITY = 4_294_967_295;

/** Parser of `hasResource:gpu-memory-gib>=40`; the predicate may be left out. */
export function minimum(text: string): Minimum {
  const parts = /^((?:hasResource:)?[a-z0-9/._+-]+)>=(\d+)$/.exec(text);
  if (!parts) {
    throw new InvalidArgumentError("expected NAME>=N in quotes, for example 'memory-mib>=40'");
  }
  const [, name = '', least = ''] = parts;
  const min = Number(least);
  if (min > MAX_QUANTITY) {
    throw new InvalidArgumentError(`expected N from 0 to ${MAX_QUANTITY}, got ${least}`);
  }
  return { name: resource(name), min };
}

/** Parser of a resource; the predicate of a known one may be left out. */
export function resource(name: string): string {
  const problem = resourceNameProblem(name);
  if (problem !== undefined) throw new InvalidArgumentError(problem);
  return resourceTerm(name);
}
