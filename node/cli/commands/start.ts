/** `coalesce start`: the daemon, in the foreground. @module */

import { Option } from 'commander';
import type { RegisterCommand } from '../context.ts';
import { collect } from '../options.ts';

interface StartOptions {
  readonly set: string[];
  readonly bootstrap: string[];
  readonly httpPort?: string;
  readonly logFile?: string;
  readonly seed?: string;
  readonly stopWithParent?: true;
}

export const registerStart: RegisterCommand = (program, run) => {
  program
    .command('start')
    .description('run the daemon in the foreground; Ctrl-C drains and stops it')
    .option('--bootstrap <multiaddr>', 'peer to join the network through (repeatable)', collect, [])
    .option('--http-port <port>', 'port of the HTTP API, 0 for a free one')
    .option('--log-file <path>', 'append the log to a file instead of stderr')
    .option('--seed <n>', 'fix the draws of exploration, to repeat a run')
    .option('--set <key=value>', 'setting that wins over file and environment', collect, [])
    .addOption(
      new Option(
        '--stop-with-parent',
        'stop when standard input ends: for a parent process',
      ).hideHelp(),
    )
    .action(
      run(async (context, options: StartOptions) => {
        const flags = [...options.set];
        if (options.httpPort !== undefined) flags.push(`http.port=${options.httpPort}`);
        if (options.seed !== undefined) flags.push(`decision.seed=${options.seed}`);
        if (options.bootstrap.length > 0) {
          flags.push(`network.bootstrap=${options.bootstrap.join(',')}`);
        }
        // Loaded here, because the other commands do without libp2p.
        const { runDaemon } = await import('../../daemon.ts');
        return runDaemon({
          dataPath: context.dataPath,
          flags,
          environment: process.env,
          passphrase: context.passphrase,
          signal: options.stopWithParent ? untilStdinEnds(context.signal) : context.signal,
          ...(options.logFile === undefined ? {} : { logFile: options.logFile }),
          onReady: (status, isNewIdentity) => {
            const made = isNewIdentity ? ' (a new identity; keep it: coalesce backup FILE)' : '';
            const { dataFlag } = context;
            context.print(status, () =>
              [
                `${status.name} is ready: ${status.peerId}`,
                `  listens on ${status.addresses.join(', ')}`,
                `  HTTP API   ${status.http}`,
                `  A2A        ${status.a2a ?? 'not served'}`,
                `  data       ${status.dataDirectory}${made}`,
                `Next: coalesce status${dataFlag}, or coalesce skills publish --help to sell a skill`,
              ].join('\n'),
            );
          },
        });
      }),
    );
};

/** Aborted when `signal` is, or when the process that holds the other end of stdin is gone. */
function untilStdinEnds(signal: AbortSignal): AbortSignal {
  const ended = new AbortController();
  process.stdin.on('close', () => ended.abort());
  process.stdin.on('end', () => ended.abort());
  process.stdin.resume();
  process.stdin.unref(); // an open pipe must not keep a stopped node alive
  return AbortSignal.any([signal, ended.signal]);
}
