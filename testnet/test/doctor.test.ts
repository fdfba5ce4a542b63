/**
 * `coalesce doctor` as a person runs it: on daemons that are well, and on set-ups that are broken
 * in the ways in which they break.
 */

import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toBase64Url } from '../../crypto/bytes.ts';
import { encodeHeldCertificate } from '../../crypto/held-certificate.ts';
import { Identity } from '../../crypto/identity.ts';
import { issueSkillCertificate } from '../../crypto/skill-certificate.ts';
import type { Finding, FindingState } from '../../node/doctor/finding.ts';
import type { DoctorDocument } from '../../node/doctor/observation.ts';
import { dataDirectory } from '../../node/storage/data-directory.ts';
import { loadIdentity } from '../../node/storage/keystore.ts';
import { openStore } from '../../node/storage/store.ts';
import { systemClock, systemRandom } from '../../node/system-clock.ts';
import { NodeProcess } from '../node-process.ts';
import { createTestnet } from '../testnet.ts';
import type { Testnet } from '../testnet.ts';

const COMMAND = fileURLToPath(new URL('../../dist/bundle/coalesce.js', import.meta.url));
const TERM = 'performs:nlp/sentiment';
const DAY_SECONDS = 86_400;

let dir: string;
let network: Testnet;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'coalesce-doctor-'));
  network = await createTestnet(5);
}, 120_000);

afterAll(async () => {
  await network?.destroy();
  await rm(dir, { recursive: true, force: true });
}, 60_000);

interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

