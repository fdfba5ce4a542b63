/**
 * What every command is handed: the data directory, the form of output, and a way to the daemon.
 *
 * @module
 */

import type { Command } from 'commander';
import { defaultDataPath } from '../storage/data-directory.ts';
import { NO_PASSPHRASE, askedPassphrase, passphraseFromFile } from '../storage/passphrase.ts';
import type { Passphrase } from '../storage/passphrase.ts';
import { printable, printableJson, printableText } from '../errors.ts';
import { ApiClient } from '../http-api/client.ts';
import { isNeverProved } from '../skills/resource-name.ts';

/** Options that every command takes. */
export interface GlobalOptions {
  readonly data?: string;
  readonly passphraseFile?: string;
  readonly json?: boolean;
}

function passphraseFor(options: GlobalOptions, signal: AbortSignal): Passphrase {
  const file = options.passphraseFile ?? process.env['COALESCE_PASSPHRASE_FILE'];
  if (file !== undefined) return passphraseFromFile(file);
  const { stdin: input, stderr: output } = process;
  if (!input.isTTY || !output.isTTY) return NO_PASSPHRASE;
  return askedPassphrase(async (question) => {
    // Loaded here, because nobody else needs it.
    const { askHidden } = await import('./passphrase-prompt.ts');
    const interrupt = () => void process.emit('SIGINT', 'SIGINT');
    return askHidden({ input, output, interrupt }, question, signal);
  });
}

/** A command's surroundings. */
export class CliContext {
  readonly dataPath: string;
  readonly isJson: boolean;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** Of the identity, if it is sealed: from a file, or from whoever sits at the terminal. */
  readonly passphrase: Passphrase;
  #hasPrinted = false;

  constructor(options: GlobalOptions, signal: AbortSignal) {
    this.dataPath = options.data ?? defaultDataPath(process.env);
    this.isJson = options.json ?? false;
    this.signal = signal;
    this.passphrase = passphraseFor(options, signal);
  }

  /**
   * Prints the one result: the JSON document, or its form for a person. What a peer wrote into it
   * cannot move the cursor of the terminal.
   */
  print(value: unknown, human: () => string): void {
    const text = this.isJson
      ? printableJson(JSON.stringify(value, undefined, 2))
      : printableText(human()).replace(/\n+$/, '');
    this.#hasPrinted = true;
    process.stdout.write(`${text}\n`);
  }

  /** ` --data DIR` where it must be repeated in the next command, else nothing. */
  get dataFlag(): string {
    return this.dataPath === defaultDataPath(process.env) ? '' : ` --data ${this.dataPath}`;
  }

  /** Whether the one result is out. */
  get hasPrinted(): boolean {
    return this.#hasPrinted;
  }

  /** Progress and remarks go to stderr; with --json they are left out. */
  progress(text: string): void {
    if (!this.isJson) process.stderr.write(`${text}\n`);
  }

  /** Remarks on terms of resources that are not in the vocabulary: most are slips. */
  async remarkOnResources(terms: readonly string[]): Promise<void> {
    const unproved = [...new Set(terms)].filter(isNeverProved);
    if (unproved.length === 0) return;
    // Loaded here, because it brings the whole vocabulary.
    const { checkTerm } = await import('../skills/term-check.ts');
    for (const term of unproved) {
      const checked = checkTerm(term);
      const meant = checked.status === 'known' ? [] : checked.didYouMean;
      const question = meant.length === 0 ? '' : `. Did you mean ${meant.join(' or ')}?`;
      const remark = `no attestor counts ${term}, so no peer can prove how much of it it has`;
      this.progress(printable(`${remark}${question}`));
    }
  }

  /** Runs `call` with a client for the daemon of the data directory. */
  async withDaemon<Result>(call: (client: ApiClient) => Promise<Result>): Promise<Result> {
    const client = await ApiClient.forDataDirectory(this.dataPath);
    try {
      return await call(client);
    } finally {
      client.close();
    }
  }
}

/** Registers one command; the action is handed the context and returns the exit code, default 0. */
export type RegisterCommand = (program: Command, run: RunAction) => void;

/** Wraps an action of commander's: gives it the context, keeps its exit code. */
export type RunAction = <Args extends unknown[]>(
  action: (context: CliContext, ...args: Args) => Promise<number | void>,
) => (...args: Args) => Promise<void>;
