/**
 * Every code that an error can carry to a user, with what it means: `npm run docs` writes it to
 * `node/docs/errors.md`, and a test compares the two.
 *
 * @module
 */

import { REFUSAL_NUMBERS } from '../protocols/errors.ts';
import {
  BadInputError,
  CancelledError,
  DataDirectoryLockedError,
  NothingFoundError,
  RefusedError,
  UnreachableError,
  WrongPassphraseError,
} from './errors.ts';

/** Failures of the node, and what to do about each. */
const FAILURES = [
  [BadInputError, 'The caller can mend it: the problems say what, where and how'],
  [WrongPassphraseError, 'The passphrase does not open the identity, or its file is damaged'],
  [NothingFoundError, 'The thing named does not exist, and the look was complete'],
  [UnreachableError, 'The look could not be made: no daemon, no peers, a peer out of reach'],
  [RefusedError, 'Refused or failed for the reason that the message names'],
  [CancelledError, 'The task was called off on this node, by "coalesce tasks cancel" or the API'],
  [DataDirectoryLockedError, 'Another process uses the data directory; stop it, or name another'],
] as const;

/** Codes of the API and of the command line themselves: code, exit code, status, meaning. */
const OTHERS = [
  ['WRONG_HOST', 1, 403, 'The Host header names no loopback: a page that has rebound its name'],
  ['WRONG_TOKEN', 1, 401, 'No token, another one, or a session that may not do this'],
  ['NO_ROUTE', 2, 404, 'The API has no such route'],
  ['INTERNAL', 1, 500, "Unexpected; the daemon's log has the details"],
  ['INTERRUPTED', 130, null, 'Ctrl-C'],
] as const;

/** The page, in Markdown. */
export function errorReference(): string {
  const failures = FAILURES.map(([Failure, meaning]) => {
    const { code, exitCode, httpStatus } = new Failure('');
    return [code, exitCode, httpStatus, meaning] as const;
  });
  const rows = [...failures, ...OTHERS].map(
    ([code, exitCode, status, meaning]) =>
      `| \`${code}\` | ${exitCode} | ${status ?? ''} | ${meaning} |`,
  );
  const refusals = Object.entries(REFUSAL_NUMBERS).map(
    ([code, number]) => `| ${number} | \`${code}\` |`,
  );
  return [
    '# Errors',
    '',
    'Made from the code by `npm run docs`. The API answers `{ error: { code, message, problems,',
    'exitCode } }`; the command line prints message and problems, with `--json` the same document, and',
    'ends with the exit code.',
    '',
    '| code | exit code | HTTP status | meaning |',
    '|---|---|---|---|',
    ...rows,
    '',
    '## What one peer tells another',
    '',
    'A refusal between peers is a number and nothing else. Reasons in answers and in the log name it',
    'by its code.',
    '',
    '| number | code |',
    '|---|---|',
    ...refusals,
    '',
  ].join('\n');
}
