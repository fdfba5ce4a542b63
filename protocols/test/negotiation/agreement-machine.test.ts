import { describe, expect, it } from 'vitest';
import { elapse, step } from '../../negotiation/agreement-machine.ts';
import type { ContractEvent } from '../../negotiation/agreement-machine.ts';
import { PHASES, newContract } from '../../negotiation/contract.ts';
import type { Contract, Phase, Role } from '../../negotiation/contract.ts';
import { START_SECONDS } from './fake-world.ts';
import {
  SESSION_HASH,
  bytes32,
  makeAcknowledgement,
  makeChain,
  makeDelivery,
  makeQuote,
  makeRequest,
  makeVerdict,
} from './fixture.ts';

const chain = makeChain();
const events: Record<ContractEvent['type'], ContractEvent> = {
  quoted: { type: 'quoted', quote: chain.quote },
  bargained: { type: 'bargained', price: chain.quote.body.price },
  proposed: { type: 'proposed', agreement: chain.proposal, sessionHash: SESSION_HASH },
  agreed: { type: 'agreed', agreement: chain.agreement },
  workStarted: { type: 'workStarted' },
  delivered: { type: 'delivered', delivery: chain.delivery },
  acknowledged: { type: 'acknowledged', acknowledgement: chain.acknowledgement },
  unsealed: { type: 'unsealed', sealKey: new Uint8Array(32) },
  judged: { type: 'judged', verdict: chain.clientVerdict },
  contested: { type: 'contested' },
  cancelled: { type: 'cancelled' },
};
const receiptEvent: ContractEvent = { type: 'judged', verdict: chain.receipt };

/** A contract after these events, one a second. */
function after(role: Role, ...path: readonly ContractEvent[]): Contract {
  let contract = newContract(role, chain.request, START_SECONDS);
  path.forEach((event, i) => {
    const result = step(contract, event, START_SECONDS + i);
    if (!result.accepted) throw new Error(`${event.type}: ${result.refusal}`);
    contract = result.contract;
  });
  return contract;
}

const AGREED = [events.quoted, events.proposed, events.agreed];
const DELIVERED = [...AGREED, events.workStarted, events.delivered];
const paths: Record<Exclude<Phase, 'LAPSED'>, readonly ContractEvent[]> = {
  NEGOTIATING: [events.quoted],
  AGREED,
  WORKING: [...AGREED, events.workStarted],
  DELIVERED,
  ACKNOWLEDGED: [...DELIVERED, events.acknowledged],
  VERDICT: [...DELIVERED, events.acknowledged, events.judged],
  RECEIPT: [...DELIVERED, events.acknowledged, events.judged, receiptEvent],
  DISPUTED: [...DELIVERED, events.acknowledged, events.judged, events.contested],
  VOID: [...AGREED, events.cancelled],
};
const roles: readonly Role[] = ['client', 'contractor'];

function inPhase(role: Role, phase: Phase): Contract {
  if (phase !== 'LAPSED') return after(role, ...paths[phase]);
  return elapse(inPhase(role, 'ACKNOWLEDGED'), START_SECONDS + 10_000);
}

