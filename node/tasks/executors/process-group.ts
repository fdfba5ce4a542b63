/**
 * Runs a program as the leader of a process group of its own, within limits, and leaves nothing of
 * it behind: when it ends, when its time is over and when this process ends, the whole group is
 * killed.
 *
 * A POSIX shell sets the limits (setrlimit) and starts the program with its arguments as they are:
 * no character of them is read by the shell. Memory and file size are limits per process, not per
 * group; where the system has no limit of memory (macOS) the program runs without one, and the
 * outcome says so. A program that leaves its process group (setsid) is out of reach. This is a
 * bound for honest programs that meet hostile input, not a sandbox.
 *
 * @module
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';

/** Bytes of standard error that are kept: the first ones. */
export const MAX_STDERR_BYTES = 4_096;
const MAX_REPORT_BYTES = 1_024;
/** Unit of a file's limit in POSIX. */
const BLOCKS_PER_MIB = 2_048;
const KIB_PER_MIB = 1_024;

/** A program and what it may take. */
export interface ProcessGroupInit {
  /** Absolute path. */
  readonly program: string;
  readonly args: readonly string[];
  readonly workingDirectory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly stdin: Uint8Array;
  readonly maxStdoutBytes: number;
  readonly maxCpuSeconds: number;
  readonly maxMemoryMib: number;
  readonly maxFileMib: number;
}

/** How it ended. */
export interface ProcessOutcome {
  readonly stdout: Buffer;
  /** Whether it wrote more than it may; it was killed then. */
  readonly isTooLarge: boolean;
  /** As a shell counts: 128 and the number of the signal, for a program that was killed. */
  readonly exitCode: number | undefined;
  /** Processor time of the program and of those that it waited for, if it ended by itself. */
  readonly processorSeconds: number | undefined;
  readonly hasMemoryLimit: boolean;
  readonly stderr: string;
}

/** Leaders of the groups that run. */
const leaders = new Set<number>();
let isWatchingExit = false;

function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    return; // it has ended
  }
}

function watchExit(): void {
  if (isWatchingExit) return;
  isWatchingExit = true;
  process.on('exit', () => leaders.forEach(killGroup));
}

/** Descriptor 3 gets the exit code, then what `times` prints of the shell and its children. */
function script({ maxCpuSeconds, maxMemoryMib, maxFileMib }: ProcessGroupInit): string {
  return [
    'ulimit -c 0',
    `ulimit -t ${maxCpuSeconds} || exit 125`,
    `ulimit -f ${maxFileMib * BLOCKS_PER_MIB} || exit 125`,
    `ulimit -v ${maxMemoryMib * KIB_PER_MIB} 2>/dev/null || echo no-memory-limit >&3`,
    '"$@" 3>&-',
    'echo "exit $?" >&3',
    'times >&3',
    'kill -KILL 0',
  ].join('\n');
}

/**
 * Runs a program to its end.
 *
 * @throws the reason of the signal, once the group is dead; the system's error without a shell.
 */
export async function runProcessGroup(
  init: ProcessGroupInit,
  signal: AbortSignal,
): Promise<ProcessOutcome> {
  signal.throwIfAborted();
  watchExit();
  const child = spawn('/bin/sh', ['-c', script(init), 'sh', init.program, ...init.args], {
    cwd: init.workingDirectory,
    env: init.environment,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  });
  const closed = once(child, 'close');
  await once(child, 'spawn');
  const leader = child.pid!;
  leaders.add(leader);
  const kill = (): void => {
    killGroup(leader);
    // A process that left the group may hold the pipes open: they are not waited for.
    for (const stream of child.stdio) stream?.destroy();
  };
  const stdout = new Collected(child.stdout, init.maxStdoutBytes, kill);
  const stderr = new Collected(child.stderr, MAX_STDERR_BYTES);
  const report = new Collected(child.stdio[3] as Readable, MAX_REPORT_BYTES);
  // A program need not read its input: a closed pipe is no failure.
  child.stdin.on('error', () => undefined);
  child.stdin.end(init.stdin);
  signal.addEventListener('abort', kill, { once: true });
  if (signal.aborted) kill();
  try {
    await closed;
  } finally {
    signal.removeEventListener('abort', kill);
    leaders.delete(leader);
  }
  signal.throwIfAborted();
  return {
    stdout: stdout.bytes,
    isTooLarge: stdout.isTooLarge,
    stderr: stderr.bytes.toString(),
    ...readReport(report.bytes.toString()),
  };
}

/** The first bytes of a stream. It is read to its end, so that nobody waits to write. */
class Collected {
  isTooLarge = false;
  readonly #chunks: Buffer[] = [];

  constructor(stream: Readable, maxBytes: number, onTooLarge: () => void = () => undefined) {
    let room = maxBytes;
    stream.on('error', () => undefined);
    stream.on('data', (chunk: Buffer) => {
      if (room > 0) this.#chunks.push(chunk.subarray(0, room));
      room -= chunk.length;
      if (room >= 0 || this.isTooLarge) return;
      this.isTooLarge = true;
      onTooLarge();
    });
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}

function readReport(
  report: string,
): Pick<ProcessOutcome, 'exitCode' | 'processorSeconds' | 'hasMemoryLimit'> {
  const code = /^exit (\d+)$/m.exec(report)?.[1];
  // Two lines, "0m0.01s 0m0.00s" each: the shell, then its children; user and system time.
  const times = [...report.matchAll(/(\d+)m(\d+(?:[.,]\d+)?)s/g)].slice(2, 4);
  const seconds = times.map(([, minutes, rest]) => 60 * +minutes! + +rest!.replace(',', '.'));
  return {
    exitCode: code === undefined ? undefined : Number(code),
    processorSeconds: seconds.length < 2 ? undefined : seconds[0]! + seconds[1]!,
    hasMemoryLimit: !report.includes('no-memory-limit'),
  };
}
