import { beforeEach, describe, expect, it } from 'vitest';
import { toBase64Url } from '../../../crypto/bytes.ts';
import { Identity } from '../../../crypto/identity.ts';
import {
  MAX_SHOWN_ENVELOPE_BYTES,
  MAX_SHOWN_RECEIPTS,
} from '../../../protocols/card/receipt-messages.ts';
import type { Contract } from '../../../protocols/negotiation/contract.ts';
import type { TaskShape } from '../../../protocols/negotiation/documents.ts';
import {
  SHAPE,
  bytes32,
  makeChain,
  makeRequest,
} from '../../../protocols/test/negotiation/fixture.ts';
import { START_SECONDS } from '../../../protocols/test/negotiation/fake-world.ts';
import { EarnedReceipts } from '../../tasks/earned-receipts.ts';
import type { StoredEarnings } from '../../tasks/earned-receipts.ts';
import { MemoryJsonSection } from '../memory-section.ts';

const [SKILL] = SHAPE.skills as [string];
const NOW = START_SECONDS;
const DAYS_90 = 90 * 86_400;

let section: MemoryJsonSection<StoredEarnings>;
/** Contracts as the contract store has them, by request. */
let contracts: Map<string, Contract>;
let earned: EarnedReceipts;
/** How often a contract was read, and what a read waits for. */
let reads: number;
let gate: Promise<void>;

beforeEach(() => {
  reads = 0;
  gate = Promise.resolve();
  section = new MemoryJsonSection();
  contracts = new Map();
  earned = open();
});

function open(): EarnedReceipts {
  const all = () => [...contracts.values()];
  return new EarnedReceipts(section, {
    byRequest: async (id) => {
      reads += 1;
      await gate;
      return contracts.get(toBase64Url(id));
    },
    byReceipt: (id) => {
      const isIt = ({ verdict }: Contract) => toBase64Url(verdict!.id) === toBase64Url(id);
      return Promise.resolve(all().find(isIt));
    },
    hasReceiptOf: (client) => {
      const isOf = ({ role, request }: Contract) =>
        role === 'contractor' && request.body.client === client;
      return Promise.resolve(all().some(isOf));
    },
  });
}

interface ContractChange extends Partial<Contract> {
  readonly shape?: Partial<TaskShape>;
  readonly ageSeconds?: number;
  readonly paid?: number;
}

/** A settled contract of a client of that number. Only what is looked at is real. */
function settled(
  client: number,
  nonce: number,
  { shape, ageSeconds = 0, paid, ...change }: ContractChange = {},
): Contract {
  const signer = Identity.fromSeed(new Uint8Array(32).fill(100 + client));
  const { quote, agreement, receipt } = makeChain(
    { iat: NOW - ageSeconds },
    paid === undefined ? {} : { outcome: paid === 0 ? 'fail' : 'partial', paid: String(paid) },
  );
  const asked = { client: signer.peerId, nonce: bytes32(nonce), shape: { ...SHAPE, ...shape } };
  const request = makeRequest(asked, signer);
  const contract: Contract = {
    role: 'contractor',
    phase: 'RECEIPT',
    sinceSeconds: 0,
    request,
    quote,
    agreement,
    verdict: receipt,
    ...change,
  };
  contracts.set(toBase64Url(request.id), contract);
  return contract;
}

async function shownRequests(from = earned, nowSeconds = NOW): Promise<Uint8Array[]> {
  return (await from.shown(SKILL, nowSeconds)).map(({ request }) => request);
}

async function addAll(...added: readonly Contract[]): Promise<Uint8Array[]> {
  for (const contract of added) await earned.add(contract);
  return added.map(({ request }) => request.envelope);
}

