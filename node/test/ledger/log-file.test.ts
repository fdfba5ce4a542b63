import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogFile } from '../../ledger/log-file.ts';
import { eventually } from './real-committee.ts';

let directory: string;
let path: string;
let flushes: number[];
let failures: string[];
let replacements: number;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'coalesce-log-'));
  path = join(directory, 'log');
  flushes = [];
  failures = [];
  replacements = 0;
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

function open() {
  return LogFile.open(path, {
    flushed: (flush) => void flushes.push(flush),
    failed: (reason) => void failures.push(reason),
    beforeReplace: () => {
      replacements++;
      return Promise.resolve();
    },
  });
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

async function content(): Promise<string> {
  return readFile(path, 'utf8');
}

describe('the log on the disk', () => {
  it('holds what was appended, in order, once the flush is told', async () => {
    const { log } = await open();
    log.append(text('a'));
    log.append(text('b'));
    log.flush(1);
    await eventually(
      () => flushes.includes(1),
      () => 'the first flush',
    );
    expect(await content()).toBe('ab');
    log.append(text('c'));
    await log.close();
    expect(await content()).toBe('abc');
    expect((await open()).content).toEqual(text('abc'));
  });

  it('tells one flush for all that were asked for while the disk was busy', async () => {
    const { log } = await open();
    for (let flush = 1; flush <= 50; flush++) {
      log.append(text('x'));
      log.flush(flush);
    }
    await eventually(
      () => flushes.includes(50),
      () => 'the last flush',
    );
    expect(flushes.length).toBeLessThan(5);
    expect(flushes).toEqual([...flushes].sort((a, b) => a - b));
    await log.close();
  });

  it('begins anew with its replacement and what came after it', async () => {
    const { log } = await open();
    log.append(text('old'));
    log.flush(1);
    log.replace(text('new'));
    log.append(text('er'));
    log.flush(2);
    await eventually(
      () => flushes.includes(2),
      () => 'the second flush',
    );
    expect(await content()).toBe('newer');
    expect(replacements).toBe(1);
    log.append(text('!'));
    await log.close();
    expect(await content()).toBe('newer!');
  });

  it('takes the old log up where a crash came before the new one was in place', async () => {
    await writeFile(path, 'old');
    await writeFile(`${path}.new`, 'ne');
    const { log, content: found } = await open();
    expect(found).toEqual(text('old'));
    await log.close();
  });

  it('is cut before more is written', async () => {
    await writeFile(path, 'whole and torn');
    const { log } = await open();
    log.truncate(5);
    log.append(text('ness'));
    log.flush(1);
    await eventually(
      () => flushes.includes(1),
      () => 'the flush',
    );
    await log.close();
    expect(await content()).toBe('wholeness');
  });

  it('tells of a disk that takes nothing, and writes no more', async () => {
    const { log } = await open();
    await rm(directory, { recursive: true });
    log.replace(text('new'));
    log.flush(1);
    await eventually(
      () => failures.length > 0,
      () => 'a failure',
    );
    log.append(text('more'));
    log.flush(2);
    await log.close();
    expect(failures).toEqual([`${path}: ENOENT`]);
    expect(flushes).toEqual([]);
  });
});
