/** `coalesce mcp`: a Model Context Protocol server on stdio, for one agent. @module */

import { printable } from '../../errors.ts';
import { systemClock } from '../../system-clock.ts';
import type { CliContext, RegisterCommand } from '../context.ts';
import { microUsd } from '../options.ts';

interface McpOptions {
  readonly maxUsdPerTask?: number;
  readonly maxUsdPerSession?: number;
}

export const registerMcp: RegisterCommand = (program, run) => {
  program
    .command('mcp')
    .description('tools for an agent: a Model Context Protocol server on stdin and stdout')
    .option('--max-usd-per-task <amount>', 'refuse tasks that may cost more', microUsd)
    .option(
      '--max-usd-per-session <amount>',
      'refuse tasks that may cost more than this leaves, until the server ends',
      microUsd,
    )
    .action(
      run(async (context, options: McpOptions) => {
        await serve(context, options);
      }),
    );
};

/** Serves until the agent closes stdin, or Ctrl-C. Nothing but the protocol goes to stdout. */
async function serve(context: CliContext, options: McpOptions): Promise<void> {
  // Loaded here, because the other commands do without the SDK.
  const { StdioServerTransport } = await import('@modelcontextprotocol/sdk/server/stdio.js');
  const { createMcpServer } = await import('../../mcp/server.ts');
  const { SpendingLimits } = await import('../../mcp/spending-limits.ts');
  const log = (line: string): void =>
    void process.stderr.write(`${printable(`coalesce mcp: ${line}`)}\n`);
  const server = createMcpServer({
    dataPath: context.dataPath,
    limits: new SpendingLimits({
      maxPerTaskMicroUsd: options.maxUsdPerTask,
      maxPerSessionMicroUsd: options.maxUsdPerSession,
    }),
    clock: systemClock,
    log,
  });
  server.onerror = ({ message }) => log(message);
  const closed = new Promise<void>((resolve) => {
    server.onclose = resolve;
  });
  const close = (): void => void server.close();
  process.stdin.once('end', close);
  context.signal.addEventListener('abort', close, { once: true });
  await server.connect(new StdioServerTransport(undefined, undefined, MESSAGE_LIMIT));
  log(`serves the daemon of ${context.dataPath}; stdin is the agent's`);
  await closed;
}

/** The largest message that is read: as much as the HTTP API takes. */
const MESSAGE_LIMIT = { maxBufferSize: 16 * 1024 * 1024 };
