/**
 * The reference of all commands, made from the commands: `npm run docs` writes it to
 * `node/docs/cli.md`, and a test compares the two.
 *
 * @module
 */

import type { Command, Option } from 'commander';
import { createProgram } from './run-cli.ts';

/** The page, in Markdown. */
export function cliReference(): string {
  const program = createProgram(() => () => Promise.resolve());
  return [
    '# Commands',
    '',
    'Made from the commands by `npm run docs`. Every command takes `--help`, and the options of',
    '`coalesce` itself before its name or behind it.',
    '',
    'Exit codes: 0 done; 1 failed or refused; 2 bad usage or bad input; 3 nothing found, and the look',
    'was complete; 4 could not look; 130 interrupted. Errors by code: [errors.md](errors.md).',
    '',
    '## coalesce',
    '',
    ...optionTable(program.options),
    ...program.commands.flatMap((command) => describe(command, ['coalesce'])),
  ].join('\n');
}

function describe(command: Command, above: readonly string[]): string[] {
  const path = [...above, command.name()];
  const usage = command.commands.length > 0 ? '<command>' : command.usage();
  return [
    `## ${path.join(' ')}`,
    '',
    `${cell(command.description())}.`,
    '',
    `    ${path.join(' ')} ${usage}`.trimEnd(),
    '',
    ...argumentLines(command),
    ...optionTable(command.options),
    ...command.commands.flatMap((below) => describe(below, path)),
  ];
}

function argumentLines(command: Command): string[] {
  const named = command.registeredArguments.filter(({ description }) => description !== '');
  if (named.length === 0) return [];
  const lines = named.map((one) => `- \`${one.name()}\`: ${cell(one.description)}`);
  return [...lines, ''];
}

function optionTable(options: readonly Option[]): string[] {
  if (options.length === 0) return [];
  const rows = options.map(({ flags, description, defaultValue, argChoices, mandatory }) => {
    const isSet = defaultValue !== undefined && JSON.stringify(defaultValue) !== '[]';
    const choices = argChoices ? `; one of ${argChoices.join(', ')}` : '';
    const given = mandatory ? 'required' : isSet ? `\`${JSON.stringify(defaultValue)}\`` : '';
    return `| \`${cell(flags)}\` | ${cell(description)}${choices} | ${given} |`;
  });
  return ['| option | meaning | default |', '|---|---|---|', ...rows, ''];
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
