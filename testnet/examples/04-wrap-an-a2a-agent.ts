/**
 * Sells what an A2A agent does that knows nothing of this network: its URL is enough.
 *
 *     AGENT_URL=http://127.0.0.1:41241 node dist/testnet/examples/04-wrap-an-a2a-agent.js
 *
 * @module
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openAgentNode } from 'coalesce';

const TERM = 'performs:text/upper';
const { AGENT_URL: url } = process.env;
if (url === undefined) {
  process.stderr.write('set AGENT_URL, where the card of the agent stands\n');
  process.exit(2);
}
const signal = AbortSignal.timeout(300_000);
const directory = await mkdtemp(join(tmpdir(), 'coalesce-example-'));

try {
  await using client = await openAgentNode({
    dataPath: join(directory, 'client'),
    config: {
      network: { isLocalNetwork: true },
      // Nobody has attested this seller. Set so only where you know it, as here.
      decision: { confidenceThreshold: 0, scoreThreshold: 0 },
    },
  });

  await using seller = await openAgentNode({
    dataPath: join(directory, 'seller'),
    config: {
      network: { isLocalNetwork: true, bootstrap: [...client.node.addresses()] },
    },
  });
  const skill = {
    term: TERM,
    description: 'A text in capital letters',
    priceMicroUsd: 100,
    perUnit: 'task',
    latencyMs: 2_000,
    capacity: 4,
    executor: { type: 'a2a', url, instruction: 'Write this in capital letters:' },
  };
  await seller.node.publishSkills({ skills: [skill] }, signal);

  const task = {
    title: 'Capital letters',
    skills: [TERM],
    input: { parts: [{ text: 'a quiet kettle', mediaType: 'text/plain' }] },
    output: { mediaType: 'text/plain' },
    verification: [],
    constraints: { sensitivity: 'low', maxPriceMicroUsd: 1_000 },
    valueMicroUsd: 5_000,
  };
  const { status, output, totals, subtasks } = await client.node.run({ task, files: {} }, signal);
  console.log(`${status}, ${totals.paidMicroUsd} micro-USD paid`);
  console.log(output?.[0]?.text ?? subtasks[0]?.decision.reason);
} finally {
  await rm(directory, { recursive: true, force: true });
}
