/**
 * Asks at a terminal for a line that is not shown. The question goes to stderr: stdout is for the
 * one result.
 *
 * @module
 */

import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';

/** The two ends of a terminal. */
export interface Terminal {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
  /** What Ctrl-C does: while nothing is shown, the terminal itself does not. */
  readonly interrupt: () => void;
}

/**
 * The line that is typed, without its end.
 *
 * @throws the reason of `signal`, and on Ctrl-C or a closed terminal an `AbortError`.
 */
export function askHidden(
  { input, output, interrupt }: Terminal,
  question: string,
  signal: AbortSignal,
): Promise<string> {
  const mute = new Writable({
    write: (_chunk, _encoding, done) => {
      done();
    },
  });
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    output.write(question);
    // With `terminal` readline itself echoes what is typed, and its output leads nowhere.
    const lines = createInterface({ input, output: mute, terminal: true, historySize: 0 });
    let isEnded = false;
    const end = (settle: () => void): void => {
      if (isEnded) return;
      isEnded = true;
      signal.removeEventListener('abort', onAbort);
      lines.removeAllListeners();
      lines.close();
      output.write('\n');
      settle();
    };
    const stop = (): void => {
      end(() => {
        reject(new DOMException('No passphrase was typed', 'AbortError'));
      });
    };
    const onAbort = (): void => {
      end(() => {
        reject(signal.reason as Error);
      });
    };
    signal.addEventListener('abort', onAbort, { once: true });
    lines.once('line', (line) => {
      end(() => {
        resolve(line);
      });
    });
    lines.once('SIGINT', () => {
      interrupt();
      stop(); // if the interrupt has not ended it
    });
    lines.once('close', stop);
  });
}
