/** The refusal of bad input, for tests. @module */

import { expect } from 'vitest';
import { BadInputError } from '../../errors.ts';

/** What `run` refuses. Fails the test if it refuses nothing, or throws another error. */
export function problemOf(run: () => unknown): BadInputError {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(BadInputError);
    return error as BadInputError;
  }
  throw new Error('expected a refusal');
}
