/**
 * What can go wrong between a client and a committee.
 *
 * @module
 */

/** Too few replicas gave an answer that holds. */
export class LedgerUnreachableError extends Error {
  static override readonly name = 'LedgerUnreachableError';
  override readonly name = 'LedgerUnreachableError';
  readonly code = 'LEDGER_UNREACHABLE';
  readonly details: {
    readonly answered: number;
    readonly needed: number;
    /** Why each of the others did not count, by PeerId. */
    readonly failures: ReadonlyMap<string, string>;
  };

  constructor(details: LedgerUnreachableError['details']) {
    const { answered, needed, failures } = details;
    const reasons = [...failures].map(([peerId, reason]) => `${peerId.slice(-6)}: ${reason}`);
    super(
      `${answered} replicas of the ledger gave an answer that holds, ${needed} are needed` +
        (reasons.length > 0 ? ` (${reasons.join('; ')})` : ''),
    );
    this.details = details;
  }
}

/** A replica's answer does not hold. */
export class HostileAnswerError extends Error {
  static override readonly name = 'HostileAnswerError';
  override readonly name = 'HostileAnswerError';
  readonly code = 'HOSTILE_ANSWER';
}

/**
 * 2f + 1 replicas have signed two blocks of one height: more than f are faulty. Nothing that this
 * ledger says can be believed from here on.
 */
export class LedgerForkError extends Error {
  static override readonly name = 'LedgerForkError';
  override readonly name = 'LedgerForkError';
  readonly code = 'LEDGER_FORK';
  readonly details: {
    readonly height: number;
    /** Digests of the two blocks, hexadecimal. */
    readonly first: string;
    readonly second: string;
  };

  constructor(details: LedgerForkError['details']) {
    const { height, first, second } = details;
    super(`The ledger has two certified blocks of height ${height}: ${first} and ${second}`);
    this.details = details;
  }
}
