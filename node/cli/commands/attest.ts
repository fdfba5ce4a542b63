/**
 * `coalesce attest`: run known-answer tasks on a peer, or measure one of its resources, and certify
 * what came of it.
 *
 * @module
 */

import { fixedRung } from '../../../crypto/rung-ladder.ts';
import { MAX_MEASURED_MIB } from '../../../protocols/attestation/memory-challenge.ts';
import type { AttestDocument, ResourceAttestDocument } from '../../api-documents.ts';
import { BadInputError } from '../../errors.ts';
import { MIN_KNOWN_ANSWER_TASKS } from '../../tasks/attestation-rule.ts';
import type { CliContext, RegisterCommand } from '../context.ts';
import { resource, wholeNumber } from '../options.ts';
import { usd } from '../table.ts';

interface AttestOptions {
  readonly skill?: string;
  readonly tasks?: number;
  readonly resource?: string;
  readonly amount?: number;
  readonly durationMs?: number;
  readonly measured?: number;
}

const DEFAULT_TASKS = 8;

export const registerAttest: RegisterCommand = (program, run) => {
  program
    .command('attest <peerId>')
    .description('test a skill of a peer, or measure a resource, and certify what came of it')
    .option('--skill <term>', 'skill to attest, by known-answer tasks')
    .option(
      '--tasks <n>',
      `known-answer tasks to run, at least ${MIN_KNOWN_ANSWER_TASKS} (default: 8)`,
      wholeNumber(MIN_KNOWN_ANSWER_TASKS, 64),
    )
    .option('--resource <name>', 'resource to attest, such as memory-mib', resource)
    .option(
      '--amount <n>',
      `MiB of memory to measure, at most ${MAX_MEASURED_MIB}; vouch for more (default: 64)`,
      wholeNumber(1, MAX_MEASURED_MIB),
    )
    .option('--duration-ms <n>', 'how long computing is timed', wholeNumber(1, 5_000))
    .option(
      '--measured <n>',
      'vouch for this value, measured at the machine',
      wholeNumber(0, 4_294_967_295),
    )
    .action(
      run(async (context, peerId: string, options: AttestOptions) => {
        if ((options.skill === undefined) === (options.resource === undefined)) {
          throw new BadInputError('Give one of --skill and --resource');
        }
        return options.resource === undefined
          ? attestSkill(context, peerId, options)
          : attestResource(context, peerId, options);
      }),
    );
};

async function attestSkill(
  context: CliContext,
  peerId: string,
  { skill, tasks = DEFAULT_TASKS, amount, durationMs, measured }: AttestOptions,
): Promise<number> {
  if (amount !== undefined || durationMs !== undefined || measured !== undefined) {
    throw new BadInputError('--amount, --duration-ms and --measured go with --resource');
  }
  const body = { peerId, term: skill, tasks };
  const result = await context.withDaemon((client) =>
    client.post<AttestDocument>('/v1/attest', body, { signal: context.signal }),
  );
  context.print(result, () => describeSkill(result));
  return result.certId !== null && result.delivered ? 0 : 1;
}

async function attestResource(
  context: CliContext,
  peerId: string,
  { resource: term, tasks, amount, durationMs, measured }: AttestOptions,
): Promise<number> {
  if (tasks !== undefined) throw new BadInputError('--tasks goes with --skill');
  const body = { peerId, resource: term, amount, durationMs, measured };
  const result = await context.withDaemon((client) =>
    client.post<ResourceAttestDocument>('/v1/attest-resource', body, { signal: context.signal }),
  );
  context.print(result, () => describeResource(result));
  return result.delivered ? 0 : 1;
}

function describeSkill(result: AttestDocument): string {
  const { peerId, term, run: tasks, passed, failures, certId, delivered } = result;
  const took = `${result.elapsedMs} ms, the peer had them ${result.busyMs} ms`;
  const cost = `paid ${usd(result.paidMicroUsd)}, ${took}`;
  return [
    `${peerId} passed ${passed} of ${tasks} tasks of ${term} (${cost})`,
    ...folded(failures).map((failure) => `  failed: ${failure}`),
    describeCertificate(certId, delivered),
  ].join('\n');
}

/** Equal lines once, with how often. */
function folded(lines: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1);
  return [...counts].map(([line, count]) => (count === 1 ? line : `${count} times: ${line}`));
}

function describeResource(result: ResourceAttestDocument): string {
  const { peerId, resource: term, unit, method, value, reason, certId, delivered } = result;
  const cost = `${result.elapsedMs} ms, ${result.busyMs} ms of the peer's processor`;
  const how = method === 'stated' ? 'as stated' : cost;
  return [
    value === null
      ? `${peerId}: ${term} was not measured (${result.elapsedMs} ms)`
      : `${peerId} has ${value} ${unit} of ${term} (${how})`,
    ...(value === null || certId === null ? [] : [`  ${provable(value, unit)}`]),
    ...(reason === null ? [] : [`  failed: ${reason}`]),
    describeCertificate(certId, delivered),
  ].join('\n');
}

/** The holder answers with one rung, whatever is asked. */
function provable(value: number, unit: string): string {
  const rung = fixedRung(BigInt(value));
  return rung === undefined
    ? 'of that the peer can prove nothing'
    : `a proof of it says "at least ${rung} ${unit}", or less if the peer has set a limit`;
}

function describeCertificate(certId: string | null, isDelivered: boolean): string {
  const certificate = isDelivered ? 'was delivered' : 'was issued, but the peer did not take it';
  return certId === null ? 'No certificate was issued.' : `Certificate ${certId} ${certificate}.`;
}
