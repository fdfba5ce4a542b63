import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeGenesis } from '../../../protocols/ledger/genesis.ts';
import { REPLICAS, makeGenesis } from '../../../protocols/test/ledger/fixture.ts';
import { dataDirectory } from '../../storage/data-directory.ts';
import { loadIdentity } from '../../storage/keystore.ts';
import { openStore } from '../../storage/store.ts';
import { CliUnderTest } from './capture.ts';

const OTHERS = REPLICAS.map((replica) => replica.peerId);
let cli: CliUnderTest;
const peerId = async () => (await loadIdentity(dataDirectory(cli.path))).peerId;

beforeEach(async () => {
  cli = await CliUnderTest.open();
});

afterEach(() => cli.close());

describe('cert rotate', () => {
  it('says what a thief of the old key could do where no recovery key was registered', async () => {
    await cli.run('init');
    const former = await peerId();
    const { exitCode, stdout } = await cli.run('cert', 'rotate');
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`The node is ${await peerId()} from now on; it was ${former}`);
    expect(stdout).toContain('a thief of it could have done the same');
    expect(stdout).toContain(`Next: coalesce start --data ${cli.path}`);
  });

  it('takes the recovery key that was made, and prints one JSON document', async () => {
    await cli.run('init');
    const file = join(cli.path, 'recovery.json');
    const made = await cli.run('cert', 'recovery', '--out', file, '--json');
    expect(JSON.parse(made.stdout)).toMatchObject({ peerId: await peerId(), file });
    const refused = await cli.run('cert', 'rotate');
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
    expect(refused.stderr).toContain('--recovery FILE');
    const rotated = await cli.run('cert', 'rotate', '--recovery', file, '--json');
    expect(JSON.parse(rotated.stdout)).toMatchObject({
      consent: 'recovery-key',
      remarks: [expect.stringContaining('never saw the hash of the recovery key')],
    });
  });

  it('ends with 1 within 30 days of the last one', async () => {
    await cli.run('init');
    await cli.run('cert', 'rotate');
    const again = await cli.run('cert', 'rotate');
    expect(again.exitCode).toBe(1);
    expect(again.stderr).toContain('rotate after 20');
  });

  it.each([
    ['rotate', []],
    ['recovery', ['--out', '/nowhere/recovery.json']],
  ])('refuses %s while a node runs on the data directory', async (command, options) => {
    await cli.run('init');
    const before = await peerId();
    const store = await openStore(dataDirectory(cli.path));
    try {
      const { exitCode, stderr } = await cli.run('cert', command, ...options);
      expect(exitCode).toBe(1);
      expect(stderr).toContain('a node is running on this data directory');
    } finally {
      await store.close();
    }
    expect(await peerId()).toBe(before);
  });

  it('says that issued certificates stay with the old key', async () => {
    await cli.run('init');
    const store = await openStore(dataDirectory(cli.path));
    await store.section('issued-certificates').put('next-slot', new Uint8Array(1));
    await store.close();
    expect((await cli.run('cert', 'rotate')).stdout).toContain('issue them anew');
  });

  it.each([
    ['that an account on the ledger moves when the node starts', false],
    ['that an office stays with the key that the genesis names', true],
  ])('says %s', async (_, isReplica) => {
    await cli.run('init');
    const replicas = isReplica ? [await peerId(), ...OTHERS.slice(1)] : OTHERS;
    const genesisFile = join(cli.path, 'genesis.json');
    await writeFile(genesisFile, encodeGenesis(makeGenesis({ replicas })));
    const directory = dataDirectory(cli.path);
    await writeFile(directory.configFile, JSON.stringify({ committee: { genesisFile } }));
    const { stdout } = await cli.run('cert', 'rotate');
    expect(stdout.includes('move to the new key when the node starts')).toBe(!isReplica);
    expect(stdout.includes('its account and its office stay with it')).toBe(isReplica);
  });

  it('ends with 3 where there is no identity, and makes none', async () => {
    expect((await cli.run('cert', 'rotate')).exitCode).toBe(3);
    await expect(peerId()).rejects.toThrow(/no such file/);
  });
});
