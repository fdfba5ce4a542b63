/** A certificate in words, for the commands that show one. @module */

import type { CertificateDocument } from '../api-documents.ts';

const BASIS = {
  benchmark: 'measured over the network',
  stated: 'stated by its issuer, who did not measure it over the network',
} as const;

/** To the minute, UTC. */
export function minuteOf(seconds: number): string {
  return `${new Date(seconds * 1_000).toISOString().slice(0, 16)}Z`;
}

/** All that is known of it, a line each. */
export function describeCertificate(certificate: CertificateDocument): string {
  return [
    `certificate ${certificate.certId}`,
    `  kind    ${certificate.kind}, level ${certificate.level} by this node's trust policy`,
    ...(certificate.basis === null ? [] : [`  basis   ${BASIS[certificate.basis]}`]),
    ...(certificate.remark === null ? [] : [`  remark  ${certificate.remark}`]),
    `  issuer  ${certificate.issuer}`,
    `  holder  ${certificate.holder}`,
    `  valid   ${minuteOf(certificate.issuedAtSeconds)} to ${minuteOf(certificate.expiresAtSeconds)}`,
    ...certificate.leaves.map(({ kind, name, value }) => `  ${kind.padEnd(7)} ${name} ${value}`),
  ].join('\n');
}
