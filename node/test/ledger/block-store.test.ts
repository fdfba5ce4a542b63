import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BlockStore, decodeStoredBlock, encodeStoredBlock } from '../../ledger/block-store.ts';
import type { StoredBlock } from '../../ledger/replica-door.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'coalesce-blocks-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

function open(): Promise<BlockStore> {
  return BlockStore.open(directory, (error) => {
    throw error;
  });
}

function blockAt(height: number): StoredBlock {
  return { height, block: Uint8Array.of(1, height), commit: Uint8Array.of(2, height) };
}

async function heightsFrom(store: BlockStore, from: number, max: number): Promise<number[]> {
  const heights: number[] = [];
  for await (const { height, block } of store.blocks(from, max)) {
    expect(block).toEqual(blockAt(height).block);
    heights.push(height);
  }
  return heights;
}

describe('the store of blocks', () => {
  it('gives blocks in order, up to the first that is missing', async () => {
    const store = await open();
    for (const height of [1, 2, 3, 6]) store.putStored(blockAt(height));
    expect(store.whole).toBe(3);
    expect(await heightsFrom(store, 1, 10)).toEqual([1, 2, 3]);
    expect(await heightsFrom(store, 2, 1)).toEqual([2]);
    expect(await heightsFrom(store, 6, 10)).toEqual([6]);
    await store.close();
  });

  it('is whole again once a gap is filled, after a restart too', async () => {
    const first = await open();
    for (const height of [1, 2, 6, 7]) first.putStored(blockAt(height));
    await first.close();
    const store = await open();
    expect(store.whole).toBe(2);
    for (const height of [5, 3, 4]) store.putStored(blockAt(height));
    expect(store.whole).toBe(7);
    await store.close();
    const again = await open();
    expect(again.whole).toBe(7);
    expect(await heightsFrom(again, 1, 10)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    await again.close();
  });

  it('counts the blocks that came after it was last synced, when it is opened', async () => {
    const first = await open();
    for (const height of [1, 2, 3, 4, 6]) first.putStored(blockAt(height));
    await first.close();
    const level = new ClassicLevel<string, Uint8Array>(directory, { valueEncoding: 'view' });
    await level.put('whole', Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 2));
    await level.close();
    const store = await open();
    expect(store.whole).toBe(4);
    expect(await heightsFrom(store, 1, 10)).toEqual([1, 2, 3, 4]);
    await store.close();
  });

  it('refuses a stored block that is shorter than it says', () => {
    const bytes = encodeStoredBlock(blockAt(9));
    expect(decodeStoredBlock(9, bytes)).toEqual(blockAt(9));
    for (let end = 0; end < 6; end++) {
      expect(() => decodeStoredBlock(9, bytes.subarray(0, end))).toThrow(RangeError);
    }
  });
});
