/**
 * Makes a private network: nodes with the same key, which nobody joins who does not have it.
 *
 *     node dist/testnet/examples/05-private-network.js
 *
 * The key is a file in each data directory, of the form that other libp2p programs use too. It
 * keeps strangers out; who is who among the members certificates say.
 *
 * @module
 */

import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openAgentNode } from 'coalesce';
import type { OpenAgentNode } from 'coalesce';

const TERM = 'performs:nlp/sentiment';
const KEY_FILE = 'swarm.key';
const signal = AbortSignal.timeout(60_000);
const directory = await mkdtemp(join(tmpdir(), 'coalesce-example-'));
const key = `/key/swarm/psk/1.0.0/\n/base16/\n${randomBytes(32).toString('hex')}\n`;

/** Opens a node that has the key. */
async function openMember(name: string, bootstrap: readonly string[]): Promise<OpenAgentNode> {
  const dataPath = join(directory, name);
  await mkdir(dataPath, { recursive: true, mode: 0o700 });
  await writeFile(join(dataPath, KEY_FILE), key, { mode: 0o600 });
  const network = { isLocalNetwork: true, keyFile: KEY_FILE, bootstrap: [...bootstrap] };
  return openAgentNode({ dataPath, config: { name, network } });
}

/** Looks for sellers. */
async function look({ node }: OpenAgentNode): Promise<string> {
  const query = { query: TERM, limit: 10, minimums: [], brokers: false, trace: false };
  const { hits, outcome } = await node.query(query, signal);
  return `${hits.length} ${hits.length === 1 ? 'hit' : 'hits'}, ${outcome}`;
}

try {
  await using seller = await openMember('seller', []);
  const bootstrap = [...seller.node.addresses()];
  await using member = await openMember('member', bootstrap);
  await using stranger = await openAgentNode({
    dataPath: join(directory, 'stranger'),
    config: { network: { isLocalNetwork: true, bootstrap } },
  });
  const skill = {
    term: TERM,
    description: 'Sentiment of English text, sentence by sentence',
    priceMicroUsd: 20,
    perUnit: 'task',
    latencyMs: 1_000,
    capacity: 4,
    executor: { type: 'builtin' },
  };
  await seller.node.publishSkills({ skills: [skill] }, signal);
  console.log(`with the key: ${await look(member)}`);
  console.log(`without it: ${await look(stranger)}`);
} finally {
  await rm(directory, { recursive: true, force: true });
}
