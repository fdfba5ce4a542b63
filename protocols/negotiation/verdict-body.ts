/**
 * The body of a client's verdict, from what the client found (wire-formats.md 4.1). It holds no
 * nonce and no time, so the same findings always make the same document.
 *
 * @module
 */

import { toBase64Url } from '../../crypto/bytes.ts';
import type { Contract } from './contract.ts';
import type { CheckResult, Verdict } from './documents.ts';

/** What the client finds. `paidMicroUsd` follows from the outcome unless that is "partial". */
export type VerdictAsk = {
  readonly checks: readonly CheckResult[];
  /** SHA-256 of the stored output of the checks, 32 bytes. */
  readonly evidence?: Uint8Array;
} & (
  | { readonly outcome: 'pass' | 'fail' }
  | { readonly outcome: 'partial'; readonly paidMicroUsd: bigint }
);

/** Body of the verdict on a contract; `undefined` before there is a delivery to judge. */
export function verdictBody(
  { agreement, delivery }: Contract,
  ask: VerdictAsk,
): Verdict | undefined {
  if (!agreement || !delivery) return undefined;
  const paidMicroUsd = {
    pass: () => agreement.body.price,
    fail: () => '0',
    partial: () => (ask.outcome === 'partial' ? ask.paidMicroUsd.toString() : '0'),
  }[ask.outcome]();
  return {
    v: 1,
    typ: 'vrd',
    contract: toBase64Url(agreement.id),
    delivery: toBase64Url(delivery.id),
    outcome: ask.outcome,
    paid: paidMicroUsd,
    checks: ask.checks.map(({ type, passed }) => ({ type, passed })),
    evidence: ask.evidence ? toBase64Url(ask.evidence) : '',
  };
}
