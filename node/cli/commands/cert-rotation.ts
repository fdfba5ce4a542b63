/** `coalesce cert rotate` and `coalesce cert recovery`: a new key for the node. @module */

import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { toBase64Url } from '../../../crypto/bytes.ts';
import { ledgerRules } from '../../../protocols/ledger/genesis.ts';
import { registerRecoveryKey, rotateIdentity } from '../../certificates/identity-rotation.ts';
import { dataDirectory, readJsonFile } from '../../storage/data-directory.ts';
import type { DataDirectory } from '../../storage/data-directory.ts';
import { identityFacts } from '../../storage/keystore.ts';
import { openStore } from '../../storage/store.ts';
import type { Store } from '../../storage/store.ts';
import { systemClock, systemRandom } from '../../system-clock.ts';
import type { CliContext, RunAction } from '../context.ts';

interface RotateOptions {
  readonly recovery?: string;
  readonly nextRecovery?: string;
}

/** Adds the two commands to `cert`. */
export function addRotationCommands(cert: Command, run: RunAction): void {
  cert
    .command('rotate')
    .description('replace the key of the stopped node by a new one; its certificates stay valid')
    .option('--recovery <file>', 'recovery key, if one is registered')
    .option('--next-recovery <file>', 'new file for another recovery key from now on')
    .action(
      run(async (context, { recovery, nextRecovery }: RotateOptions) => {
        const { rotated, hasIssued, onLedger } = await withStore(
          context,
          async (directory, store) => {
            const { peerId } = await identityFacts(directory);
            return {
              onLedger: await ledgerRemarks(directory, store, peerId),
              hasIssued: await hasEntries(store, 'issued-certificates'),
              rotated: await rotateIdentity({
                directory,
                clock: systemClock,
                random: systemRandom,
                passphrase: context.passphrase,
                ...(recovery === undefined ? {} : { recoveryFile: recovery }),
                ...(nextRecovery === undefined ? {} : { nextRecoveryFile: nextRecovery }),
              }),
            };
          },
        );
        const remarks = [
          rotated.consent === 'old-key' ? THIEF_REMARK : RECOVERY_REMARK,
          ...(hasIssued ? [ISSUER_REMARK] : []),
          ...onLedger,
        ];
        context.print({ ...rotated, remarks }, () =>
          [
            `The node is ${rotated.peerId} from now on; it was ${rotated.formerPeerId}`,
            `  the old key is kept in ${rotated.formerIdentityFile}:`,
            '  it signs nothing any more but what lets a ledger follow',
            ...remarks.map((remark) => `  ${remark}`),
            `Next: coalesce start${context.dataFlag}`,
          ].join('\n'),
        );
      }),
    );
  cert
    .command('recovery')
    .description('make a recovery key, without which nobody rotates the key of the stopped node')
    .requiredOption('--out <file>', 'new file for the key: move it away from this machine')
    .action(
      run(async (context, { out }: { readonly out: string }) => {
        const { peerId, hash } = await withStore(context, (directory) =>
          registerRecoveryKey({ directory, random: systemRandom, file: out }),
        );
        const document = { peerId, file: out, hash: toBase64Url(hash) };
        context.print(document, () =>
          [
            `Wrote the recovery key of ${peerId} to ${out}: keep it away from this machine`,
            '  peers learn of it from the skill record that the node publishes next; those that',
            '  have not read it before a rotation do not follow the rotation. The ledger learns of',
            '  it when the node starts, if it has an account there',
            `Next: coalesce start${context.dataFlag}`,
          ].join('\n'),
        );
      }),
    );
}

const THIEF_REMARK =
  'no recovery key was registered, so the old key consented: a thief of it could have done the ' +
  'same. "coalesce cert recovery --out FILE" registers one';
const RECOVERY_REMARK =
  'peers that never saw the hash of the recovery key, because no skill record with it was ' +
  'published or they did not read one, will not follow: to them the certificates of the old key ' +
  'are lost (BAD_ROTATION_CHAIN)';
const ISSUER_REMARK =
  'certificates that this node has issued stay with the old key, and end with its last status ' +
  'list: issue them anew';

const ACCOUNT_REMARK =
  'an account on the ledger, its score and its pairs move to the new key when the node starts ' +
  'and reaches the committee; "coalesce ledger show" tells. What is held for open contracts ' +
  'follows as they end';

const OFFICER_REMARK =
  'the genesis of the ledger names the old key by its office (replica, treasury, admission or ' +
  'seed): its account and its office stay with it';

/** What becomes of an account on the ledger that the configuration names. */
async function ledgerRemarks(
  directory: DataDirectory,
  store: Store,
  formerPeerId: string,
): Promise<readonly string[]> {
  try {
    const { committee } = committeeSchema.parse(await readJsonFile(directory.configFile));
    const genesis = await readFile(resolve(directory.path, committee.genesisFile));
    const isOfficer = ledgerRules(genesis).officers.has(formerPeerId);
    return [isOfficer ? OFFICER_REMARK : ACCOUNT_REMARK];
  } catch {
    // No ledger in the file, or none that can be read: a start may name one all the same.
    return (await hasEntries(store, 'ledger-account')) ? [ACCOUNT_REMARK] : [];
  }
}

const committeeSchema = z.looseObject({ committee: z.looseObject({ genesisFile: z.string() }) });

/** Runs `work` while no daemon can start on the data directory. */
async function withStore<Result>(
  context: CliContext,
  work: (directory: DataDirectory, store: Store) => Promise<Result>,
): Promise<Result> {
  const directory = dataDirectory(context.dataPath);
  await identityFacts(directory); // before the store: it would make a directory that is not there
  const store = await openStore(directory);
  try {
    return await work(directory, store);
  } finally {
    await store.close();
  }
}

async function hasEntries(
  store: Store,
  name: 'issued-certificates' | 'ledger-account',
): Promise<boolean> {
  for await (const entry of store.section(name).entries({ limit: 1 })) {
    return entry.length > 0;
  }
  return false;
}
