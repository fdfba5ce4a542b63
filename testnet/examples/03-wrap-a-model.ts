/**
 * Sells what a model does: any service that speaks the OpenAI API stands behind a skill.
 *
 *     MODEL_URL=http://127.0.0.1:11434/v1 MODEL=llama3.2 \
 *       node dist/testnet/examples/03-wrap-a-model.js
 *
 * A client that has no model of its own hands a text over and pays for the summary. Two runs of a
 * model need not agree, so the client checks the form of the result, not its content.
 *
 * @module
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openAgentNode } from 'coalesce';

const TERM = 'performs:nlp/summarization';
const { MODEL_URL: baseUrl, MODEL: model = 'llama3.2' } = process.env;
if (baseUrl === undefined) {
  process.stderr.write('set MODEL_URL, for example http://127.0.0.1:11434/v1\n');
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
  const executor = {
    type: 'openai',
    baseUrl,
    model,
    systemPrompt: 'You summarise texts in one plain sentence. Answer with JSON: {"summary": "..."}',
    maxOutputTokens: 200,
    inputUsdPerMillionTokens: 0.15,
    outputUsdPerMillionTokens: 0.6,
  };
  const skill = {
    term: TERM,
    description: 'A summary of English text in one sentence',
    priceMicroUsd: 900,
    perUnit: 'task',
    latencyMs: 8_000,
    capacity: 4,
    executor,
  };
  await seller.node.publishSkills({ skills: [skill] }, signal);

  const text = 'The kettle boils fast and is quiet. Its lid broke after a week, and was replaced.';
  const task = {
    title: 'Summary of a review',
    skills: [TERM],
    input: { parts: [{ text, mediaType: 'text/plain' }] },
    output: {
      mediaType: 'application/json',
      schema: {
        type: 'object',
        properties: { summary: { type: 'string' } },
        required: ['summary'],
      },
    },
    verification: [{ type: 'json-schema' }],
    constraints: { sensitivity: 'low', maxPriceMicroUsd: 2_000 },
    valueMicroUsd: 5_000,
  };
  const { status, output, totals, subtasks } = await client.node.run({ task, files: {} }, signal);
  console.log(`${status}, ${totals.paidMicroUsd} micro-USD paid`);
  console.log(JSON.stringify(output?.[0]?.data ?? subtasks[0]?.decision.reason));
} finally {
  await rm(directory, { recursive: true, force: true });
}
