/**
 * What benchmarks need that start processes: a free port, and what memory they take.
 *
 * @module
 */

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';

/** Sum of the resident memory of the processes, each once, in MB. */
export async function residentMegabytes(pids: readonly number[]): Promise<number> {
  let kilobytes = 0;
  for (const pid of new Set(pids)) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    kilobytes += Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]);
  }
  return kilobytes / 1_024;
}

/** A port of the loopback interface that nobody listens on now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
