import { describe, expect, it } from 'vitest';
import type { SignedDocument } from '../../../crypto/envelope.ts';
import { newContract } from '../../negotiation/contract.ts';
import type { Contract, Phase, Role } from '../../negotiation/contract.ts';
import type { Verdict } from '../../negotiation/documents.ts';
import { outcomeOf } from '../../settlement/outcome.ts';
import { makeChain, makeVerdict } from '../negotiation/fixture.ts';
import { START_SECONDS } from '../negotiation/fake-world.ts';

const chain = makeChain();
const roles: readonly Role[] = ['client', 'contractor'];
const partial = makeVerdict(chain.agreement, chain.delivery, { outcome: 'partial', paid: '600' });
const fail = makeVerdict(chain.agreement, chain.delivery, { outcome: 'fail', paid: '0' });

function contractIn(role: Role, phase: Phase, verdict?: SignedDocument<Verdict>): Contract {
  const { quote, agreement, delivery, acknowledgement } = chain;
  const isBefore = (last: readonly Phase[]): boolean => last.includes(phase);
  return {
    ...newContract(role, chain.request, START_SECONDS),
    phase,
    quote,
    ...(!isBefore(['NEGOTIATING']) && { agreement }),
    ...(!isBefore(['NEGOTIATING', 'AGREED', 'WORKING', 'VOID']) && { delivery, acknowledgement }),
    ...(verdict && { verdict }),
  };
}

describe.each(roles)('outcome of a contract, as the %s records it', (role) => {
  const at = (contract: Contract, seconds = 10) => outcomeOf(contract, START_SECONDS + seconds);

  it('is open while there is time', () => {
    for (const phase of [
      'NEGOTIATING',
      'AGREED',
      'WORKING',
      'DELIVERED',
      'ACKNOWLEDGED',
    ] as const) {
      expect(at(contractIn(role, phase))).toEqual({ status: 'open' });
    }
    expect(at(contractIn(role, 'VERDICT', fail))).toEqual({ status: 'open' });
  });

  it('is what both have signed', () => {
    expect(at(contractIn(role, 'RECEIPT', chain.receipt))).toEqual({
      status: 'settled',
      basis: 'RECEIPT',
      paidMicroUsd: 1_500n,
      weight: 1,
      passShare: 1,
    });
    expect(at(contractIn(role, 'RECEIPT', partial))).toMatchObject({
      paidMicroUsd: 600n,
      passShare: 0.4,
    });
    expect(at(contractIn(role, 'RECEIPT', fail))).toMatchObject({ paidMicroUsd: 0n, passShare: 0 });
  });

  it('is the price where the client alone has signed "pass"', () => {
    expect(at(contractIn(role, 'VERDICT', chain.clientVerdict))).toMatchObject({
      basis: 'CLIENT_VERDICT',
      paidMicroUsd: 1_500n,
      weight: 1,
    });
  });

  it('is the price with a quarter of the weight where the client was silent', () => {
    expect(at(contractIn(role, 'ACKNOWLEDGED'), 3_661)).toEqual({
      status: 'settled',
      basis: 'CLIENT_SILENT',
      paidMicroUsd: 1_500n,
      weight: 0.25,
      passShare: 1,
    });
  });

  it('is as the client states, and a failure, where the contractor was silent', () => {
    expect(at(contractIn(role, 'VERDICT', partial), 259_200)).toEqual({ status: 'open' });
    expect(at(contractIn(role, 'VERDICT', partial), 259_261)).toEqual({
      status: 'settled',
      basis: 'CONTRACTOR_SILENT',
      paidMicroUsd: 600n,
      weight: 1,
      passShare: 0,
    });
  });

  it('is contested where the contractor contests, or got no acknowledgement', () => {
    const contested = { status: 'contested', weight: 0.5, passShare: 0 };
    expect(at(contractIn(role, 'DISPUTED', fail))).toEqual(contested);
    expect(at(contractIn(role, 'DELIVERED'), 691)).toEqual(contested);
  });

  it('is a failure of the contractor where nothing came in time', () => {
    const failed = { status: 'void', weight: 1, passShare: 0 };
    expect(at(contractIn(role, 'WORKING'), 691)).toEqual(failed);
    expect(at(contractIn(role, 'AGREED'), 691)).toEqual(failed);
  });

  it('is nothing where there was no contract, or both gave it up', () => {
    expect(at(contractIn(role, 'NEGOTIATING'), 691)).toEqual({ status: 'none' });
    const cancelled: Contract = { ...contractIn(role, 'VOID'), voidReason: 'CANCELLED' };
    expect(at(cancelled)).toEqual({ status: 'none' });
  });
});
