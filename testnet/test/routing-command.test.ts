/** The `routing` command of the testnet as a user calls it: as a process. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RoutingDocument } from '../routing-command.ts';

const cli = fileURLToPath(new URL('../../dist/bundle/coalesce-testnet.js', import.meta.url));

function routing(...args: string[]) {
  return new Promise<{ exitCode: number; stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, [cli, 'routing', ...args], (error, stdout, stderr) => {
      const exitCode = error ? (typeof error.code === 'number' ? error.code : -1) : 0;
      resolve({ exitCode, stdout, stderr });
    });
  });
}

describe('the routing command', () => {
  let dir: string;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'coalesce-routing-'));
  });

  afterAll(async () => {
    await rm(dir, { recursive: true, force: true });
  });

  it('prints one JSON document and writes it, with a CSV file and a chart', async () => {
    const args = ['--nodes', '100,300', '--lookups', '50', '--out', join(dir, 'out'), '--json'];
    const { exitCode, stdout, stderr } = await routing(...args);
    expect(exitCode, stderr).toBe(0);
    const { results } = JSON.parse(stdout) as RoutingDocument;
    expect(results.map(({ nodes, lookups }) => [nodes, lookups])).toEqual([
      [100, 50],
      [300, 50],
    ]);
    expect(stderr).toBe('');
    const written = await readFile(join(dir, 'out', 'routing.json'), 'utf8');
    expect(JSON.parse(written)).toEqual({ results });
    expect(await readFile(join(dir, 'out', 'routing.csv'), 'utf8')).toMatch(/^nodes,table,/);
    expect(await readFile(join(dir, 'out', 'routing.svg'), 'utf8')).toMatch(/^<svg /);
  });

  it('prints a table for a person', async () => {
    const { exitCode, stdout } = await routing('--nodes', '100', '--lookups', '10');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^nodes +log2 +found %/);
  });

  it('refuses sizes it cannot simulate, with exit code 2 and what it expected', async () => {
    const small = await routing('--nodes', '10');
    expect(small.exitCode).toBe(2);
    expect(small.stderr).toMatch(/expected a whole number from 100 to 1000000/);
    const large = await routing('--nodes', '1000000', '--table', 'kad-dht');
    expect(large.exitCode).toBe(2);
    expect(large.stderr).toMatch(/expected tables of at most 4 GB/);
  });
});
