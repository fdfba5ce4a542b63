/**
 * `--contractors FILE`: what the contractors of a network sell.
 *
 * @module
 */

import { z } from 'zod';
import { BadInputError } from '../node/errors.ts';
import { readJsonFile } from '../node/storage/data-directory.ts';

const offerFile = z.looseObject({ skills: z.array(z.looseObject({})).min(1) });

/**
 * The offers of a file, checked as far as that they are offers; each contractor checks its own.
 *
 * @param size - Nodes of the network: one client, one attestor, the rest contractors.
 * @throws {@link BadInputError} with every problem.
 */
export async function readContractors(path: string, size: number): Promise<readonly unknown[]> {
  const parsed = z
    .array(offerFile)
    .min(1)
    .safeParse(await readJsonFile(path));
  if (!parsed.success) {
    const problems = parsed.error.issues.map(
      ({ path: at, message }) => `${at.join('.') || 'file'}: ${message}`,
    );
    throw new BadInputError(`${path}: expected a list of offers, each as in node/docs/offers.md`, {
      problems,
    });
  }
  if (parsed.data.length <= size - 2) return parsed.data;
  throw new BadInputError(
    `${path}: has ${parsed.data.length} contractors, and --nodes ${size} leaves room for ${size - 2}; make it ${parsed.data.length + 2}`,
  );
}
