import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BadInputError } from '../../errors.ts';
import {
  NO_PASSPHRASE,
  askedPassphrase,
  passphraseFromFile,
  passphraseOf,
} from '../../storage/passphrase.ts';

let directory: string;
let file: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'coalesce-passphrase-'));
  file = join(directory, 'passphrase');
});

afterEach(() => rm(directory, { recursive: true, force: true }));

describe('the passphrase in a file', () => {
  it.each([
    ['correct horse\n', 'correct horse'],
    ['correct horse', 'correct horse'],
    ['correct horse\r\nsecond line\n', 'correct horse'],
    [' spaces count \n', ' spaces count '],
    [`pä\u{1f600}ssphrase\n${'x'.repeat(5_000)}`, 'pä\u{1f600}ssphrase'],
  ])('is its first line: %j', async (text, expected) => {
    await writeFile(file, text);
    expect(await passphraseFromFile(file).read('open')).toBe(expected);
  });

  it.each([
    ['empty', '', 'holds no passphrase in its first line'],
    ['with an empty first line', '\nsecret phrase', 'holds no passphrase in its first line'],
    ['too long', 'x'.repeat(1_025), '1024 bytes at most'],
    ['without an end', 'x'.repeat(100_000), '1024 bytes at most'],
    ['no UTF-8', Buffer.from([0xff, 0xfe, 0x41]), 'is not UTF-8'],
  ])('is refused when it is %s, without a word of it', async (_what, text, said) => {
    await writeFile(file, text);
    const error: unknown = await passphraseFromFile(file)
      .read('open')
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(BadInputError);
    expect(String(error)).toContain(said);
    expect(String(error)).not.toMatch(/xxx|secret/);
  });

  it('may come through a pipe', async () => {
    await promisify(execFile)('mkfifo', [file]);
    const read = passphraseFromFile(file).read('open');
    await writeFile(file, 'through the pipe\n');
    expect(await read).toBe('through the pipe');
  });

  it('is refused with the reason when the file cannot be read', async () => {
    await expect(passphraseFromFile(file).read('open')).rejects.toThrow(
      /passphrase: the passphrase cannot be read \(ENOENT\)/,
    );
    await expect(passphraseFromFile(directory).read('open')).rejects.toThrow('EISDIR');
  });
});

describe('a new passphrase', () => {
  it('has eight characters at least, counted as a person does', async () => {
    await expect(passphraseOf('1234567').read('new')).rejects.toThrow('8 characters at least');
    await expect(passphraseOf('\u{1f600}'.repeat(7)).read('new')).rejects.toThrow('8 characters');
    expect(await passphraseOf('12345678').read('new')).toBe('12345678');
    expect(await passphraseOf('old one').read('open')).toBe('old one');
  });

  it('is typed twice, and an old one once', async () => {
    const questions: string[] = [];
    const asked = (...answers: string[]) =>
      askedPassphrase((question) => {
        questions.push(question);
        return Promise.resolve(answers.shift() ?? '');
      });
    expect(await asked('long enough', 'long enough').read('new')).toBe('long enough');
    await expect(asked('long enough', 'long enoug').read('new')).rejects.toThrow('not the same');
    const old = asked('short');
    expect([await old.read('open'), await old.read('open')]).toEqual(['short', 'short']);
    expect(questions).toHaveLength(5);
  });
});

describe('no passphrase', () => {
  it('says how to name one', async () => {
    expect(NO_PASSPHRASE.isNamed).toBe(false);
    await expect(NO_PASSPHRASE.read('open')).rejects.toThrow(
      /is sealed.*--passphrase-file or COALESCE_PASSPHRASE_FILE/,
    );
    await expect(NO_PASSPHRASE.read('new')).rejects.toThrow('A passphrase is needed');
  });
});
