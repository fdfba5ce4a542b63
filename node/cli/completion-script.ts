/**
 * Completion of commands, subcommands, options and their choices, made from the commands
 * themselves. The scripts hold the words and look at nothing but the line; files are completed by
 * the shell.
 *
 * @module
 */

import type { Command } from 'commander';

/** Shells with a script. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;

export type Shell = (typeof SHELLS)[number];

/** What can follow a command. */
interface Words {
  /** The command and those above it: `cert verify`; empty for the program. */
  readonly path: string;
  readonly commands: readonly (readonly [name: string, description: string])[];
  readonly options: readonly (readonly [flag: string, description: string])[];
  /** Values of options and of the first argument, by flag; '' for the argument. */
  readonly choices: ReadonlyMap<string, readonly string[]>;
}

/** Words of a command and of all below it. */
function wordsOf(command: Command, path: readonly string[] = []): readonly Words[] {
  const choices = new Map<string, readonly string[]>();
  for (const option of command.options) {
    if (option.argChoices && option.long) choices.set(option.long, option.argChoices);
  }
  const [argument] = command.registeredArguments;
  if (argument?.argChoices) choices.set('', argument.argChoices);
  const own: Words = {
    path: path.join(' '),
    commands: command.commands.map((one) => [one.name(), one.description()] as const),
    options: [
      ...command.options.flatMap(({ long, description }) =>
        long ? [[long, description] as const] : [],
      ),
      ['--help', 'what the command does'],
    ],
    choices,
  };
  return [own, ...command.commands.flatMap((one) => wordsOf(one, [...path, one.name()]))];
}

/** The script for one shell. */
export function completionScript(program: Command, shell: Shell): string {
  const words = wordsOf(program);
  if (shell === 'fish') return fishScript(words);
  // zsh runs the script of bash.
  const start = shell === 'zsh' ? 'autoload -U +X bashcompinit && bashcompinit\n' : '';
  return start + bashScript(words);
}

/** In single quotes, which nothing but one of them ends. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function bashScript(all: readonly Words[]): string {
  const paths = all.filter(({ path }) => path !== '').map(({ path }) => quoted(path));
  const cases = all.flatMap(({ path, commands, options, choices }) => {
    const lists = [...choices].map(([flag, values]) => {
      const follows = flag === '' ? `${quoted(`${path}:`)}*` : quoted(`${path}:${flag}`);
      return [flag, `    ${follows}) words=${quoted(values.join(' '))} ;;`] as const;
    });
    const [flags, values] = [commands.map(([name]) => name), options.map(([flag]) => flag)];
    const argument = choices.get('') ?? [];
    const rest = [...flags, ...argument, ...values].join(' ');
    return [
      ...lists.filter(([flag]) => flag !== '').map(([, line]) => line),
      `    ${quoted(`${path}:`)}*) words=${quoted(rest)} ;;`,
    ];
  });
  return [
    '_coalesce() {',
    '  local word path="" next words=""',
    `  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do`,
    `    next="\${path:+$path }$word"`,
    '    case "$next" in',
    `    ${paths.join('|')}) path="$next" ;;`,
    '    esac',
    '  done',
    `  case "$path:\${COMP_WORDS[COMP_CWORD-1]}" in`,
    ...cases,
    '  esac',
    `  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))`,
    '}',
    'complete -o default -F _coalesce coalesce',
    '',
  ].join('\n');
}

function fishScript(all: readonly Words[]): string {
  const lines = all.flatMap(({ path, commands, options, choices }) => {
    const seen = path.split(' ').filter(Boolean);
    const below = commands.map(([name]) => name);
    const conditions = [
      ...seen.map((name) => `__fish_seen_subcommand_from ${name}`),
      ...(below.length > 0 ? [`not __fish_seen_subcommand_from ${below.join(' ')}`] : []),
    ];
    const when = conditions.length === 0 ? '' : ` -n ${quoted(conditions.join('; and '))}`;
    const argument = choices.get('');
    return [
      ...commands.map(
        ([name, description]) =>
          `complete -c coalesce -f${when} -a ${name} -d ${quoted(description)}`,
      ),
      ...(argument ? [`complete -c coalesce -f${when} -a ${quoted(argument.join(' '))}`] : []),
      ...options.map(([flag, description]) => {
        const values = choices.get(flag);
        const take = values ? ` -x -a ${quoted(values.join(' '))}` : '';
        return `complete -c coalesce${when} -l ${flag.slice(2)}${take} -d ${quoted(description)}`;
      }),
    ];
  });
  return `${lines.join('\n')}\n`;
}
