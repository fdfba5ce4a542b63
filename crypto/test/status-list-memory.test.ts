import { describe, expect, it } from 'vitest';
import { toHex } from '../bytes.ts';
import { Identity } from '../identity.ts';
import { openEnvelope } from '../envelope.ts';
import { StatusListMemory, certificateStatus } from '../status-list-memory.ts';
import type { StatusQuestion } from '../status-list-memory.ts';
import { emptyStatusBits, isRevoked, statusListDefinition } from '../status-list.ts';
import { DAY, ISSUED, issue, issuer, statusList, stranger } from './certificate-fixtures.ts';

describe('StatusListMemory', () => {
  it('keeps the newest list', () => {
    const memory = new StatusListMemory();
    expect(memory.note(statusList([], { seq: 1 }), ISSUED)).toBe('NEW');
    expect(memory.note(statusList([3], { seq: 5 }), ISSUED)).toBe('NEW');
    expect(memory.note(statusList([3], { seq: 5 }), ISSUED)).toBe('KNOWN');
    expect(memory.latest(issuer.peerId, 0)?.body.seq).toBe(5);
    expect(memory.equivocations()).toEqual([]);
  });

  it('refuses an older status list, replayed to hide a revocation', () => {
    const memory = new StatusListMemory();
    const before = statusList([], { seq: 1 });
    memory.note(statusList([7], { seq: 2 }), ISSUED);
    expect(memory.note(before, ISSUED)).toBe('OLDER_LIST');
    expect(isRevoked(memory.latest(issuer.peerId, 0)!.body, 7)).toBe(true);
    expect(memory.isDistrusted(issuer.peerId)).toBe(false);
  });

  it('catches an equivocating status list: one number, two contents', () => {
    const memory = new StatusListMemory();
    const first = statusList([7], { seq: 2 });
    const second = statusList([7, 8], { seq: 2 });
    memory.note(first, ISSUED);
    expect(memory.note(second, ISSUED)).toBe('EQUIVOCATION');
    expect(memory.isDistrusted(issuer.peerId)).toBe(true);
    const [evidence] = memory.equivocations();
    expect(evidence).toMatchObject({ issuer: issuer.peerId, list: 0 });
    expect(toHex(evidence!.first)).toBe(toHex(first.envelope));
    expect(toHex(evidence!.second)).toBe(toHex(second.envelope));
    expect(openEnvelope(statusListDefinition, evidence!.second).valid).toBe(true);
  });

  it('catches a list that takes a revocation back', () => {
    const memory = new StatusListMemory();
    memory.note(statusList([7, 9], { seq: 2 }), ISSUED);
    expect(memory.note(statusList([9], { seq: 3 }), ISSUED)).toBe('EQUIVOCATION');
    expect(memory.isDistrusted(issuer.peerId)).toBe(true);
  });

  it('catches a list that takes a revocation back by being shorter', () => {
    const memory = new StatusListMemory();
    memory.note(statusList([100], { seq: 2 }), ISSUED);
    const shorter = statusList([], { seq: 3, bits: emptyStatusBits(64) });
    expect(memory.note(shorter, ISSUED)).toBe('EQUIVOCATION');
  });

  it('catches an older list with a revocation that the newer one has not', () => {
    const memory = new StatusListMemory();
    memory.note(statusList([], { seq: 3 }), ISSUED);
    expect(memory.note(statusList([7], { seq: 2 }), ISSUED)).toBe('EQUIVOCATION');
  });

  it('takes no list of an issuer that was caught, of any number', () => {
    const memory = new StatusListMemory();
    memory.note(statusList([], { list: 4 }), ISSUED);
    memory.note(statusList([7], { seq: 2 }), ISSUED);
    memory.note(statusList([8], { seq: 2 }), ISSUED);
    expect(memory.latest(issuer.peerId, 4)).toBeUndefined();
    expect(memory.note(statusList([], { list: 5 }), ISSUED)).toBe('ISSUER_DISTRUSTED');
  });

  it('keeps lists of different numbers and issuers apart', () => {
    const memory = new StatusListMemory();
    expect(memory.note(statusList([1], { list: 0 }), ISSUED)).toBe('NEW');
    expect(memory.note(statusList([2], { list: 1 }), ISSUED)).toBe('NEW');
    expect(memory.note(statusList([3], { issuer: stranger }), ISSUED)).toBe('NEW');
    expect(memory.equivocations()).toEqual([]);
  });

  it('keeps nothing of issuers that the policy does not name', () => {
    const memory = new StatusListMemory({ isKept: (peerId) => peerId === issuer.peerId });
    expect(memory.note(statusList([], { issuer: stranger }), ISSUED)).toBe('NOT_KEPT');
    expect(memory.note(statusList(), ISSUED)).toBe('NEW');
    expect(memory.envelopes()).toHaveLength(1);
  });

  it('refuses a flood of lists and forgets none that a replay could undo', () => {
    const memory = new StatusListMemory({ maxLists: 3 });
    for (let list = 0; list < 3; list++) {
      expect(memory.note(statusList([7], { list }), ISSUED)).toBe('NEW');
    }
    expect(memory.note(statusList([], { list: 9 }), ISSUED + DAY + 60)).toBe('MEMORY_FULL');
    expect(memory.latest(issuer.peerId, 0)).toBeDefined();
    expect(memory.note(statusList([7], { list: 1, seq: 2 }), ISSUED)).toBe('NEW');
    expect(memory.envelopes()).toHaveLength(3);
  });

  it('makes room by forgetting lists when every older one is past its time', () => {
    const memory = new StatusListMemory({ maxLists: 2 });
    memory.note(statusList([], { list: 0 }), ISSUED);
    memory.note(statusList([], { list: 1, iat: ISSUED + 9, next: ISSUED + 99 }), ISSUED);
    expect(memory.note(statusList([], { list: 2 }), ISSUED + DAY + 61)).toBe('NEW');
    expect(memory.latest(issuer.peerId, 0)).toBeUndefined();
    expect(memory.latest(issuer.peerId, 1)).toBeDefined();
  });

  it('counts caught issuers within its limit', () => {
    const memory = new StatusListMemory({ maxLists: 1 });
    memory.note(statusList([7], { seq: 2 }), ISSUED);
    memory.note(statusList([8], { seq: 2 }), ISSUED);
    const other = Identity.fromSeed(new Uint8Array(32).fill(77));
    expect(memory.note(statusList([], { issuer: other }), ISSUED)).toBe('MEMORY_FULL');
  });

  it('is restored from its envelopes after a restart', () => {
    const memory = new StatusListMemory();
    memory.note(statusList([7], { seq: 2 }), ISSUED);
    const restored = new StatusListMemory();
    for (const envelope of memory.envelopes()) {
      const list = openEnvelope(statusListDefinition, envelope);
      if (list.valid) restored.note(list, ISSUED);
    }
    expect(restored.note(statusList([], { seq: 1 }), ISSUED)).toBe('OLDER_LIST');
  });
});

