/**
 * The demo: the main job end to end on a local network of real nodes, on real input, told as a
 * short story. Nothing is played: every figure comes from the nodes' own answers.
 *
 * @module
 */

import { isUtf8 } from 'node:buffer';
import { readFile, readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type {
  QueryDocument,
  RunDocument,
  StatusDocument,
  TotalsDocument,
} from '../node/api-documents.ts';
import { BadInputError, RefusedError } from '../node/errors.ts';
import { systemClock } from '../node/system-clock.ts';
import { codeOf } from '../node/storage/data-directory.ts';
import { totalsOf } from '../node/tasks/run-totals.ts';
import { tellNetwork, tellQuery, tellRun, tellTotals } from './demo-story.ts';
import { attachNetwork, bringUp } from './testnet-directory.ts';
import { createTestnet } from './testnet.ts';
import type { Testnet } from './testnet.ts';

const SENTIMENT = 'performs:nlp/sentiment';
const PORTFOLIO = 'performs:finance/portfolio-optimization';

/** What one answer is worth to its user. */
const TASK_VALUE_MICRO_USD = 2_000;
/** Largest file that `--input` takes: it travels in one message of a megabyte. */
const MAX_INPUT_BYTES = 600_000;

/** Text that the project really has: its documents and its sources, folder by folder. */
const PROJECT_TEXTS = [
  { what: 'documents, crypto/ and testnet/', folders: ['.', '.github', 'crypto', 'testnet'] },
  { what: 'protocols/', folders: ['protocols'] },
  { what: 'node/', folders: ['node'] },
] as const;
const TEXT_FILE = /(?:\.md|\.ts|\.txt|^LICENSE)$/;
const PRICE_TABLE = 'testnet/examples/data/prices-100-assets.csv';
const SMALL_PRICE_TABLE = 'testnet/examples/data/prices.csv';
const REVIEW = 'testnet/examples/data/review-tent.txt';

export interface DemoInit {
  readonly nodes: number;
  /** Leave the network up in `keepDirectory`. */
  readonly isKept: boolean;
  readonly keepDirectory: string;
  readonly inputFile: string | undefined;
  /** Takes one line or paragraph of the story. */
  readonly tell: (text: string) => void;
  readonly signal: AbortSignal;
}

/** Answer of `demo --json`. */
export interface DemoDocument {
  readonly nodes: readonly {
    readonly name: string;
    readonly role: string;
    readonly peerId: string;
    readonly pid: number;
  }[];
  readonly skills: readonly string[];
  readonly query: QueryDocument;
  readonly runs: readonly RunDocument[];
  readonly totals: TotalsDocument;
  readonly testnetDir: string | null;
  readonly wallMs: number;
}

interface DemoTask {
  readonly what: string;
  readonly task: unknown;
  readonly files: Readonly<Record<string, string>>;
}

/** Runs the demo. @throws {@link RefusedError} if a task did not end verified. */
export async function runDemo(init: DemoInit): Promise<DemoDocument> {
  const startMs = systemClock.monotonicMs();
  const tasks = await demoTasks(init.inputFile);
  init.tell(`Starting ${init.nodes} nodes, each a libp2p node in a process of its own …`);
  const onProgress = (text: string): void => init.tell(`  ${text}`);
  const { signal, tell } = init;
  const network = init.isKept
    ? await keptNetwork(init, onProgress)
    : await createTestnet(init.nodes, { onProgress, signal });
  try {
    const { client } = network;
    tell(tellNetwork(network, systemClock.monotonicMs() - startMs));
    const status = await client.api.get<StatusDocument>('/v1/status');
    const query = await client.api.post<QueryDocument>(
      '/v1/query',
      { query: SENTIMENT },
      { signal },
    );
    tell(tellQuery(query, network));
    const runs: RunDocument[] = [];
    for (const { what, task, files } of tasks) {
      const run = await client.api.post<RunDocument>('/v1/run', { task, files }, { signal });
      tell(tellRun(runs.length + 1, what, run, network));
      runs.push(run);
    }
    const unfinished = runs.filter((run) => run.status !== 'completed');
    if (unfinished.length > 0) {
      throw new RefusedError(`${unfinished.length} of ${runs.length} tasks did not end verified`);
    }
    const wallMs = systemClock.monotonicMs() - startMs;
    const totals = totalsOf(
      runs.flatMap(({ subtasks }) => subtasks.map(({ cost }) => cost)),
      wallMs,
    );
    tell(tellTotals(totals, runs, status, init.isKept ? client.dataDir : null));
    return {
      nodes: network.nodes.map(({ role, process: node }) => ({
        name: node.name,
        role,
        peerId: node.peerId,
        pid: node.pid,
      })),
      skills: [PORTFOLIO, SENTIMENT],
      query,
      runs,
      totals,
      testnetDir: init.isKept ? network.dir : null,
      wallMs: Math.round(wallMs),
    };
  } finally {
    if (init.isKept) network.release();
    else await network.destroy();
  }
}

async function keptNetwork(
  { nodes, keepDirectory, signal }: DemoInit,
  onProgress: (text: string) => void,
): Promise<Testnet> {
  await bringUp(keepDirectory, nodes, { signal, onProgress });
  return attachNetwork(keepDirectory);
}

async function demoTasks(inputFile: string | undefined): Promise<readonly DemoTask[]> {
  const texts: DemoTask[] = [];
  if (inputFile !== undefined) {
    const file = await userFile(inputFile);
    texts.push(demoTask(`sentiment of ${file.name} (${kilobytes([file])})`, SENTIMENT, [file]));
  }
  for (const { what, folders } of PROJECT_TEXTS.slice(texts.length)) {
    const files = await projectTexts(folders);
    if (files.length === 0) continue;
    const title = `sentiment of the project's own text, ${what} (${kilobytes(files)})`;
    texts.push(demoTask(title, SENTIMENT, files));
  }
  return [
    demoTask('sentiment of one short review', SENTIMENT, [await projectFile(REVIEW)]),
    ...texts,
    demoTask('portfolio of 100 assets', PORTFOLIO, [await projectFile(PRICE_TABLE)]),
    demoTask('portfolio of 10 assets', PORTFOLIO, [await projectFile(SMALL_PRICE_TABLE)]),
  ];
}

interface InputFile {
  readonly name: string;
  readonly bytes: Buffer;
}

function demoTask(what: string, skill: string, inputs: readonly InputFile[]): DemoTask {
  const mediaType = skill === PORTFOLIO ? 'text/csv' : 'text/plain';
  return {
    what,
    task: {
      title: what,
      skills: [skill],
      input: { parts: inputs.map(({ name }) => ({ file: name, mediaType })) },
      output: { mediaType: 'application/json' },
      // The conditions of optimality prove a portfolio; a sentiment can only be computed again.
      verification: [{ type: skill === PORTFOLIO ? 'optimality' : 'recompute' }],
      constraints: { sensitivity: 'low' },
      valueMicroUsd: TASK_VALUE_MICRO_USD,
    },
    files: Object.fromEntries(inputs.map(({ name, bytes }) => [name, bytes.toString('base64')])),
  };
}

function kilobytes(files: readonly InputFile[]): string {
  return `${Math.round(files.reduce((sum, { bytes }) => sum + bytes.length, 0) / 1_000)} kB`;
}

/** Root of the project, from the sources and from the built files alike. */
async function projectRoot(): Promise<string> {
  for (const relative of ['../', '../../']) {
    const path = fileURLToPath(new URL(relative, import.meta.url));
    if (await isFile(`${path}package.json`)) return path;
  }
  throw new RefusedError('package.json is missing from the installation');
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

async function projectFile(name: string): Promise<InputFile> {
  return { name, bytes: await readFile(`${await projectRoot()}${name}`) };
}

/** The text files of some folders, each folder joined into one, cut where the limit is reached. */
async function projectTexts(folders: readonly string[]): Promise<InputFile[]> {
  const root = await projectRoot();
  const found: InputFile[] = [];
  let room = MAX_INPUT_BYTES;
  for (const folder of folders) {
    const texts: Buffer[] = [];
    for (const name of await textFiles(`${root}${folder}`, folder === '.')) {
      const bytes = await readFile(name);
      if (bytes.length > room) continue;
      room -= bytes.length;
      texts.push(bytes);
    }
    if (texts.length > 0) found.push({ name: folder, bytes: Buffer.concat(texts) });
  }
  return found;
}

/** Paths of the text files of a folder, in order; tests are left out. */
async function textFiles(folder: string, isFlat: boolean): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: !isFlat }).catch(
    () => [],
  );
  return entries
    .filter((entry) => entry.isFile() && TEXT_FILE.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !/[/\\](?:test|node_modules|dist)[/\\]/.test(path.slice(folder.length)))
    .sort();
}

async function userFile(path: string): Promise<InputFile> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new BadInputError(`--input ${path}: cannot be read (${codeOf(error)})`, { cause: error });
  }
  if (bytes.length === 0 || bytes.length > MAX_INPUT_BYTES) {
    throw new BadInputError(
      `--input ${path}: expected a text file of 1 to ${MAX_INPUT_BYTES} bytes, got ${bytes.length}`,
    );
  }
  if (!isUtf8(bytes)) throw new BadInputError(`--input ${path}: expected text in UTF-8`);
  return { name: basename(path), bytes };
}
