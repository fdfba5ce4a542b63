/** Faults that are drawn from a seed, and what is done for each. */
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../node/decision/exploration/seeded-random.ts';
import { FAULT_KINDS, beginFault, drawFault } from '../../scenario-runner/random-faults.ts';
import type { FaultHands } from '../../scenario-runner/random-faults.ts';

const NODES = ['contractor-1', 'contractor-2', 'contractor-3'];

function draws(seed: number, count: number) {
  const random = new SeededRandom(seed);
  return Array.from({ length: count }, () => drawFault(random, NODES, 4_000));
}

/** Writes down what it is told to do. */
function fakeHands(done: string[]): FaultHands {
  const note = (what: string) => (node: string) => {
    done.push(`${what} ${node}`);
    return Promise.resolve();
  };
  return {
    breakLinks: (name, node) => {
      done.push(`${name} ${node}`);
      return Promise.resolve(() => note('heal')(node));
    },
    ...{ pause: note('pause'), resume: note('resume') },
    ...{ kill: note('kill'), restart: note('restart') },
  };
}

describe('random faults', () => {
  it('are the same for the same seed, and others for another', () => {
    expect(draws(1, 20)).toEqual(draws(1, 20));
    expect(draws(1, 20)).not.toEqual(draws(2, 20));
  });

  it('hit all nodes with all kinds, for half to one and a half of the mean time', () => {
    const drawn = draws(1, 300);
    expect(new Set(drawn.map(({ node }) => node))).toEqual(new Set(NODES));
    expect(new Set(drawn.map(({ kind }) => kind))).toEqual(new Set(FAULT_KINDS));
    for (const { holdMs } of drawn) {
      expect(holdMs).toBeGreaterThanOrEqual(2_000);
      expect(holdMs).toBeLessThanOrEqual(6_000);
    }
  });

  it.each([
    ['kill', ['kill a', 'restart a']],
    ['pause', ['pause a', 'resume a']],
    ['partition', ['partition a', 'heal a']],
  ] as const)('take back a %s when its time is over', async (kind, expected) => {
    const done: string[] = [];
    const takeBack = await beginFault({ node: 'a', kind, holdMs: 1 }, fakeHands(done));
    expect(done).toEqual(expected.slice(0, 1));
    await takeBack();
    expect(done).toEqual(expected);
  });
});
