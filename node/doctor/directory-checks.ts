/**
 * Checks of the data directory: who may read it, its keys, and the configuration in it.
 *
 * @module
 */

import { failure, ok, warning } from './finding.ts';
import type { Finding } from './finding.ts';

const OTHERS = 0o077;

/** A file or a directory, as the system shows it. */
export interface FileReadings {
  readonly path: string;
  /** Permission bits; null where there is none. */
  readonly mode: number | null;
  /** Why it cannot be used: not readable, damaged; null for nothing. */
  readonly problem: string | null;
}

/** @param isOfNode - Whether an identity lies in it: no other directory is to be restricted. */
export function checkDataDirectory(
  { path, mode, problem }: FileReadings,
  isOfNode: boolean,
): Finding {
  const check = 'data-directory';
  if (mode === null) {
    return failure(check, {
      found: `${path}: no such directory`,
      cause: 'no node was made there, or it lies elsewhere',
      mend: 'run "coalesce init", or name the directory with --data',
    });
  }
  if (problem !== null) {
    return failure(check, {
      found: `${path}: ${problem}`,
      cause: 'the node writes what it owes and is owed there',
      mend: `run as its owner, or make ${path} writable`,
    });
  }
  if (!isOfNode) {
    return failure(check, {
      found: `${path} has no node's files in it`,
      cause: 'it is no data directory of a node',
      mend: 'name the right one with --data, or make a node there: "coalesce init"',
    });
  }
  if ((mode & OTHERS) === 0) return ok(check, `${path}, its owner's alone`);
  return warning(check, {
    found: `${path} has mode ${octal(mode)}`,
    cause: 'others see when the node works, and files that are new and not yet restricted',
    mend: `chmod 700 ${path}`,
  });
}

/** The identity, as far as it can be told without a passphrase. */
export interface IdentityReadings extends FileReadings {
  readonly isSealed: boolean;
}

const SEALED = 'sealed with a passphrase';
const NOT_SEALED = 'not sealed ("coalesce key encrypt" seals it)';

/** The identity: whoever reads it is this node, unless it is sealed. */
export function checkIdentity(file: IdentityReadings): Finding {
  const check = 'identity-key';
  const { path, mode } = file;
  if (mode === null) {
    return failure(check, {
      found: `${path}: no such file`,
      cause: 'a node without a key makes a new one at its start, and is nobody that peers know',
      mend: 'run "coalesce init", or restore the file from a backup',
    });
  }
  return (
    fileTrouble(check, file) ??
    readableTrouble(check, file, {
      cause: 'whoever reads the key can sign and pay as this node',
      mend: `chmod 600 ${path}; if somebody may have read it: coalesce cert rotate`,
    }) ??
    ok(check, `${path}, its owner's alone, ${file.isSealed ? SEALED : NOT_SEALED}`)
  );
}

/** The token of the HTTP API: whoever reads it gives orders to this node. */
export function checkToken(file: FileReadings): Finding {
  const check = 'api-token';
  const { path, mode } = file;
  if (mode === null) return ok(check, `${path}: not there yet; the daemon makes it at its start`);
  return (
    fileTrouble(check, file) ??
    readableTrouble(check, file, {
      cause: 'whoever reads the token can have this node run and pay tasks',
      mend: `chmod 600 ${path}; if somebody may have read it, remove it and restart the daemon`,
    }) ??
    ok(check, `${path}, its owner's alone`)
  );
}

function fileTrouble(check: string, { path, problem }: FileReadings): Finding | undefined {
  if (problem === null) return undefined;
  return failure(check, {
    found: `${path}: ${problem}`,
    cause: 'the daemon cannot start with it',
    mend: 'run as its owner, or restore it from a backup',
  });
}

function readableTrouble(
  check: string,
  { path, mode }: FileReadings,
  trouble: { readonly cause: string; readonly mend: string },
): Finding | undefined {
  if (((mode ?? 0) & OTHERS) === 0) return undefined;
  return failure(check, { found: `${path} has mode ${octal(mode ?? 0)}`, ...trouble });
}

/** The configuration as the daemon would read it: file, then environment. */
export interface ConfigReadings {
  readonly path: string;
  readonly isThere: boolean;
  /** What is wrong, one line each. */
  readonly problems: readonly string[];
}

export function checkConfig({ path, isThere, problems }: ConfigReadings): Finding {
  const check = 'config';
  if (problems.length > 0) {
    return failure(check, {
      found: problems.join('; '),
      cause: 'the daemon does not start with a setting that it does not understand',
      mend: `correct it in ${path} or in the environment; node/docs/config.md lists every setting`,
    });
  }
  return ok(check, isThere ? `${path} is valid` : `${path} is not there: every default holds`);
}

function octal(mode: number): string {
  return `0${(mode & 0o777).toString(8)}`;
}
