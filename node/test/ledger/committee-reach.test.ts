import { describe, expect, it } from 'vitest';
import type { CommittedHeader } from '../../../protocols/pbft/messages.ts';
import { FakeClock, FakeLogger } from '../../../protocols/test/negotiation/fake-world.ts';
import { CommitteeReach, STALL_MS } from '../../ledger/committee-reach.ts';

const STALL_SECONDS = STALL_MS / 1_000;

/** A committee whose head is what the test says, and whose headers nobody brings. */
class FakeCommittee {
  readonly clock = new FakeClock();
  readonly logger = new FakeLogger();
  height = 1;
  heard: CommittedHeader | undefined;
  isSilent = false;
  looks = 0;
  readonly reach = new CommitteeReach({
    look: () => {
      this.looks += 1;
      if (this.isSilent) return Promise.reject(new Error('no answer'));
      return Promise.resolve(this.head());
    },
    heard: () => this.heard,
    clock: this.clock,
    logger: this.logger,
  });

  head(timeMs = this.clock.nowMs()): CommittedHeader {
    return { header: { height: this.height, timeMs } } as CommittedHeader;
  }
}

describe('whether a committee is reached', () => {
  it('is not asked again after a failure until a later head was seen', async () => {
    const committee = new FakeCommittee();
    const { reach } = committee;
    reach.saw(committee.head());
    reach.failed('it has not held a price');
    expect(await reach.problem()).toBe('it has not held a price');
    expect(committee.looks).toBe(0);
    await reach.probe();
    expect(await reach.problem()).toBe('it has not held a price');
    committee.height += 1;
    await reach.probe();
    expect(await reach.problem()).toBeUndefined();
    expect(reach.status()).toMatchObject({ isReached: true, reason: null });
    expect(committee.logger.lines.map(({ level }) => level)).toEqual(['warn', 'info']);
  });

  it('is looked at before silence is taken for its end', async () => {
    const committee = new FakeCommittee();
    const { reach, clock } = committee;
    reach.saw(committee.head());
    clock.advanceSeconds(STALL_SECONDS + 1);
    committee.height += 4;
    expect(await reach.problem()).toBeUndefined();
    expect(committee.looks).toBe(1);
  });

  it('is broken by replicas that answer and show the same head for too long', async () => {
    const committee = new FakeCommittee();
    committee.reach.saw(committee.head());
    committee.clock.advanceSeconds(STALL_SECONDS + 1);
    expect(await committee.reach.problem()).toContain('no block has followed 1');
  });

  it('is broken at the first look where the head is older than clocks may differ', async () => {
    const committee = new FakeCommittee();
    const { reach, clock } = committee;
    const head = committee.head(clock.nowMs() - 60_000 - STALL_MS - 1);
    reach.saw(head);
    expect(await reach.problem()).toBeDefined();
    const young = new FakeCommittee();
    young.reach.saw(young.head(young.clock.nowMs() - 60_000));
    expect(await young.reach.problem()).toBeUndefined();
  });

  it('is closed by a later header that is heard, without a question', async () => {
    const committee = new FakeCommittee();
    const { reach } = committee;
    committee.isSilent = true;
    reach.saw(committee.head());
    reach.failed('gone');
    committee.height += 1;
    committee.heard = committee.head();
    expect(await reach.problem()).toBeUndefined();
    expect(committee.looks).toBe(0);
  });
});
