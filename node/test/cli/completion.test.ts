import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import type { Command } from 'commander';
import { completionScript } from '../../cli/completion-script.ts';
import { createProgram } from '../../cli/run-cli.ts';
import { EXPLORATION_STRATEGIES } from '../../decision/exploration/exploration-strategy.ts';

const program: Command = createProgram(() => () => Promise.resolve());

/** What bash itself offers behind `line`, whose last word is not complete. */
function bashOffers(line: string): string[] {
  const words = line.split(' ');
  const script = [
    completionScript(program, 'bash'),
    `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')})`,
    `COMP_CWORD=${words.length - 1}`,
    '_coalesce',
    `printf "%s\\n" "\${COMPREPLY[@]}"`,
  ].join('\n');
  const stdout = execFileSync('bash', ['--norc', '-u', '-c', script], { encoding: 'utf8' });
  return stdout.split('\n').filter(Boolean);
}

describe('completion in bash', () => {
  it.each([
    ['coalesce da', ['dashboard']],
    ['coalesce --data x led', ['ledger']],
    ['coalesce ledger tra', ['transfer']],
    ['coalesce --json ledger tra', ['transfer']],
    ['coalesce decisions replay --', ['--help']],
    ['coalesce query --ma', ['--max-price-usd', '--max-latency-ms']],
    ['coalesce run --explore ', [...EXPLORATION_STRATEGIES]],
    ['coalesce run --explore th', ['thompson']],
    ['coalesce completion ', ['bash', 'zsh', 'fish', '--help']],
    ['coalesce nothing-such tra', []],
  ])('offers behind "%s" what fits', (line, offers) => {
    expect(bashOffers(line)).toEqual(offers);
  });

  it('offers every command behind the name of the program', () => {
    const names = program.commands.map((command) => command.name());
    expect(bashOffers('coalesce ')).toEqual(expect.arrayContaining(names));
  });

  it('runs nothing that a description says', () => {
    program.command("tricky'$(exit 3)`exit 4`").description("it's $(exit 5) `exit 6`");
    expect(bashOffers('coalesce sta')).toEqual(['start', 'status']);
  });
});

describe('completion in other shells', () => {
  it('zsh runs the script of bash', () => {
    const script = completionScript(program, 'zsh');
    expect(script).toContain('bashcompinit');
    expect(script).toContain(completionScript(program, 'bash'));
  });

  it('fish is told of each command and its options, quoted', () => {
    const script = completionScript(program, 'fish');
    expect(script).toContain(
      "complete -c coalesce -f -n '__fish_seen_subcommand_from ledger; and " +
        'not __fish_seen_subcommand_from show',
    );
    expect(script).toContain("-l explore -x -a 'none epsilon-greedy");
    expect(script).toContain("it'\\''s $(exit 5)");
  });
});