function coalesce(dataDir: string, ...argv: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const args = [COMMAND, ...argv, '--data', dataDir];
    execFile(process.execPath, args, (error, stdout, stderr) => {
      resolve({ exitCode: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

interface Seen {
  readonly exitCode: number;
  readonly document: DoctorDocument;
  readonly of: (check: string) => Finding;
  readonly checksThat: (state: FindingState) => readonly string[];
}

async function doctor(dataDir: string): Promise<Seen> {
  const { exitCode, stdout, stderr } = await coalesce(dataDir, 'doctor', '--json');
  expect(stderr).toBe('');
  const document = JSON.parse(stdout) as DoctorDocument;
  const { findings } = document;
  expect(exitCode).toBe(document.healthy ? 0 : 1);
  for (const { check, state, found, cause, mend } of findings) {
    expect(found, check).not.toBe('');
    const isTrouble = state === 'failure' || state === 'warning';
    expect([cause !== null, mend !== null], check).toEqual([isTrouble, isTrouble]);
  }
  return {
    exitCode,
    document,
    of: (check) => findings.find((one) => one.check === check)!,
    checksThat: (state) =>
      findings.filter((one) => one.state === state).map((finding) => finding.check),
  };
}

/** A data directory of its own, whose daemon does not run. */
async function initiated(name: string, ...flags: string[]): Promise<string> {
  const path = join(dir, name);
  expect(await coalesce(path, 'init', ...flags)).toMatchObject({ exitCode: 0 });
  return path;
}

/** A port that nobody listens at, or at which this test listens until `close`. */
async function port(isTaken: boolean): Promise<{ number: number; close: () => Promise<void> }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port: number } = server.address() as AddressInfo;
  const close = (): Promise<void> => new Promise((resolve) => server.close(() => resolve()));
  if (!isTaken) await close();
  return { number, close };
}

describe('the doctor of a network that is well', () => {
  it('finds no failure at the client, at the attestor and at a replica that sells', async () => {
    const contractor = network.contractors[0]!;
    for (const node of [network.client, network.attestor, contractor]) {
      const { checksThat, exitCode } = await doctor(node.dataDir);
      expect(checksThat('failure'), node.name).toEqual([]);
      expect(checksThat('skipped'), node.name).toEqual([]);
      expect(exitCode).toBe(0);
    }
    const { of } = await doctor(contractor.dataDir);
    expect(of('daemon').found).toContain(`process ${contractor.pid}`);
    expect(of('committee').found).toMatch(/^4 replicas, block \d+$/);
    expect(of('clock').found).toContain('agrees with its own files, its certificates, the comm');
    expect(of('certificates')).toMatchObject({ state: 'ok' });
    expect(of('skill-record').found).toMatch(/^number \d+, for \d+ s more$/);
    expect(of('executors').found).toContain('(builtin)');
  });

  it('prints a line for each check to a person, and how many are bad', async () => {
    const { exitCode, stdout } = await coalesce(network.client.dataDir, 'doctor');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^ok {7}node-version {6}Node\.js v\d+/);
    expect(stdout).toMatch(/: 0 failed, \d+ warnings?, 0 skipped\n$/);
  });

  it('sees that nothing was outsourced on the first day, and by which gate', async () => {
    const inputs = [{ name: 'a.txt', mediaType: 'text/plain', text: 'A fine kettle.' }];
    for (let task = 0; task < 3; task++) {
      await network.client.api.post('/v1/run', { skill: TERM, inputs });
    }
    const { of, exitCode } = await doctor(network.client.dataDir);
    expect(of('first-day')).toMatchObject({
      state: 'warning',
      found: 'none of 3 tasks with contractors at hand was outsourced yet',
    });
    expect(of('first-day').cause).toContain('(gate economic, 3 times)');
    expect(of('clock').found).toMatch(/ and agrees with .*, \d peers?$/);
    expect(exitCode).toBe(0);
  });

  it('finds an executor whose module was removed, at the node that sells its work', async () => {
    const contractor = network.contractors[0]!;
    const path = join(dir, 'counted-work.mjs');
    await copyFile(fileURLToPath(new URL('fixtures/counted-work.mjs', import.meta.url)), path);
    const skill = {
      term: 'performs:text/counted-work',
      description: 'Sold in a test',
      priceMicroUsd: 0,
      perUnit: 'task',
      latencyMs: 1_000,
      capacity: 1,
      executor: { type: 'module', path },
    };
    await contractor.api.post('/v1/skills', { skills: [skill] });
    expect((await doctor(contractor.dataDir)).of('executors').state).toBe('ok');
    await rm(path);
    const { of, checksThat, exitCode } = await doctor(contractor.dataDir);
    expect(checksThat('failure')).toEqual(['executors']);
    expect(of('executors').found).toContain(`${path}: cannot be read (ENOENT)`);
    expect(of('prices').found).toBe('performs:text/counted-work is sold for nothing');
    expect(exitCode).toBe(1);
    await contractor.api.delete(`/v1/skills/${encodeURIComponent(skill.term)}`);
    expect((await doctor(contractor.dataDir)).exitCode).toBe(0);
  });
});

describe('the doctor of a broken set-up, without a daemon', () => {
  it('has nothing against a directory that was only just made', async () => {
    const { checksThat, exitCode } = await doctor(await initiated('fresh'));
    expect(checksThat('failure')).toEqual([]);
    expect(checksThat('warning')).toEqual(['daemon']);
    expect(checksThat('skipped')).toContain('certificates');
    expect(exitCode).toBe(0);
  });

  it('finds no directory, and makes none', async () => {
    const { checksThat } = await doctor(join(dir, 'nowhere'));
    expect(checksThat('failure')).toEqual(['data-directory', 'identity-key']);
    expect((await doctor(join(dir, 'nowhere'))).of('data-directory').found).toContain('no such');
  });

  it('takes a file for no data directory, and does not tell to restrict it', async () => {
    const path = join(dir, 'a-file');
    await writeFile(path, 'x', { mode: 0o644 });
    const finding = (await doctor(path)).of('data-directory');
    expect(finding.state).toBe('failure');
    expect(JSON.stringify(finding)).not.toContain('chmod');
  });

  it('finds a key and a token that everybody may read, and leaves them as they are', async () => {
    const path = await initiated('open');
    const { identityFile, tokenFile } = dataDirectory(path);
    await chmod(identityFile, 0o644);
    await chmod(tokenFile, 0o640);
    for (let look = 0; look < 2; look++) {
      const { of, checksThat, exitCode } = await doctor(path);
      expect(checksThat('failure')).toEqual(['identity-key', 'api-token']);
      expect(of('identity-key').found).toBe(`${identityFile} has mode 0644`);
      expect(of('identity-key').mend).toContain(`chmod 600 ${identityFile}`);
      expect(exitCode).toBe(1);
    }
  });

  it('finds a key that is damaged', async () => {
    const path = await initiated('damaged');
    await writeFile(dataDirectory(path).identityFile, '{"v":1,"type":"ed25519","seed":"AAAA"}');
    expect((await doctor(path)).of('identity-key').found).toContain('is damaged');
  });

  it('finds every wrong setting, and skips what hangs on them', async () => {
    const path = await initiated('wrong');
    const config = { http: { port: 'http' }, colour: 'green' };
    await writeFile(dataDirectory(path).configFile, JSON.stringify(config));
    const { of, checksThat } = await doctor(path);
    expect(checksThat('failure')).toEqual(['config']);
    expect(of('config').found).toMatch(/http\.port: expected a number, got "http"; .*colour/);
    expect(of('ports')).toMatchObject({ state: 'skipped' });
  });

  it('finds a utilisation that is unusual, with no daemon at hand', async () => {
    const path = await initiated('unusual');
    expect((await doctor(path)).of('utilisation')).toMatchObject({ state: 'ok' });
    expect(await initiated('unusual', '--set', 'hardware.utilisation=0.3')).toBe(path);
    const { of, checksThat, exitCode } = await doctor(path);
    expect(of('utilisation').found).toBe('hardware.utilisation is 0.3; usual is 0.7 to 0.95');
    expect(checksThat('warning')).toEqual(['utilisation', 'daemon']);
    expect(exitCode).toBe(0);
    const [, option] = /coalesce init --set (\S+),/.exec(of('utilisation').mend!)!;
    await initiated('unusual', '--set', option!);
    expect((await doctor(path)).of('utilisation')).toMatchObject({ state: 'ok' });
  });

  it('finds a port that another program has, and not one of its own daemon', async () => {
    const { number, close } = await port(true);
    const path = await initiated('taken', '--set', `http.port=${number}`);
    const { of } = await doctor(path);
    expect(of('ports')).toMatchObject({ state: 'failure' });
    expect(of('ports').found).toContain(`http.port 127.0.0.1:${number} cannot be taken`);
    await close();
    expect((await doctor(path)).of('ports').found).toContain('is free');
  });

  it('finds a bootstrap peer that is dead, and one that answers', async () => {
    const { number } = await port(false);
    const dead = `/ip4/127.0.0.1/tcp/${number}/p2p/${Identity.generate().peerId}`;
    const { of, exitCode } = await doctor(await initiated('alone', '--bootstrap', dead));
    expect(of('bootstrap-peers')).toMatchObject({ state: 'failure' });
    expect(of('bootstrap-peers').found).toBe(`0 of 1 answer; ${dead}: ECONNREFUSED`);
    expect(exitCode).toBe(1);
    const status = await network.client.api.get<{ addresses: string[] }>('/v1/status');
    const alive = status.addresses[0]!;
    const both = await doctor(await initiated('joined', '--bootstrap', dead, '--bootstrap', alive));
    expect(both.of('bootstrap-peers')).toMatchObject({ state: 'warning' });
    expect(both.exitCode).toBe(0);
  });

  it('finds that the clock went backwards', async () => {
    const path = await initiated('earlier');
    const future = systemClock.nowMs() / 1_000 + 3_600;
    await utimes(dataDirectory(path).configFile, future, future);
    const { of, checksThat } = await doctor(path);
    expect(checksThat('failure')).toEqual(['clock']);
    expect(of('clock').found).toMatch(/config\.json was written 3\d{3}\.\d s in the future/);
  });
});

describe('the doctor of a daemon that is alone, with a certificate that is over', () => {
  it('finds both, and that nobody is connected', async () => {
    const { number } = await port(false);
    const dead = `/ip4/127.0.0.1/tcp/${number}/p2p/${Identity.generate().peerId}`;
    const path = await initiated('expired', '--bootstrap', dead);
    const directory = dataDirectory(path);
    const { peerId: holder } = await loadIdentity(directory);
    const nowSeconds = Math.floor(systemClock.nowMs() / 1_000);
    const held = issueSkillCertificate({
      issuer: Identity.generate(),
      holder,
      kind: 'attestation',
      claims: [{ kind: 'skill', name: TERM }],
      iat: nowSeconds - 20 * DAY_SECONDS,
      nbf: nowSeconds - 20 * DAY_SECONDS,
      exp: nowSeconds - DAY_SECONDS,
      list: 0,
      slot: 0,
      evidence: new Uint8Array(32),
      random: (length) => systemRandom.bytes(length),
    });
    const store = await openStore(directory);
    const certificates = store.section('certificates');
    const certId = toBase64Url(held.certificate.id);
    await certificates.put(certId, encodeHeldCertificate({ ...held, openings: [] }));
    await store.close();
    const node = await NodeProcess.start({
      name: 'expired',
      dataDir: path,
      lifetime: 'with-parent',
    });
    try {
      const { of, checksThat, exitCode } = await doctor(path);
      expect(checksThat('failure')).toEqual(['bootstrap-peers', 'connected-peers', 'certificates']);
      expect(of('certificates').found).toContain(`attestation of ${TERM} (${certId.slice(0, 12)})`);
      expect(of('certificates').found).toContain('expired');
      expect(exitCode).toBe(1);
    } finally {
      await node.stop();
    }
  }, 60_000);
});
