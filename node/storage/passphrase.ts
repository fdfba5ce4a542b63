/**
 * Where the passphrase of an identity comes from: a file, a text of the program's own, or somebody
 * at a terminal. Never the command line, which every process of the machine can read.
 *
 * @module
 */

import { open } from 'node:fs/promises';
import { fromUtf8, utf8 } from '../../crypto/bytes.ts';
import { BadInputError } from '../errors.ts';
import { codeOf } from './data-directory.ts';

/** Least characters of a new passphrase: fewer are guessed, whatever a guess costs. */
export const MIN_NEW_CHARACTERS = 8;
/** Most bytes of a passphrase. */
export const MAX_PASSPHRASE_BYTES = 1_024;

/** A passphrase that is read when it is needed. */
export interface Passphrase {
  /** Whether one was named beforehand: then a new identity is sealed with it. */
  readonly isNamed: boolean;
  /**
   * The passphrase.
   *
   * @param use - `new`: it will seal, so it is asked for twice, and may not be short.
   * @throws {@link BadInputError} if there is none, or it cannot be one.
   */
  read(use: 'open' | 'new'): Promise<string>;
}

/** None was named and nobody can be asked. */
export const NO_PASSPHRASE: Passphrase = {
  isNamed: false,
  read: (use) => {
    const why = use === 'open' ? 'The identity is sealed' : 'A passphrase is needed';
    return Promise.reject(
      new BadInputError(
        `${why}, and there is no terminal to ask for it; name the file that holds it with ` +
          '--passphrase-file or COALESCE_PASSPHRASE_FILE',
      ),
    );
  },
};

/** What `take` gives, checked, and taken once. @param origin - Named in errors. */
function checked(
  isNamed: boolean,
  origin: string,
  take: (use: 'open' | 'new') => Promise<string>,
): Passphrase {
  let taken: Promise<string> | undefined;
  return {
    isNamed,
    read: async (use) => {
      const text = await (taken ??= take(use));
      if (text === '') throw new BadInputError(`${origin}: holds no passphrase in its first line`);
      if (utf8(text).length > MAX_PASSPHRASE_BYTES) {
        throw new BadInputError(
          `${origin}: a passphrase has ${MAX_PASSPHRASE_BYTES} bytes at most`,
        );
      }
      if (use === 'new' && [...text].length < MIN_NEW_CHARACTERS) {
        throw new BadInputError(
          `${origin}: a new passphrase has ${MIN_NEW_CHARACTERS} characters at least; six random ` +
            'words are a good one',
        );
      }
      return text;
    },
  };
}

/** A passphrase that the program has. */
export function passphraseOf(text: string): Passphrase {
  return checked(true, 'passphrase', () => Promise.resolve(text));
}

/** The first line of a file, which may be a pipe. */
export function passphraseFromFile(path: string): Passphrase {
  return checked(true, path, () => firstLine(path));
}

/** @param ask - Asks a person; may be called twice. */
export function askedPassphrase(ask: (question: string) => Promise<string>): Passphrase {
  return checked(false, 'passphrase', async (use) => {
    if (use === 'open') return ask('Passphrase of the identity: ');
    const text = await ask('New passphrase: ');
    if ((await ask('The same again: ')) === text) return text;
    throw new BadInputError('The two passphrases are not the same; try again');
  });
}

async function firstLine(path: string): Promise<string> {
  const buffer = new Uint8Array(MAX_PASSPHRASE_BYTES + 2);
  let length = 0;
  try {
    const file = await open(path, 'r');
    try {
      while (length < buffer.length) {
        const { bytesRead } = await file.read(buffer, length, buffer.length - length);
        if (bytesRead === 0) break;
        length += bytesRead;
      }
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new BadInputError(
      `${path}: the passphrase cannot be read (${codeOf(error)}); name a file that this user may read`,
      { cause: error },
    );
  }
  try {
    const read = buffer.subarray(0, length);
    const end = read.indexOf(0x0a);
    return fromUtf8(end < 0 ? read : read.subarray(0, end)).replace(/\r$/, '');
  } catch (error) {
    throw new BadInputError(`${path}: the passphrase is not UTF-8`, { cause: error });
  }
}
