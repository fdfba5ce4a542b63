/** Certificates that this node holds, and a check of one that somebody showed. @module */

import type { CertificateDocument, VerifyDocument } from '../../../api-documents.ts';
import type { ApiProblem } from '../api.ts';
import { get, post } from '../api.ts';
import { badge, dataTable, field, fill, h, problemBox, section } from '../elements.ts';
import { dateTime, levelText, peerLink } from '../format.ts';
import type { View } from './view.ts';

export const certificatesView: View = async (place, { signal }) => {
  const { certificates } = await get<{ certificates: CertificateDocument[] }>('/certificates', {
    signal,
  });
  const none = h(
    'p',
    { class: 'quiet' },
    'This node holds no certificate. See: coalesce attest --help',
  );
  fill(
    place,
    section('Held', certificates.length === 0 ? none : certificates.map(card)),
    section('Check one', verifyForm(signal)),
  );
};

function card(one: CertificateDocument): HTMLElement {
  const kind = one.status === 'good' ? 'good' : one.status === 'revoked' ? 'bad' : 'plain';
  const rows = one.leaves.map(({ kind: leaf, name, value }) => [leaf, name, value]);
  return h(
    'details',
    { class: 'certificate' },
    h(
      'summary',
      {},
      `${one.kind}, level ${levelText(one.level)} `,
      badge(one.status, kind),
      ` until ${dateTime(one.expiresAtSeconds * 1_000)}`,
    ),
    h(
      'p',
      {},
      'Issued by ',
      peerLink(one.issuer),
      ' for ',
      peerLink(one.holder),
      ` on ${dateTime(one.issuedAtSeconds * 1_000)}`,
    ),
    one.remark !== null && h('p', {}, one.remark),
    one.basis !== null &&
      h('p', {}, one.basis === 'stated' ? 'Stated, not measured.' : 'Measured by a benchmark.'),
    dataTable('Leaves', ['kind', 'name', 'value'], rows),
    h('p', {}, 'Certificate ', h('code', {}, one.certId)),
    h('pre', { tabindex: 0, 'aria-label': 'The signed certificate' }, one.envelope),
  );
}

function verifyForm(signal: AbortSignal): HTMLElement {
  const text = h('textarea', { rows: 5, required: true });
  const outcome = h('div', { 'aria-live': 'polite' });
  const verify = async (): Promise<void> => {
    try {
      fill(
        outcome,
        verdict(await post<VerifyDocument>('/certificates/verify', bodyOf(text.value), { signal })),
      );
    } catch (error) {
      const { message, problems = [] } = error as ApiProblem;
      if (!signal.aborted) fill(outcome, problemBox(message, problems));
    }
  };
  const onsubmit = (event: Event): void => {
    event.preventDefault();
    void verify();
  };
  const hint =
    'The signed certificate, or a disclosure, as "cert show" and "cert disclose" give it';
  return h(
    'form',
    { class: 'form', onsubmit },
    field('Certificate', text, hint),
    h('div', { class: 'buttons' }, h('button', { type: 'submit' }, 'Check')),
    outcome,
  );
}

/** An envelope goes as base64, a disclosure as the document that it is. */
function bodyOf(text: string): object {
  try {
    const value = JSON.parse(text) as object;
    if (typeof value === 'object' && value !== null && 'open' in value)
      return { disclosure: value };
  } catch {
    // no document: the node says what is wrong with it
  }
  const bytes = new TextEncoder().encode(text.trim());
  return { envelope: btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')) };
}

function verdict({ valid, reason, certificate }: VerifyDocument): HTMLElement {
  return h(
    'div',
    {},
    h('p', {}, badge(valid ? 'valid' : 'not valid', valid ? 'good' : 'bad'), ` ${reason ?? ''}`),
    certificate && card(certificate),
  );
}
