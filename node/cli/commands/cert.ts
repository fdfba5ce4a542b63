/** `coalesce cert`: skill certificates. @module */

import { readFile } from 'node:fs/promises';
import type { CertificateDocument, RevocationDocument } from '../../api-documents.ts';
import { BadInputError } from '../../errors.ts';
import { codeOf } from '../../storage/data-directory.ts';
import type { RegisterCommand } from '../context.ts';
import { collect, wholeNumber } from '../options.ts';
import { table } from '../table.ts';
import { addRotationCommands } from './cert-rotation.ts';

interface IssueOptions {
  readonly skill: string[];
  readonly days: number;
}

interface VerifyDocument {
  readonly valid: boolean;
  readonly reason: string | null;
  readonly certificate: CertificateDocument | null;
}

export const registerCert: RegisterCommand = (program, run) => {
  const cert = program.command('cert').description('skill certificates');
  cert
    .command('issue')
    .description('issue a certificate of this node for itself: level 0, a claim and no proof')
    .requiredOption('--skill <term>', 'skill that it names (repeatable)', collect, [])
    .option('--days <n>', 'how long it is valid', wholeNumber(1, 30), 30)
    .action(
      run(async (context, options: IssueOptions) => {
        if (options.skill.length === 0) {
          throw new BadInputError(
            'cert issue: name a skill, for example --skill performs:nlp/sentiment',
          );
        }
        const certificate = await context.withDaemon((client) =>
          client.post<CertificateDocument>(
            '/v1/certificates',
            { skills: options.skill, days: options.days },
            { signal: context.signal },
          ),
        );
        context.print(certificate, () => describe(certificate));
      }),
    );
  cert
    .command('show [certId]')
    .description('certificates that this node holds')
    .action(
      run(async (context, certId: string | undefined) => {
        if (certId !== undefined) {
          const certificate = await context.withDaemon((client) =>
            client.get<CertificateDocument>(`/v1/certificates/${encodeURIComponent(certId)}`),
          );
          context.print(certificate, () => describe(certificate));
          return 0;
        }
        const { certificates } = await context.withDaemon((client) =>
          client.get<{ certificates: CertificateDocument[] }>('/v1/certificates'),
        );
        context.print({ certificates }, () =>
          certificates.length === 0
            ? 'No certificates. An attestor can issue one: coalesce attest PEER --skill TERM'
            : table(
                ['certificate', 'kind', 'level', 'issuer', 'expires', 'skills'],
                certificates.map((row) => [
                  row.certId,
                  row.kind,
                  String(row.level),
                  row.issuer,
                  time(row.expiresAtSeconds),
                  row.leaves
                    .filter(({ kind }) => kind === 'skill')
                    .map(({ name }) => name)
                    .join(', '),
                ]),
              ),
        );
        return certificates.length === 0 ? 3 : 0;
      }),
    );
  cert
    .command('revoke <certId>')
    .description('revoke a certificate that this node has issued, for good, and tell the network')
    .action(
      run(async (context, certId: string) => {
        const result = await context.withDaemon((client) =>
          client.post<RevocationDocument>(`/v1/certificates/${encodeURIComponent(certId)}/revoke`),
        );
        context.print(result, () =>
          result.isNew
            ? `Revoked ${result.certId}: slot ${result.slot} of list ${result.list}.`
            : `${result.certId} had been revoked before.`,
        );
      }),
    );
  cert
    .command('verify <file>')
    .description('check an envelope: signature, times, issuer by this node’s trust policy')
    .action(
      run(async (context, file: string) => {
        const envelope = await readEnvelope(file);
        const result = await context.withDaemon((client) =>
          client.post<VerifyDocument>('/v1/certificates/verify', { envelope }),
        );
        context.print(result, () =>
          result.valid && result.certificate
            ? `valid\n${describe(result.certificate)}`
            : `refused: ${result.reason ?? 'unknown'}`,
        );
        return result.valid ? 0 : 1;
      }),
    );
  addRotationCommands(cert, run);
};

/** An envelope as it travels, or the JSON of `cert show`, which has it inside. */
async function readEnvelope(file: string): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    throw new BadInputError(`${file}: cannot be read (${codeOf(error)})`, { cause: error });
  }
  return (envelopeInside(bytes) ?? bytes).toString('base64');
}

function envelopeInside(bytes: Buffer): Buffer | undefined {
  try {
    const shown = JSON.parse(bytes.toString('utf8')) as { envelope?: unknown } | null;
    return typeof shown?.envelope === 'string' ? Buffer.from(shown.envelope) : undefined;
  } catch {
    return undefined;
  }
}

function time(seconds: number): string {
  return `${new Date(seconds * 1_000).toISOString().slice(0, 16)}Z`;
}

function describe(certificate: CertificateDocument): string {
  return [
    `certificate ${certificate.certId}`,
    `  kind    ${certificate.kind}, level ${certificate.level} by this node's trust policy`,
    `  issuer  ${certificate.issuer}`,
    `  holder  ${certificate.holder}`,
    `  valid   ${time(certificate.issuedAtSeconds)} to ${time(certificate.expiresAtSeconds)}`,
    ...certificate.leaves.map(({ kind, name, value }) => `  ${kind.padEnd(7)} ${name} ${value}`),
  ].join('\n');
}
