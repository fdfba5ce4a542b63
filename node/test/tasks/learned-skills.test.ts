import { beforeEach, describe, expect, it } from 'vitest';
import { toBase64Url } from '../../../crypto/bytes.ts';
import type { Contract } from '../../../protocols/negotiation/contract.ts';
import type { Verdict } from '../../../protocols/negotiation/documents.ts';
import { FakeLogger } from '../../../protocols/test/negotiation/fake-world.ts';
import { makeChain, makeRequest } from '../../../protocols/test/negotiation/fixture.ts';
import { cosineSimilarity } from '../../skills/compatibility.ts';
import { embedLocally, localEmbedder } from '../../skills/embedding.ts';
import type { Embedder } from '../../skills/embedding.ts';
import type { StoredLearnedEmbedding } from '../../skills/learned-embedding.ts';
import { LearnedSkills, MAX_WAITING_TASKS } from '../../tasks/learned-skills.ts';
import { MemoryJsonSection } from '../memory-section.ts';

const TERM = 'performs:nlp/sentiment';
const OTHER_TERM = 'performs:nlp/translation';
const ABOUT = 'mood of hotel guests in their letters';
const TAUGHT = embedLocally(`${TERM} ${ABOUT}`);
const DESCRIPTION = embedLocally(`${TERM} portfolio of shares`);
const CHAIN = makeChain();
const REQUEST = makeRequest();

let section: MemoryJsonSection<StoredLearnedEmbedding>;
let learned: LearnedSkills;
let logger: FakeLogger;
let contracts = 0;

function open(embedder: Embedder = localEmbedder): LearnedSkills {
  return new LearnedSkills({ section, embedder, logger });
}

beforeEach(() => {
  section = new MemoryJsonSection();
  logger = new FakeLogger();
  learned = open();
});

interface SettledChange extends Partial<Pick<Contract, 'role' | 'phase'>> {
  readonly verdict?: Partial<Verdict>;
  readonly price?: string;
}

/** A settled contract with an id of its own. Only what is looked at is real. */
function settled({ verdict, price, ...change }: SettledChange = {}): Contract {
  contracts += 1;
  const { agreement, receipt } = CHAIN;
  const id = new Uint8Array(32);
  new DataView(id.buffer).setUint32(0, contracts);
  return {
    role: 'contractor',
    phase: 'RECEIPT',
    sinceSeconds: 0,
    request: REQUEST,
    agreement: { ...agreement, id, body: { ...agreement.body, ...(price && { price }) } },
    verdict: { ...receipt, body: { ...receipt.body, ...verdict } },
    ...change,
  };
}

const idOf = ({ agreement }: Contract) => toBase64Url(agreement!.id);

const task = (change: object = {}) => ({
  title: 'Letters',
  description: ABOUT,
  skills: [TERM],
  constraints: { sensitivity: 'low' as const },
  ...change,
});

async function teach(
  times: number,
  { change, contract }: { change?: object; contract?: SettledChange } = {},
): Promise<void> {
  for (let i = 0; i < times; i++) {
    const one = settled(contract);
    learned.onWork(idOf(one), task(change));
    await learned.onSettled(one);
  }
}

const published = (terms = [TERM], by = learned) => by.vectorFor(terms, DESCRIPTION);

describe('the vector of a contractor', () => {
  it('is that of its description up to seven outcomes, and leans to its work from eight', async () => {
    await teach(7);
    expect(await published()).toEqual(DESCRIPTION);
    await teach(1);
    const vector = await published();
    const before = cosineSimilarity(DESCRIPTION, TAUGHT);
    expect(cosineSimilarity(vector, TAUGHT)).toBeGreaterThan(before + 0.2);
    expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
  });

  it('is the same after a restart over the same store', async () => {
    await teach(9);
    expect(await published([TERM], open())).toEqual(await published());
  });

  it('is moved by the title where a task has no description', async () => {
    await teach(8, { change: { title: ABOUT, description: undefined } });
    expect((await section.get(TERM))!.outcomes).toBe(8);
    const vector = await published();
    await teach(8);
    expect(cosineSimilarity(await published(), vector)).toBeGreaterThan(0.95);
  });

  it('counts outcomes of all skills on sale, and none of a skill that was withdrawn', async () => {
    await teach(4);
    await teach(4, { change: { skills: [OTHER_TERM] } });
    expect(await published([TERM])).toEqual(DESCRIPTION);
    expect(await published([TERM, OTHER_TERM])).not.toEqual(DESCRIPTION);
  });

  it('learns nothing of the direction of work that failed, and half of half-paid work', async () => {
    await teach(8, { contract: { verdict: { outcome: 'fail' } } });
    expect(await published()).toEqual(DESCRIPTION);
    await teach(1, { contract: { price: '1000', verdict: { outcome: 'partial', paid: '500' } } });
    expect(await section.get(TERM)).toMatchObject({ outcomes: 9, weight: 0.5 });
  });

  it('is not blended with what was learned under another model', async () => {
    await teach(10);
    const other = open({ ...localEmbedder, modelId: 'another-model' });
    expect(await published([TERM], other)).toEqual(DESCRIPTION);
  });

  it('survives a stored entry that is broken', async () => {
    await section.put(TERM, { v: 1, mean: '!' } as unknown as StoredLearnedEmbedding);
    expect(await published()).toEqual(DESCRIPTION);
    await teach(8);
    expect((await section.get(TERM))!.outcomes).toBe(8);
  });
});

