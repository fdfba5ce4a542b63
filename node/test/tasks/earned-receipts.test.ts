import { beforeEach, describe, expect, it } from 'vitest';
import { toBase64Url } from '../../../crypto/bytes.ts';
import { Identity } from '../../../crypto/identity.ts';
import { MAX_SHOWN_RECEIPTS } from '../../../protocols/card/receipt-messages.ts';
import type { Contract } from '../../../protocols/negotiation/contract.ts';
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

let section: MemoryJsonSection<StoredEarnings>;
/** Contracts as the contract store has them, by request. */
let contracts: Map<string, Contract>;
let earned: EarnedReceipts;

beforeEach(() => {
  section = new MemoryJsonSection();
  contracts = new Map();
  earned = open();
});

function open(): EarnedReceipts {
  const all = () => [...contracts.values()];
  return new EarnedReceipts(section, {
    byRequest: (id) => Promise.resolve(contracts.get(toBase64Url(id))),
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

/** A settled contract of a client of that number. Only what is looked at is real. */
function settled(client: number, nonce: number, change: Partial<Contract> = {}): Contract {
  const signer = Identity.fromSeed(new Uint8Array(32).fill(100 + client));
  const { quote, agreement, receipt } = makeChain();
  const request = makeRequest({ client: signer.peerId, nonce: bytes32(nonce) }, signer);
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

async function shownRequests(from = earned): Promise<Uint8Array[]> {
  return (await from.shown(SKILL)).map(({ request }) => request);
}

describe('earned receipts', () => {
  it('shows the newest of each client first, then the newest of all', async () => {
    const all = [settled(1, 1), settled(1, 2), settled(2, 3), settled(1, 4)];
    for (const contract of all) await earned.add(contract);
    const expected = [all[3], all[2], all[1], all[0]].map((one) => one!.request.envelope);
    expect(await shownRequests()).toEqual(expected);
  });

  it('shows at most eight, and a client with many pushes nobody out', async () => {
    const first = settled(1, 1);
    await earned.add(first);
    for (let i = 2; i < 20; i++) await earned.add(settled(2, i));
    const shown = await shownRequests();
    expect(shown).toHaveLength(MAX_SHOWN_RECEIPTS);
    expect(shown).toContainEqual(first.request.envelope);
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

  it('shows one as soon as it is stored, when it was asked for too early', async () => {
    const one = settled(1, 1);
    contracts.clear();
    await earned.add(one);
    expect(await shownRequests()).toEqual([]);
    contracts.set(toBase64Url(one.request.id), one);
    expect(await shownRequests()).toHaveLength(1);
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
    expect(await earned.shown('performs:nlp')).toEqual([]);
  });
});

describe('receipts that an endorsement may rest on', () => {
  const NOW = START_SECONDS;
  const DAYS_90 = 90 * 86_400;

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

  it('are not those of work that this node has bought, nor of a verdict that stands alone', async () => {
    expect(await isEarned(settled(1, 1, { role: 'client' }))).toBe(false);
    contracts.clear();
    expect(await isEarned(settled(1, 2, { phase: 'VERDICT' }))).toBe(false);
  });
});
