/** A real contractor is stopped in the middle of a task, without the drain that a daemon has. */
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Identity } from '../../crypto/identity.ts';
import { createAgentNode } from '../agent-node.ts';
import { loadConfig } from '../config/load.ts';
import type { ConfigFile } from '../config/schema.ts';
import { silentLogger } from '../logger.ts';
import { createDataDirectory, dataDirectory } from '../storage/data-directory.ts';
import { openStore } from '../storage/store.ts';
import { systemClock, systemRandom } from '../system-clock.ts';
import { taskForSkill } from '../tasks/task-for-skill.ts';
import type { OutcomeEntry } from '../tasks/outcomes.ts';
import { endNodes, startNode } from './real-nodes.ts';

const TERM = 'performs:text/upper';
const never = new AbortController().signal;

/** The first execution lasts for ever, whatever it is told; the next ones answer at once. */
const EXECUTOR = `
import { appendFile, readFile } from 'node:fs/promises';
const log = new URL('./executions', import.meta.url);
export default {
  async execute({ taskId, contextId }, bus) {
    await appendFile(log, 'begun\\n');
    if ((await readFile(log, 'utf8')).split('\\n').length === 2) return new Promise(() => {});
    const content = { $case: 'text', value: 'DONE' };
    const part = { content, mediaType: 'text/plain', filename: '' };
    bus.publish({
      kind: 'message',
      data: {
        messageId: 'm', contextId, taskId, role: 2, parts: [part],
        extensions: [], referenceTaskIds: [], metadata: undefined,
      },
    });
    bus.finished();
  },
  async cancelTask() {
    await appendFile(new URL('./cancelled', import.meta.url), 'cancelled\\n');
  },
};
`;

let path: string | undefined;
let end: () => Promise<void> = () => Promise.resolve();

afterEach(async () => {
  await end();
  await endNodes();
  if (path) await rm(path, { recursive: true, force: true });
});

async function startSeller(identity: Identity, values: ConfigFile) {
  const directory = dataDirectory(path!);
  await createDataDirectory(directory);
  const store = await openStore(directory);
  const config = loadConfig([{ origin: 'test', values }]);
  const world = { logger: silentLogger, clock: systemClock, random: systemRandom };
  const node = await createAgentNode({ config, identity, store, directory, ...world });
  await node.start({ http: '', a2a: null });
  end = async () => {
    await node.stop();
    await store.close();
  };
  return node;
}

/** A contractor is believed from its outcomes. */
function believed(peerId: string): OutcomeEntry {
  const lastMs = systemClock.nowMs();
  return { peerId, taskType: TERM, successes: 1_000, failures: 0, lastMs, paidMicroUsd: 0 };
}

describe('a contractor that is stopped in the middle of a task', () => {
  it('tells nobody that the task has failed, and does it after its restart', async () => {
    path = await mkdtemp(join(tmpdir(), 'coalesce-stop-'));
    await writeFile(join(path, 'upper.mjs'), EXECUTOR);
    await appendFile(join(path, 'executions'), '');
    const [c, s] = [Identity.generate(), Identity.generate()];
    const network = { isLocalNetwork: true, listen: ['/ip4/127.0.0.1/tcp/0'] };
    const hardware = { peakFlops: 1e9, memoryGib: 1 };
    const trust = { known: [c.peerId] };
    const seller = await startSeller(s, { hardware, trust, network });
    const [address] = seller.addresses();
    const client = await startNode(
      c,
      {
        trust: { known: [s.peerId] },
        decision: { hasEconomicGate: false, confidenceThreshold: 0 },
        network: { isLocalNetwork: true, bootstrap: [address!] },
      },
      [believed(s.peerId)],
    );
    await expect.poll(async () => (await client.status()).routingTableSize).toBe(1);
    const executor = { type: 'module', path: join(path, 'upper.mjs'), estimatedSeconds: 1 };
    const common = { priceMicroUsd: 10, perUnit: 'task', latencyMs: 1_000, capacity: 4 };
    await seller.publishSkills(
      { skills: [{ term: TERM, description: 'Capitals', ...common, executor }] },
      never,
    );

    const inputs = [{ file: 'a.txt', mediaType: 'text/plain' }];
    const task = {
      ...taskForSkill({ term: TERM, inputs, valueMicroUsd: 1_000_000 }),
      output: { mediaType: 'text/plain' },
    };
    const files = { 'a.txt': Buffer.from('done').toString('base64') };
    const ran = client.run({ task, files }, never);
    const executions = async () =>
      (await readFile(join(path!, 'executions'), 'utf8')).split('\n').length - 1;
    await expect.poll(executions, { timeout: 20_000 }).toBe(1);
    await end();
    expect(await readFile(join(path, 'cancelled'), 'utf8')).toBe('cancelled\n');
    await startSeller(s, {
      ...{ hardware, trust },
      network: { ...network, listen: [address!.replace(/\/p2p\/.*$/, '')] },
    });

    const { status, subtasks, output } = await ran;
    expect(status).toBe('completed');
    expect(output?.[0]?.text).toBe('DONE');
    expect(subtasks[0]?.attempts).toMatchObject([{ where: s.peerId, outcome: 'verified' }]);
    expect(await executions()).toBe(2);
  }, 60_000);
});
