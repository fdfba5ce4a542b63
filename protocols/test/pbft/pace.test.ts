import { describe, expect, it } from 'vitest';
import type { ReplicaSettings } from '../../pbft/settings.ts';
import { ReplicaGroup } from './replica-group.ts';
import { tally } from './tally-application.ts';

/** A committee whose messages take a second each, under requests that never stop. */
function loaded(settings: Partial<ReplicaSettings> = {}): { height: number; view: number } {
  const group = new ReplicaGroup(4, settings);
  group.delayMs = 1_000;
  for (let second = 0; second < 120; second++) {
    group.submit(second % 4, tally(`account ${second % 20}`, 1 + Math.floor(second / 20)));
    group.pass(1_000);
  }
  const { height, view } = group.members[1]!.replica;
  return { height, view };
}

describe('a committee whose blocks take longer than the first time-out', () => {
  it('stays in a view once it has measured them, and goes on', () => {
    const { height, view } = loaded();
    expect(height).toBeGreaterThan(25);
    expect(view).toBeLessThanOrEqual(3);
  });

  it('would change its view over and over with a time-out that is fixed', () => {
    const paced = loaded();
    const fixed = loaded({ maxPaceTimeoutMs: 0 });
    expect(fixed.view).toBeGreaterThan(3 * Math.max(1, paced.view));
    expect(fixed.height).toBeLessThan(paced.height);
  });
});

describe('a primary that grows slower with each block', () => {
  it('gains no more than the bound: its view ends within it', () => {
    const group = new ReplicaGroup();
    let blocks = 0;
    let withheldMs = 500;
    let isHeld = true;
    group.isLost = (from, _to, message) => from === 0 && message.type === 'pre-prepare' && isHeld;
    let longestMs = 0;
    while (group.members[1]!.replica.view === 0 && blocks < 40) {
      const { height } = group.members[1]!.replica;
      const startMs = group.nowMs;
      isHeld = true;
      group.submit(1, tally('account', height + 1));
      group.pass(withheldMs);
      isHeld = false;
      for (let i = 0; i < 60 && group.members[1]!.replica.height === height; i++) group.pass(250);
      longestMs = Math.max(longestMs, group.nowMs - startMs);
      withheldMs *= 1.3;
      blocks += 1;
    }
    expect(group.members[1]!.replica.view).toBeGreaterThan(0);
    // The bound, the view change and the block after it; a doubled time-out is not reached.
    expect(longestMs).toBeLessThan(12_000);
  });
});
