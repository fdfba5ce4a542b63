import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const BINARY = fileURLToPath(new URL('../../../dist/bundle/coalesce.js', import.meta.url));

let path: string;

beforeEach(async () => {
  if (!existsSync(BINARY)) throw new Error(`${BINARY} is missing; run "npx tsc -b" first`);
  path = await mkdtemp(join(tmpdir(), 'coalesce-binary-'));
});

afterEach(async () => {
  await rm(path, { recursive: true, force: true });
});

interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function coalesce(...argv: string[]): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, COALESCE_DATA: path };
    const child = spawn(process.execPath, [BINARY, ...argv], { env });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => (stdout += String(chunk)));
    child.stderr.on('data', (chunk) => (stderr += String(chunk)));
    child.once('error', reject);
    child.once('close', (exitCode) => resolve({ exitCode, stdout, stderr }));
  });
}

describe('the built command', () => {
  it('hands its exit code to the shell: 2, 4, 0', async () => {
    const [unknown, noDaemon, version] = await Promise.all([
      coalesce('frobnicate'),
      coalesce('status', '--json'),
      coalesce('--version'),
    ]);
    expect(unknown.exitCode).toBe(2);
    expect(unknown.stderr).toContain("unknown command 'frobnicate'");
    expect(noDaemon.exitCode).toBe(4);
    expect(JSON.parse(noDaemon.stdout)).toMatchObject({ error: { code: 'UNREACHABLE' } });
    expect(version.exitCode).toBe(0);
  });

  it('makes one identity in the directory that COALESCE_DATA names', async () => {
    const first = JSON.parse((await coalesce('init', '--json')).stdout) as object;
    const second = JSON.parse((await coalesce('init', '--json')).stdout) as object;
    expect(first).toMatchObject({ isNew: true, dataDirectory: path });
    expect(second).toEqual({ ...first, isNew: false });
  });
});
