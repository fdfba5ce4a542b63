/**
 * Blocks of a ledger for `coalesce ledger verify` and `export`: from a daemon, from the store of a
 * replica that does not run, or from an exported file. JSONL: a line with the genesis, then one for
 * each block.
 *
 * @module
 */

import { createReadStream } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { fromBase64Url, toHex } from '../../crypto/bytes.ts';
import { MAX_GENESIS_BYTES, ledgerRules } from '../../protocols/ledger/genesis.ts';
import type { LedgerRules } from '../../protocols/ledger/genesis.ts';
import type { StoredBytes } from '../../protocols/ledger/stored-audit.ts';
import { MAX_BLOCK_BYTES } from '../../protocols/pbft/block.ts';
import { MAX_CERTIFICATE_BYTES } from '../../protocols/pbft/vote.ts';
import { BadInputError, UnreachableError } from '../errors.ts';
import { ApiClient } from '../http-api/client.ts';
import { BlockStore } from '../ledger/block-store.ts';
import type { BlocksDocument } from '../ledger/ledger-documents.ts';
import { codeOf, dataDirectory } from '../storage/data-directory.ts';
import type { CliContext } from './context.ts';

/** Longest line: a block and its documents, in base64 twice. */
const MAX_LINE_CHARACTERS = 8 * MAX_BLOCK_BYTES;

const bytes = (max: number) =>
  z
    .string()
    .max(Math.ceil((max * 4) / 3))
    .transform(fromBase64Url);
const genesisLine = z.looseObject({ genesis: bytes(MAX_GENESIS_BYTES) });
const blockLine = z.looseObject({
  block: bytes(MAX_BLOCK_BYTES),
  commit: bytes(MAX_CERTIFICATE_BYTES),
});

/** A ledger and its blocks from the first one on. */
export interface LedgerBlocks {
  readonly rules: LedgerRules;
  /** Where they are from, for people. */
  readonly from: string;
  readonly blocks: AsyncIterable<StoredBytes>;
}

/** Which ledger is asked for. */
export interface BlocksOrder {
  /** Exported file. */
  readonly file?: string | undefined;
  /** Genesis that the blocks must begin with; left out: the one they bring. */
  readonly genesis?: string | undefined;
}

/** Opens the blocks of a file; without one those of the data directory's node. */
export async function openBlocks(
  context: CliContext,
  { file, genesis }: BlocksOrder,
): Promise<LedgerBlocks> {
  const opened = file === undefined ? await ofNode(context) : await ofFile(file);
  if (genesis === undefined) return opened;
  const wanted = parseGenesis(await read(genesis), genesis);
  const [want, got] = [toHex(wanted.ledgerId), toHex(opened.rules.ledgerId)];
  if (want === got) return opened;
  throw new BadInputError(`${opened.from} is of ledger ${got}, ${genesis} of ${want}`);
}

async function ofNode(context: CliContext): Promise<LedgerBlocks> {
  try {
    const client = await ApiClient.forDataDirectory(context.dataPath);
    const page = (from: number) =>
      client.get<BlocksDocument>(`/v1/ledger/blocks?from=${from}`, { signal: context.signal });
    const first = await page(1);
    const rules = parseGenesis(fromBase64Url(first.genesis), 'the daemon');
    return { rules, from: 'the daemon', blocks: pages(first, page) };
  } catch (error) {
    if (!(error instanceof UnreachableError)) throw error;
    const stored = await ofStore(context.dataPath);
    if (stored) return stored;
    throw error;
  }
}

async function* pages(
  first: BlocksDocument,
  page: (from: number) => Promise<BlocksDocument>,
): AsyncGenerator<StoredBytes, void, undefined> {
  let next = 1;
  let { blocks } = first;
  while (blocks.length > 0) {
    for (const { block, commit, height } of blocks) {
      yield { block: fromBase64Url(block), commit: fromBase64Url(commit) };
      next = height + 1;
      if (height === first.height) return;
    }
    ({ blocks } = await page(next));
  }
}

/** The store of a replica whose daemon does not run; nothing where there is none. */
async function ofStore(dataPath: string): Promise<LedgerBlocks | undefined> {
  const directory = dataDirectory(dataPath);
  const path = join(directory.ledgerDirectory, 'blocks');
  try {
    await access(path);
  } catch {
    return undefined;
  }
  const config: unknown = JSON.parse((await read(directory.configFile)).toString());
  const { committee } = z
    .looseObject({ committee: z.looseObject({ genesisFile: z.string() }) })
    .parse(config);
  const genesisFile = resolve(directory.path, committee.genesisFile);
  const rules = parseGenesis(await read(genesisFile), genesisFile);
  return { rules, from: path, blocks: storedBlocks(path) };
}

async function* storedBlocks(path: string): AsyncGenerator<StoredBytes, void, undefined> {
  const store = await BlockStore.open(path, (error) => {
    throw error;
  });
  try {
    yield* store.blocks(1, Infinity);
  } finally {
    await store.close();
  }
}

async function ofFile(file: string): Promise<LedgerBlocks> {
  const lines = linesOf(file);
  const first = await lines.next();
  if (first.done) throw new BadInputError(`${file} is empty; see "coalesce ledger export"`);
  const { genesis } = parseLine(genesisLine, first.value, file, 1);
  return { rules: parseGenesis(genesis, file), from: file, blocks: blocksOf(lines, file) };
}

async function* blocksOf(
  lines: AsyncIterable<string>,
  file: string,
): AsyncGenerator<StoredBytes, void, undefined> {
  let number = 1;
  for await (const line of lines) {
    number += 1;
    yield parseLine(blockLine, line, file, number);
  }
}

async function* linesOf(file: string): AsyncGenerator<string, void, undefined> {
  const stream = createReadStream(file);
  try {
    for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) {
      if (line.length > MAX_LINE_CHARACTERS) throw new BadInputError(`${file}: a line is too long`);
      if (line !== '') yield line;
    }
  } catch (error) {
    if (error instanceof BadInputError) throw error;
    throw new BadInputError(`${file} cannot be read (${codeOf(error)})`, { cause: error });
  } finally {
    stream.destroy();
  }
}

function parseLine<Line>(
  schema: z.ZodType<Line>,
  line: string,
  file: string,
  number: number,
): Line {
  try {
    return schema.parse(JSON.parse(line));
  } catch (cause) {
    const problem = `${file}, line ${number}: expected what "coalesce ledger export" writes`;
    throw new BadInputError(problem, { cause });
  }
}

function parseGenesis(content: Uint8Array, from: string): LedgerRules {
  try {
    return ledgerRules(content);
  } catch (cause) {
    throw new BadInputError(`${from} brings no genesis of a ledger`, { cause });
  }
}

async function read(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new BadInputError(`${file} cannot be read (${codeOf(cause)})`, { cause });
  }
}
