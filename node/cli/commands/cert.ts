/** `coalesce cert`: skill certificates. @module */

import { readFile } from 'node:fs/promises';
import type {
  CertificateDocument,
  DisclosureDocument,
  EndorsementDocument,
  PortableProofDocument,
  RevocationDocument,
  VerifyDocument,
} from '../../api-documents.ts';
import { BadInputError } from '../../errors.ts';
import { codeOf } from '../../storage/data-directory.ts';
import type { RegisterCommand } from '../context.ts';
import { collect, id, minimum, wholeNumber } from '../options.ts';
import type { Minimum } from '../options.ts';
import { table } from '../table.ts';
import { addRotationCommands } from './cert-rotation.ts';

interface IssueOptions {
  readonly skill: string[];
  readonly days: number;
}

interface ProveOptions {
  readonly verifier: string;
  readonly nonce: string;
}

interface VerifyOptions {
  readonly min?: Minimum;
  readonly nonce?: string;
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
    .command('show')
    .alias('list')
    .description('certificates that this node holds: kind, level, issuer, what about')
    .argument('[certId]', 'one of them', id)
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
                ['certificate', 'kind', 'level', 'issuer', 'expires', 'about'],
                certificates.map((row) => [
                  row.certId,
                  row.kind,
                  String(row.level),
                  row.issuer,
                  time(row.expiresAtSeconds),
                  [...new Set(row.leaves.map(({ name }) => name))].join(', '),
                ]),
              ),
        );
        return certificates.length === 0 ? 3 : 0;
      }),
    );
  cert
    .command('revoke')
    .description('revoke a certificate that this node has issued, for good, and tell the network')
    .argument('<certId>', 'as the attestation printed it', id)
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
  registerEndorse(cert, run);
  registerDisclosures(cert, run);
};

const registerEndorse: RegisterCommand = (cert, run) => {
  cert
    .command('endorse <peerId>')
    .description('certify what your receipts say of a contractor that you hired, and hand it over')
    .requiredOption('--skill <term>', 'skill that it was hired for')
    .action(
      run(async (context, peerId: string, { skill: term }: { readonly skill: string }) => {
        const { signal } = context;
        const result = await context.withDaemon((client) =>
          client.post<EndorsementDocument>(
            '/v1/certificates/endorse',
            { peerId, term },
            { signal },
          ),
        );
        context.print(result, () => describeEndorsement(result));
        return result.delivered ? 0 : 1;
      }),
    );
};

/** What a holder hands over as a file, and the check of it. */
const registerDisclosures: RegisterCommand = (cert, run) => {
  cert
    .command('disclose')
    .description('open some leaves of a held certificate; print a file for whoever is to see them')
    .argument('<certId>', 'as "cert show" prints it', id)
    .requiredOption('--term <term>', 'term whose leaves are opened (repeatable)', collect, [])
    .action(
      run(async (context, certId: string, options: { readonly term: string[] }) => {
        const path = `/v1/certificates/${encodeURIComponent(certId)}/disclose`;
        const document = await context.withDaemon((client) =>
          client.post<DisclosureDocument>(path, { terms: options.term }),
        );
        context.print(document, () => JSON.stringify(document, undefined, 2));
      }),
    );
  cert
    .command('prove <minimum>')
    .description("prove 'NAME>=N' of a resource to one verifier, without the exact value")
    .requiredOption('--verifier <peerId>', 'peer that the proof is for')
    .requiredOption('--nonce <hex>', '32 bytes that the verifier chose: openssl rand -hex 32')
    .action(
      run(async (context, text: string, { verifier, nonce }: ProveOptions) => {
        const body = { ...minimumArgument(text), verifier, nonce };
        const document = await context.withDaemon((client) =>
          client.post<PortableProofDocument>('/v1/certificates/prove', body),
        );
        context.print(document, () => JSON.stringify(document, undefined, 2));
      }),
    );
  cert
    .command('verify <file>')
    .description('check an envelope, a disclosure or a proof, by this node’s trust policy')
    .option('--min <minimum>', "of a proof: what was to be proved, 'NAME>=N'", minimum)
    .option('--nonce <hex>', 'of a proof: the 32 bytes that this node chose for it')
    .action(
      run(async (context, file: string, options: VerifyOptions) => {
        const body = await readVerifiable(file, options);
        const result = await context.withDaemon((client) =>
          client.post<VerifyDocument>('/v1/certificates/verify', body),
        );
        context.print(result, () => describeVerified(result));
        return result.valid ? 0 : 1;
      }),
    );
  addRotationCommands(cert, run);
};

