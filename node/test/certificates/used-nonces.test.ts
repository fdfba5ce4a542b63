import { describe, expect, it } from 'vitest';
import { UsedNonces } from '../../certificates/used-nonces.ts';

describe('nonces of proofs in files', () => {
  it('serve once, so that a proof that is handed in again is refused', () => {
    const nonces = new UsedNonces();
    expect(nonces.use('a', 0)).toBe(true);
    expect(nonces.use('a', 1)).toBe(false);
    expect(nonces.use('a', 119_000)).toBe(false);
    expect(nonces.use('b', 119_000)).toBe(true);
  });

  it('are forgotten once the proof is too old, and take no more room than that', () => {
    const nonces = new UsedNonces();
    nonces.use('a', 0);
    expect(nonces.use('a', 181_000)).toBe(true);
    for (let i = 0; i < 5_000; i++) expect(nonces.use(`${i}`, 181_000)).toBe(true);
    expect(nonces.use('4999', 181_000)).toBe(false);
  });
});