describe('what teaches', () => {
  it('keeps no text of a task, only numbers', async () => {
    await teach(3);
    const [stored] = [...section.bytes.values.values()].map((bytes) => Buffer.from(bytes));
    expect(Object.keys(JSON.parse(stored!.toString('utf8')) as object).sort()).toEqual([
      'mean',
      'modelId',
      'outcomes',
      'v',
      'weight',
    ]);
    for (const word of ABOUT.split(' ')) {
      if (word.length > 3) expect(stored!.toString('utf8')).not.toContain(word);
    }
  });

  it('is not a task of raised sensitivity: its mean is published', async () => {
    for (const sensitivity of ['medium', 'high']) {
      await teach(10, { change: { constraints: { sensitivity } } });
    }
    expect(section.bytes.values.size).toBe(0);
  });

  it('is a receipt that both have signed: no dispute, and no contract as a client', async () => {
    await teach(5, { contract: { phase: 'DISPUTED' } });
    await teach(5, { contract: { role: 'client' } });
    expect(section.bytes.values.size).toBe(0);
  });

  it('is each contract once, told of twice or not begun here', async () => {
    const one = settled();
    learned.onWork(idOf(one), task());
    learned.onWork(idOf(one), task());
    await learned.onSettled(one);
    await learned.onSettled(one);
    await learned.onSettled(settled());
    expect((await section.get(TERM))!.outcomes).toBe(1);
  });

  it('loses no lesson of two receipts at once', async () => {
    const both = [settled(), settled(), settled()];
    for (const one of both) learned.onWork(idOf(one), task());
    await Promise.all(both.map((one) => learned.onSettled(one)));
    expect((await section.get(TERM))!.outcomes).toBe(3);
  });

  it('stays bounded when a client begins tasks and never settles them', async () => {
    const first = settled();
    learned.onWork(idOf(first), task());
    let last = first;
    for (let i = 0; i < MAX_WAITING_TASKS; i++) {
      last = settled();
      learned.onWork(idOf(last), task());
    }
    await learned.onSettled(first);
    expect(await section.get(TERM)).toBeUndefined();
    await learned.onSettled(last);
    expect((await section.get(TERM))!.outcomes).toBe(1);
  });

  it('is nothing, and a line in the log, where the embedder fails', async () => {
    const embed = () => Promise.reject(new Error('no embedder'));
    learned = open({ ...localEmbedder, embed });
    await teach(1);
    expect(section.bytes.values.size).toBe(0);
    expect(logger.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
  });

  it('goes on after a write that failed', async () => {
    const { put } = section;
    section.put = () => Promise.reject(new Error('no space'));
    await expect(teach(1)).rejects.toThrow('no space');
    section.put = put.bind(section);
    await teach(1);
    expect((await section.get(TERM))!.outcomes).toBe(1);
  });
});

describe('when to publish anew', () => {
  it('is with the eighth outcome, then once eight and a quarter of all are new', async () => {
    const due: number[] = [];
    for (let outcomes = 1; outcomes <= 64; outcomes++) {
      await teach(1);
      if (!(await learned.isDue([TERM]))) continue;
      due.push(outcomes);
      await published();
    }
    expect(due).toEqual([8, 16, 24, 32, 43, 58]);
  });

  it('is never without a lesson on what is on sale', async () => {
    expect(await learned.isDue([TERM])).toBe(false);
    await teach(20);
    expect(await learned.isDue([])).toBe(false);
    expect(await learned.isDue([OTHER_TERM])).toBe(false);
    expect(await learned.isDue([TERM])).toBe(true);
  });
});
