/**
 * Failures of executors. `code` and `details` may be told to the client that sent the work; a
 * `cause` never leaves this node.
 *
 * @module
 */

/** Why an input cannot be worked on. */
export type InputRefusal = 'INVALID_INPUT' | 'INPUT_TOO_LARGE' | 'INFEASIBLE';

/** The input of the work is at fault, and the message says where. */
export class ExecutorInputError extends Error {
  static override readonly name = 'ExecutorInputError';
  override readonly name = 'ExecutorInputError';
  readonly code: InputRefusal;
  readonly details: { readonly partIndex?: number; readonly line?: number };

  constructor(
    code: InputRefusal,
    message: string,
    details: { readonly partIndex?: number; readonly line?: number } = {},
  ) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

/** One step of a computation held the thread for too long and was terminated. */
export class ComputationTimeoutError extends Error {
  static override readonly name = 'ComputationTimeoutError';
  override readonly name = 'ComputationTimeoutError';
  readonly code = 'COMPUTATION_TIMEOUT';
  readonly details: { readonly limitMs: number };

  constructor(details: { readonly limitMs: number }) {
    super(`A step of the computation took longer than ${details.limitMs} ms; shorten the input`);
    this.details = details;
  }
}

/** How an executor ended without a result. */
export type ExecutorFailure =
  | 'FAILED'
  | 'REJECTED'
  | 'CANCELED'
  | 'INPUT_REQUIRED'
  | 'NO_RESULT'
  | 'BAD_RESULT'
  | 'RESULT_TOO_LARGE'
  | 'TIMED_OUT'
  | 'UNREACHABLE'
  | 'NUMERICAL';

/**
 * The executor ended without a usable result. The message is the same for every failure of a code,
 * so that nothing an executor wrote reaches a peer; what it wrote stands in `cause`.
 */
export class ExecutorFailedError extends Error {
  static override readonly name = 'ExecutorFailedError';
  override readonly name = 'ExecutorFailedError';
  readonly code = 'EXECUTOR_FAILED';
  readonly details: { readonly failure: ExecutorFailure };

  constructor(failure: ExecutorFailure, options?: ErrorOptions) {
    super(
      `The executor ended without a result (${failure}); see its log on the contractor`,
      options,
    );
    this.details = { failure };
  }
}

/** What is wrong with a configured executor. */
export type ConfigProblem =
  | 'UNKNOWN_EXECUTOR'
  | 'UNKNOWN_BUILTIN'
  | 'MODULE_NOT_LOADED'
  | 'BAD_MODULE'
  | 'BAD_SERVICE'
  | 'PROGRAM_NOT_FOUND';

/** An executor of the configuration cannot be set up. */
export class ExecutorConfigError extends Error {
  static override readonly name = 'ExecutorConfigError';
  override readonly name = 'ExecutorConfigError';
  readonly code: ConfigProblem;
  readonly details: { readonly term: string; readonly path?: string };

  constructor(
    code: ConfigProblem,
    message: string,
    details: { readonly term: string; readonly path?: string },
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.code = code;
    this.details = details;
  }
}
