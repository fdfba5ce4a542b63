import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../protocols/test/a2a/test-agent.ts';
import { UsedNonces } from '../../certificates/used-nonces.ts';
import type { StoredNonces } from '../../certificates/used-nonces.ts';
import { MemoryJsonSection } from '../memory-section.ts';

let clock: FakeClock;
let settings: MemoryJsonSection<StoredNonces>;
let nonces: UsedNonces;

async function restart(): Promise<void> {
  nonces = new UsedNonces({ settings, clock });
  await nonces.load();
}

beforeEach(async () => {
  clock = new FakeClock();
  settings = new MemoryJsonSection();
  await restart();
});

describe('nonces of proofs in files', () => {
  it('serve once, so that a proof that is handed in again is refused', async () => {
    expect(await nonces.use('a')).toBe(true);
    expect(await nonces.use('a')).toBe(false);
    clock.ms += 119_000;
    expect(await nonces.use('a')).toBe(false);
    expect(await nonces.use('b')).toBe(true);
  });

  it('serve once across a restart too: a proof of before it is refused after it', async () => {
    expect(await nonces.use('a')).toBe(true);
    await restart();
    expect(await nonces.use('a')).toBe(false);
    expect(await nonces.use('b')).toBe(true);
  });

  it('are forgotten once the proof is too old, and take no more room than that', async () => {
    await nonces.use('a');
    clock.ms += 181_000;
    expect(await nonces.use('a')).toBe(true);
    for (let i = 0; i < 4_200; i++) expect(await nonces.use(`${i}`)).toBe(true);
    expect(await nonces.use('4199')).toBe(false);
    const [stored] = await settings.values();
    expect(stored!.used).toHaveLength(4_096);
  });
});
