import { describe, expect, it } from 'vitest';
import { FakeClock } from '../a2a/test-agent.ts';
import { GPU, askMinimum, certificateOf, lying, served } from './fake-provers.ts';

const held = certificateOf(80n);
const proof = { valid: true, certificates: [{ proved: [{ name: GPU, atLeast: 80n }] }] };

describe('proofs over the session', () => {
  it('are limited for a peer by their number, apart from its other questions', async () => {
    const clock = new FakeClock();
    const proofsPerPeer = { burst: 2, perSecond: 0.5 };
    const streams = served(held, { clock, limits: { proofsPerPeer } });
    for (let i = 0; i < 2; i++) expect(await askMinimum(streams, '40')).toMatchObject(proof);
    await expect(askMinimum(streams, '40')).rejects.toMatchObject({ code: 'STREAM_ABORTED' });
    // What is not proved is still answered.
    expect(await askMinimum(streams, '81')).toEqual({ valid: true, certificates: [] });
    clock.ms += 2_000;
    expect(await askMinimum(streams, '40')).toMatchObject(proof);
    await expect(askMinimum(streams, '40')).rejects.toMatchObject({ code: 'STREAM_ABORTED' });
  });

  it('are given as far as the limit goes where there are more certificates than that', async () => {
    const clock = new FakeClock();
    const certificates = Array.from({ length: 12 }, () => certificateOf(80n));
    const streams = served(held, { clock, certificates: () => Promise.resolve(certificates) });
    // Twice at once: who meets certificates of a former key asks again.
    for (let i = 0; i < 2; i++) {
      const answer = await askMinimum(streams, '40');
      const proved = answer.valid ? answer.certificates.filter((one) => one.proved.length > 0) : [];
      expect(proved).toHaveLength(4);
    }
    await expect(askMinimum(streams, '40')).rejects.toMatchObject({ code: 'STREAM_ABORTED' });
    clock.ms += 8_000;
    expect(await askMinimum(streams, '40')).toMatchObject({ valid: true });
  });

  it('are limited for all peers together', async () => {
    const proofsOfAll = { burst: 1, perSecond: 0.1 };
    const streams = served(held, { limits: { proofsOfAll } });
    expect(await askMinimum(streams, '40')).toMatchObject(proof);
    await expect(askMinimum(streams, '40')).rejects.toMatchObject({ code: 'STREAM_ABORTED' });
  });

  it('of 8 say 8 to whoever asks for 40, and a forged one is refused', async () => {
    const little = await askMinimum(lying(certificateOf(8n), '8'), '40');
    expect(little).toMatchObject({ certificates: [{ proved: [{ name: GPU, atLeast: 8n }] }] });
    const forged = lying(certificateOf(8n), '8', (shown) => ({
      ...shown,
      proofs: shown.proofs.map((one) => ({ ...one, rung: ['40'] })),
    }));
    expect(await askMinimum(forged, '40')).toMatchObject({ reason: 'BAD_RANGE_PROOF' });
  });
});
