/** A page of the dashboard. @module */

/** What a view is handed. */
export interface ViewContext {
  /** Aborted when another view is shown. */
  readonly signal: AbortSignal;
  /** The second part of the address. */
  readonly argument: string | undefined;
}

/** Fills a place, and keeps it current until `signal` is aborted. */
export type View = (place: HTMLElement, context: ViewContext) => Promise<void>;

/** Does `work` now and every `ms`, one at a time, until `signal` is aborted or it fails. */
export async function repeat(
  ms: number,
  signal: AbortSignal,
  work: () => Promise<void>,
): Promise<void> {
  await work();
  const again = (): void => {
    if (signal.aborted) return;
    const next = (): void => void setTimeout(again, ms);
    // A miss is not the end: the header says that the node is not connected.
    work().then(next, next);
  };
  setTimeout(again, ms);
}
