/**
 * Leaving a view whose primary does not serve, and entering the next (Castro and Liskov 1999,
 * section 4.4, and 4.5.2 for liveness).
 *
 * @module
 */

import { equalBytes } from '../../crypto/bytes.ts';
import { primaryOf } from './committee.ts';
import type { Agreement } from './agreement.ts';
import { viewTimeoutMs } from './pace.ts';
import type { ReplicaParts } from './replica-parts.ts';
import { isNewViewGood, isViewChangeGood, signNewView, signViewChange } from './view-change.ts';
import type { NewView, ViewChange } from './view-change.ts';

export class ViewChanger {
  readonly #parts: ReplicaParts;
  readonly #agreement: Agreement;
  readonly #onBehind: (from: number, height: number) => void;
  readonly #onChange: () => void;
  /** Of the highest view of each replica; this replica's own once it is flushed. */
  readonly #changes: (ViewChange | undefined)[];
  /** What this replica said of the view it asks for. */
  #own: ViewChange | undefined;
  /** Of the view that this replica is in; none in view 0 and while it asks for a view. */
  #newView: NewView | undefined;
  /** The new primary has made its NEW-VIEW and waits for the disk. */
  #isEntering = false;
  /** When to give up the view: a quorum has asked for it, or it was entered. Monotonic. */
  #deadlineMs = Infinity;

  constructor(
    parts: ReplicaParts,
    agreement: Agreement,
    events: { behind: (from: number, height: number) => void; changed: () => void },
  ) {
    this.#parts = parts;
    this.#agreement = agreement;
    this.#onBehind = events.behind;
    this.#onChange = events.changed;
    this.#changes = parts.committee.replicas.map(() => undefined);
  }

  get deadlineMs(): number {
    const { views } = this.#parts;
    return views.isActive && views.hasProgressed ? Infinity : this.#deadlineMs;
  }

  get own(): ViewChange | undefined {
    return this.#own;
  }

  get newView(): NewView | undefined {
    return this.#newView;
  }

