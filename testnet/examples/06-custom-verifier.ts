/**
 * Checks results by a function of one's own, for a skill of which this node knows no check. What
 * the function does not accept is not paid for, and counts against the contractor.
 *
 *     node dist/testnet/examples/06-custom-verifier.js
 *
 * The seller's program writes a text in capitals, and forgets to if the text is long.
 *
 * @module
 */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openAgentNode } from 'coalesce';
import type { ResultVerifier } from 'coalesce';

const TERM = 'performs:text/upper';
const PROGRAM = `
export default {
  async execute({ taskId, contextId, userMessage }, bus) {
    const text = userMessage.parts.map(({ content }) => content.value).findLast(Boolean);
    const value = text.length < 20 ? text.toUpperCase() : text;
    const part = { content: { $case: 'text', value }, mediaType: 'text/plain', filename: '' };
    const data = { messageId: 'm', contextId, taskId, role: 2, parts: [part], extensions: [] };
    bus.publish({ kind: 'message', data: { ...data, referenceTaskIds: [], metadata: undefined } });
    bus.finished();
  },
  async cancelTask() {},
};
`;
const signal = AbortSignal.timeout(60_000);
const directory = await mkdtemp(join(tmpdir(), 'coalesce-example-'));

const areCapitals: ResultVerifier = ({ resultParts }) => {
  const passed = resultParts.every(({ text = '' }) => text === text.toUpperCase());
  return { passed, detail: passed ? 'every letter is a capital' : 'a letter is no capital' };
};

try {
  await using client = await openAgentNode({
    dataPath: join(directory, 'client'),
    verifiers: new Map([[TERM, areCapitals]]),
    config: {
      network: { isLocalNetwork: true },
      // Nobody has attested this seller. Set so only where you know it, as here.
      decision: { confidenceThreshold: 0, scoreThreshold: 0 },
    },
  });
  await using seller = await openAgentNode({
    dataPath: join(directory, 'seller'),
    config: { network: { isLocalNetwork: true, bootstrap: [...client.node.addresses()] } },
  });
  const path = join(directory, 'upper.mjs');
  await writeFile(path, PROGRAM);
  const skill = {
    term: TERM,
    description: 'A text in capital letters',
    priceMicroUsd: 100,
    perUnit: 'task',
    latencyMs: 2_000,
    capacity: 4,
    executor: { type: 'module', path, estimatedSeconds: 1 },
  };
  await seller.node.publishSkills({ skills: [skill] }, signal);

  for (const text of ['a quiet kettle', 'a quiet kettle with a weak lid']) {
    const task = {
      title: 'Capital letters',
      skills: [TERM],
      input: { parts: [{ text, mediaType: 'text/plain' }] },
      output: { mediaType: 'text/plain' },
      verification: [],
      constraints: { sensitivity: 'low', maxPriceMicroUsd: 1_000 },
      valueMicroUsd: 5_000,
    };
    const { status, output, totals, subtasks } = await client.node.run({ task, files: {} }, signal);
    const answer = output?.[0]?.text ?? 'no answer';
    console.log(`${answer}: ${status}, ${totals.paidMicroUsd} micro-USD paid`);
    const [attempt] = subtasks[0]?.attempts ?? [];
    const passed = attempt?.outcome === 'verified';
    const check = subtasks[0]?.verification.checks.find(({ type }) => type === 'custom');
    const why = check?.detail ?? attempt?.reason?.replace(/^custom: /, '');
    console.log(`check custom: ${passed ? 'passed' : 'failed'}, ${why}`);
  }
} finally {
  await rm(directory, { recursive: true, force: true });
}
