/**
 * Outsources a task: an attestor tests a seller and certifies it, a client that trusts the attestor
 * decides, hands the task over, checks the result by doing it again, pays and keeps the receipt.
 *
 *     node dist/testnet/examples/02-outsource-a-task.js
 *
 * @module
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openAgentNode } from 'coalesce';

const TERM = 'performs:nlp/sentiment';
const signal = AbortSignal.timeout(120_000);
const directory = await mkdtemp(join(tmpdir(), 'coalesce-example-'));

try {
  await using attestor = await openAgentNode({
    dataPath: join(directory, 'attestor'),
    config: { network: { isLocalNetwork: true } },
  });
  const network = { isLocalNetwork: true, bootstrap: [...attestor.node.addresses()] };
  const trust = { attestors: [attestor.node.peerId] };

  await using seller = await openAgentNode({
    dataPath: join(directory, 'seller'),
    config: { network, trust },
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

  // Known-answer tasks: nobody hires a contractor of which nothing is known.
  const order = { peerId: seller.node.peerId, term: TERM, tasks: 8 };
  const { passed, run } = await attestor.node.attest(order, signal);
  console.log(`the attestor certified the seller: ${passed} of ${run} tasks passed`);

  await using client = await openAgentNode({
    dataPath: join(directory, 'client'),
    config: {
      network,
      trust,
      // A review this short costs less here than to hand it over. Leave this out, and it stays.
      decision: { hasEconomicGate: false },
      verification: { auditRateNew: 1, auditRateKnown: 1 },
    },
  });
  const text = 'The tent is light and goes up fast. It let the rain in, which ruined the night.';
  const task = {
    title: 'Mood of a review',
    skills: [TERM],
    input: { parts: [{ text, mediaType: 'text/plain' }] },
    output: { mediaType: 'application/json' },
    verification: [{ type: 'recompute' }],
    constraints: { sensitivity: 'low', maxPriceMicroUsd: 100 },
    valueMicroUsd: 1_000,
  };

  const { result } = await client.node.decide({ task, files: {} }, undefined, signal);
  console.log(`the decision would be ${result.choice}`);

  const { status, subtasks, totals } = await client.node.run({ task, files: {} }, signal);
  const [subtask] = subtasks;
  const by = subtask?.attempts.at(-1)?.where === seller.node.peerId ? 'by the seller' : 'here';
  console.log(`${status} ${by}, ${totals.paidMicroUsd} micro-USD paid`);
  for (const { type, passed: isPassed } of subtask?.verification.checks ?? []) {
    console.log(`check ${type}: ${isPassed ? 'passed' : 'failed'}`);
  }
  console.log(`receipt ${subtask?.receiptId === null ? 'none' : 'signed by both'}`);
} finally {
  await rm(directory, { recursive: true, force: true });
}
