import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_PEERS_PER_GROUP, describeLeftOut, limitCrowd } from '../../tasks/crowd-limit.ts';
import type { CrowdMember } from '../../tasks/crowd-limit.ts';
import { crowdMember } from './client-fakes.ts';

const at = (peerId: string, ip: string, change: Partial<CrowdMember> = {}) => {
  const address = ip.includes(':') ? `/ip6/${ip}/tcp/4001` : `/ip4/${ip}/tcp/4001`;
  return { crowd: crowdMember(peerId, { connectedAt: [address], ...change }) };
};

const peers = (entries: readonly { readonly crowd: CrowdMember }[]) =>
  entries.map(({ crowd }) => crowd.peerId);

function limited(entries: readonly { readonly crowd: CrowdMember }[]) {
  const { kept, leftOut } = limitCrowd(entries);
  return { kept: peers(kept), leftOut: leftOut.map(({ entry }) => entry.crowd.peerId) };
}

describe('a crowd of one network', () => {
  it('takes three places of an IPv4 /24, and the next /24 has its own', () => {
    const crowd = ['a', 'b', 'c', 'd'].map((peer, i) => at(peer, `198.51.100.${10 + i}`));
    const answer = limitCrowd([...crowd, at('e', '198.51.101.10')]);
    expect(peers(answer.kept)).toEqual(['a', 'b', 'c', 'e']);
    expect(answer.leftOut.map(describeLeftOut)).toEqual([
      'NETWORK_FULL: 198.51.100.0/24 has its 3 places',
    ]);
  });

  it('takes three places of an IPv6 /48, however the address is written', () => {
    const ips = ['2001:db8:1::1', '2001:db8:1:ffff::2', '2001:0db8:0001:2::3', '2001:db8:1::4'];
    const crowd = [...ips, '2001:db8:2::1'].map((ip, i) => at(`p${i}`, ip));
    expect(limited(crowd)).toEqual({ kept: ['p0', 'p1', 'p2', 'p4'], leftOut: ['p3'] });
  });

  it('is one network with its IPv4 addresses written as IPv6', () => {
    const ips = ['198.51.100.1', '::ffff:198.51.100.2', '::ffff:c633:6403', '198.51.100.4'];
    expect(limited(ips.map((ip, i) => at(`p${i}`, ip))).leftOut).toEqual(['p3']);
  });

  it('takes three places where it is nowhere: neither connected nor with an address', () => {
    const crowd = Array.from({ length: 200 }, (_, i) => ({
      crowd: crowdMember(`p${i}`, { connectedAt: [], toldAddresses: [] }),
    }));
    expect(limited(crowd).kept).toEqual(['p0', 'p1', 'p2']);
  });

  it('takes no place of peers met there by naming their network in its records', () => {
    const crowd = Array.from({ length: 50 }, (_, i) => ({
      crowd: crowdMember(`p${i}`, {
        connectedAt: [],
        toldAddresses: [`/ip4/198.51.100.${i}/tcp/4001`],
      }),
    }));
    const honest = [at('a', '198.51.100.201'), at('b', '198.51.100.202')];
    expect(limited([...crowd, ...honest]).kept).toEqual(['p0', 'p1', 'p2', 'a', 'b']);
  });

  it('takes one place for each peer, however much that peer offers', () => {
    const offers = Array.from({ length: 5 }, () => at('a', '198.51.100.1'));
    expect(limited([...offers, at('b', '198.51.100.2')]).leftOut).toEqual([]);
  });

  it('is exempt where it is met at a loopback or private address', () => {
    for (const ip of ['127.0.0.1', '10.1.2.3', '192.168.1.1', '169.254.0.1', '::1', 'fd00::1']) {
      const crowd = Array.from({ length: 9 }, (_, i) => at(`p${i}`, ip, { attestorGroup: 'g' }));
      expect(limited(crowd).leftOut, ip).toEqual([]);
    }
  });

  it('is not exempt for a private address that its records only tell of', () => {
    const told = { connectedAt: [], toldAddresses: ['/ip4/10.0.0.1/tcp/4001'] };
    const crowd = Array.from({ length: 5 }, (_, i) => ({ crowd: crowdMember(`p${i}`, told) }));
    expect(limited(crowd)).toEqual({ kept: ['p0', 'p1', 'p2'], leftOut: ['p3', 'p4'] });
  });

  it('does not hide behind a private address in its records: where it is met counts', () => {
    const told = { toldAddresses: ['/ip4/10.0.0.1/tcp/4001'] };
    const crowd = Array.from({ length: 5 }, (_, i) => at(`p${i}`, `198.51.100.${i}`, told));
    expect(limited(crowd).leftOut).toEqual(['p3', 'p4']);
  });

  it('is one crowd under names of hosts, each of which costs nothing', () => {
    const crowd = Array.from({ length: 5 }, (_, i) => ({
      crowd: crowdMember(`p${i}`, {
        connectedAt: [],
        toldAddresses: [`/dns4/host${i}.example/tcp/4001`],
      }),
    }));
    expect(limited(crowd).leftOut).toEqual(['p3', 'p4']);
  });
});

describe('a crowd of one attestor group', () => {
  it('takes three places, and who has no attestor is not counted', () => {
    const crowd = Array.from({ length: 5 }, (_, i) =>
      at(`p${i}`, `203.0.${i}.1`, { attestorGroup: 'lab' }),
    );
    const answer = limitCrowd([...crowd, at('free', '203.0.99.1')]);
    expect(peers(answer.kept)).toEqual(['p0', 'p1', 'p2', 'free']);
    expect(answer.leftOut.map(describeLeftOut)[0]).toBe(
      'ATTESTOR_GROUP_FULL: lab has its 3 places',
    );
  });
});

describe('the limit of a crowd', () => {
  it('never leaves out whom the configuration names', () => {
    const crowd = Array.from({ length: 5 }, (_, i) =>
      at(`p${i}`, `198.51.100.${i}`, { isNamed: i === 4 }),
    );
    expect(limited(crowd)).toEqual({ kept: ['p0', 'p1', 'p2', 'p4'], leftOut: ['p3'] });
  });

  it('holds for any crowd, keeps the order, and loses nobody', () => {
    const entry = fc
      .record({ peer: fc.nat(20), network: fc.nat(3), group: fc.option(fc.nat(2)) })
      .map(({ peer, network, group }) =>
        at(`p${peer}`, `198.51.${network}.${peer}`, {
          attestorGroup: group === null ? null : `g${group}`,
        }),
      );
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 40 }), (entries) => {
        const { kept, leftOut } = limitCrowd(entries);
        expect(kept.length + leftOut.length).toBe(entries.length);
        expect(kept).toEqual(entries.filter((one) => kept.includes(one)));
        const places = new Map<string, Set<string>>();
        for (const { crowd } of kept) {
          const [, , , network] = crowd.connectedAt[0]!.split(/[/.]/).slice(1);
          for (const group of [`n${network}`, `a${crowd.attestorGroup}`]) {
            places.set(group, (places.get(group) ?? new Set()).add(crowd.peerId));
          }
        }
        places.delete('anull');
        for (const taken of places.values()) {
          expect(taken.size).toBeLessThanOrEqual(MAX_PEERS_PER_GROUP);
        }
      }),
    );
  });
});