  get #nowMs(): number {
    return this.#parts.moment().monotonicMs;
  }

  /** The primary of this view does not serve: asks for the next one. */
  suspect(): void {
    const { views } = this.#parts;
    if (views.isActive) this.#ask(views.view + 1);
  }

  onDeadline(): void {
    this.#ask(this.#parts.views.view + 1);
  }

  #ask(view: number): void {
    const { views, chain, committee, signer, index, journal, rules, isObserver } = this.#parts;
    if (isObserver) return;
    views.view = view;
    views.isActive = false;
    views.requirement = undefined;
    views.failedViews++;
    this.#newView = undefined;
    this.#isEntering = false;
    this.#deadlineMs = Infinity;
    const { prepared } = this.#agreement;
    const viewChange = signViewChange(committee, signer, {
      view,
      replica: index,
      height: chain.height,
      digest: chain.digest,
      commit: chain.commit,
      prepared: rules.reportedPrepared(
        prepared && { digest: prepared.block.digest, certificate: prepared.certificate },
      ),
    });
    const block = viewChange.prepared && prepared?.block;
    this.#own = block ? { ...viewChange, block } : viewChange;
    const own = this.#own;
    journal.appendThen({ kind: 'view-change', viewChange }, () => {
      if (this.#own !== own) return;
      this.#changes[index] = own;
      this.#send(own);
      this.#count();
    });
    this.#onChange();
  }

  /** The block goes to the new primary only. */
  #send(change: ViewChange): void {
    const { committee, index, emit } = this.#parts;
    const { block, ...bare } = change;
    const primary = primaryOf(change.view, committee.replicas.length);
    for (let to = 0; to < committee.replicas.length; to++) {
      if (to === index) continue;
      const viewChange = to === primary && block ? change : bare;
      emit({ type: 'send', to, message: { type: 'view-change', viewChange } });
    }
  }

  onViewChange(from: number, change: ViewChange): void {
    const { views, committee, verifier, rules, index } = this.#parts;
    if (change.replica !== from || from === index || change.view < views.view) return;
    const held = this.#changes[from];
    if (held && held.view >= change.view) return;
    const isToMe = primaryOf(change.view, committee.replicas.length) === index;
    if (isToMe && change.prepared && !hasPreparedBlock(change)) return;
    if (!isViewChangeGood(committee, verifier, rules, change)) return;
    this.#changes[from] = change;
    if (change.height > this.#parts.chain.height) this.#onBehind(from, change.height);
    this.#join();
    this.#count();
  }

  /** f + 1 replicas ask for later views: one of them is honest, so the view is lost. */
  #join(): void {
    const { views, committee, rules } = this.#parts;
    const later = this.#changes.filter((change) => change && change.view > views.view);
    if (later.length < rules.joinThreshold(committee.replicas.length)) return;
    this.#ask(Math.min(...later.map((change) => change!.view)));
  }

  #count(): void {
    const { views, committee, rules, index } = this.#parts;
    if (views.isActive || this.#isEntering) return;
    const size = committee.replicas.length;
    const quorum = rules.newViewQuorum(size);
    // Who asks for a later view has asked for this one too; the message may be lost for good.
    const leaving = this.#changes.filter((change) => change && change.view >= views.view);
    if (leaving.length < quorum) return;
    if (this.#deadlineMs === Infinity) this.#deadlineMs = this.#nowMs + viewTimeoutMs(this.#parts);
    const asking = leaving.filter((change) => change?.view === views.view);
    if (asking.length < quorum) return;
    if (primaryOf(views.view, size) === index && this.#changes[index]?.view === views.view) {
      this.#announce(asking.slice(0, quorum) as ViewChange[]);
    }
  }

  /** This replica is the new primary and has a quorum. */
  #announce(changes: readonly ViewChange[]): void {
    const { committee, signer, journal, views, emit } = this.#parts;
    const bare = changes.map((change): ViewChange => {
      const { block: _, ...signed } = change;
      return signed;
    });
    const newView = signNewView(committee, signer, views.view, bare);
    this.#isEntering = true;
    journal.appendThen({ kind: 'new-view', newView }, () => {
      if (views.view !== newView.view || views.isActive) return;
      emit({ type: 'send', to: 'others', message: { type: 'new-view', newView } });
      this.#enter(newView, changes);
    });
  }

  onNewView(from: number, newView: NewView): void {
    const { views, committee, verifier, rules, index, journal } = this.#parts;
    const { view } = newView;
    if (from === index || primaryOf(view, committee.replicas.length) === index) return;
    if (!rules.mayEnter(view, views)) return;
    if (!isNewViewGood(committee, verifier, rules, newView)) return;
    journal.append({ kind: 'new-view', newView });
    for (const change of newView.viewChanges) this.#onBehind(change.replica, change.height);
    this.#enter(newView, newView.viewChanges);
  }

  #enter(newView: NewView, changes: readonly ViewChange[]): void {
    const { views, rules } = this.#parts;
    views.view = newView.view;
    views.isActive = true;
    views.requirement = rules.requirementOf(newView.viewChanges);
    views.hasProgressed = false;
    views.enteredAtMs = this.#nowMs;
    this.#newView = newView;
    this.#own = undefined;
    this.#isEntering = false;
    this.#deadlineMs = this.#nowMs + viewTimeoutMs(this.#parts);
    for (const [i, change] of this.#changes.entries()) {
      if (change && change.view <= newView.view) this.#changes[i] = undefined;
    }
    this.#onChange();
    this.#agreement.enterView(changes);
  }

  /** Sends again what others may have missed. */
  resend(): void {
    const { index } = this.#parts;
    // Not before the disk has it.
    if (this.#own && this.#changes[index] === this.#own) this.#send(this.#own);
  }

  /** A replica in an earlier view, or waiting for this one, gets the NEW-VIEW. */
  help(to: number, view: number, isActive: boolean): void {
    const { views, emit } = this.#parts;
    if (!this.#newView || !views.isActive) return;
    if (view > views.view || (view === views.view && isActive)) return;
    emit({ type: 'send', to, message: { type: 'new-view', newView: this.#newView } });
  }

  /** After a restart: the last thing the log says of views. */
  recall(own: ViewChange | undefined, newView: NewView | undefined): void {
    const { views, index, rules } = this.#parts;
    if (own) {
      views.view = own.view;
      views.isActive = false;
      const { prepared } = this.#agreement;
      this.#own = own.prepared && prepared ? { ...own, block: prepared.block } : own;
      this.#changes[index] = this.#own;
    } else if (newView) {
      views.view = newView.view;
      views.requirement = rules.requirementOf(newView.viewChanges);
      this.#newView = newView;
      this.#deadlineMs = this.#nowMs + viewTimeoutMs(this.#parts);
    }
  }
}

function hasPreparedBlock({ prepared, block }: ViewChange): boolean {
  if (!prepared || !block) return false;
  return equalBytes(prepared.digest, block.digest);
}
