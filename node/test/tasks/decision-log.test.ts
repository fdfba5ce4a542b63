import { describe, expect, it } from 'vitest';
import { NothingFoundError } from '../../errors.ts';
import { decide } from '../../decision/engine.ts';
import type { DecisionRecord } from '../../decision/decision-record.ts';
import { FakeClock, FakeRandom } from '../../../protocols/test/negotiation/fake-world.ts';
import { DecisionLog, shortDecision } from '../../tasks/decision-log.ts';
import { candidate, newcomer, request } from '../decision/requests.ts';
import { MemoryJsonSection } from '../memory-section.ts';

function open(section = new MemoryJsonSection<DecisionRecord>(), seed = 'log') {
  const clock = new FakeClock();
  return { section, clock, log: new DecisionLog(section, clock, new FakeRandom(seed)) };
}

function decided(decisionId: string): DecisionRecord {
  return decide({ ...request([candidate('bob'), newcomer('carol', 7, 8)]), decisionId });
}

describe('DecisionLog', () => {
  it('gives ids that sort by time and differ within one millisecond', () => {
    const { log, clock } = open();
    const ids: string[] = [];
    for (let i = 0; i < 50; i++) {
      ids.push(log.newId());
      clock.advanceSeconds(1 + i * 1_000);
    }
    expect([...ids].sort()).toEqual(ids);
    const same = Array.from({ length: 50 }, () => log.newId());
    expect(new Set(same).size).toBe(50);
    for (const id of ids) expect(id).toMatch(/^[0-9a-z]{9}-[0-9a-f]{8}$/);
  });

  it('gives seeds that are unsigned 32-bit integers and differ', () => {
    const { log } = open();
    const seeds = Array.from({ length: 50 }, () => log.newSeed());
    expect(new Set(seeds).size).toBe(50);
    for (const seed of seeds) {
      expect(Number.isInteger(seed)).toBe(true);
      expect(seed).toBeGreaterThanOrEqual(0);
      expect(seed).toBeLessThan(2 ** 32);
    }
  });

  it('lists the newest decisions first, as many as asked for', async () => {
    const { log, clock } = open();
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) {
      ids.push(log.newId());
      await log.append(decided(ids.at(-1)!));
      clock.advanceSeconds(1);
    }
    const listed = await log.list(3);
    expect(listed.map(({ decisionId }) => decisionId)).toEqual(ids.slice(2).reverse());
    expect(await log.list(100)).toHaveLength(5);
  });

  it('shows a decision whole and replays it bit for bit, after a restart too', async () => {
    const { log, section } = open();
    const record = decided('a');
    await log.append(record);
    const again = open(section).log;
    expect(await again.show('a')).toEqual(JSON.parse(JSON.stringify(record)));
    expect(await again.replay('a')).toMatchObject({ decisionId: 'a', agrees: true });
  });

  it('says that a record which was changed on disk does not replay', async () => {
    const { log, section } = open();
    const record = decided('a');
    const costInternalMicroUsd = (record.result.costInternalMicroUsd ?? 0) + 1;
    await section.put('a', { ...record, result: { ...record.result, costInternalMicroUsd } });
    const replay = await log.replay('a');
    expect(replay.agrees).toBe(false);
    expect(JSON.stringify(replay)).toContain('costInternalMicroUsd');
  });

  it('names an id that is not in the log', async () => {
    const { log } = open();
    await expect(log.show('none')).rejects.toThrow(NothingFoundError);
    await expect(log.replay('none')).rejects.toThrow('No decision none is in the log');
    expect(await log.list(10)).toEqual([]);
  });

  it('keeps in a short decision who was looked at and why who was dropped', () => {
    const record = decided('a');
    const short = shortDecision(record);
    expect(short).toMatchObject({
      decisionId: 'a',
      choice: record.result.choice,
      contractor: record.result.contractor,
      costInternalMicroUsd: record.result.costInternalMicroUsd,
      costExternalMicroUsd: record.result.costExternalMicroUsd,
      reason: record.result.reason,
    });
    expect(short.candidates).toHaveLength(record.result.candidates.length);
    for (const [i, { peerId, score, dropped }] of record.result.candidates.entries()) {
      expect(short.candidates[i]).toMatchObject({
        peerId,
        score,
        ...(dropped === undefined ? {} : { dropped }),
      });
    }
  });
});
