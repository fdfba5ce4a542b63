/** What the event stream has told: the node's clock, and runs as they change. @module */

import type { RunRecordDocument } from '../../activity-documents.ts';

type Listener = (run: RunRecordDocument) => void;

const listeners = new Set<Listener>();
let clockMs = 0;

/** The node's clock at its last sign of life, milliseconds since 1970; 0 before the first. */
export function nodeClockMs(): number {
  return clockMs;
}

export function noteClock(atMs: number): void {
  clockMs = Math.max(clockMs, atMs);
}

export function noteRun(run: RunRecordDocument): void {
  noteClock(run.endedMs ?? run.steps.at(-1)?.endedMs ?? run.startedMs);
  for (const listener of listeners) listener(run);
}

/** Tells of runs until `signal` is aborted. */
export function onRun(listener: Listener, signal: AbortSignal): void {
  listeners.add(listener);
  signal.addEventListener('abort', () => listeners.delete(listener), { once: true });
}
