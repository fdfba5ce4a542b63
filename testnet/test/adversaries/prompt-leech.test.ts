/** A contractor that copies what it is given, loaded as a node loads it. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createBuiltinExecutor } from '../../../node/tasks/executors/executor-registry.ts';
import { loadModuleExecutor } from '../../../node/tasks/executors/module.ts';
import { systemRandom } from '../../../node/system-clock.ts';
import { leechModule } from '../../adversaries/prompt-leech.ts';
import { builtModule } from '../../scenario-runner/built-file.ts';

const TERM = 'performs:nlp/sentiment';
const TEXT = 'The tent is light. The order has the number 0123456789ab.';
const { signal } = new AbortController();
let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'coalesce-leech-'));
});
afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

describe('a prompt leech', () => {
  it('has a copy of the text, and a result like that of an honest contractor', async () => {
    const copies = join(dir, 'copies.txt');
    const path = join(dir, 'leech.mjs');
    await writeFile(path, leechModule(builtModule('adversaries/prompt-leech.js'), copies));
    const leech = await loadModuleExecutor({
      ...{ term: TERM, path, baseDirectory: dir, random: systemRandom },
    });
    const work = {
      ...{ term: TERM, specification: {} },
      parts: [{ mediaType: 'text/plain', bytes: Buffer.from(TEXT) }],
    } as never;
    const { parts } = await leech.execute(work, { signal });
    const honest = await createBuiltinExecutor(TERM)!.execute(work, { signal });
    expect(parts[0]?.data).toEqual(honest.parts[0]?.data);
    expect(await readFile(copies, 'utf8')).toBe(TEXT);
  });
});
