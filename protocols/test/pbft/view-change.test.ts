import { describe, expect, it } from 'vitest';
import { identitySigner } from '../../pbft/committee.ts';
import { RULES } from '../../pbft/rules.ts';
import { isNewViewGood, isViewChangeGood, meetsRequirement } from '../../pbft/view-change.ts';
import { requirementOf, signNewView, signViewChange } from '../../pbft/view-change.ts';
import type { ViewChange } from '../../pbft/view-change.ts';
import { certificateOf, committee, firstBlock, identities } from './fixtures.ts';
import { secondBlock, verifier } from './fixtures.ts';
import { ReplicaGroup } from './replica-group.ts';
import { tally } from './tally-application.ts';

const first = firstBlock();
const second = secondBlock();

interface Claim {
  readonly view?: number;
  readonly isCommitted?: boolean;
  readonly preparedIn?: number;
  readonly digest?: Uint8Array;
}

/** VIEW-CHANGE of a replica that committed the first block and perhaps prepared the next. */
function changeOf(replica: number, claim: Claim = {}): ViewChange {
  const { view = 3, isCommitted = true, preparedIn, digest = second.digest } = claim;
  const height = isCommitted ? 1 : 0;
  return signViewChange(committee, identitySigner(identities[replica]!), {
    ...{ view, replica, height },
    digest: isCommitted ? first.digest : new Uint8Array(32),
    commit: isCommitted ? certificateOf('commit', first.digest) : undefined,
    prepared:
      preparedIn === undefined
        ? undefined
        : {
            digest,
            certificate: certificateOf('prepare', digest, { view: preparedIn, height: height + 1 }),
          },
  });
}

function isGood(change: ViewChange): boolean {
  return isViewChangeGood(committee, verifier, RULES, change);
}

describe('a VIEW-CHANGE', () => {
  it('must show what it claims', () => {
    expect(isGood(changeOf(1, { preparedIn: 2 }))).toBe(true);
    const { commit: _, ...bare } = changeOf(1);
    expect(isGood({ ...bare, commit: undefined })).toBe(false);
  });

  it('is refused with a certificate that its votes do not make', () => {
    const change = changeOf(1, { preparedIn: 2 });
    const forged = signViewChange(committee, identitySigner(identities[1]!), {
      ...change,
      prepared: { ...change.prepared!, digest: first.digest },
    });
    expect(isGood(forged)).toBe(false);
  });

  it('is refused if it claims a block prepared in the view it asks for', () => {
    expect(isGood(changeOf(1, { view: 3, preparedIn: 3 }))).toBe(false);
  });

  it('is refused in the name of another replica', () => {
    expect(isGood({ ...changeOf(1), replica: 2 })).toBe(false);
  });
});

describe('a NEW-VIEW', () => {
  const primary = identitySigner(identities[3]!);
  const changes = [0, 1, 2].map((replica) => changeOf(replica));

  it('holds with 2f + 1 VIEW-CHANGEs for its view, signed by its primary', () => {
    const good = signNewView(committee, primary, 3, changes);
    expect(isNewViewGood(committee, verifier, RULES, good)).toBe(true);
  });

  it('is refused from another replica, for another view, with too few or one twice', () => {
    const other = identitySigner(identities[0]!);
    for (const forged of [
      signNewView(committee, other, 3, changes),
      signNewView(committee, primary, 7, changes),
      signNewView(committee, primary, 3, changes.slice(1)),
      signNewView(committee, primary, 3, [changes[0]!, changes[0]!, changes[1]!]),
      signNewView(committee, primary, 3, [...changes.slice(1), changeOf(3, { view: 2 })]),
    ]) {
      expect(isNewViewGood(committee, verifier, RULES, forged)).toBe(false);
    }
  });

  it('asks for the block prepared in the highest view above the highest committed block', () => {
    const lower = first.digest;
    const wanted = requirementOf([
      changeOf(0, { preparedIn: 1, digest: lower }),
      changeOf(1, { preparedIn: 2 }),
      changeOf(2, { isCommitted: false, preparedIn: 2, digest: lower }),
    ]);
    expect(wanted).toEqual({ height: 2, digest: second.digest });
  });

  it('leaves the primary free if nothing was prepared there', () => {
    const wanted = requirementOf([changeOf(0), changeOf(1, { isCommitted: false, preparedIn: 2 })]);
    expect(wanted).toEqual({ height: 2, digest: undefined });
  });

  it('forbids votes at heights that it shows to be committed', () => {
    expect(meetsRequirement({ height: 2, digest: undefined }, first)).toBe(false);
    expect(meetsRequirement({ height: 2, digest: undefined }, second)).toBe(true);
    expect(meetsRequirement({ height: 2, digest: first.digest }, second)).toBe(false);
  });
});

describe('a change of view', () => {
  it('replaces a silent primary in 2 s + 0.5 s, though one replica alone was asked', () => {
    const group = new ReplicaGroup();
    group.isLost = (from) => from === 0;
    group.submit(2, tally('alice', 1, 5));
    group.pass(2_600);
    expect(group.members.map(({ replica }) => replica.view)).toEqual([1, 1, 1, 1]);
    expect(group.members.map(({ app }) => app.sum('alice'))).toEqual([5, 5, 5, 5]);
  });

  it('passes two silent primaries in a row when f is 2, in 2 s + 4 s + 0.5 s', () => {
    const group = new ReplicaGroup(7);
    group.isLost = (from) => from < 2;
    group.submit(2, tally('alice', 1, 5));
    group.pass(6_700);
    expect(group.members[6]!.replica.view).toBe(2);
    expect(group.members[6]!.app.sum('alice')).toBe(5);
  });

  it('proposes again, byte for byte, what one replica alone had committed', () => {
    const group = new ReplicaGroup();
    // Replica 3 alone gets the commit votes; then the primary is gone.
    group.isLost = (_from, to, message) =>
      message.type === 'vote' && message.vote.phase === 'commit' && to !== 3;
    group.submit(0, tally('alice', 1, 5));
    expect(group.members.map(({ replica }) => replica.height)).toEqual([0, 0, 0, 1]);
    const decided = group.members[3]!.replica.retained[0]!.block.digest;
    group.isLost = (from, to) => from === 0 || to === 3 || from === 3;
    group.pass(1_900);
    group.isLost = (from) => from === 0;
    group.pass(60_000);
    for (const { replica } of group.members.slice(1)) {
      expect(replica.height).toBeGreaterThan(0);
      expect(replica.retained[0]!.block.digest).toEqual(decided);
    }
  });

  it('replaces a primary that proposes nothing, after 10 s, though nobody asks for anything', () => {
    const group = new ReplicaGroup();
    group.isLost = (from, _to, message) => from === 0 && message.type === 'pre-prepare';
    group.pass(9_900);
    expect(group.members[1]!.replica.view).toBe(0);
    group.pass(300);
    expect(group.members[1]!.replica.view).toBe(1);
    expect(group.members[1]!.replica.height).toBeGreaterThan(0);
  });

  it('is not caused by one replica that asks for it alone', () => {
    const group = new ReplicaGroup();
    group.isLost = (from, to) => to === 3 && from !== 3;
    group.pass(60_000);
    expect(group.members[3]!.replica.isActive).toBe(false);
    expect(group.members.slice(0, 3).map(({ replica }) => replica.view)).toEqual([0, 0, 0]);
    expect(group.members[0]!.replica.height).toBeGreaterThan(5);
  });
});
