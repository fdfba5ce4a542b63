import { beforeEach, describe, expect, it } from 'vitest';
import { fromUtf8 } from '../../../crypto/bytes.ts';
import { FakeLogger } from '../../../protocols/test/negotiation/fake-world.ts';
import { localEmbedder } from '../../skills/embedding.ts';
import type { Embedder } from '../../skills/embedding.ts';
import type { StoredTaskClusters } from '../../skills/task-clusters.ts';
import { RecurringTasks } from '../../tasks/recurring-tasks.ts';
import { MemoryJsonSection } from '../memory-section.ts';
import { TERM, task } from './client-fakes.ts';

const COINED = 'performs:heraldry/blazon';
const HERALDRY = [
  'blazon the heraldry on this shield',
  'explain the heraldry of a shield',
  'heraldry shield with a blue lion',
];
const FITTED = ['sentiment of reviews', 'review sentiment', 'sentiment in a review'];

let section: MemoryJsonSection<StoredTaskClusters>;
let recurring: RecurringTasks;
let logger: FakeLogger;

async function open(embedder: Embedder = localEmbedder): Promise<RecurringTasks> {
  const opened = new RecurringTasks({ section, embedder, logger });
  await opened.load();
  return opened;
}

beforeEach(async () => {
  section = new MemoryJsonSection();
  logger = new FakeLogger();
  recurring = await open();
});

interface Run {
  readonly term?: string;
  readonly isSold?: boolean;
  readonly sensitivity?: string;
}

function run(
  descriptions: readonly (string | undefined)[],
  { term = TERM, isSold = false, sensitivity = 'low' }: Run = {},
): void {
  for (const description of descriptions) {
    const change = { skills: [term], description, constraints: { sensitivity } };
    recurring.observe(task(change), isSold);
  }
}

describe('tasks that recur', () => {
  it('are offered as a term with their descriptions, and the known term that is nearest', async () => {
    run(HERALDRY);
    const [suggestion, ...others] = await recurring.suggestions();
    expect(suggestion).toMatchObject({ tasks: 3, examples: HERALDRY });
    expect(suggestion!.term).toMatch(/^performs:.+\/heraldry-shield$/);
    expect(suggestion!.nearest.term).toMatch(/^performs:/);
    expect(suggestion!.nearest.similarity).toBeLessThan(0.4);
    expect(others).toEqual([]);
  });

  it('are not offered where a known term fits, or where they have no description', async () => {
    run(FITTED);
    run([undefined, undefined, undefined]);
    expect(await recurring.suggestions()).toEqual([]);
  });

  it('count under a known term that somebody sells: the user had to take the next best', async () => {
    run(HERALDRY, { isSold: true });
    expect(await recurring.suggestions()).toHaveLength(1);
  });

  it('are not offered once somebody sells the term that was coined for them', async () => {
    run(HERALDRY, { term: COINED, isSold: true });
    expect(await recurring.suggestions()).toEqual([]);
    run(HERALDRY, { term: COINED });
    expect(await recurring.suggestions()).toHaveLength(1);
  });

  it('are shown in 80 characters at most, and no character is cut in half', async () => {
    run([...HERALDRY, `heraldry shield ${'😀'.repeat(90)}`]);
    const [suggestion] = await recurring.suggestions();
    const last = suggestion!.examples.at(-1)!;
    expect([...last]).toHaveLength(80);
    expect(last.endsWith('😀')).toBe(true);
  });

  it('are not kept if they are of high sensitivity: they would stand on disk in clear', async () => {
    run(HERALDRY, { sensitivity: 'high' });
    await recurring.save();
    expect(section.bytes.values.size).toBe(0);
    expect(await recurring.suggestions()).toEqual([]);
  });
});

describe('what was gathered', () => {
  it('is there after a restart, and goes on', async () => {
    run(HERALDRY.slice(0, 2));
    await recurring.save();
    recurring = await open();
    run(HERALDRY.slice(2));
    const [suggestion] = await recurring.suggestions();
    expect(suggestion).toMatchObject({ tasks: 3, examples: HERALDRY });
  });

  it('is written only if it has changed, and again after a write that failed', async () => {
    let writes = 0;
    const put = section.put.bind(section);
    section.put = (key, value) => {
      writes += 1;
      return writes === 1 ? Promise.reject(new Error('no space')) : put(key, value);
    };
    await recurring.save();
    expect(writes).toBe(0);
    run(HERALDRY);
    await expect(recurring.save()).rejects.toThrow('no space');
    await recurring.save();
    await recurring.save();
    expect(writes).toBe(2);
    expect(await (await open()).suggestions()).toHaveLength(1);
  });

  it('stays under a megabyte on disk whatever a user runs', async () => {
    for (let i = 0; i < 4; i++) {
      run(Array.from({ length: 250 }, (_, j) => `word${i}${j}x `.repeat(100)));
      await recurring.suggestions();
    }
    await recurring.save();
    const [stored] = [...section.bytes.values.values()];
    expect(fromUtf8(stored!).length).toBeLessThan(1e6);
  });

  it('is left alone by a task that cannot be embedded, and the log says so', async () => {
    const embed = () => Promise.reject(new Error('no embedder'));
    recurring = await open({ ...localEmbedder, embed });
    run(HERALDRY);
    expect(await recurring.suggestions()).toEqual([]);
    expect(logger.lines.filter(({ level }) => level === 'warn')).toHaveLength(3);
  });

  it('does not grow without end behind an embedder that never answers', () => {
    let asked = 0;
    const embed = () => {
      asked += 1;
      return new Promise<never>(() => undefined);
    };
    recurring = new RecurringTasks({ section, embedder: { ...localEmbedder, embed }, logger });
    expect(() => run(Array.from({ length: 10_000 }, () => HERALDRY[0]))).not.toThrow();
    expect(asked).toBeLessThanOrEqual(1);
  });
});
