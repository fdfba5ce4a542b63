/** `coalesce backup` and `coalesce restore`: a node in one file, and a node from it. @module */

import { makeBackup } from '../../storage/backup.ts';
import type { MadeBackup } from '../../storage/backup.ts';
import { storeRecords } from '../../storage/backup-format.ts';
import type { BackupHeader } from '../../storage/backup-format.ts';
import { DataDirectoryLockedError } from '../../errors.ts';
import { readDaemonInfo } from '../../http-api/client.ts';
import { dataDirectory } from '../../storage/data-directory.ts';
import type { DataDirectory } from '../../storage/data-directory.ts';
import { identityFacts } from '../../storage/keystore.ts';
import { restoreBackup } from '../../storage/restore.ts';
import { openStore } from '../../storage/store.ts';
import type { Store } from '../../storage/store.ts';
import { systemClock } from '../../system-clock.ts';
import { VERSION } from '../../version.ts';
import type { CliContext, RegisterCommand } from '../context.ts';

interface BackupOptions {
  readonly force?: true;
}

const SECRET = 'Whoever reads the file is this node: keep it as the key itself';
const SEALED =
  'The key in it is sealed: without its passphrase nobody is this node, you included. The rest ' +
  'is readable';

export const registerBackup: RegisterCommand = (program, run) => {
  program
    .command('backup')
    .argument('<file>', 'the file to write; nobody else may read it')
    .description('write identity, config and store to one file; daemon or not')
    .option('--force', 'replace the file, if there is one')
    .action(
      run(async (context, file: string, options: BackupOptions) => {
        const directory = dataDirectory(context.dataPath);
        // Before the store: opening one would make a directory that is not there.
        const { peerId, isSealed } = await identityFacts(directory);
        const header = { createdAtMs: systemClock.nowMs(), program: VERSION, peerId };
        const made = await backUp(context, directory, header, {
          path: file,
          isReplacing: options.force === true,
        });
        context.print({ ...header, ...made, isSealed, isChecked: true }, () =>
          describe(peerId, made, isSealed),
        );
      }),
    );
};

function describe(peerId: string, made: MadeBackup, isSealed: boolean): string {
  const { path, bytes, entries, files, leftOut } = made;
  return [
    `Wrote ${peerId} to ${path}, and read it again: ${bytes} bytes`,
    `  ${files.join(', ')}, and ${inStore(entries)}`,
    ...leftOut.map((line) => `  not in it: ${line}`),
    '  not in it: modules and programs that offers name, the API token, known addresses of peers',
    `  ${isSealed ? SEALED : SECRET}`,
    `Next: coalesce restore ${path} --data DIR, where this node is to go on`,
  ].join('\n');
}

function inStore(entries: number): string {
  return `${entries} ${entries === 1 ? 'entry' : 'entries'} of the store`;
}

/** From the store itself where no daemon has it, else from the daemon. */
async function backUp(
  context: CliContext,
  directory: DataDirectory,
  header: BackupHeader,
  target: { readonly path: string; readonly isReplacing: boolean },
): Promise<MadeBackup> {
  let store: Store;
  try {
    store = await openStore(directory);
  } catch (error) {
    if (!(error instanceof DataDirectoryLockedError)) throw error;
    return backUpRunning(context, { ...target, directory, header }, error);
  }
  try {
    const records = storeRecords(store.snapshot());
    return await makeBackup({ ...target, directory, header, store: records });
  } finally {
    await store.close();
  }
}

/** @param locked - What to say if it is no daemon that holds the lock. */
async function backUpRunning(
  context: CliContext,
  init: Omit<Parameters<typeof makeBackup>[0], 'store'>,
  locked: DataDirectoryLockedError,
): Promise<MadeBackup> {
  await readDaemonInfo(context.dataPath).catch(() => {
    throw locked;
  });
  return context.withDaemon((client) =>
    makeBackup({ ...init, store: client.download('/v1/backup', context.signal) }),
  );
}

const REMARKS = [
  'the other copy of this node must never start again: two nodes with one identity promise the ' +
    'same money twice, and sign what contradicts each other. Peers and ledger hold that against it',
  'what happened after the backup is not in it: receipts, debts, open contracts, and revocations ' +
    'of certificates, which are to be repeated',
];

export const registerRestore: RegisterCommand = (program, run) => {
  program
    .command('restore')
    .argument('<file>', 'what "coalesce backup" wrote')
    .description('make the data directory, which must be empty or absent, from a backup')
    .action(
      run(async (context, file: string) => {
        const directory = dataDirectory(context.dataPath);
        const { header, files, entries } = await restoreBackup(directory, file);
        const { path } = directory;
        const document = { ...header, dataDirectory: path, files, entries, remarks: REMARKS };
        context.print(document, () =>
          [
            `Restored ${header.peerId} to ${path}, as of ${new Date(header.createdAtMs).toISOString()}`,
            `  ${files.join(', ')}, and ${inStore(entries)}`,
            ...REMARKS.map((remark) => `  ${remark}`),
            `Next: coalesce doctor${context.dataFlag}, then coalesce start${context.dataFlag}`,
          ].join('\n'),
        );
      }),
    );
};
