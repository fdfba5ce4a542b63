/**
 * When known-answer tasks are enough for a certificate. Apart from the attestor that applies the
 * rule, so that a simulation of one can apply it too.
 *
 * @module
 */

/** Share of tasks that must be passed for a certificate. */
export const MIN_PASSED_SHARE = 0.8;
