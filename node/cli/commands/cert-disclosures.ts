/** `coalesce cert disclose`, `prove` and `verify`: certificates in files. @module */

import { readFile, stat } from 'node:fs/promises';
import type {
  DisclosureDocument,
  PortableProofDocument,
  VerifyDocument,
} from '../../api-documents.ts';
import { PROOF_LIFE } from '../../certificates/portable-proofs.ts';
import { BadInputError } from '../../errors.ts';
import { codeOf } from '../../storage/data-directory.ts';
import { describeCertificate } from '../certificate-text.ts';
import type { RegisterCommand } from '../context.ts';
import { collect, id, minimum } from '../options.ts';
import type { Minimum } from '../options.ts';
import { resourceNameProblem, resourceTerm } from '../../skills/resource-name.ts';

interface ProveOptions {
  readonly verifier: string;
  readonly nonce: string;
}

/** Largest file that is read, in bytes: more than a certificate with all leaves takes. */
const MAX_FILE_BYTES = 4 * 1024 * 1024;

interface VerifyOptions {
  readonly min?: Minimum;
  readonly nonce?: string;
}

const LIFE_HELP =
  `For how long: ${PROOF_LIFE}. It is accepted once: the next proof with its nonce is refused ` +
  '(NONCE_USED).';
const PROVE_HELP =
  'What the proof shows: the highest rung of the ladder 1, 2, 4, 8, 16, 24, 40, 48, 80, 96, 160, ' +
  '... at or below the value, or the limit in disclosure.highestRungs at the time when the ' +
  'certificate came in, and not the minimum that is asked. Every verifier learns this rung and ' +
  `no more.\n${LIFE_HELP}`;

/** What a holder hands over as a file, and the check of it. */
export const registerDisclosures: RegisterCommand = (cert, run) => {
  cert
    .command('disclose')
    .description('open some leaves of a held certificate; print a file for whoever is to see them')
    .argument('<certId>', 'as "cert show" prints it', id)
    .requiredOption('--term <term>', 'term whose leaves are opened (repeatable)', collect, [])
    .action(
      run(async (context, certId: string, options: { readonly term: string[] }) => {
        if (options.term.length === 0) {
          throw new BadInputError(
            `cert disclose: name a term with --term; "cert show ${certId}" lists them`,
          );
        }
        const path = `/v1/certificates/${encodeURIComponent(certId)}/disclose`;
        const document = await context.withDaemon((client) =>
          client.post<DisclosureDocument>(path, { terms: options.term.map(termOf) }),
        );
        context.print(document, () => JSON.stringify(document, undefined, 2));
      }),
    );
  cert
    .command('prove <minimum>')
    .description("prove 'NAME>=N' of a resource to one verifier, without the exact value")
    .requiredOption('--verifier <peerId>', 'peer that the proof is for')
    .requiredOption('--nonce <hex>', '32 bytes that the verifier chose: openssl rand -hex 32')
    .addHelpText('after', `\n${PROVE_HELP}`)
    .action(
      run(async (context, text: string, { verifier, nonce }: ProveOptions) => {
        const asked = minimumArgument(text);
        await context.remarkOnResources([asked.name]);
        const body = { ...asked, verifier, nonce };
        const document = await context.withDaemon((client) =>
          client.post<PortableProofDocument>('/v1/certificates/prove', body),
        );
        context.print(document, () => JSON.stringify(document, undefined, 2));
      }),
    );
  cert
    .command('verify <file>')
    .description('check an envelope, a disclosure or a proof, by this node’s trust policy')
    .option('--min <minimum>', "of a proof: what was to be proved, 'NAME>=N'", minimum)
    .option('--nonce <hex>', 'of a proof: the 32 bytes that this node chose for it')
    .addHelpText('after', `\n${LIFE_HELP}`)
    .action(
      run(async (context, file: string, options: VerifyOptions) => {
        const body = await readVerifiable(file, options);
        const result = await context.withDaemon((client) =>
          client.post<VerifyDocument>('/v1/certificates/verify', body),
        );
        context.print(result, () => describeVerified(result));
        // Well signed and worth nothing here is no success for whoever reads the exit code alone.
        return result.valid && givesLevel(result) ? 0 : 1;
      }),
    );
};

function minimumArgument(text: string): Minimum {
  try {
    return minimum(text);
  } catch (error) {
    throw new BadInputError(`cert prove: ${error instanceof Error ? error.message : text}`);
  }
}

/** Whether this node's trust policy gives what was verified a level. */
function givesLevel({ certificate, proved }: VerifyDocument): boolean {
  return (proved?.level ?? certificate?.level ?? 0) > 0;
}

function describeVerified({ valid, reason, certificate, proved }: VerifyDocument): string {
  if (!valid) return `refused: ${reason ?? 'unknown'}`;
  if (proved) {
    const { name, atLeast, basis, level, issuer } = proved;
    const how = basis === 'stated' ? 'stated' : 'measured';
    return `valid\n  proves  ${name} >= ${atLeast}, level ${level}, ${how} by ${issuer}`;
  }
  if (!certificate) return 'valid';
  const { level, remark } = certificate;
  const noLevel = level > 0 || remark === null ? '' : `, but gives no level here: it ${remark}`;
  return `valid${noLevel}\n${describeCertificate(certificate)}`;
}

/** The body of `verify` for what stands in a file. */
async function readVerifiable(file: string, options: VerifyOptions): Promise<object> {
  return verifiableOf(await readBytes(file), file, options);
}

/**
 * @param file - Its name, for errors.
 * @throws {@link BadInputError} for a proof without what it answers, and nothing else, whatever
 *   the bytes.
 */
export function verifiableOf(bytes: Buffer, file: string, options: VerifyOptions): object {
  const json = parsed(bytes);
  if (typeof json['presentation'] === 'string') {
    const { min, nonce } = options;
    if (min === undefined || nonce === undefined) {
      throw new BadInputError(
        'cert verify: a proof needs --min, what was asked, and --nonce, as you chose it',
      );
    }
    const { holder, presentation } = json;
    return { presentation, holder, nonce, ...min };
  }
  if (options.min !== undefined || options.nonce !== undefined) {
    throw new BadInputError(
      `cert verify: --min and --nonce are for proofs, and ${file} is none; ask for "cert prove"`,
    );
  }
  if (Array.isArray(json['open'])) return { disclosure: json };
  const inside = json['envelope'];
  const envelope = typeof inside === 'string' ? Buffer.from(inside) : bytes;
  return { envelope: envelope.toString('base64') };
}

async function readBytes(file: string): Promise<Buffer> {
  try {
    const { size } = await stat(file);
    if (size > MAX_FILE_BYTES) {
      throw new BadInputError(
        `${file}: has ${size} bytes, and a certificate, disclosure or proof at most ${MAX_FILE_BYTES}`,
      );
    }
    return await readFile(file);
  } catch (error) {
    if (error instanceof BadInputError) throw error;
    throw new BadInputError(`${file}: cannot be read (${codeOf(error)})`, { cause: error });
  }
}

/** The object that the file holds; an empty one if it holds something else. */
function parsed(bytes: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value = JSON.parse(bytes.toString('utf8')) as unknown;
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** A resource may be named without its predicate, as it is to `attest` and `query`. */
function termOf(name: string): string {
  return resourceNameProblem(name) === undefined ? resourceTerm(name) : name;
}
