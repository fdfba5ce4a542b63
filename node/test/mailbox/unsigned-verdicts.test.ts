import { describe, expect, it } from 'vitest';
import { FakeClock, FakeLogger } from '../../../protocols/test/negotiation/fake-world.ts';
import { MAX_UNSIGNED, UnsignedVerdicts, WAIT_SECONDS } from '../../mailbox/unsigned-verdicts.ts';
import type { UnsignedVerdict } from '../../mailbox/unsigned-verdicts.ts';
import { MemoryJsonSection } from '../memory-section.ts';

async function waiting(isStoredAtOnce = true) {
  const clock = new FakeClock();
  const section = new MemoryJsonSection<UnsignedVerdict>();
  const logger = new FakeLogger();
  const open = async (): Promise<UnsignedVerdicts> => {
    const verdicts = new UnsignedVerdicts({ section, isStoredAtOnce, clock, logger });
    await verdicts.load();
    return verdicts;
  };
  return { clock, section, open, verdicts: await open() };
}

const idsOf = (due: readonly (readonly UnsignedVerdict[])[]): string[] =>
  due.flat().map((one) => one.contractId);

describe('verdicts that one side has signed', () => {
  it('are tried after half a minute, then at pauses that double up to half an hour', async () => {
    const { clock, verdicts } = await waiting();
    verdicts.add('a', 'peer');
    const atSeconds: number[] = [];
    const start = clock.seconds;
    for (let i = 0; i < 3 * 3_600; i++) {
      if (verdicts.takeDue(8, 8).length > 0) atSeconds.push(clock.seconds - start);
      clock.advanceSeconds(1);
    }
    expect(atSeconds.slice(0, 8)).toEqual([30, 60, 120, 240, 480, 960, 1_920, 3_720]);
    expect(atSeconds.slice(8).map((at, i) => at - [3_720, ...atSeconds.slice(8)][i]!)).toEqual(
      atSeconds.slice(8).map(() => 1_800),
    );
  });

  it('are all due after a restart, and keep since when and with whom letters are', async () => {
    const { clock, verdicts, open } = await waiting();
    verdicts.add('a', 'peer');
    verdicts.keptBy('a', ['broker']);
    const since = clock.seconds;
    clock.advanceSeconds(5);
    const [[due] = []] = (await open()).takeDue(8, 8);
    expect(due).toMatchObject({ contractId: 'a', peerId: 'peer', sinceSeconds: since });
    expect(due!.keepers).toEqual(['broker']);
  });

  it('wait three days and no longer, on disk too', async () => {
    const { clock, section, verdicts } = await waiting();
    verdicts.add('a', 'peer');
    clock.advanceSeconds(WAIT_SECONDS);
    expect(idsOf(verdicts.takeDue(8, 8))).toEqual(['a']);
    clock.advanceSeconds(1);
    expect(verdicts.takeDue(8, 8)).toEqual([]);
    expect(verdicts.size).toBe(0);
    expect(await section.values()).toEqual([]);
  });

  it('are told of by peer, and no more once they are settled', async () => {
    const { section, verdicts } = await waiting();
    verdicts.add('a', 'one');
    verdicts.add('b', 'other');
    verdicts.add('c', 'one');
    expect(idsOf([verdicts.of('one')])).toEqual(['a', 'c']);
    verdicts.delete('a');
    verdicts.delete('a');
    expect(idsOf([verdicts.of('one')])).toEqual(['c']);
    expect(await section.values()).toHaveLength(2);
  });

  it('cost no write where they are settled before the first try', async () => {
    const { clock, section, verdicts } = await waiting(false);
    verdicts.add('a', 'peer');
    verdicts.add('b', 'peer');
    expect(await section.values()).toEqual([]);
    verdicts.delete('a');
    clock.advanceSeconds(30);
    expect(idsOf(verdicts.takeDue(8, 8))).toEqual(['b']);
    expect(await section.values()).toHaveLength(1);
  });

  it('are tried a few peers at a time, a few of each, in the order in which they are due', async () => {
    const { clock, verdicts } = await waiting();
    for (let i = 0; i < 12; i++) verdicts.add(`${i}`, `peer-${i % 4}`);
    clock.advanceSeconds(30);
    expect(idsOf(verdicts.takeDue(2, 2))).toEqual(['0', '4', '1', '5']);
    clock.advanceSeconds(1);
    expect(idsOf(verdicts.takeDue(3, 9))).toEqual(['2', '6', '10', '3', '7', '11', '8']);
    expect(idsOf(verdicts.takeDue(3, 9))).toEqual(['9']);
    expect(idsOf(verdicts.takeDue(3, 9))).toEqual([]);
  });

  it('flood: thousands of one peer keep none of another from being tried', async () => {
    const { clock, verdicts } = await waiting(false);
    for (let i = 0; i < 2_000; i++) verdicts.add(`flood-${i}`, 'flooder');
    verdicts.add('late', 'honest');
    const tried = new Set<string>();
    for (let i = 0; i < 8 && !tried.has('late'); i++) {
      clock.advanceSeconds(15);
      for (const id of idsOf(verdicts.takeDue(8, 8))) tried.add(id);
    }
    expect(tried).toContain('late');
    for (let i = 0; i < 2_000; i++) {
      clock.advanceSeconds(15);
      for (const id of idsOf(verdicts.takeDue(8, 8))) tried.add(id);
    }
    expect(tried.size).toBe(2_001);
  });

  it('flood: of more than are waited for the oldest goes', async () => {
    const { verdicts } = await waiting(false);
    for (let i = 0; i <= MAX_UNSIGNED; i++) verdicts.add(`${i}`, 'peer');
    expect(verdicts.size).toBe(MAX_UNSIGNED);
    expect(verdicts.of('peer')[0]!.contractId).toBe('1');
  });
});
