/** A resource is measured and certified between two real nodes, by the real thread. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { decodeHeldCertificate } from '../../crypto/held-certificate.ts';
import { Identity } from '../../crypto/identity.ts';
import { createAgentNode } from '../agent-node.ts';
import { loadConfig } from '../config/load.ts';
import type { ConfigFile } from '../config/schema.ts';
import { silentLogger } from '../logger.ts';
import { createDataDirectory, dataDirectory } from '../storage/data-directory.ts';
import { openStore } from '../storage/store.ts';
import { systemClock, systemRandom } from '../system-clock.ts';
import { ThreadBenchmarkWorker } from '../tasks/benchmark-worker.ts';
import type { StoredMeasuredTime } from '../tasks/measured-time.ts';

/** A thread loads what was built. */
const SCRIPT = new URL('../../dist/node/tasks/benchmark-thread.js', import.meta.url);
const MEMORY = 'hasResource:memory-mib';
const never = new AbortController().signal;

/** Ends what a test has started, the last first. */
let ends: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of ends.reverse()) await end();
  ends = [];
});

/** A worker whose thread runs already: on a busy machine its start takes as long as 8 MiB. */
async function startWorker(): Promise<ThreadBenchmarkWorker> {
  const worker = new ThreadBenchmarkWorker(SCRIPT);
  ends.push(() => Promise.resolve(worker.release()));
  await worker.runChain({ nonce: systemRandom.bytes(32), order: 8, steps: 1 }, never);
  return worker;
}

async function startNode(identity: Identity, values: ConfigFile) {
  const path = await mkdtemp(join(tmpdir(), 'coalesce-resource-'));
  ends.push(() => rm(path, { recursive: true, force: true }));
  const directory = dataDirectory(path);
  await createDataDirectory(directory);
  const store = await openStore(directory);
  ends.push(() => store.close());
  const hardware = { peakFlops: 1e9, memoryGib: 1 };
  const config = loadConfig([{ origin: 'test', values: { hardware, ...values } }]);
  const worker = await startWorker();
  const node = await createAgentNode({
    config,
    identity,
    store,
    directory,
    logger: silentLogger,
    clock: systemClock,
    random: systemRandom,
    benchmarkWorker: () => worker,
  });
  await node.start({ http: '', a2a: null });
  ends.push(() => node.stop());
  return { node, store, worker };
}

describe('a resource of a real node', () => {
  it('ends as a certificate whose commitment its holder alone can open', async () => {
    const [a, h] = [Identity.generate(), Identity.generate()];
    const attestor = await startNode(a, { network: { isLocalNetwork: true } });
    const { addresses } = await attestor.node.status();
    const network = { isLocalNetwork: true, bootstrap: [...addresses] };
    const holder = await startNode(h, { network, trust: { attestors: [a.peerId] } });
    await expect.poll(async () => (await attestor.node.status()).peersConnected).toBe(1);
    const order = { peerId: h.peerId, resource: MEMORY, amount: 8 };
    const attest = () => attestor.node.attestResource(order, never);
    // A machine with other work to do may be late; so it is asked again, as a person would.
    let attested = await attest();
    const isLate = () => /LATE|BUSY/.test(attested.reason ?? '');
    for (let again = 0; again < 8 && isLate(); again++) {
      await sleep(1_000); // what was late may still be at work
      attested = await attest();
    }
    expect(attested).toMatchObject({ method: 'benchmark', unit: 'MiB', value: 8, reason: null });
    expect(attested.delivered).toBe(true);
    expect(holder.node.listCertificates()).toMatchObject([
      {
        certId: attested.certId,
        issuer: a.peerId,
        leaves: [{ kind: 'committed', name: MEMORY, value: 'hidden' }],
      },
    ]);
    const { measuredTime } = await holder.node.status();
    expect(measuredTime.startSpentMs).toBeGreaterThanOrEqual(attested.busyMs);
    expect(measuredTime).toMatchObject({ spentMs: 0, allowedMs: 0, startAllowedMs: 300_000 });
    // The second time it would be a re-attestation, and this holder has no work yet.
    expect(await attest()).toMatchObject({ measured: false, isWrong: false, certId: null });
    const stored = await holder.store.section('certificates').get(attested.certId!);
    // Checks that the commitment opens to the value; without an opening it would be refused.
    const checked = decodeHeldCertificate(stored!, h.peerId);
    expect(checked).toMatchObject({
      valid: true,
      held: { openings: [{ name: MEMORY, value: 8n, rung: 8n }] },
    });
    // What it has revoked itself the attestor calls revoked, though it trusts no attestor.
    const { envelope } = holder.node.showCertificate(attested.certId!);
    const file = { envelope: Buffer.from(envelope).toString('base64') };
    expect(await attestor.node.verifyCertificate(file)).toMatchObject({ valid: true });
    await attestor.node.revokeCertificate(attested.certId!);
    expect(await attestor.node.verifyCertificate(file)).toMatchObject({
      valid: false,
      reason: 'REVOKED: its issuer has revoked it',
    });
  });

  it('takes its time from the account of a holder that is stopped in the middle', async () => {
    const [a, h] = [Identity.generate(), Identity.generate()];
    const attestor = await startNode(a, { network: { isLocalNetwork: true } });
    const { addresses } = await attestor.node.status();
    const network = { isLocalNetwork: true, bootstrap: [...addresses] };
    const holder = await startNode(h, { network, trust: { attestors: [a.peerId] } });
    await expect.poll(async () => (await attestor.node.status()).peersConnected).toBe(1);
    const filling = vi.spyOn(holder.worker, 'fillMemory');
    const order = { peerId: h.peerId, resource: MEMORY, amount: 128 };
    const isFilling = (): boolean => filling.mock.calls.length > 0;
    let attested: Promise<unknown> = Promise.resolve();
    // On a machine with other work to do it may be sent away before it comes to that.
    for (let again = 0; again < 8 && !isFilling(); again++) {
      let isOver = false;
      attested = attestor.node.attestResource(order, never).catch((error: unknown) => error);
      void attested.then(() => (isOver = true));
      await expect.poll(() => isOver || isFilling(), { timeout: 20_000 }).toBe(true);
      if (!isFilling()) await sleep(1_000);
    }
    expect(isFilling()).toBe(true);
    await sleep(20);
    await holder.node.stop();
    const stored = await holder.store.json<StoredMeasuredTime>('settings').get('measured-time');
    expect(stored?.startSpentMs).toBeGreaterThanOrEqual(20);
    expect(await attested).not.toMatchObject({ delivered: true });
  });
});
