/**
 * `task`: one outsourced task on a network of real processes, from the request to the receipt, and
 * where its time goes. The baseline is the same task done by the client itself.
 *
 * @module
 */

import type { RunDocument } from '../../node/api-documents.ts';
import { totalsOf } from '../../node/tasks/run-totals.ts';
import { createTestnet } from '../testnet.ts';
import { median } from './measuring.ts';
import type { Bench, BenchRow } from './measuring.ts';

const WARM_UP = 3;
const RUNS = 15;
const TERM = 'performs:nlp/sentiment';
const SENTENCE = 'The room was clean and the staff were kind, but the street is loud at night. ';

/** Large enough that it is worth handing out: about 500 kB. */
const LARGE = SENTENCE.repeat(6_500);

export const benchTask: Bench = async (onProgress) => {
  onProgress('task: starting a network of 5 nodes');
  await using network = await createTestnet(5);
  const runOne = (text: string) =>
    network.client.api.post<RunDocument>('/v1/run', { task: taskOf(text) });
  const runs: RunDocument[] = [];
  for (let i = 0; i < WARM_UP + RUNS; i++) {
    onProgress(`task: run ${i + 1} of ${WARM_UP + RUNS}`);
    const run = await runOne(`${LARGE}${i}`);
    if (i >= WARM_UP) runs.push(run);
  }
  const outsourced = runs.filter((run) => run.subtasks[0]?.receiptId !== null);
  const local = runs.filter((run) => run.subtasks[0]?.receiptId === null);
  const counts = `${outsourced.length} runs outsourced, ${local.length} local`;
  const rows: BenchRow[] = [
    {
      bench: 'task',
      case: `sentiment of 500 kB, request to receipt (${counts})`,
      value: median(outsourced.map(({ totals }) => totals.wallMs)),
      unit: 'ms',
    },
  ];
  const phases = new Set(outsourced.flatMap((run) => Object.keys(run.subtasks[0]?.phasesMs ?? {})));
  for (const phase of phases) {
    const values = outsourced.map((run) => run.subtasks[0]?.phasesMs[phase] ?? 0);
    rows.push({ bench: 'task', case: `of this: ${phase}`, value: median(values), unit: 'ms' });
  }
  const { netSavingPercent } = totalsOf(
    runs.flatMap(({ subtasks }) => subtasks.map(({ cost }) => cost)),
    0,
  );
  rows.push({
    bench: 'task',
    case: 'net saving of all these runs, all processor time of the client charged',
    value: netSavingPercent ?? Number.NaN,
    unit: '%',
  });
  return rows;
};

function taskOf(text: string): object {
  return {
    title: 'Sentiment of a text',
    skills: [TERM],
    input: { parts: [{ text, mediaType: 'text/plain' }] },
    output: { mediaType: 'application/json' },
    verification: [{ type: 'recompute' }],
    constraints: { sensitivity: 'low' },
    valueMicroUsd: 1_000,
  };
}
