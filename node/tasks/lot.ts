/**
 * Lots, by which chance says who comes first among equals.
 *
 * @module
 */

import type { Random } from '../../protocols/components.ts';

/** A number of 0 to 2^32 - 1, each as likely. */
export function lotOf(random: Random): number {
  return new DataView(random.bytes(4).buffer).getUint32(0);
}
