/** A contractor of a real network gets a new key, and its certificate counts for the new PeerId. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CertificateDocument, HitDocument, QueryDocument } from '../../node/api-documents.ts';
import { NodeProcess } from '../node-process.ts';
import { createTestnet } from '../testnet.ts';
import type { Testnet } from '../testnet.ts';

const COMMAND = fileURLToPath(new URL('../../dist/node/cli/main.js', import.meta.url));
const OPTIMIZATION = 'performs:finance/portfolio-optimization';

let network: Testnet;
let again: NodeProcess | undefined;

beforeAll(async () => {
  network = await createTestnet(3);
}, 120_000);

afterAll(async () => {
  await again?.stop();
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

async function hits(): Promise<HitDocument[]> {
  const answer = await network.client.api.post<QueryDocument>('/v1/query', { query: OPTIMIZATION });
  return [...answer.hits];
}

async function levelOf(peerId: string): Promise<number | undefined> {
  return (await hits()).find((hit) => hit.peerId === peerId)?.level;
}

/** Starts the contractor anew, and waits until the client sees it at this level. */
async function startAgain(dataDir: string, level: number): Promise<NodeProcess> {
  const node = await NodeProcess.start({ name: 'contractor', dataDir, lifetime: 'with-parent' });
  again = node;
  const search = { timeout: 40_000, interval: 500 };
  await expect.poll(() => levelOf(node.peerId), search).toBe(level);
  return node;
}

describe('a contractor whose key is rotated', () => {
  it('is found under its new PeerId at level 2, by the certificate of the old one', async () => {
    const [contractor] = network.contractors;
    const { dataDir, peerId: former } = contractor!;
    await contractor!.stop();
    const recovery = join(dataDir, 'recovery.json');
    expect(run(dataDir, 'cert', 'recovery', '--out', recovery)).toMatchObject({ status: 0 });
    // Seen once with its recovery key: a peer that has not could not tell the owner from a thief.
    const before = await startAgain(dataDir, 2);
    expect(before.peerId).toBe(former);
    expect(run(dataDir, 'cert', 'rotate', '--recovery', recovery)).toMatchObject({
      status: 1,
      document: { error: { code: 'DATA_DIRECTORY_LOCKED' } },
    });
    await before.stop();
    expect(run(dataDir, 'cert', 'rotate', '--recovery', recovery)).toMatchObject({
      status: 0,
      document: { formerPeerId: former, consent: 'recovery-key' },
    });
    const after = await startAgain(dataDir, 2);
    expect(after.peerId).not.toBe(former);
    const { certificates } = await after.api.get<{ certificates: CertificateDocument[] }>(
      '/v1/certificates',
    );
    expect(certificates).toMatchObject([{ holder: former, level: 2 }]);
    expect((await hits()).find(({ peerId }) => peerId === after.peerId)).toMatchObject({
      issuer: network.attestor.peerId,
    });
  }, 120_000);

  it('counts for a client that has been restarted since', async () => {
    await network.client.stop();
    const client = await NodeProcess.start({
      name: 'client-1',
      dataDir: network.client.dataDir,
      lifetime: 'with-parent',
    });
    try {
      await expect
        .poll(
          async () =>
            (await client.api.post<QueryDocument>('/v1/query', { query: OPTIMIZATION })).hits.find(
              ({ peerId }) => peerId === again!.peerId,
            )?.level,
          { timeout: 30_000, interval: 500 },
        )
        .toBe(2);
    } finally {
      await client.stop();
    }
  }, 60_000);
});
