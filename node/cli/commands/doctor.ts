/** `coalesce doctor`: what ails a node, why, and the mend. @module */

import type { DoctorDocument } from '../../doctor/observation.ts';
import { count } from '../../doctor/finding.ts';
import type { Finding } from '../../doctor/finding.ts';
import { systemClock } from '../../system-clock.ts';
import { LEAST_NODE_VERSION } from '../../version.ts';
import type { RegisterCommand } from '../context.ts';

export const registerDoctor: RegisterCommand = (program, run) => {
  program
    .command('doctor')
    .description('check a node and its surroundings; a mend for each failure; daemon or not')
    .action(
      run(async (context) => {
        // Loaded here, because the other commands do without it.
        const { diagnose } = await import('../../doctor/observation.ts');
        const { observe } = await import('../../doctor/observe.ts');
        const seen = await observe({
          dataPath: context.dataPath,
          environment: process.env,
          leastNodeVersion: LEAST_NODE_VERSION,
          clock: systemClock,
          signal: context.signal,
        });
        const document = diagnose(seen);
        context.print(document, () => describe(document));
        return document.healthy ? 0 : 1;
      }),
    );
};

const MARKS = { ok: 'ok', warning: 'WARNING', failure: 'FAILURE', skipped: 'skipped' } as const;

function describe({ dataDirectory, counts, findings }: DoctorDocument): string {
  const warnings = count(counts.warning, 'warning');
  const sums = `${counts.failure} failed, ${warnings}, ${counts.skipped} skipped`;
  return [...findings.flatMap(linesOf), '', `${dataDirectory}: ${sums}`].join('\n');
}

function linesOf({ check, state, found, cause, mend }: Finding): string[] {
  const line = `${MARKS[state].padEnd(8)} ${check.padEnd(17)} ${found}`;
  const indent = ' '.repeat(27);
  return [
    line,
    ...(cause === null ? [] : [`${indent}because ${cause}`]),
    ...(mend === null ? [] : [`${indent}mend: ${mend}`]),
  ];
}
