/**
 * `coalesce testnet run`, `list`, `verify` and `compare`: scenarios and their evidence.
 *
 * @module
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { wholeNumber } from '../node/cli/options.ts';
import { table } from '../node/cli/table.ts';
import { BadInputError, printable } from '../node/errors.ts';
import { ALL_ATTACKS, runAttacks } from './attack-command.ts';
import { attackTable } from './attack-table/attack-row.ts';
import {
  compareEvidence,
  dropDirectory,
  nextDirectory,
  verifyEvidence,
  writeEvidence,
} from './scenario-runner/evidence.ts';
import { runScenario } from './scenario-runner/run-scenario.ts';
import type { ScenarioEvent, ScenarioRun } from './scenario-runner/run-scenario.ts';
import { loadScenario, scenarioNames } from './scenario-runner/scenario-library.ts';
import type { ScenarioSource } from './scenario-runner/scenario-library.ts';

const DEFAULT_OUT = './.coalesce-runs';

interface Options {
  readonly json?: true;
  readonly out: string;
  readonly seed?: number;
  readonly seeds?: number;
  readonly runs?: number;
}

/** Adds the four commands. @param setExitCode - Told 1 where something does not hold. */
export function addScenarioCommands(
  program: Command,
  signal: AbortSignal,
  setExitCode: (code: number) => void,
): void {
  const withJson = (command: Command): Command =>
    command.option('--json', 'print one JSON document on stdout and nothing else');
  withJson(program.command('run'))
    .description('run a scenario on a network of its own; an attack twice, defences on and off')
    .argument('<scenario>', 'name of one that comes with the project, a YAML file, or "attacks"')
    .option('--out <directory>', 'where the evidence goes, in a directory of its own', DEFAULT_OUT)
    .option('--seed <n>', "in the place of the scenario's", wholeNumber(0, 2 ** 32))
    .option(
      '--seeds <n>',
      'of "attacks": seeds of each simulation (default: 20)',
      wholeNumber(1, 100),
    )
    .option('--runs <n>', 'of "attacks": runs of each scenario (default: 3)', wholeNumber(1, 100))
    .action(async (name: string, options: Options) => {
      if (name === ALL_ATTACKS) {
        if (!(await runAll(options, signal))) setExitCode(1);
        return;
      }
      if (options.seeds !== undefined || options.runs !== undefined) {
        throw new BadInputError('--seeds and --runs go with "attacks"; --seed is for one scenario');
      }
      const holds = await runOne(await loadScenario(name), options, signal);
      if (!holds) setExitCode(1);
    });
  withJson(program.command('list'))
    .description('the scenarios that come with the project')
    .action(async ({ json }: Options) => {
      const names = await scenarioNames();
      const scenarios = await Promise.all(
        names.map(async (name) => {
          const { scenario } = await loadScenario(name);
          const isAttack = scenario.defence !== undefined;
          return { name, title: scenario.title, isAttack };
        }),
      );
      print(json, { scenarios }, () =>
        table(
          ['scenario', 'kind', 'title'],
          scenarios.map((one) => [one.name, one.isAttack ? 'attack' : 'fault', one.title]),
        ),
      );
    });
  withJson(program.command('verify'))
    .description('check the evidence of a run: its hashes, and that its verdicts follow')
    .argument('<directory>')
    .action(async (dir: string, { json }: Options) => {
      const check = await verifyEvidence(dir);
      if (check.problems.length > 0) setExitCode(1);
      print(json, check, () =>
        check.problems.length === 0
          ? `${check.files} files are as the run of ${check.summary.scenario} left them.`
          : check.problems.map(printable).join('\n'),
      );
    });
  withJson(program.command('compare'))
    .description('the figures in which two runs differ')
    .argument('<a>', 'directory')
    .argument('<b>', 'directory')
    .action(async (a: string, b: string, { json }: Options) => {
      const found = await compareEvidence(a, b);
      const rows = found.differences.map((one) => [
        one.run,
        one.measure,
        String(one.a ?? '-'),
        String(one.b ?? '-'),
      ]);
      print(json, found, () =>
        [
          ...found.notes.map(printable),
          rows.length === 0
            ? 'No figure differs.'
            : table(['run', 'measure', 'first', 'second'], rows),
        ].join('\n'),
      );
    });
}