describe.each(roles)('contract of the %s', (role) => {
  it.each(PHASES)('reaches %s', (phase) => {
    expect(inPhase(role, phase).phase).toBe(phase);
  });

  it('does in each phase what the table of the README says, and refuses all else', () => {
    const table = PHASES.map((phase) => {
      const contract = inPhase(role, phase);
      const now = phase === 'LAPSED' ? START_SECONDS + 10_000 : START_SECONDS + 10;
      const row = Object.values({ ...events, receipt: receiptEvent }).map((event) => {
        const result = step(contract, event, now);
        if (!result.accepted) return '-';
        return result.isNew ? result.contract.phase : '=';
      });
      return `${phase}: ${row.join(' ')}`;
    });
    // Columns: quoted, bargained, proposed, agreed, workStarted, delivered, acknowledged, unsealed,
    // judged, contested, cancelled, and the countersigned verdict. "=": a repetition; "-": refused.
    expect(table).toEqual([
      'NEGOTIATING: = NEGOTIATING NEGOTIATING - - - - - - - VOID -',
      'AGREED: = - = = WORKING - - - - - VOID -',
      'WORKING: = - = = = DELIVERED - - - - VOID -',
      'DELIVERED: = - = = - = ACKNOWLEDGED - VERDICT - - -',
      'ACKNOWLEDGED: = - = = - = = - VERDICT - - -',
      'VERDICT: = - = = - = = - = DISPUTED - RECEIPT',
      'RECEIPT: = - = = - = = - = - - =',
      'DISPUTED: = - = = - = = - = = - RECEIPT',
      'LAPSED: = - = = - = = - VERDICT - - -',
      'VOID: = - = = - - - - - - = -',
    ]);
  });

  it('is void where it was not agreed in time, and never agreed afterwards', () => {
    const quoted = after(role, events.quoted);
    const late = START_SECONDS + (role === 'client' ? 121 : 61);
    expect(elapse(quoted, late - 1).phase).toBe('NEGOTIATING');
    expect(elapse(quoted, late)).toMatchObject({ phase: 'VOID', voidReason: 'EXPIRED' });
    const proposed = after(role, events.quoted, events.proposed);
    const result = step(proposed, events.agreed, START_SECONDS + 181);
    expect(result).toEqual({ accepted: false, refusal: 'TOO_LATE' });
  });

  it('is void where nothing was delivered in time', () => {
    const working = after(role, ...paths.WORKING);
    const last = START_SECONDS + 30 + 600 + (role === 'client' ? 60 : 0);
    expect(elapse(working, last).phase).toBe('WORKING');
    expect(elapse(working, last + 1)).toMatchObject({ phase: 'VOID', voidReason: 'NOT_DELIVERED' });
    const late = step(working, events.delivered, last + 1);
    expect(late).toEqual({ accepted: false, refusal: 'TOO_LATE' });
  });

  it('is disputed where a delivery was not acknowledged in time; a verdict still ends it', () => {
    const delivered = after(role, ...paths.DELIVERED);
    const last = START_SECONDS + 30 + 600 + 60;
    expect(elapse(delivered, last).phase).toBe('DELIVERED');
    const disputed = elapse(delivered, last + 1);
    expect(disputed.phase).toBe('DISPUTED');
    const ack = step(delivered, events.acknowledged, last + 1);
    expect(ack).toEqual({ accepted: false, refusal: 'TOO_LATE' });
    expect(step(delivered, events.judged, last + 1)).toMatchObject({
      accepted: true,
      contract: { phase: 'VERDICT' },
    });
  });

  it('lapses where the client stays silent; then only "pass" is taken', () => {
    const acknowledged = after(role, ...paths.ACKNOWLEDGED);
    const last = acknowledged.sinceSeconds + 3_600 + (role === 'contractor' ? 60 : 0);
    expect(elapse(acknowledged, last).phase).toBe('ACKNOWLEDGED');
    expect(elapse(acknowledged, last + 1).phase).toBe('LAPSED');
    const fail = makeVerdict(chain.agreement, chain.delivery, { outcome: 'fail', paid: '0' });
    const refused = step(acknowledged, { type: 'judged', verdict: fail }, last + 1);
    expect(refused).toEqual({ accepted: false, refusal: 'TOO_LATE' });
    expect(step(acknowledged, events.judged, last + 1).accepted).toBe(true);
  });

  it('refuses the documents of another contract', () => {
    const other = makeChain({ nonce: bytes32(0x99) });
    const contract = inPhase(role, 'VERDICT');
    const foreign: readonly (readonly [ContractEvent, string])[] = [
      [{ type: 'agreed', agreement: other.agreement }, 'AGREEMENT_ALTERED'],
      [{ type: 'delivered', delivery: other.delivery }, 'CONTRACT_MISMATCH'],
      [{ type: 'acknowledged', acknowledgement: other.acknowledgement }, 'DELIVERY_MISMATCH'],
      [{ type: 'judged', verdict: other.clientVerdict }, 'CONTRACT_MISMATCH'],
      [{ type: 'judged', verdict: other.receipt }, 'CONTRACT_MISMATCH'],
    ];
    for (const [event, refusal] of foreign) {
      expect(step(contract, event, START_SECONDS + 10)).toEqual({ accepted: false, refusal });
    }
  });

  it('keeps both documents where a signer made two', () => {
    const contract = inPhase(role, 'VERDICT');
    const secondDelivery = makeDelivery(chain.agreement, { bytes: 1 });
    const secondVerdict = makeVerdict(chain.agreement, chain.delivery, {
      outcome: 'fail',
      paid: '0',
    });
    const cases: readonly (readonly [ContractEvent, object])[] = [
      [
        { type: 'delivered', delivery: secondDelivery },
        {
          kind: 'SECOND_DELIVERY',
          first: chain.delivery.envelope,
          second: secondDelivery.envelope,
        },
      ],
      [
        { type: 'judged', verdict: secondVerdict },
        {
          kind: 'SECOND_VERDICT',
          first: chain.clientVerdict.envelope,
          second: secondVerdict.envelope,
        },
      ],
    ];
    for (const [event, evidence] of cases) {
      const result = step(contract, event, START_SECONDS + 10);
      expect(result).toMatchObject({ accepted: false, evidence });
    }
  });

  it('refuses a delivery that is larger than asked for, or sealed where that was not agreed', () => {
    const contract = inPhase(role, 'WORKING');
    const tooLarge = makeDelivery(chain.agreement, { bytes: 10_001 });
    const sealed = makeDelivery(chain.agreement, { cipher: bytes32(1), keyCommit: bytes32(2) });
    for (const [delivery, refusal] of [
      [tooLarge, 'RESULT_TOO_LARGE'],
      [sealed, 'DELIVERY_KIND_MISMATCH'],
    ] as const) {
      const result = step(contract, { type: 'delivered', delivery }, START_SECONDS + 10);
      expect(result).toEqual({ accepted: false, refusal });
    }
  });

  it('refuses a quote slower than asked for', () => {
    const quote = makeQuote(chain.request, { latencyMs: 5_001 });
    const asked = newContract(role, chain.request, START_SECONDS);
    const result = step(asked, { type: 'quoted', quote }, START_SECONDS);
    expect(result).toEqual({ accepted: false, refusal: 'LATENCY_NOT_POSSIBLE' });
    const unlimited = makeRequest({ shape: { ...chain.request.body.shape, maxLatencyMs: 0 } });
    const any = makeQuote(unlimited, { latencyMs: 5_001 });
    const open = newContract(role, unlimited, START_SECONDS);
    expect(step(open, { type: 'quoted', quote: any }, START_SECONDS).accepted).toBe(true);
  });

  it('refuses an agreement that has one signature only, or comes before the quote', () => {
    const proposed = after(role, events.quoted, events.proposed);
    const half: ContractEvent = { type: 'agreed', agreement: chain.proposal };
    expect(step(proposed, half, START_SECONDS)).toEqual({
      accepted: false,
      refusal: 'NOT_COUNTERSIGNED',
    });
    const asked = newContract(role, chain.request, START_SECONDS);
    expect(step(asked, events.proposed, START_SECONDS)).toEqual({
      accepted: false,
      refusal: 'UNKNOWN_QUOTE',
    });
  });

  it('does not change the contract it was given', () => {
    const contract = Object.freeze(inPhase(role, 'DELIVERED'));
    const before = JSON.stringify(contract);
    const ack = makeAcknowledgement(chain.delivery);
    step(contract, { type: 'acknowledged', acknowledgement: ack }, START_SECONDS + 10);
    elapse(contract, START_SECONDS + 10_000);
    expect(JSON.stringify(contract)).toBe(before);
  });
});
