/**
 * Effective configuration: file, then environment, then flags; the later one wins. A variable is
 * named for its path: `http.port` is COALESCE_HTTP_PORT, `trust.attestors` COALESCE_TRUST_ATTESTORS
 * (a list is separated by commas).
 *
 * @module
 */

import { z } from 'zod';
import { BadInputError } from '../errors.ts';
import { describeIssue } from '../tasks/task-problems.ts';
import { configSchema } from './schema.ts';
import type { Config } from './schema.ts';

/** One source of settings. */
export interface ConfigSource {
  /** Where a problem lies, for the message: a path, `environment`, `--set`. */
  readonly origin: string;
  readonly values: Record<string, unknown>;
  /** What is wrong with the source itself: a key that is no setting, a flag without `=`. */
  readonly problems?: readonly string[];
}

/** Variables that start with COALESCE_ and are not settings. */
const OTHER_VARIABLES = new Set([
  ...['COALESCE_DATA', 'COALESCE_VECTORS', 'COALESCE_TOKEN'],
  'COALESCE_PASSPHRASE_FILE',
]);

type Path = readonly string[];

/** One setting of the schema. */
export interface Setting {
  readonly path: readonly string[];
  /** Without its default. */
  readonly schema: z.ZodType;
  readonly description: string;
}

/** All settings, in the order of the schema. */
export function settings(schema: z.ZodType = configSchema, path: Path = []): Setting[] {
  const inner = unwrap(schema);
  if (!(inner instanceof z.ZodObject)) {
    return [{ path, schema: inner, description: schema.description ?? '' }];
  }
  return Object.entries(inner.shape as Record<string, z.ZodType>).flatMap(([key, value]) =>
    settings(value, [...path, key]),
  );
}

function unwrap(schema: z.ZodType): z.ZodType {
  let inner = schema;
  while (
    inner instanceof z.ZodDefault ||
    inner instanceof z.ZodPrefault ||
    inner instanceof z.ZodOptional
  ) {
    inner = inner.unwrap() as z.ZodType;
  }
  return inner;
}

/** Name of the environment variable of a setting. */
export function environmentVariable(path: Path): string {
  return `COALESCE_${path.map((key) => key.replace(/[A-Z]/g, '_$&')).join('_')}`.toUpperCase();
}

function put(target: Record<string, unknown>, path: Path, value: unknown): void {
  let at = target;
  for (const key of path.slice(0, -1)) at = (at[key] ??= {}) as Record<string, unknown>;
  at[path.at(-1)!] = value;
}

/** `text` as the type that the schema wants; a text that does not fit is left for the schema. */
function coerce(schema: z.ZodType, text: string): unknown {
  if (schema instanceof z.ZodNumber) {
    const number = text.trim() === '' ? NaN : Number(text);
    return Number.isNaN(number) ? text : number;
  }
  if (schema instanceof z.ZodBoolean)
    return text === 'true' ? true : text === 'false' ? false : text;
  if (schema instanceof z.ZodArray) return text === '' ? [] : text.split(',');
  return text;
}

/** Settings of the environment. A COALESCE_ variable that names no setting is a problem. */
export function environmentSource(environment: NodeJS.ProcessEnv): ConfigSource {
  const byVariable = new Map(
    settings().map((setting) => [environmentVariable(setting.path), setting]),
  );
  const values: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith('COALESCE_') || OTHER_VARIABLES.has(name) || text === undefined) continue;
    const setting = byVariable.get(name);
    if (setting) put(values, setting.path, coerce(setting.schema, text));
    else problems.push(`${name}: no such setting; unset the variable or correct its name`);
  }
  return { origin: 'environment', values, problems };
}

/**
 * Settings of `key=value` flags, for example `http.port=7700`. A key that is no setting or a flag
 * without `=` is a problem.
 */
export function flagSource(flags: readonly string[]): ConfigSource {
  const byPath = new Map(settings().map((setting) => [setting.path.join('.'), setting]));
  const values: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const flag of flags) {
    const at = flag.indexOf('=');
    const setting = at > 0 ? byPath.get(flag.slice(0, at)) : undefined;
    if (setting) put(values, setting.path, coerce(setting.schema, flag.slice(at + 1)));
    else problems.push(`${flag}: expected key=value with one of ${[...byPath.keys()].join(', ')}`);
  }
  return { origin: '--set', values, problems };
}

/** Puts the settings of `source` over those of `target`. Check both with `loadConfig` first. */
export function mergeSettings(
  target: Record<string, unknown>,
  source: Record<string, unknown>,
): void {
  for (const [key, value] of Object.entries(source)) {
    const isSection = typeof value === 'object' && value !== null && !Array.isArray(value);
    const at = target[key];
    if (isSection && typeof at === 'object' && at !== null && !Array.isArray(at)) {
      mergeSettings(at as Record<string, unknown>, value as Record<string, unknown>);
    } else {
      target[key] = isSection ? structuredClone(value) : value;
    }
  }
}

/**
 * Merges the sources, the later one winning, and checks the result.
 *
 * @throws {@link BadInputError} that lists every problem with its source.
 */
export function loadConfig(sources: readonly ConfigSource[]): Config {
  const problems = sources.flatMap(problemsOf);
  if (problems.length > 0) throw new BadInputError('The configuration is not valid', { problems });
  const merged: Record<string, unknown> = {};
  for (const { values } of sources) mergeSettings(merged, values);
  return configSchema.parse(merged);
}

function problemsOf({ origin, values, problems = [] }: ConfigSource): string[] {
  const own = problems.map((problem) => `${origin}: ${problem}`);
  const result = configSchema.safeParse(values, { reportInput: true });
  if (result.success) return own;
  const invalid = result.error.issues.map((issue) => {
    const path = issue.path.join('.');
    return `${origin}: ${path === '' ? '' : `${path}: `}${describeIssue(issue)}`;
  });
  return [...own, ...invalid];
}
