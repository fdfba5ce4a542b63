/**
 * Skills and resources that are proved, on a network of real processes: an attestor measures and
 * certifies, a stranger proves "at least 40" without showing 80, and those are left out of the same
 * query who have too little, or whose certificate was revoked, each with its reason.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type {
  QueryDocument,
  ResourceAttestDocument,
  RevocationDocument,
} from '../../node/api-documents.ts';
import { createTestnet } from '../testnet.ts';
import type { Testnet } from '../testnet.ts';

const SKILL = 'performs:nlp/sentiment';
const MEMORY = 'hasResource:memory-mib';
const GPU = 'hasResource:gpu-memory-gib';

function offer(priceMicroUsd: number): unknown {
  const common = { term: SKILL, description: 'Sentiment of English text', perUnit: 'task' };
  const skill = { ...common, priceMicroUsd, latencyMs: 1_000, capacity: 4 };
  return { skills: [{ ...skill, executor: { type: 'builtin' } }] };
}

let network: Testnet;

beforeAll(async () => {
  network = await createTestnet(5, { offers: [offer(40), offer(50), offer(60)] });
}, 120_000);

afterAll(async () => {
  await network?.destroy();
});

function attest(contractor: number, order: object): Promise<ResourceAttestDocument> {
  const { peerId } = network.contractors[contractor]!;
  return network.attestor.api.post('/v1/attest-resource', { peerId, ...order });
}

function ask(name: string, min: number, query = SKILL): Promise<QueryDocument> {
  const minimums = [{ name, min }];
  return network.client.api.post('/v1/query', { query, minimums, level: 2, trace: true });
}

const peersOf = ({ hits }: QueryDocument) => hits.map(({ peerId }) => peerId);
const reasonsOf = ({ dropped, trace }: QueryDocument, peerId: string) => [
  ...dropped.filter((one) => one.peerId === peerId).map(({ reason }) => reason),
  ...(trace ?? []).map((one) => JSON.stringify(one)).filter((line) => line.includes(peerId)),
];

describe('a network in which resources are proved', () => {
  it('measures memory over the network, and a stranger proves 24 without showing 30', async () => {
    // Measured with real deadlines: on a machine that is busy with other tests, more than once.
    let measured: ResourceAttestDocument | undefined;
    for (let i = 0; i < 3 && measured?.delivered !== true; i++) {
      measured = await attest(0, { resource: MEMORY, amount: 30 });
    }
    expect(measured).toMatchObject({ method: 'benchmark', value: 30, delivered: true });
    const answer = await ask(MEMORY, 20);
    expect(peersOf(answer)).toEqual([network.contractors[0]!.peerId]);
    expect(answer.hits[0]!.resources).toMatchObject([{ name: MEMORY, atLeast: 24, level: 2 }]);
    expect(JSON.stringify(answer)).not.toMatch(/\b30\b/);
    expect(peersOf(await ask(MEMORY, 25))).toEqual([]);
  }, 60_000);

  it('leaves out a liar and a revoked holder of the same query, each with its reason', async () => {
    const [honest, liar, revoked] = network.contractors.map(({ peerId }) => peerId);
    await attest(0, { resource: GPU, measured: 90 });
    // It was measured as 8, whatever it says of itself; only a proof counts.
    await attest(1, { resource: GPU, measured: 8 });
    const { certId } = await attest(2, { resource: GPU, measured: 80 });
    const before = await ask(GPU, 40);
    expect(peersOf(before).sort()).toEqual([honest, revoked].sort());
    expect(before.hits.map(({ resources }) => resources[0]!.atLeast)).toEqual([80, 80]);
    expect(JSON.stringify(before)).not.toMatch(/\b90\b/);
    expect(reasonsOf(before, liar!).join()).toContain(`RESOURCE_NOT_PROVED: ${GPU}>=40`);
    const revocation = await network.attestor.api.post<RevocationDocument>(
      `/v1/certificates/${encodeURIComponent(certId!)}/revoke`,
    );
    expect(revocation.isNew).toBe(true);
    // Gossip brings the list; the holder goes on stapling the old one.
    await expect
      .poll(async () => peersOf(await ask(GPU, 40)), { timeout: 20_000, interval: 250 })
      .toEqual([honest]);
    expect(reasonsOf(await ask(GPU, 40), revoked!).join()).toContain('is revoked');
  }, 60_000);

  it('finds holders by the resource alone, nothing bought and no amount told', async () => {
    const answer = await ask(GPU, 40, GPU);
    expect(peersOf(answer)).toEqual([network.contractors[0]!.peerId]);
    expect(answer.hits[0]).toMatchObject({ level: 2, priceMicroUsd: 0, perUnit: 'none' });
  });

  it('asks the same of a task: nobody without the proof gives a quote', async () => {
    const task = {
      title: 'Sentiment of a text',
      skills: [SKILL],
      resources: { minimums: { 'gpu-memory-gib': 40 } },
      input: { parts: [{ text: 'It is fine.', mediaType: 'text/plain' }] },
      output: { mediaType: 'application/json' },
      verification: [],
      constraints: { sensitivity: 'low' },
      valueMicroUsd: 1_000,
    };
    const { result } = await network.client.api.post<{
      result: { candidates: readonly { peerId: string }[] };
    }>('/v1/decide', { task });
    expect(result.candidates.map(({ peerId }) => peerId)).toEqual([network.contractors[0]!.peerId]);
  });
});
