/**
 * The control file of a network's faults, beside its nodes' directories. One writer, the commands;
 * every node of the network reads it, and says in its own directory which revision is in force.
 *
 * It is looked at, not watched: a system gives out too few watches for fifty nodes.
 *
 * @module
 */

import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { BadInputError } from '../../node/errors.ts';
import { codeOf, writeFileAtomically } from '../../node/storage/data-directory.ts';
import { systemClock } from '../../node/system-clock.ts';
import type { Logger } from '../../protocols/components.ts';
import { NO_FAULTS, faultFileSchema } from './fault-rules.ts';
import type { FaultFile, LinkFault } from './fault-rules.ts';
import type { FaultyLinks } from './faulty-transport.ts';

const FAULT_FILE = 'faults.json';
const REPORT_FILE = 'faults-in-force.json';
const LOOK_INTERVAL_MS = 100;
const WAIT_POLL_MS = 25;
const MAX_FILE_BYTES = 4_194_304;

/** The control file of the network in `dir`. */
export function faultFileOf(dir: string): string {
  return join(dir, FAULT_FILE);
}

/** Faults in force; none where there is no file. @throws {@link BadInputError} if it is damaged. */
export async function readFaults(path: string): Promise<FaultFile> {
  let text: string;
  try {
    if ((await stat(path)).size > MAX_FILE_BYTES) throw new BadInputError(`${path}: is too large`);
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return NO_FAULTS;
    throw error;
  }
  const parsed = faultFileSchema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new BadInputError(
    `${path}: is damaged; "coalesce testnet heal" writes it anew, without faults`,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Puts other faults in force. @returns the revision. */
export async function writeFaults(
  path: string,
  faults: readonly LinkFault[],
  seed?: number,
): Promise<number> {
  const old = await readFaults(path).catch(() => ({
    ...NO_FAULTS,
    revision: Math.floor(systemClock.nowMs()),
  }));
  const revision = old.revision + 1;
  const content: FaultFile = { v: 1, revision, seed: seed ?? old.seed, faults: [...faults] };
  const checked = faultFileSchema.safeParse(content);
  if (!checked.success) {
    const problems = checked.error.issues.map(
      ({ path: at, message }) => `${at.join('.')}: ${message}`,
    );
    throw new BadInputError('These faults cannot be', { problems });
  }
  await writeFileAtomically(path, `${JSON.stringify(content, undefined, 2)}\n`);
  return revision;
}

const reportSchema = z.object({ revision: z.number(), pid: z.number() });

/** Which revision a node follows; none if it never said. */
async function revisionOf(dataDir: string): Promise<number> {
  const text = await readFile(join(dataDir, REPORT_FILE), 'utf8').catch(() => '');
  return reportSchema.safeParse(parseJson(text)).data?.revision ?? -1;
}

/** Waits until nodes follow a revision. @returns those that do not in time. */
export async function untilInForce(
  dataDirs: readonly string[],
  revision: number,
  timeoutMs: number,
): Promise<readonly string[]> {
  const deadlineMs = systemClock.monotonicMs() + timeoutMs;
  let missing = dataDirs;
  for (;;) {
    const revisions = await Promise.all(missing.map(revisionOf));
    missing = missing.filter((_, at) => revisions[at]! < revision);
    if (missing.length === 0 || systemClock.monotonicMs() > deadlineMs) return missing;
    await delay(WAIT_POLL_MS);
  }
}

/** Follows the control file until it is told to stop. */
export function followFaults(
  path: string,
  dataDir: string,
  { links, logger }: { readonly links: FaultyLinks; readonly logger: Logger },
): () => void {
  let seen = '';
  let isBusy = false;
  const look = async (): Promise<void> => {
    const { mtimeMs, ino, size } = await stat(path);
    const now = `${mtimeMs} ${ino} ${size}`;
    if (now === seen) return;
    seen = now;
    const faults = await readFaults(path);
    links.apply(faults);
    const { revision } = faults;
    const report = { revision, pid: process.pid, ...links.counts };
    await writeFileAtomically(join(dataDir, REPORT_FILE), `${JSON.stringify(report)}\n`);
  };
  const tick = (): void => {
    if (isBusy) return;
    isBusy = true;
    look()
      .catch((error: unknown) => {
        if (codeOf(error) !== 'ENOENT') logger.warn({ err: error }, 'Faults cannot be read.');
      })
      .finally(() => (isBusy = false));
  };
  tick(); // a node that starts again is under the faults of before
  const timer = setInterval(tick, LOOK_INTERVAL_MS).unref();
  return () => clearInterval(timer);
}
