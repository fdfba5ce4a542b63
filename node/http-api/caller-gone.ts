/**
 * The caller of a request hung up before its answer.
 *
 * @module
 */

/** Nobody waits for the answer any more: nothing is wrong with this node. */
export class CallerGoneError extends Error {
  override readonly name = 'CallerGoneError';

  constructor() {
    super('The caller hung up');
  }
}
