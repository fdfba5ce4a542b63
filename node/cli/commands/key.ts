/** `coalesce key encrypt` and `coalesce key decrypt`: the identity and its passphrase. @module */

import { dataDirectory } from '../../storage/data-directory.ts';
import { changeSeals, identityFacts } from '../../storage/keystore.ts';
import type { ChangedKeys } from '../../storage/keystore.ts';
import { openStore } from '../../storage/store.ts';
import type { CliContext, RegisterCommand } from '../context.ts';

const REMARKS = [
  'no one can open it without the passphrase, and there is no way to get that back',
  'copies made before, backups too, still hold the key as it was',
];

export const registerKey: RegisterCommand = (program, run) => {
  const key = program
    .command('key')
    .description('seal the identity of the stopped node with a passphrase, or open it');
  key
    .command('encrypt')
    .description('seal identity and former ones with a passphrase (scrypt, AES-256-GCM)')
    .action(
      run(async (context) => {
        const changed = await change(context, true);
        context.print({ ...changed, isSealed: true, remarks: REMARKS }, () =>
          [
            `Sealed ${changed.peerId}: ${changed.files.join(', ')}`,
            ...REMARKS.map((remark) => `  ${remark}`),
            `Next: coalesce start${context.dataFlag} --passphrase-file FILE, or without and typed`,
          ].join('\n'),
        );
      }),
    );
  key
    .command('decrypt')
    .description('write identity and former ones without their passphrase')
    .action(
      run(async (context) => {
        const changed = await change(context, false);
        context.print({ ...changed, isSealed: false }, () =>
          [
            `Opened ${changed.peerId}: ${changed.files.join(', ')}`,
            '  whoever reads the files is this node',
          ].join('\n'),
        );
      }),
    );
};

async function change(context: CliContext, isSealed: boolean): Promise<ChangedKeys> {
  const directory = dataDirectory(context.dataPath);
  await identityFacts(directory); // before the store: it would make a directory that is not there
  const store = await openStore(directory);
  try {
    return await changeSeals(directory, isSealed, context.passphrase);
  } finally {
    await store.close();
  }
}
