/**
 * The reference of all settings, made from the schema: `npm run docs` writes it to
 * `node/docs/config.md`, and a test compares the two.
 *
 * @module
 */

import { z } from 'zod';
import { environmentVariable, settings } from './load.ts';
import { configSchema } from './schema.ts';

/** The page, in Markdown. */
export function configReference(): string {
  const defaults = configSchema.parse({});
  const rows = settings().map(({ path, schema, description }) => {
    const cells = [
      `\`${path.join('.')}\``,
      defaultOf(valueAt(defaults, path)),
      typeOf(schema),
      description,
      `\`${environmentVariable(path)}\``,
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    '# Settings',
    '',
    'Made from the schema by `npm run docs`. A setting in `config.json` gives way to the environment,',
    'and that to `--set KEY=VALUE`; a list is separated by commas there. Unknown settings are refused.',
    '',
    '| setting | default | type | meaning | variable |',
    '|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

function defaultOf(value: unknown): string {
  return value === undefined ? 'unset' : `\`${JSON.stringify(value)}\``;
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], value);
}

function typeOf(schema: z.ZodType): string {
  if (schema instanceof z.ZodEnum) return schema.options.map(String).join(', ');
  if (schema instanceof z.ZodArray) return 'list';
  if (schema instanceof z.ZodNumber) return 'number';
  if (schema instanceof z.ZodBoolean) return 'true, false';
  return 'text';
}
