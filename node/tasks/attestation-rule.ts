/**
 * When known-answer tasks are enough for a certificate. Apart from the attestor that applies the
 * rule, so that a simulation of one can apply it too.
 *
 * @module
 */

/** Fewest tasks of a certificate: fewer are passed by luck. */
export const MIN_KNOWN_ANSWER_TASKS = 4;
/** Share of tasks that must be passed for a certificate. */
export const MIN_PASSED_SHARE = 0.8;
