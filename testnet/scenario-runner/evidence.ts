/**
 * The evidence that a run leaves: a directory with what went in, what happened and what came out,
 * and a list of hashes over all of it.
 *
 * The hashes show whether a file was changed after the run, by accident or by somebody who did not
 * write the list anew. They are not signed: who ran it is not shown.
 *
 * @module
 */

import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { arch, cpus, platform } from 'node:os';
import { join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { toHex, utf8 } from '../../crypto/bytes.ts';
import { sha256 } from '../../crypto/hash.ts';
import { BadInputError, NothingFoundError, RefusedError } from '../../node/errors.ts';
import { codeOf, readJsonFile } from '../../node/storage/data-directory.ts';
import { VERSION } from '../../node/version.ts';
import { judge } from './measurements.ts';
import type { Verdict } from './measurements.ts';
import type { ScenarioRun } from './run-scenario.ts';
import { parseScenario } from './scenario-file.ts';
import type { Scenario } from './scenario-file.ts';

const HASH_FILE = 'sha256.txt';
const SCENARIO_FILE = 'scenario.yaml';
const RUN_FILE = 'run.json';
const MAX_FILES = 1_000;
const MAX_RUNS_OF_A_NAME = 10_000;

const runSchema = z.object({
  scenario: z.string(),
  seed: z.number(),
  versions: z.record(z.string(), z.string()),
  runs: z.array(
    z.object({
      hasDefences: z.boolean(),
      holds: z.boolean(),
      readyMs: z.number(),
      wallMs: z.number(),
    }),
  ),
});

/** What a directory of evidence says in short. */
export type EvidenceSummary = z.infer<typeof runSchema>;

function folderOf({ hasDefences }: Pick<ScenarioRun, 'hasDefences'>): string {
  return hasDefences ? 'defences-on' : 'defences-off';
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

function lines(values: readonly unknown[]): string {
  return values.map((value) => `${JSON.stringify(value)}\n`).join('');
}

/**
 * Makes the directory for the next run of a scenario: NAME-1, NAME-2, ...
 *
 * @throws {@link BadInputError} if none can be made.
 */
export async function nextDirectory(parent: string, name: string): Promise<string> {
  try {
    await mkdir(parent, { recursive: true });
    for (let number = 1; number <= MAX_RUNS_OF_A_NAME; number++) {
      const dir = join(resolve(parent), `${name}-${number}`);
      const isMade = await mkdir(dir).then(
        () => true,
        (error: unknown) => {
          if (codeOf(error) === 'EEXIST') return false;
          throw error;
        },
      );
      if (isMade) return dir;
    }
  } catch (error) {
    throw new BadInputError(
      `${parent}: cannot be written (${codeOf(error)}); choose another --out`,
    );
  }
  throw new RefusedError(`${parent}: holds ${MAX_RUNS_OF_A_NAME} runs of ${name}; remove some`);
}

/** Writes everything of the runs of one scenario. */
export async function writeEvidence(
  dir: string,
  scenario: Scenario,
  text: string,
  runs: readonly ScenarioRun[],
): Promise<void> {
  const files = new Map<string, string>();
  files.set(SCENARIO_FILE, text);
  for (const run of runs) {
    const folder = folderOf(run);
    files.set(`${folder}/events.jsonl`, lines(run.events));
    files.set(`${folder}/tasks.jsonl`, lines(run.tasks));
    files.set(`${folder}/queries.jsonl`, lines(run.queries));
    files.set(`${folder}/ledgers.json`, json(run.ledgers));
    files.set(`${folder}/configs.json`, json(run.configs));
    files.set(`${folder}/measurements.json`, json(run.measurements));
    files.set(`${folder}/verdicts.json`, json(run.verdicts));
  }
  const summary: EvidenceSummary = {
    scenario: scenario.name,
    seed: scenario.seed,
    versions: {
      coalesce: VERSION,
      node: process.version,
      machine: `${platform()} ${arch()}, ${cpus().length} processors`,
    },
    runs: runs.map(({ hasDefences, holds, readyMs, wallMs }) => {
      return { hasDefences, holds, readyMs, wallMs };
    }),
  };
  files.set(RUN_FILE, json(summary));
  for (const run of runs) await mkdir(join(dir, folderOf(run)), { recursive: true });
  const hashes: string[] = [];
  for (const [path, content] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    await writeFile(join(dir, path), content);
    hashes.push(`${toHex(sha256(utf8(content)))}  ${path}\n`);
  }
  await writeFile(join(dir, HASH_FILE), hashes.join(''));
}

/** Removes a directory that got no evidence. */
export function dropDirectory(dir: string): Promise<void> {
  return rm(dir, { recursive: true, force: true });
}

/** Answer of `verify`. */
export interface EvidenceCheck {
  readonly dir: string;
  readonly summary: EvidenceSummary;
  readonly files: number;
  /** What is wrong, one line each; none: everything holds. */
  readonly problems: readonly string[];
}

async function readHashes(dir: string): Promise<Map<string, string>> {
  const text = await readFile(join(dir, HASH_FILE), 'utf8').catch(() => undefined);
  if (text === undefined) {
    throw new NothingFoundError(
      `${dir}: no evidence; expected a directory that "testnet run" made`,
    );
  }
  const entries = text.trimEnd().split('\n');
  const hashes = new Map<string, string>();
  for (const entry of entries.slice(0, MAX_FILES)) {
    const [, hash, path] = /^([0-9a-f]{64}) {2}([\w.-]+(?:\/[\w.-]+)?)$/.exec(entry) ?? [];
    if (hash === undefined || path === undefined) {
      throw new BadInputError(`${join(dir, HASH_FILE)}: is damaged at "${entry.slice(0, 80)}"`);
    }
    hashes.set(path, hash);
  }
  return hashes;
}

/** Checks a directory: its hashes, and that its verdicts follow from its measurements. */
export async function verifyEvidence(dir: string): Promise<EvidenceCheck> {
  const root = resolve(dir);
  const hashes = await readHashes(root);
  const problems: string[] = [];
  for (const [path, hash] of hashes) {
    const content = await readFile(join(root, path)).catch(() => undefined);
    if (content === undefined) problems.push(`${path}: is missing`);
    else if (toHex(sha256(content)) !== hash) problems.push(`${path}: was changed after the run`);
  }
  const there = await readdir(root, { recursive: true, withFileTypes: true });
  for (const entry of there.filter((one) => one.isFile())) {
    const path = join(entry.parentPath, entry.name).slice(root.length + 1);
    if (path !== HASH_FILE && !hashes.has(path)) problems.push(`${path}: is not in the list`);
  }
  let summary: EvidenceSummary = { scenario: 'unknown', seed: 0, versions: {}, runs: [] };
  try {
    summary = await summaryOf(root);
    for (const run of summary.runs) problems.push(...(await recheck(root, summary, run)));
  } catch (error) {
    // A file that was changed may be unreadable too: that is a finding, and no wrong usage.
    problems.push(error instanceof Error ? error.message : String(error));
  }
  return { dir: root, summary, files: hashes.size, problems };
}

async function summaryOf(dir: string): Promise<EvidenceSummary> {
  const parsed = runSchema.safeParse(await readJsonFile(join(dir, RUN_FILE)));
  if (parsed.success) return parsed.data;
  throw new BadInputError(`${join(dir, RUN_FILE)}: is damaged`);
}

async function measurementsOf(dir: string, hasDefences: boolean): Promise<Record<string, number>> {
  const path = join(dir, folderOf({ hasDefences }), 'measurements.json');
  const parsed = z.record(z.string(), z.number()).safeParse(await readJsonFile(path));
  if (parsed.success) return parsed.data;
  throw new BadInputError(`${path}: is damaged`);
}

async function recheck(
  dir: string,
  { scenario: name }: EvidenceSummary,
  { hasDefences, holds }: EvidenceSummary['runs'][number],
): Promise<string[]> {
  const path = join(dir, SCENARIO_FILE);
  const scenario = parseScenario(name, path, await readFile(path, 'utf8'));
  const assertions = hasDefences ? scenario.assert : scenario.withoutDefences?.assert;
  const folder = folderOf({ hasDefences });
  if (assertions === undefined) return [`${folder}: the scenario has no such run`];
  const verdicts = judge(assertions, await measurementsOf(dir, hasDefences));
  const stored = await readJsonFile(join(dir, folder, 'verdicts.json'));
  const isSame = isDeepStrictEqual(JSON.parse(JSON.stringify(verdicts)), stored);
  const isSameEnd = holds === verdicts.every((verdict: Verdict) => verdict.holds);
  return isSame && isSameEnd ? [] : [`${folder}: the verdicts do not follow from the measurements`];
}

/** One figure of two runs. */
export interface Difference {
  readonly run: string;
  readonly measure: string;
  readonly a: number | null;
  readonly b: number | null;
}

/** Figures in which two runs differ, and what else is not the same. */
export async function compareEvidence(
  a: string,
  b: string,
): Promise<{ notes: string[]; differences: Difference[] }> {
  const [first, second] = [await verifyEvidence(a), await verifyEvidence(b)];
  const notes = [first, second].flatMap(({ dir, problems }) =>
    problems.map((problem) => `${dir}: ${problem}`),
  );
  for (const key of ['scenario', 'seed'] as const) {
    const [one, other] = [first.summary[key], second.summary[key]];
    if (one !== other) notes.push(`${key}: ${one} and ${other}`);
  }
  for (const [key, version] of Object.entries(first.summary.versions)) {
    const other = second.summary.versions[key];
    if (other !== version) notes.push(`${key}: ${version} and ${other ?? 'not stated'}`);
  }
  const differences: Difference[] = [];
  const kinds = new Set(
    [...first.summary.runs, ...second.summary.runs].map((run) => run.hasDefences),
  );
  for (const hasDefences of kinds) {
    const [one, other] = await Promise.all(
      [first, second].map(({ dir, summary }) =>
        summary.runs.some((run) => run.hasDefences === hasDefences)
          ? measurementsOf(dir, hasDefences)
          : Promise.resolve<Record<string, number>>({}),
      ),
    );
    for (const name of new Set([...Object.keys(one!), ...Object.keys(other!)])) {
      const [left, right] = [one![name] ?? null, other![name] ?? null];
      if (left !== right) {
        differences.push({ run: folderOf({ hasDefences }), measure: name, a: left, b: right });
      }
    }
  }
  return { notes, differences };
}
