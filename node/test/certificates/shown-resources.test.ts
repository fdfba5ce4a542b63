import { describe, expect, it } from 'vitest';
import type { SecureStreams } from '../../../protocols/secure-stream.ts';
import {
  GPU,
  askMinimum,
  certificateOf,
  issuer,
  lying,
  served,
} from '../../../protocols/test/card/fake-provers.ts';
import { judgeResource } from '../../certificates/trust.ts';
import { TrustPolicy } from '../../certificates/trust-policy.ts';
import { loadConfig } from '../../config/load.ts';

const values = { trust: { attestors: [issuer.peerId] } };
const trust = new TrustPolicy(loadConfig([{ origin: 'test', values }]).trust);

/** What a holder shows of a minimum of 40; the reason of a presentation that is refused. */
async function shownOf(streams: SecureStreams) {
  const presentation = await askMinimum(streams, '40');
  if (!presentation.valid) return presentation.reason;
  return judgeResource(presentation.certificates, { name: GPU, min: 40n }, trust);
}

describe('a holder that is asked for at least 40', () => {
  it('shows it by a proof of 80', async () => {
    const shown = await shownOf(served(certificateOf(90n)));
    expect(shown).toMatchObject({ atLeast: 80n, isProved: true, level: 2 });
  });

  it('does not show it by a valid proof of 8', async () => {
    const shown = await shownOf(lying(certificateOf(8n), '8'));
    expect(shown).toMatchObject({ atLeast: null, isProved: false, level: 0, certId: null });
  });

  it('does not show it by a proof of 8 that it calls one of 40', async () => {
    const streams = lying(certificateOf(8n), '8', (shown) => ({
      ...shown,
      proofs: shown.proofs.map((proof) => ({ ...proof, rung: ['40'] })),
    }));
    expect(await shownOf(streams)).toBe('BAD_RANGE_PROOF');
  });

  it('does not show it by a proof in which a byte was changed', async () => {
    const streams = lying(certificateOf(80n), '40', (shown) => ({
      ...shown,
      proofs: shown.proofs.map((one) => {
        const proof = `${one.proof.startsWith('A') ? 'B' : 'A'}${one.proof.slice(1)}`;
        return { ...one, proof };
      }),
    }));
    expect(await shownOf(streams)).toBe('BAD_RANGE_PROOF');
  });

  it('does not show it by opening the commitment without a proof', async () => {
    const streams = lying(certificateOf(80n), '40', (shown) => ({ ...shown, proofs: [] }));
    expect(await shownOf(streams)).toMatchObject({ atLeast: null, level: 0 });
  });
});
