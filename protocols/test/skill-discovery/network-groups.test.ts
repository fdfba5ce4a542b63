import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NetworkGroups } from '../../skill-discovery/network-groups.ts';

describe('what gives way where everything is full', () => {
  it('is the longest there of the network with the most', () => {
    const groups = new NetworkGroups<string>();
    for (const member of ['a1', 'a2', 'a3']) groups.add('a', member);
    groups.add('b', 'b1');
    expect(groups.leavingFor('b')).toBe('a1');
    // Who is there already stays where it stands.
    groups.add('a', 'a1');
    expect(groups.leavingFor('b')).toBe('a1');
    groups.delete('a', 'a1');
    groups.add('a', 'a1');
    expect(groups.leavingFor('b')).toBe('a2');
    expect(groups.leavingFor('a')).toBeUndefined();
  });

  it('is nobody for a network that has as many, or one less', () => {
    const groups = new NetworkGroups<string>();
    expect(groups.leavingFor('a')).toBeUndefined();
    groups.add('a', 'a1');
    expect(groups.leavingFor('b')).toBeUndefined();
    groups.add('a', 'a2');
    expect(groups.leavingFor('b')).toBe('a1');
    groups.add('b', 'b1');
    expect(groups.leavingFor('b')).toBeUndefined();
    groups.add('b', 'b2');
    expect(groups.leavingFor('b')).toBeUndefined();
  });

  it('counts whatever has no network as of one', () => {
    const groups = new NetworkGroups<string>();
    for (const member of ['x', 'y', 'z']) groups.add(undefined, member);
    expect(groups.leavingFor(undefined)).toBeUndefined();
    expect(groups.leavingFor('a')).toBe('x');
    groups.delete(undefined, 'x');
    groups.delete(undefined, 'x');
    expect(groups.leavingFor('a')).toBe('y');
    groups.delete(undefined, 'y');
    expect(groups.leavingFor('a')).toBeUndefined();
  });

  it('is what a plain list says, whatever came and went', () => {
    const network = fc.constantFrom('a', 'b', 'c', undefined);
    const step = fc.record({
      network,
      member: fc.integer({ min: 0, max: 7 }),
      isDelete: fc.boolean(),
      newcomer: network,
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const groups = new NetworkGroups<number>();
        let list: { readonly network: string | undefined; readonly member: number }[] = [];
        const membersOf = (of: string | undefined) =>
          list.filter((one) => one.network === of).map(({ member }) => member);
        for (const { network, member, isDelete, newcomer } of steps) {
          if (isDelete) {
            groups.delete(network, member);
            list = list.filter((one) => one.network !== network || one.member !== member);
          } else {
            groups.add(network, member);
            if (!membersOf(network).includes(member)) list.push({ network, member });
          }
          const sizes = ['a', 'b', 'c', undefined].map((of) => membersOf(of).length);
          const most = Math.max(...sizes);
          const leaving = groups.leavingFor(newcomer);
          if (most - membersOf(newcomer).length < 2) expect(leaving).toBeUndefined();
          else {
            const oldest = ['a', 'b', 'c', undefined]
              .map(membersOf)
              .filter((members) => members.length === most)
              .map(([first]) => first);
            expect(oldest).toContain(leaving);
          }
        }
      }),
    );
  });
});
