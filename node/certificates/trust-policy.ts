/**
 * Whom this node trusts to attest what, who belongs together, and which level a task asks of a
 * contractor (wire-formats.md 2.2). All of it is configuration: no certificate carries its level.
 *
 * @module
 */

import type { Config } from '../config/schema.ts';
import type { CertificateLevel } from '../decision/policy.ts';
import type { DecisionTask } from '../decision/request.ts';

const MICRO_USD = 1e6;

/** Splits entries such as `12D3Koo...=performs:nlp`; the schema has checked their form. */
function entriesOf(list: readonly string[]): (readonly [string, string])[] {
  return list.map((entry) => {
    const at = entry.indexOf('=');
    return [entry.slice(0, at), entry.slice(at + 1)];
  });
}

/** Whether `term` is `scope` or lies below it: a predicate, a path or a whole term. */
function isWithin(term: string, scope: string): boolean {
  return term === scope || term.startsWith(`${scope}/`) || term.startsWith(`${scope}:`);
}

/** The trust of one node. */
export class TrustPolicy {
  /** PeerIds whose attestations count, each within its scope. */
  readonly attestors: ReadonlySet<string>;
  /** Whether a resource counts only where its attestor says that it ran a benchmark. */
  readonly isMeasuredOnly: boolean;
  /** Operator groups that must agree for level 3. */
  readonly jointGroups: number;
  /**
   * Whether the key of an issuer was rotated, or its rotation is contested. What the old key signs
   * from then on may be a thief's, and nothing in a certificate proves when it was signed.
   */
  readonly isRotated: (peerId: string) => boolean;
  readonly #scopes = new Map<string, string[]>();
  readonly #operators: ReadonlyMap<string, string>;

  /** @param isRotated - Whether a key is known to have been rotated. Default: none is. */
  constructor(trust: Config['trust'], isRotated: (peerId: string) => boolean = () => false) {
    this.isRotated = isRotated;
    this.attestors = new Set(trust.attestors);
    this.isMeasuredOnly = trust.isMeasuredOnly;
    this.jointGroups = trust.jointGroups;
    this.#operators = new Map(entriesOf(trust.operators));
    for (const [peerId, scope] of entriesOf(trust.scopes)) {
      this.#scopes.set(peerId, [...(this.#scopes.get(peerId) ?? []), scope]);
    }
  }

  /** Whether attestations of `term` by this issuer count. One without a scope may attest all. */
  trusts(issuer: string, term: string): boolean {
    if (!this.attestors.has(issuer)) return false;
    const scopes = this.#scopes.get(issuer);
    return scopes === undefined || scopes.some((scope) => isWithin(term, scope));
  }

  /** Operators of one group count once. An attestor of which nothing is said is a group itself. */
  groupOf(issuer: string): string {
    return this.#operators.get(issuer) ?? issuer;
  }
}

/** Least level that a contractor of the task must have, whatever the task itself asks for. */
export function requiredLevel(
  trust: Config['trust'],
  {
    sensitivity,
    valueMicroUsd,
    minLevel = 0,
  }: Pick<DecisionTask, 'sensitivity' | 'valueMicroUsd' | 'minLevel'>,
): CertificateLevel {
  const isWorth = (usd: number | undefined): boolean =>
    usd !== undefined && valueMicroUsd >= usd * MICRO_USD;
  const byValue = isWorth(trust.jointlyAttestedFromUsd)
    ? 3
    : isWorth(trust.attestedFromUsd)
      ? 2
      : 0;
  return Math.max(minLevel, trust.leastLevel[sensitivity], byValue) as CertificateLevel;
}
