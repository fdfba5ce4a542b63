/** `coalesce init`: identity, token and config in the data directory. @module */

import { access } from 'node:fs/promises';
import { RefusedError } from '../../errors.ts';
import { flagSource, loadConfig, mergeSettings } from '../../config/load.ts';
import type { ConfigSource } from '../../config/load.ts';
import {
  createDataDirectory,
  dataDirectory,
  loadOrCreateToken,
  readJsonFile,
  restrictToOwner,
  writeFileAtomically,
} from '../../storage/data-directory.ts';
import type { DataDirectory } from '../../storage/data-directory.ts';
import { identityFacts, loadOrCreateIdentity } from '../../storage/keystore.ts';
import type { IdentityFacts } from '../../storage/keystore.ts';
import type { Passphrase } from '../../storage/passphrase.ts';
import type { RegisterCommand } from '../context.ts';
import { collect } from '../options.ts';

interface InitOptions {
  readonly trust: string[];
  readonly bootstrap: string[];
  readonly set: string[];
}

export const registerInit: RegisterCommand = (program, run) => {
  program
    .command('init')
    .description('make an identity and a config in the data directory')
    .option('--trust <peerId>', 'attestor whose certificates count (repeatable)', collect, [])
    .option('--bootstrap <multiaddr>', 'peer to join the network through (repeatable)', collect, [])
    .option('--set <key=value>', 'setting to write, for example http.port=7700', collect, [])
    .action(
      run(async (context, options: InitOptions) => {
        const directory = dataDirectory(context.dataPath);
        await createDataDirectory(directory);
        const flags = [...options.set];
        if (options.trust.length > 0) flags.push(`trust.attestors=${options.trust.join(',')}`);
        if (options.bootstrap.length > 0) {
          flags.push(`network.bootstrap=${options.bootstrap.join(',')}`);
        }
        const asked = flagSource(flags);
        const hasConfig = await exists(directory.configFile);
        const kept = hasConfig
          ? await fileSource(directory.configFile)
          : { origin: directory.configFile, values: {} };
        loadConfig([kept, asked]);
        if (!hasConfig || flags.length > 0) {
          mergeSettings(kept.values, asked.values);
          const text = `${JSON.stringify(kept.values, undefined, 2)}\n`;
          await writeFileAtomically(directory.configFile, text);
        }
        await loadOrCreateToken(directory);
        const { peerId, isSealed, isNew } = await makeIdentity(directory, context.passphrase);
        context.print({ peerId, dataDirectory: directory.path, isNew, isSealed }, () =>
          [
            `${isNew ? 'Made' : 'Kept'} the identity ${peerId} in ${directory.path}`,
            ...(isSealed ? ['  sealed: without its passphrase nobody starts it'] : []),
            `Next: coalesce start${context.dataFlag}`,
          ].join('\n'),
        );
      }),
    );
};

/** One that is there is kept, and its passphrase not asked for. */
async function makeIdentity(
  directory: DataDirectory,
  passphrase: Passphrase,
): Promise<IdentityFacts & { readonly isNew: boolean }> {
  if (!(await exists(directory.identityFile))) {
    const { isNew } = await loadOrCreateIdentity(directory, passphrase);
    return { ...(await identityFacts(directory)), isNew };
  }
  const facts = await identityFacts(directory);
  await restrictToOwner(directory.identityFile);
  if (facts.isSealed || !passphrase.isNamed) return { ...facts, isNew: false };
  throw new RefusedError(
    `The identity ${facts.peerId} is there already and not sealed; seal it with "coalesce key encrypt"`,
  );
}

async function fileSource(path: string): Promise<ConfigSource> {
  return { origin: path, values: (await readJsonFile(path)) as Record<string, unknown> };
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