describe('earned receipts', () => {
  it('shows the newest of each client first, then the newest of all', async () => {
    const all = [settled(1, 1), settled(1, 2), settled(2, 3), settled(1, 4)];
    for (const contract of all) await earned.add(contract);
    const expected = [all[3], all[2], all[1], all[0]].map((one) => one!.request.envelope);
    expect(await shownRequests()).toEqual(expected);
  });

  it('shows at most eight, and a client with many pushes nobody out', async () => {
    const [first] = await addAll(settled(1, 1));
    for (let i = 2; i < 50; i++) await addAll(settled(2, i));
    const shown = await shownRequests();
    expect(shown).toHaveLength(MAX_SHOWN_RECEIPTS);
    expect(shown).toContainEqual(first);
  });

  it('remembers 32 of a skill, and drops the oldest of the client that has most', async () => {
    const one = await addAll(settled(1, 1), settled(1, 2), settled(1, 3));
    for (let i = 4; i < 80; i++) await addAll(settled(2, i));
    const kept = (await section.get(SKILL))!.contracts;
    expect(kept).toHaveLength(32);
    contracts.forEach((contract, id) => {
      if (contract.request.body.client === kept[0]!.client) contracts.delete(id);
    });
    expect(await shownRequests(open())).toEqual(one.toReversed());
  });

  it('keeps the places of those who paid, where one person buys dust under eight keys', async () => {
    const honest = await addAll(
      settled(1, 1, { paid: 900 }),
      settled(1, 2, { paid: 800 }),
      settled(2, 3, { paid: 700 }),
    );
    const sybils = Array.from({ length: MAX_SHOWN_RECEIPTS }, (_, i) =>
      settled(10 + i, 10 + i, { paid: 1 }),
    );
    await addAll(...sybils);
    const shown = await shownRequests();
    expect(shown).toHaveLength(MAX_SHOWN_RECEIPTS);
    expect(shown.slice(0, 2)).toEqual([honest[0], honest[2]]);
    // Nor do 32 keys make it forget them.
    await addAll(...Array.from({ length: 32 }, (_, i) => settled(30 + i, 30 + i, { paid: 1 })));
    expect((await shownRequests(open())).slice(0, 2)).toEqual([honest[0], honest[2]]);
  });

  it('shows a failure where there is room, after what was paid for', async () => {
    const [paid, failed] = await addAll(settled(1, 1, { paid: 5 }), settled(2, 2, { paid: 0 }));
    expect(await shownRequests()).toEqual([paid, failed]);
  });

  it('takes entries of an older version, which do not say what was paid, for the least', async () => {
    const [fresh, old] = await addAll(settled(1, 1, { paid: 1 }), settled(2, 2, { paid: 9 }));
    const { contracts: stored } = (await section.get(SKILL))!;
    const older = stored.map(({ request, client, paidMicroUsd }) =>
      paidMicroUsd === 9 ? { request, client } : { request, client, paidMicroUsd: 1 },
    );
    await section.put(SKILL, { contracts: older });
    expect(await shownRequests(open())).toEqual([fresh, old]);
  });

  it('drops the oldest of all where each client has one', async () => {
    for (let i = 1; i <= 33; i++) await addAll(settled(i, i));
    const clients = (await section.get(SKILL))!.contracts.map(({ client }) => client);
    expect(clients).toHaveLength(32);
    expect(clients).not.toContain(settled(1, 1).request.body.client);
  });

  it('counts a contract once that is settled twice', async () => {
    const one = settled(1, 1);
    expect(await addAll(one, one)).toHaveLength(2);
    expect(await shownRequests()).toEqual([one.request.envelope]);
  });

  it('shows a receipt for each skill of its request', async () => {
    const skills = [SKILL, 'performs:nlp/translation'];
    const [one] = await addAll(settled(1, 1, { shape: { skills } }));
    for (const skill of skills) {
      const [shown] = await earned.shown(skill, NOW);
      expect(shown!.request).toEqual(one);
    }
  });

  it('shows them after a restart too', async () => {
    const one = settled(1, 1);
    await earned.add(one);
    expect(await shownRequests(open())).toEqual([one.request.envelope]);
  });

  it('shows a new one although an answer was given before', async () => {
    await earned.add(settled(1, 1));
    expect(await shownRequests()).toHaveLength(1);
    await earned.add(settled(2, 2));
    expect(await shownRequests()).toHaveLength(2);
  });

  it('shows one ten seconds later that was asked for before it was stored', async () => {
    const one = settled(1, 1);
    contracts.clear();
    await earned.add(one);
    expect(await shownRequests()).toEqual([]);
    contracts.set(toBase64Url(one.request.id), one);
    expect(await shownRequests(earned, NOW + 10)).toEqual([]);
    expect(await shownRequests(earned, NOW + 11)).toHaveLength(1);
  });

  it('shows others in place of one that is not stored, or not settled there', async () => {
    const others = await addAll(...[1, 2, 3, 4, 5, 6, 7, 8].map((i) => settled(i, i)));
    const [lost, unsettled] = [settled(9, 9), settled(10, 10)];
    await addAll(lost, unsettled);
    contracts.delete(toBase64Url(lost.request.id));
    contracts.set(toBase64Url(unsettled.request.id), { ...unsettled, phase: 'VERDICT' });
    expect(await shownRequests()).toEqual(others.toReversed());
  });

  it('shows one that was added while an answer was read', async () => {
    await earned.add(settled(1, 1));
    const opened = Promise.withResolvers<void>();
    gate = opened.promise;
    const early = shownRequests();
    await new Promise(setImmediate);
    await earned.add(settled(2, 2));
    opened.resolve();
    expect(await early).toHaveLength(1);
    expect(await shownRequests()).toHaveLength(2);
  });

  it('shows none that is older than 90 days, and fresh ones in its place', async () => {
    const old = [1, 2, 3, 4, 5, 6, 7, 8].map((i) => settled(i, i, { ageSeconds: DAYS_90 - 5 }));
    const fresh = await addAll(settled(9, 9), settled(9, 10), settled(9, 11));
    await addAll(...old);
    expect(await shownRequests(earned, NOW + 5)).not.toContainEqual(fresh[0]);
    expect(await shownRequests(earned, NOW + 6)).toEqual(fresh.toReversed());
  });

  it('reads an answer once, and only the last 64 answers are kept', async () => {
    const skills = Array.from({ length: 65 }, (_, i) => `performs:test/skill-${i}`);
    for (const [i, skill] of skills.entries()) {
      await earned.add(settled(1, i, { shape: { skills: [skill] } }));
    }
    const readsOf = async (skill: string): Promise<number> => {
      const before = reads;
      await earned.shown(skill, NOW);
      return reads - before;
    };
    for (const skill of skills) expect(await readsOf(skill)).toBe(1);
    for (const skill of skills.slice(1)) expect(await readsOf(skill)).toBe(0);
    expect(await readsOf(skills[0]!)).toBe(1);
  });

  it('goes on after a write that failed', async () => {
    const put = section.put.bind(section);
    section.put = () => Promise.reject(new Error('no space left on device'));
    await expect(earned.add(settled(1, 1))).rejects.toThrow('no space');
    section.put = put;
    const written = await addAll(settled(2, 2));
    expect(await shownRequests()).toEqual(written);
  });

  it('keeps both of two that come at once', async () => {
    await Promise.all([earned.add(settled(1, 1)), earned.add(settled(2, 2))]);
    expect(await shownRequests()).toHaveLength(2);
  });

  it('shows nothing of another skill, of work that others did, and of what is not settled', async () => {
    await earned.add(settled(1, 1, { role: 'client' }));
    await earned.add(settled(1, 2, { phase: 'DISPUTED' }));
    expect(await shownRequests()).toEqual([]);
    await earned.add(settled(1, 3));
    expect(await earned.shown('performs:nlp', NOW)).toEqual([]);
  });

  it.each(['medium', 'high'] as const)('shows nothing of a task of sensitivity %s', async (how) => {
    await addAll(settled(1, 1, { shape: { sensitivity: how } }));
    expect((await section.get(SKILL))?.contracts).toBeUndefined();
    expect(await shownRequests()).toEqual([]);
  });

  it('shows no receipt of a sensitive task that an older list names', async () => {
    const [one] = await addAll(settled(1, 1));
    const sensitive = settled(2, 2, { shape: { sensitivity: 'medium' } });
    const { contracts: before } = (await section.get(SKILL))!;
    const entry = { ...before[0]!, request: toBase64Url(sensitive.request.id) };
    await section.put(SKILL, { contracts: [entry, ...before] });
    expect(await shownRequests()).toEqual([one]);
  });

  it('shows none that is too large for an answer', async () => {
    const large = settled(1, 1);
    const envelope = new Uint8Array(MAX_SHOWN_ENVELOPE_BYTES + 1);
    await earned.add({ ...large, quote: { ...large.quote!, envelope } });
    expect((await section.get(SKILL))?.contracts).toBeUndefined();
  });
});