/** @returns whether every bar is met. */
async function runAll({ json, out, seeds, runs }: Options, signal: AbortSignal): Promise<boolean> {
  const onProgress = (text: string): void => {
    if (!json) process.stderr.write(`${printable(text)}\n`);
  };
  const found = await runAttacks({ seeds, runs, outDir: out, signal, onProgress });
  print(json, found, () => `${attackTable(found.rows)}\nWritten into ${found.file}`);
  return found.rows.every(({ isMet }) => isMet);
}

async function runOne(
  { scenario: read, text }: ScenarioSource,
  { json, out, seed = read.seed }: Options,
  signal: AbortSignal,
): Promise<boolean> {
  const scenario = { ...read, seed };
  const tell = (line: string): void => {
    if (!json) process.stderr.write(`${printable(line)}\n`);
  };
  tell(`${scenario.name}: ${scenario.title} (seed ${seed})`);
  const dir = await nextDirectory(out, scenario.name);
  try {
    const runs: ScenarioRun[] = [];
    for (const hasDefences of scenario.withoutDefences === undefined ? [true] : [true, false]) {
      if (scenario.withoutDefences) tell(`with defences ${hasDefences ? 'on' : 'off'}`);
      const networkDir = await mkdtemp(join(tmpdir(), 'coalesce-scenario-'));
      try {
        const onEvent = (event: ScenarioEvent): void => tell(`  ${eventLine(event)}`);
        runs.push(await runScenario(scenario, { hasDefences, dir: networkDir, signal, onEvent }));
      } finally {
        await rm(networkDir, { recursive: true, force: true });
      }
    }
    await writeEvidence(dir, scenario, text, runs);
    const holds = runs.every((run) => run.holds);
    const shown = runs.map(({ hasDefences, holds: isHeld, verdicts, measurements }) => {
      return { hasDefences, holds: isHeld, verdicts, measurements };
    });
    const answer = { scenario: scenario.name, seed, evidence: dir, holds, runs: shown };
    print(json, answer, () => runs.map(describe).join('\n') + `\nEvidence: ${dir}`);
    return holds;
  } catch (error) {
    await dropDirectory(dir);
    throw error;
  }
}

function eventLine({ atMs, event, ...details }: ScenarioEvent): string {
  const seconds = (atMs / 1_000).toFixed(1).padStart(6);
  const { action, status, isWrong, isOutsourced, wallMs, missed, problem } = details;
  if (event === 'task') {
    const where = isOutsourced === true ? 'by a contractor' : 'here';
    const wrong = isWrong === true ? ', WRONG' : '';
    const end = String(status ?? problem);
    return `${seconds} s  task ${end} ${where}${wrong} in ${String(wallMs)} ms`;
  }
  if (event === 'query')
    return `${seconds} s  query missed ${String(missed)} in ${String(wallMs)} ms`;
  if (event === 'step') return `${seconds} s  ${JSON.stringify(action)}`;
  return `${seconds} s  ${event} ${JSON.stringify(details)}`;
}

function describe(run: ScenarioRun): string {
  const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
  const defences = `Defences ${run.hasDefences ? 'on' : 'off'}`;
  return [
    `${defences}, ready after ${seconds(run.readyMs)}, ended after ${seconds(run.wallMs)}`,
    table(
      ['', 'measure', 'measured', 'at least', 'at most'],
      run.verdicts.map(({ holds, measure, measured, atLeast, atMost }) => [
        holds ? 'holds' : 'FAILS',
        measure,
        String(measured ?? 'not measured'),
        String(atLeast ?? ''),
        String(atMost ?? ''),
      ]),
    ),
  ].join('\n');
}

function print(isJson: true | undefined, value: unknown, human: () => string): void {
  process.stdout.write(`${isJson ? JSON.stringify(value, undefined, 2) : human()}\n`);
}
