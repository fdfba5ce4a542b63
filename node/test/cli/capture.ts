/** Runs a command line in this process, and keeps what it printed. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { runCli } from '../../cli/run-cli.ts';
import { ApiUnderTest, TOKEN } from '../http-api/fake-agent-node.ts';

export interface CliRun {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function runCaptured(argv: readonly string[]): Promise<CliRun> {
  let stdout = '';
  let stderr = '';
  const out = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    stdout += String(chunk);
    return true;
  });
  const err = vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
    stderr += String(chunk);
    return true;
  });
  try {
    const exitCode = await runCli(argv);
    return { exitCode, stdout, stderr };
  } finally {
    out.mockRestore();
    err.mockRestore();
  }
}

/** A data directory of its own, and if asked a daemon on it whose node is a fake. */
export class CliUnderTest {
  readonly path: string;
  daemon: ApiUnderTest | undefined;

  private constructor(path: string) {
    this.path = path;
  }

  static async open(): Promise<CliUnderTest> {
    return new CliUnderTest(await mkdtemp(join(tmpdir(), 'coalesce-cli-')));
  }

  async startDaemon(): Promise<ApiUnderTest> {
    this.daemon = await ApiUnderTest.start();
    const info = { pid: process.pid, url: this.daemon.api.url, peerId: 'x' };
    await this.write('daemon.json', JSON.stringify(info));
    await this.write('token', `${TOKEN}\n`);
    return this.daemon;
  }

  async write(name: string, text: string): Promise<string> {
    const path = join(this.path, name);
    await writeFile(path, text);
    return path;
  }

  run(...argv: readonly string[]): Promise<CliRun> {
    return runCaptured([...argv, '--data', this.path]);
  }

  async close(): Promise<void> {
    await this.daemon?.api.close(0);
    await rm(this.path, { recursive: true, force: true });
  }
}

/** Any character that could move a terminal's cursor or turn the direction of text. */
export const UNPRINTABLE =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

/** What a hostile peer writes into each string that it may write. */
export const HOSTILE = 'a\u001b[2J\u009b31m\r\u0007\u202eb\u0000';