describe('receipts that an endorsement may rest on', () => {
  /** Whether an endorsement is earned of which only this differs. */
  async function isEarned(
    contract: Contract,
    change: { endorser?: string; skills?: readonly string[]; receiptId?: Uint8Array } = {},
    nowSeconds = NOW,
  ): Promise<boolean> {
    const endorser = contract.request.body.client;
    const receiptId = contract.verdict!.id;
    return earned.isEarned({ endorser, skills: [SKILL], receiptId, ...change }, nowSeconds);
  }

  it('are those of work for the client, at that skill, in the last 90 days', async () => {
    const contract = settled(1, 1);
    expect(await earned.hasClient(contract.request.body.client)).toBe(true);
    expect(await isEarned(contract)).toBe(true);
    expect(await isEarned(contract, {}, NOW + DAYS_90)).toBe(true);
    expect(await isEarned(contract, {}, NOW + DAYS_90 + 1)).toBe(false);
  });

  it('are not those of others, of other skills, or of nobody', async () => {
    const contract = settled(1, 1);
    const stranger = Identity.fromSeed(new Uint8Array(32).fill(99)).peerId;
    expect(await earned.hasClient(stranger)).toBe(false);
    expect(await isEarned(contract, { endorser: stranger })).toBe(false);
    expect(await isEarned(contract, { skills: ['performs:nlp'] })).toBe(false);
    expect(await isEarned(contract, { skills: [SKILL, 'performs:nlp'] })).toBe(false);
    expect(await isEarned(contract, { receiptId: new Uint8Array(32) })).toBe(false);
  });

  it.each(['medium', 'high'] as const)('are not those of a task of sensitivity %s', async (how) => {
    expect(await isEarned(settled(1, 1, { shape: { sensitivity: how } }))).toBe(false);
  });

  it('are not those of work that this node has bought, nor of a verdict that stands alone', async () => {
    expect(await isEarned(settled(1, 1, { role: 'client' }))).toBe(false);
    contracts.clear();
    expect(await isEarned(settled(1, 2, { phase: 'VERDICT' }))).toBe(false);
  });
});
