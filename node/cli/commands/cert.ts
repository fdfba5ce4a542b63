/** `coalesce cert`: skill certificates. @module */

import type {
  CertificateDocument,
  EndorsementDocument,
  IssuedListDocument,
  RevocationDocument,
} from '../../api-documents.ts';
import { BadInputError } from '../../errors.ts';
import { describeCertificate, minuteOf } from '../certificate-text.ts';
import type { RegisterCommand } from '../context.ts';
import { collect, id, wholeNumber } from '../options.ts';
import { table } from '../table.ts';
import { registerDisclosures } from './cert-disclosures.ts';
import { addRotationCommands } from './cert-rotation.ts';

interface IssueOptions {
  readonly skill: string[];
  readonly days: number;
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
        context.print(certificate, () => describeCertificate(certificate));
      }),
    );
  registerList(cert, run);
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
  addRotationCommands(cert, run);
};

const registerList: RegisterCommand = (cert, run) => {
  cert
    .command('show')
    .alias('list')
    .description('certificates that this node holds: kind, level, issuer, what about')
    .argument('[certId]', 'one of them', id)
    .option('--issued', 'those that this node has issued instead: holder, end, whether revoked')
    .action(
      run(async (context, certId: string | undefined, { issued }: { readonly issued?: true }) => {
        if (issued) {
          if (certId !== undefined) {
            throw new BadInputError('cert list: --issued lists all, so leave the id out');
          }
          const list = await context.withDaemon((client) =>
            client.get<IssuedListDocument>('/v1/certificates/issued'),
          );
          context.print(list, () => describeIssued(list));
          return list.issued.length === 0 ? 3 : 0;
        }
        if (certId !== undefined) {
          const certificate = await context.withDaemon((client) =>
            client.get<CertificateDocument>(`/v1/certificates/${encodeURIComponent(certId)}`),
          );
          context.print(certificate, () => describeCertificate(certificate));
          return 0;
        }
        const { certificates } = await context.withDaemon((client) =>
          client.get<{ certificates: CertificateDocument[] }>('/v1/certificates'),
        );
        context.print({ certificates }, () => describeHeld(certificates));
        return certificates.length === 0 ? 3 : 0;
      }),
    );
};

function describeHeld(certificates: readonly CertificateDocument[]): string {
  if (certificates.length === 0) {
    return 'No certificates. An attestor can issue one: coalesce attest PEER --skill TERM';
  }
  return table(
    ['certificate', 'kind', 'level', 'issuer', 'expires', 'about', 'against it'],
    certificates.map((row) => [
      row.certId,
      row.kind,
      String(row.level),
      row.issuer,
      minuteOf(row.expiresAtSeconds),
      [...new Set(row.leaves.map(({ name }) => name))].join(', '),
      row.remark ?? '',
    ]),
  );
}

function describeIssued({ issued, total }: IssuedListDocument): string {
  if (issued.length === 0) {
    return 'This node has issued no certificate. See: coalesce attest --help';
  }
  const rows = table(
    ['certificate', 'kind', 'holder', 'about', 'expires', 'revoked'],
    issued.map((row) => [
      row.certId,
      row.kind,
      row.holder,
      row.about.join(', ') || 'not kept',
      minuteOf(row.expiresAtSeconds),
      row.isRevoked ? 'yes' : row.isUnderFormerKey ? 'cannot be: former key' : 'no',
    ]),
  );
  const hidden = total - issued.length;
  return hidden > 0 ? `${rows}\nand ${hidden} older ones` : rows;
}

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
