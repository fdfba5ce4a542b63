/** `coalesce stop`: drains the daemon of the data directory and waits for its end. @module */

import { setTimeout as delay } from 'node:timers/promises';
import { RefusedError } from '../../errors.ts';
import { systemClock } from '../../system-clock.ts';
import { isAlive, readDaemonInfo } from '../../http-api/client.ts';
import type { RegisterCommand } from '../context.ts';
import { wholeNumber } from '../options.ts';

interface StopOptions {
  readonly timeoutSeconds: number;
}

export const registerStop: RegisterCommand = (program, run) => {
  program
    .command('stop')
    .description('let the daemon finish its work, then stop it')
    .option('--timeout-seconds <n>', 'how long to wait for its end', wholeNumber(1, 3_600), 60)
    .action(
      run(async (context, options: StopOptions) => {
        const { pid } = await readDaemonInfo(context.dataPath);
        await context.withDaemon((client) => client.post('/v1/stop'));
        const deadline = systemClock.monotonicMs() + options.timeoutSeconds * 1_000;
        while (isAlive(pid)) {
          if (systemClock.monotonicMs() > deadline) {
            throw new RefusedError(
              `Process ${pid} still drains after ${options.timeoutSeconds} s; wait, or end it`,
            );
          }
          await delay(50, undefined, { signal: context.signal });
        }
        context.print({ stopped: true, pid }, () => `Stopped process ${pid}.`);
      }),
    );
};
