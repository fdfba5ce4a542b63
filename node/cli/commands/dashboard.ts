/** `coalesce dashboard`: the address of the node's own page. @module */

import { spawn } from 'node:child_process';
import type { DashboardLinkDocument } from '../../dashboard/page-routes.ts';
import type { RegisterCommand } from '../context.ts';

export const registerDashboard: RegisterCommand = (program, run) => {
  program
    .command('dashboard')
    .description("print the address of the node's page, which opens it once")
    .option('--open', 'open it in the browser of this machine')
    .action(
      run(async (context, options: { readonly open?: true }) => {
        const link = await context.withDaemon((client) =>
          client.post<DashboardLinkDocument>('/v1/dashboard', {}, { signal: context.signal }),
        );
        if (options.open) openBrowser(link.url, (remark) => context.progress(remark));
        const { url, expiresInSeconds } = link;
        context.print(link, () => url);
        context.progress(`good once, and for ${expiresInSeconds} s; anyone who opens it may spend`);
      }),
    );
};

/** The program that opens an address, per platform. */
const OPENERS: Readonly<Record<string, readonly [string, ...string[]]>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
};

/** The address stands in the process list for a moment: the token in it is good once. */
function openBrowser(url: string, remark: (text: string) => void): void {
  const [command, ...before] = OPENERS[process.platform] ?? ['xdg-open'];
  const child = spawn(command, [...before, url], { detached: true, stdio: 'ignore' });
  child.once('error', () => remark(`"${command}" cannot be run; open the address by hand`));
  child.unref();
}