describe('certificateStatus', () => {
  const ask = (question: Partial<StatusQuestion>) =>
    certificateStatus({
      certificate: issue().certificate.body,
      hasQuantity: false,
      time: { nowSeconds: ISSUED },
      ...question,
    });

  it('is good by a current list that does not revoke the slot', () => {
    expect(ask({ stapled: statusList([6, 8]) })).toEqual({
      status: 'good',
      statusReason: 'CURRENT_LIST',
    });
  });

  it('is revoked by a list with the bit of the slot set', () => {
    expect(ask({ stapled: statusList([7]) })).toEqual({
      status: 'revoked',
      statusReason: 'REVOKED',
    });
  });

  it('stays revoked when the list is past its time', () => {
    const time = { nowSeconds: ISSUED + 10 * DAY };
    expect(ask({ stapled: statusList([7]), time })).toMatchObject({ status: 'revoked' });
  });

  it.each<[string, Partial<StatusQuestion>, string]>([
    ['no list', {}, 'NO_LIST'],
    ['a list of another issuer', { stapled: statusList([], { issuer: stranger }) }, 'NO_LIST'],
    ['a list of another number', { stapled: statusList([], { list: 1 }) }, 'NO_LIST'],
    [
      'a list past its time',
      { stapled: statusList(), time: { nowSeconds: ISSUED + 3_660 } },
      'LIST_EXPIRED',
    ],
    [
      'a list before its time',
      { stapled: statusList(), time: { nowSeconds: ISSUED - 61 } },
      'LIST_NOT_YET_VALID',
    ],
    [
      'a list that ends before the slot',
      { stapled: statusList([], { bits: new Uint8Array(1) }), certificate: slotted(8) },
      'SLOT_BEYOND_END',
    ],
    [
      'a list of more than an hour for a quantity',
      { stapled: statusList([], { next: ISSUED + 3_601 }), hasQuantity: true },
      'LIST_TOO_LONG_LIVED',
    ],
  ])('is unknown with %s', (_, question, statusReason) => {
    expect(ask(question)).toEqual({ status: 'unknown', statusReason });
  });

  function slotted(slot: number) {
    return issue({ slot }).certificate.body;
  }

  it('is good by a list of a day for a skill, and of an hour for a quantity', () => {
    expect(ask({ stapled: statusList([], { next: ISSUED + DAY }) }).status).toBe('good');
    expect(ask({ stapled: statusList(), hasQuantity: true }).status).toBe('good');
  });

  it('goes by the newer list that is remembered when an older one is stapled', () => {
    const memory = new StatusListMemory();
    memory.note(statusList([7], { seq: 2 }), ISSUED);
    expect(ask({ memory, stapled: statusList([], { seq: 1 }) }).status).toBe('revoked');
  });

  it('goes by the remembered list when none is stapled', () => {
    const memory = new StatusListMemory();
    memory.note(statusList(), ISSUED);
    expect(ask({ memory }).status).toBe('good');
  });

  it('is unknown once the issuer was caught', () => {
    const memory = new StatusListMemory();
    memory.note(statusList([], { seq: 2 }), ISSUED);
    const stapled = statusList([9], { seq: 2 });
    expect(ask({ memory, stapled })).toEqual({
      status: 'unknown',
      statusReason: 'ISSUER_DISTRUSTED',
    });
    expect(memory.equivocations()).toHaveLength(1);
  });

  it('is unknown when the memory has no room: a list that is not compared proves nothing', () => {
    const memory = new StatusListMemory({ maxLists: 0 });
    expect(ask({ memory, stapled: statusList() })).toEqual({
      status: 'unknown',
      statusReason: 'MEMORY_FULL',
    });
  });

  it('goes by the stapled list alone for issuers that are not remembered', () => {
    const memory = new StatusListMemory({ isKept: () => false });
    expect(ask({ memory, stapled: statusList() }).status).toBe('good');
    expect(ask({ memory }).statusReason).toBe('NO_LIST');
  });
});
