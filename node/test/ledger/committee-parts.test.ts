import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Identity } from '../../../crypto/identity.ts';
import { encodeGenesis } from '../../../protocols/ledger/genesis.ts';
import { REPLICAS, makeGenesis } from '../../../protocols/test/ledger/fixture.ts';
import { endNodes, startNode } from '../real-nodes.ts';

let directory: string;
let genesisFile: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'coalesce-genesis-'));
  genesisFile = join(directory, 'genesis.json');
  await writeFile(genesisFile, encodeGenesis(makeGenesis()));
});

afterEach(async () => {
  await endNodes();
  await rm(directory, { recursive: true, force: true });
});

function configWith(file: string) {
  return { network: { isLocalNetwork: true }, committee: { genesisFile: file } };
}

describe('a node with a committee in its configuration', () => {
  it('is a replica if the genesis names it, and says where it stands', async () => {
    const node = await startNode(REPLICAS[2]!, configWith(genesisFile));
    const { ledger } = await node.status();
    expect(ledger).toMatchObject({
      replicas: 4,
      replica: { replica: 2, view: 0, primary: 0, height: 0, lagBlocks: 0, halted: null },
    });
  });

  it('is none if the genesis does not name it', async () => {
    const node = await startNode(Identity.generate(), configWith(genesisFile));
    expect((await node.status()).ledger).toMatchObject({ replicas: 4, replica: null });
  });

  it('does not start with a genesis that is missing or none, and names the mend', async () => {
    const missing = join(directory, 'nowhere.json');
    const garbled = join(directory, 'garbled.json');
    await writeFile(garbled, '{"v":1}');
    for (const [file, what] of [
      [missing, /nowhere\.json cannot be read \(ENOENT\); copy it/],
      [garbled, /garbled\.json is no genesis .*; copy it/],
    ] as const) {
      await expect(startNode(REPLICAS[0]!, configWith(file))).rejects.toThrow(what);
      await endNodes();
    }
  });
});
