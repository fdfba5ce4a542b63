import { describe, expect, it } from 'vitest';
import { NamedProviders } from '../../skill-discovery/named-providers.ts';

const named = (peerId: string): { peerId: string; addresses: [] } => ({ peerId, addresses: [] });

describe('the providers that a search heard of', () => {
  it('are worth a walk at once when two peers name them', async () => {
    const names = new NamedProviders();
    const name = names.add(named('skilled'), 'one')!;
    const isWorth = names.isWorthWalk(name);
    names.add(named('skilled'), 'two');
    expect(await isWorth).toBe(true);
  });

  it('wait for the end of the lookups when one peer names them, however often', async () => {
    const names = new NamedProviders();
    const name = names.add(named('invented'), 'liar')!;
    names.add(named('invented'), 'liar');
    let isSettled = false;
    const isWorth = names.isWorthWalk(name).finally(() => (isSettled = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(isSettled).toBe(false);
    names.endLookups();
    expect(await isWorth).toBe(true);
  });

  it('are walked for four times per peer that alone names them', async () => {
    const names = new NamedProviders();
    const invented = Array.from({ length: 9 }, (_, i) => names.add(named(`x${i}`), 'liar')!);
    const lonely = names.add(named('lonely'), 'honest')!;
    names.endLookups();
    const worth = await Promise.all(invented.map((name) => names.isWorthWalk(name)));
    expect(worth.filter(Boolean)).toHaveLength(4);
    expect(await names.isWorthWalk(lonely)).toBe(true);
  });

  it('are remembered up to a bound of each peer, so that a liar leaves room for others', () => {
    const names = new NamedProviders();
    for (let i = 0; i < 256; i++) names.add(named(`x${i}`), 'liar');
    expect(names.add(named('one too many'), 'liar')).toBeUndefined();
    // What others gave first is no name of its own.
    expect(names.add(named('honest'), 'another')).toBeDefined();
    expect(names.add(named('honest'), 'liar')).toBeDefined();
  });

  it('are remembered up to a bound, and those that most peers name come first', () => {
    const names = new NamedProviders();
    for (let i = 0; i < 16_384; i++) {
      expect(names.add(named(`x${i}`), `liar ${i >> 8}`)).toBeDefined();
    }
    expect(names.add(named('one too many'), 'honest')).toBeUndefined();
    names.add(named('x4000'), 'honest');
    expect(names.waiting()[0]!.provider.peerId).toBe('x4000');
    names.add(named('x4000'), 'honest')!.isTaken = true;
    expect(names.waiting()).toHaveLength(16_383);
  });
});
