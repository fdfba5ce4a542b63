/**
 * A contractor of a real network gets a new key, and its certificate counts for the new PeerId: for
 * a node that was on all the time (the attestor, which looks for contractors as any other), and for
 * the client, which was off while the key was rotated.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type {
  CertificateDocument,
  HitDocument,
  QueryDocument,
  StatusDocument,
} from '../../node/api-documents.ts';
import { NodeProcess } from '../node-process.ts';
import { createTestnet } from '../testnet.ts';
import type { Testnet } from '../testnet.ts';

const COMMAND = fileURLToPath(new URL('../../dist/bundle/coalesce.js', import.meta.url));
const OPTIMIZATION = 'performs:finance/portfolio-optimization';
const SEARCH = { timeout: 40_000, interval: 500 };

let network: Testnet;
const started: NodeProcess[] = [];

beforeAll(async () => {
  network = await createTestnet(3);
}, 120_000);

afterAll(async () => {
  await Promise.all(started.map((node) => node.stop()));
  await network?.destroy();
});

/** Runs a command in a process of its own. @returns its JSON document. */
function run(dataDir: string, ...argv: string[]): unknown {
  const { status, stdout } = spawnSync(
    process.execPath,
    [COMMAND, ...argv, '--data', dataDir, '--json'],
    { encoding: 'utf8' },
  );
  return { status, document: JSON.parse(stdout) as unknown };
}

async function startAgain(name: string, dataDir: string): Promise<NodeProcess> {
  const node = await NodeProcess.start({ name, dataDir, lifetime: 'with-parent' });
  started.push(node);
  return node;
}

/** What `seeker` sees of the contractor: nothing, as long as nobody shows its record. */
async function hitOf(seeker: NodeProcess, peerId: string): Promise<HitDocument | undefined> {
  const answer = await seeker.api.post<QueryDocument>('/v1/query', { query: OPTIMIZATION });
  return answer.hits.find((hit) => hit.peerId === peerId);
}

/**
 * Waits until `seeker` sees the contractor at level 2 by the record of its present start, which
 * alone names its present addresses. A record of an earlier start may name no recovery key.
 */
async function untilProved(seeker: NodeProcess, contractor: NodeProcess): Promise<void> {
  const { addresses } = await contractor.api.get<StatusDocument>('/v1/status');
  expect(addresses).not.toEqual([]);
  await expect
    .poll(() => hitOf(seeker, contractor.peerId), SEARCH)
    .toMatchObject({ level: 2, issuer: network.attestor.peerId, addresses });
}

describe('a contractor whose key is rotated', () => {
  let former: string;
  let contractor: NodeProcess;

  it('is found under its new PeerId at level 2, by the certificate of the old one', async () => {
    const { client, attestor } = network;
    const first = network.contractors[0]!;
    const { dataDir, name } = first;
    former = first.peerId;
    await first.stop();
    const recovery = join(dataDir, 'recovery.json');
    expect(run(dataDir, 'cert', 'recovery', '--out', recovery)).toMatchObject({ status: 0 });
    const before = await startAgain(name, dataDir);
    expect(before.peerId).toBe(former);
    // Seen once with its recovery key: a peer that has not could not tell the owner from a thief.
    await untilProved(client, before);
    await untilProved(attestor, before);
    expect(run(dataDir, 'cert', 'rotate', '--recovery', recovery)).toMatchObject({
      status: 1,
      document: { error: { code: 'DATA_DIRECTORY_LOCKED' } },
    });
    await client.stop();
    await before.stop();
    expect(run(dataDir, 'cert', 'rotate', '--recovery', recovery)).toMatchObject({
      status: 0,
      document: { formerPeerId: former, consent: 'recovery-key' },
    });
    contractor = await startAgain(name, dataDir);
    expect(contractor.peerId).not.toBe(former);
    await untilProved(attestor, contractor);
    const { certificates } = await contractor.api.get<{ certificates: CertificateDocument[] }>(
      '/v1/certificates',
    );
    expect(certificates).toMatchObject([{ holder: former, level: 2 }]);
  }, 180_000);

  it('counts for a client that was off, and again after that one is restarted', async () => {
    const { dataDir, name } = network.client;
    for (let starts = 0; starts < 2; starts++) {
      const client = await startAgain(name, dataDir);
      await untilProved(client, contractor);
      expect((await hitOf(client, former))?.level ?? 0).toBe(0);
      await client.stop();
    }
  }, 180_000);
});
