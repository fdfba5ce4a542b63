/**
 * Failures that reach a user, each with the exit code of architecture.md 6 and an HTTP status.
 *
 * @module
 */

/** What a command's caller sees: the exit codes of architecture.md 6. */
export type ExitCode = 1 | 2 | 3 | 4;

interface UserFacingErrorOptions extends ErrorOptions {
  /** Every problem found, one line each: what, where, the mend. */
  readonly problems?: readonly string[];
}

/** A failure with a code, an exit code and a message for a person. Base of the classes below. */
export abstract class UserFacingError extends Error {
  abstract readonly code: string;
  abstract readonly exitCode: ExitCode;
  abstract readonly httpStatus: number;
  readonly problems: readonly string[];

  constructor(message: string, options: UserFacingErrorOptions = {}) {
    super(message, options);
    this.problems = options.problems ?? [];
  }
}

/** Bad usage or bad input: the caller can mend it. */
export class BadInputError extends UserFacingError {
  static override readonly name = 'BadInputError';
  override readonly name = 'BadInputError';
  readonly code = 'BAD_INPUT';
  readonly exitCode = 2;
  readonly httpStatus = 400;
}

/** The passphrase does not open the identity: nothing is made in its place. */
export class WrongPassphraseError extends UserFacingError {
  static override readonly name = 'WrongPassphraseError';
  override readonly name = 'WrongPassphraseError';
  readonly code = 'WRONG_PASSPHRASE';
  readonly exitCode = 2;
  readonly httpStatus = 400;
}

/** The thing named does not exist, and the look was complete. */
export class NothingFoundError extends UserFacingError {
  static override readonly name = 'NothingFoundError';
  override readonly name = 'NothingFoundError';
  readonly code = 'NOTHING_FOUND';
  readonly exitCode = 3;
  readonly httpStatus = 404;
}

/** The look could not be made: no daemon, no peers, a peer out of reach. */
export class UnreachableError extends UserFacingError {
  static override readonly name = 'UnreachableError';
  override readonly name = 'UnreachableError';
  readonly code = 'UNREACHABLE';
  readonly exitCode = 4;
  readonly httpStatus = 503;
}

/** The work was refused or failed for a reason that is named. */
export class RefusedError extends UserFacingError {
  static override readonly name = 'RefusedError';
  override readonly name = 'RefusedError';
  readonly code = 'REFUSED';
  readonly exitCode = 1;
  readonly httpStatus = 422;
}

/** Whoever runs the node has called the work off. */
export class CancelledError extends UserFacingError {
  static override readonly name = 'CancelledError';
  override readonly name = 'CancelledError';
  readonly code = 'CANCELLED';
  readonly exitCode = 1;
  readonly httpStatus = 409;
}

/** The data directory is in use by a running node. */
export class DataDirectoryLockedError extends UserFacingError {
  static override readonly name = 'DataDirectoryLockedError';
  override readonly name = 'DataDirectoryLockedError';
  readonly code = 'DATA_DIRECTORY_LOCKED';
  readonly exitCode = 1;
  readonly httpStatus = 409;
}

/** Control, format, surrogate, private and unassigned characters, and separators of lines. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;

/**
 * `text` with everything that is not plainly visible replaced: a peer's or a file's string must not
 * move the cursor of the terminal that shows it, hide a character or turn the direction of a line.
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, '\ufffd');
}

/** The same for text of several lines: line breaks and tabs stay. */
export function printableText(text: string): string {
  return text.replace(/[^\n\t]+/g, printable);
}

/** `json` with the control characters that JSON allows in a string written as escapes. */
export function printableJson(json: string): string {
  return json.replace(/[^\n]+/g, (line) => line.replace(UNPRINTABLE, escapeUnits));
}

/** A character as JSON escapes, one for each UTF-16 unit. */
function escapeUnits(character: string): string {
  return Array.from(
    { length: character.length },
    (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`,
  ).join('');
}
