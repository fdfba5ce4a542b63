/**
 * Operational failures of a negotiation. What the other side refuses is a value, not an error: see
 * `client.ts` and the table in `protocols/errors.ts`.
 *
 * @module
 */

/** One step of a negotiation took longer than its limit. */
export class NegotiationTimeoutError extends Error {
  static override readonly name = 'NegotiationTimeoutError';
  override readonly name = 'NegotiationTimeoutError';
  readonly code = 'NEGOTIATION_TIMEOUT';
  readonly details: { readonly step: string; readonly timeoutMs: number };

  constructor(details: { readonly step: string; readonly timeoutMs: number }) {
    super(
      `Negotiation step "${details.step}" took more than ${details.timeoutMs} ms; ` +
        'open a new stream and repeat the step, the same documents are sent again',
    );
    this.details = details;
  }
}

/** The stream ended where an answer was due. */
export class NegotiationInterruptedError extends Error {
  static override readonly name = 'NegotiationInterruptedError';
  override readonly name = 'NegotiationInterruptedError';
  readonly code = 'NEGOTIATION_INTERRUPTED';
  readonly details: { readonly step: string; readonly peerId: string };

  constructor(details: { readonly step: string; readonly peerId: string }) {
    super(
      `${details.peerId} ended the stream without an answer to "${details.step}"; ` +
        'open a new stream and repeat the step, the same documents are sent again',
    );
    this.details = details;
  }
}

/** A stored contract cannot be read back. */
export class ContractRecordError extends Error {
  static override readonly name = 'ContractRecordError';
  override readonly name = 'ContractRecordError';
  readonly code = 'CONTRACT_RECORD_CORRUPT';
  readonly details: { readonly key: string; readonly problem: string };

  constructor(details: { readonly key: string; readonly problem: string }, options?: ErrorOptions) {
    super(
      `Stored contract ${details.key} cannot be read: ${details.problem}; ` +
        'restore the data directory from a backup',
      options,
    );
    this.details = details;
  }
}

/** A contract with this id is not stored here. */
export class UnknownContractError extends Error {
  static override readonly name = 'UnknownContractError';
  override readonly name = 'UnknownContractError';
  readonly code = 'UNKNOWN_CONTRACT';
  readonly details: { readonly id: string };

  constructor(details: { readonly id: string }) {
    super(`No contract is stored under ${details.id}; ask for a quote first`);
    this.details = details;
  }
}
