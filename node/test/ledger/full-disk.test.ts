/** A replica whose disk is full: real replicas, real files, and a write that finds no room. */

import { fstatSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ALICE, BOB } from '../../../protocols/test/ledger/fixture.ts';
import { FakeLogger } from '../../../protocols/test/negotiation/fake-world.ts';
import { dataDirectory } from '../../storage/data-directory.ts';
import { RealCommittee, eventually } from './real-committee.ts';
import type { Member } from './real-committee.ts';

type Write = (bytes: Uint8Array, offset: number, length: number) => Promise<unknown>;

let committee: RealCommittee;
let repair: (() => void) | undefined;

afterEach(async () => {
  repair?.();
  await committee.destroy();
});

/**
 * Stands in for the file system under one file: from now on it takes half of one more write, as a
 * disk does that has become full, and then nothing. @returns the way to make room.
 */
async function fakeFullDisk(path: string): Promise<() => void> {
  const file = statSync(path).ino;
  const handle = await open(path, 'r');
  const prototype = Object.getPrototypeOf(handle) as { write: Write };
  await handle.close();
  const { write } = prototype;
  let hasRoom = true;
  prototype.write = function fakeWrite(this: FileHandle, bytes, offset, length) {
    if (fstatSync(this.fd).ino !== file) return write.call(this, bytes, offset, length);
    if (hasRoom) {
      hasRoom = false;
      return write.call(this, bytes, offset, Math.ceil(length / 2));
    }
    const error = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    return Promise.reject(error);
  };
  return () => {
    prototype.write = write;
  };
}

function logOf({ dataPath }: Member): string {
  return join(dataDirectory(dataPath).ledgerDirectory, 'replica.log');
}

describe('a replica whose disk is full', () => {
  it('gives no more votes, says so, and votes again once there is room', async () => {
    const logger = new FakeLogger();
    committee = await RealCommittee.create({ requestTimeoutMs: 500, silenceMs: 2_000 }, logger);
    await committee.startAll();
    const [first, second, , full] = committee.members;
    const pay = () => second!.replica.submit(committee.transfer(ALICE, BOB));
    expect(await pay()).toMatchObject({ committed: true });

    repair = await fakeFullDisk(logOf(full!));
    expect(await pay()).toMatchObject({ committed: true });
    const standing = () => JSON.stringify(full!.replica.status());
    await eventually(() => full!.replica.status().halted !== null, standing);
    expect(full!.replica.status().halted).toContain('replica.log: ENOSPC');
    expect(full!.replica.status().halted).toContain('make room');
    const said = logger.lines.filter(({ level }) => level === 'error');
    expect(said.map(({ message }) => message).join()).toContain('The replica has stopped.');

    const voters = new Set<number>();
    const untell = first!.replica.onCommit(({ commit }) => {
      for (const { replica } of commit.votes) voters.add(replica);
    });
    for (let i = 0; i < 5; i++) expect(await pay()).toMatchObject({ committed: true });
    untell();
    expect([...voters].sort()).toEqual([0, 1, 2]);
    expect(await full!.replica.submit(committee.transfer(BOB, ALICE))).toMatchObject({
      committed: false,
    });

    repair();
    await full!.stop();
    await full!.start();
    const { height } = first!.replica.status();
    await eventually(() => full!.replica.status().height >= height, standing);
    expect(full!.replica.status()).toMatchObject({ halted: null, isObserver: false });
    // Three are left, and all of them are needed.
    await first!.stop();
    expect(await pay()).toMatchObject({ committed: true });
  }, 60_000);
});
