import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openAgentNode } from '../open-agent-node.ts';

const config = { hardware: { peakFlops: 1e9, memoryGib: 1 }, network: { isLocalNetwork: true } };

let dataPath: string;

beforeEach(async () => {
  dataPath = join(await mkdtemp(join(tmpdir(), 'coalesce-open-')), 'node');
});

afterEach(() => rm(join(dataPath, '..'), { recursive: true, force: true }));

describe('a node in a program of its own', () => {
  it('is the same when its directory is opened again, by one program at a time', async () => {
    const first = await openAgentNode({ dataPath, config });
    const { peerId } = first.node;
    const again = openAgentNode({ dataPath, config });
    await expect(again).rejects.toMatchObject({ code: 'DATA_DIRECTORY_LOCKED' });
    await Promise.all([first.close(), first.close()]);
    await using second = await openAgentNode({ dataPath, config });
    expect(second.node.peerId).toBe(peerId);
  });

  it('can look up what others sell as soon as it is there', async () => {
    await using seller = await openAgentNode({ dataPath, config });
    const bootstrap = [...seller.node.addresses()];
    const joining = { ...config, network: { ...config.network, bootstrap } };
    await using client = await openAgentNode({ dataPath: `${dataPath}-2`, config: joining });
    expect((await client.node.status()).routingTableSize).toBe(1);
  });

  it('leaves its directory free when a setting or an address is wrong', async () => {
    await expect(
      openAgentNode({ dataPath, config: { ...config, accept: { maxInBytes: 0 } } }),
    ).rejects.toMatchObject({ code: 'BAD_INPUT' });
    const network = { ...config.network, listen: ['/ip4/192.0.2.1/tcp/4001'] };
    const failing = openAgentNode({ dataPath, config: { ...config, network } });
    await expect(failing).rejects.toThrow(/network\.listen/);
    await using node = await openAgentNode({ dataPath, config });
    expect(node.node.addresses()).toHaveLength(1);
  });
});