function minimumArgument(text: string): Minimum {
  try {
    return minimum(text);
  } catch (error) {
    throw new BadInputError(`cert prove: ${error instanceof Error ? error.message : text}`);
  }
}

function describeVerified({ valid, reason, certificate, proved }: VerifyDocument): string {
  if (!valid) return `refused: ${reason ?? 'unknown'}`;
  if (proved) {
    const { name, atLeast, level, issuer } = proved;
    return `valid\n  proves  ${name} >= ${atLeast}, level ${level}, attested by ${issuer}`;
  }
  return certificate ? `valid\n${describe(certificate)}` : 'valid';
}

/** The body of `verify` for what stands in a file. */
async function readVerifiable(file: string, options: VerifyOptions): Promise<object> {
  const bytes = await readBytes(file);
  const json = parsed(bytes);
  if (typeof json['presentation'] === 'string') {
    const { min, nonce } = options;
    if (min === undefined || nonce === undefined) {
      throw new BadInputError(
        'cert verify: a proof needs --min, what was asked, and --nonce, as you chose it',
      );
    }
    const { holder, presentation } = json;
    return { presentation, holder, nonce, ...min };
  }
  if (options.min !== undefined || options.nonce !== undefined) {
    throw new BadInputError(
      `cert verify: --min and --nonce are for proofs, and ${file} is none; ask for "cert prove"`,
    );
  }
  if (Array.isArray(json['open'])) return { disclosure: json };
  const inside = json['envelope'];
  const envelope = typeof inside === 'string' ? Buffer.from(inside) : bytes;
  return { envelope: envelope.toString('base64') };
}

async function readBytes(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new BadInputError(`${file}: cannot be read (${codeOf(error)})`, { cause: error });
  }
}

/** The object that the file holds; an empty one if it holds something else. */
function parsed(bytes: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value = JSON.parse(bytes.toString('utf8')) as unknown;
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function describeEndorsement(result: EndorsementDocument): string {
  const { peerId, term, passed, run, receiptId, certId, delivered, reason } = result;
  const what = delivered ? 'was delivered' : 'was issued, but the peer did not take it';
  return [
    `${peerId} passed ${passed} of ${run} tasks of ${term} by your receipts, the newest ${receiptId}`,
    ...(reason === null ? [] : [`  failed: ${reason}`]),
    `Endorsement ${certId} ${what}.`,
    ...(delivered ? [`To take it back: coalesce cert revoke ${certId}`] : []),
  ].join('\n');
}

function time(seconds: number): string {
  return `${new Date(seconds * 1_000).toISOString().slice(0, 16)}Z`;
}

function describe(certificate: CertificateDocument): string {
  return [
    `certificate ${certificate.certId}`,
    `  kind    ${certificate.kind}, level ${certificate.level} by this node's trust policy`,
    ...(certificate.remark === null ? [] : [`  remark  ${certificate.remark}`]),
    `  issuer  ${certificate.issuer}`,
    `  holder  ${certificate.holder}`,
    `  valid   ${time(certificate.issuedAtSeconds)} to ${time(certificate.expiresAtSeconds)}`,
    ...certificate.leaves.map(({ kind, name, value }) => `  ${kind.padEnd(7)} ${name} ${value}`),
  ].join('\n');
}
