/**
 * Certificates that this node renews on its own: each at a random time in the last half of its
 * life, so that a holder cannot prepare for the hour.
 *
 * One renewal at a time, from the sweep. What a renewal costs the holder is bounded by the holder's
 * own account of being tested (measured-time.ts): one that has worked too little declines, and is
 * asked again at another random time. A skill has as many tasks as at first: fewer
 * would show less than the certificate whose place it takes. A value that was stated is not
 * renewed: nobody would have measured it anew. Nor is one whose certificate has ended in the
 * meantime.
 *
 * A certificate whose holder fails its renewal by wrong work is revoked: this node knows by then
 * that what it signed is no longer so. A holder that is not there, refuses or is late keeps its
 * certificate to its end: a busy machine is late as well, and a resource's lives a day.
 *
 * A resource that measures less, so little less that a smaller rung is all that can be proved, ends
 * the better certificate as well, whether its holder takes the new one or not: it would show the
 * old one. So does one that a person has measured anew by hand. A holder that did not take it is
 * measured once more, for its stream may have broken by chance. Less within the same rung ends
 * nothing, for whatever is proved is still so, and no two measures are the same.
 *
 * @module
 */

import type { Clock, Logger, Random } from '../../protocols/components.ts';
import type { AttestDocument, ResourceAttestDocument } from '../api-documents.ts';
import type { JsonSection } from '../storage/store.ts';
import { SKILL_CERTIFICATE_SECONDS } from './attestor.ts';
import type { AttestOrder } from './attestor.ts';
import type { ResourceAttestOrder } from './resource-attestor.ts';
import { fixedRung } from '../../crypto/rung-ladder.ts';
import { MAX_RESOURCE_SECONDS } from '../../crypto/skill-certificate.ts';

/** Most renewals that are kept; the one that ends first gives way. */
const MAX_RENEWALS = 1_024;
const SECOND_MS = 1_000;

/** One certificate to renew, as it is stored. */
export interface StoredRenewal {
  /** Key in the section: peer and term. */
  readonly key: string;
  readonly order:
    | ({ readonly kind: 'skill' } & AttestOrder)
    | ({ readonly kind: 'resource' } & ResourceAttestOrder);
  /** Times in milliseconds since 1970. */
  readonly issuedMs: number;
  readonly expiresMs: number;
  readonly dueMs: number;
  /** The certificate that is renewed; left out in what was stored before it was kept. */
  readonly certId?: string | undefined;
  /** What a resource was measured as; left out for a skill, and in what was stored before. */
  readonly value?: number | undefined;
}

export interface AttestationRenewalsInit {
  /** Configured: whether anything is renewed at all. */
  readonly isRenewing: boolean;
  readonly renewals: JsonSection<StoredRenewal>;
  readonly attestor: {
    attest(order: AttestOrder, signal: AbortSignal): Promise<AttestDocument>;
  };
  readonly resourceAttestor: {
    attestResource(
      order: ResourceAttestOrder,
      signal: AbortSignal,
    ): Promise<ResourceAttestDocument>;
  };
  /** Revokes a certificate of this node for good, and tells the network. */
  revoke(certId: string): Promise<void>;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** What a renewal came to. */
interface Renewed {
  readonly delivered: boolean;
  readonly isWrong: boolean;
  /** What a resource was measured as; null for nothing, left out for a skill. */
  readonly value?: number | null;
  readonly elapsedMs: number;
  /** Processor time of the holder by its own word; for a skill, how long it had the tasks. */
  readonly busyMs: number;
  readonly paidMicroUsd: number;
}

/** Attests, remembers what was attested, and renews it. */
export class AttestationRenewals {
  readonly #init: AttestationRenewalsInit;
  #isRunning = false;

  constructor(init: AttestationRenewalsInit) {
    this.#init = init;
  }

  /** As `Attestor.attest`; a certificate that was delivered is renewed from then on. */
  attest(order: AttestOrder, signal: AbortSignal): Promise<AttestDocument> {
    return this.#attestSkill(order, order.tasks, signal);
  }

  /** @param tasks - So many this time; the order is renewed as it stands. */
  async #attestSkill(
    order: AttestOrder,
    tasks: number,
    signal: AbortSignal,
  ): Promise<AttestDocument> {
    const document = await this.#init.attestor.attest({ ...order, tasks }, signal);
    if (document.delivered) {
      const issued = { certId: document.certId, lifeSeconds: SKILL_CERTIFICATE_SECONDS };
      await this.#note({ kind: 'skill', ...order }, issued);
    }
    return document;
  }

  /**
   * As `ResourceAttestor.attestResource`; the same, and a better certificate before is revoked,
   * where this node renews: else it remembers none.
   */
  async attestResource(
    order: ResourceAttestOrder,
    signal: AbortSignal,
  ): Promise<ResourceAttestDocument> {
    const document = await this.#init.resourceAttestor.attestResource(order, signal);
    if (document.method !== 'benchmark') return document;
    const before = await this.#init.renewals.get(keyOf({ kind: 'resource', ...order }));
    if (document.delivered) {
      const { certId, value } = document;
      const issued = { certId, value, lifeSeconds: MAX_RESOURCE_SECONDS };
      await this.#note({ kind: 'resource', ...order }, issued);
    }
    if (before && provesLess(document, before)) await this.#revoke(before, 'less was measured');
    return document;
  }

  /** Renews one certificate that is due, if none is being renewed. Never rejects. */
  async sweep(signal: AbortSignal): Promise<void> {
    if (!this.#init.isRenewing || this.#isRunning) return;
    this.#isRunning = true;
    try {
      const due = await this.#nextDue();
      if (due) await this.#renew(due, signal);
    } catch (error) {
      this.#init.logger.error({ err: error }, 'The list of renewals cannot be kept.');
    } finally {
      this.#isRunning = false;
    }
  }

  async #note(
    order: StoredRenewal['order'],
    issued: {
      readonly certId: string | null;
      readonly value?: number | null;
      readonly lifeSeconds: number;
    },
  ): Promise<void> {
    const { certId, value = null, lifeSeconds } = issued;
    const { clock, isRenewing, renewals } = this.#init;
    if (!isRenewing) return;
    const key = keyOf(order);
    const issuedMs = clock.nowMs();
    const expiresMs = issuedMs + lifeSeconds * SECOND_MS;
    const dueMs = this.#drawBetween(issuedMs + (lifeSeconds * SECOND_MS) / 2, expiresMs);
    const known = await renewals.values();
    const others = known.filter((one) => one.key !== key);
    if (others.length >= MAX_RENEWALS) {
      const first = others.reduce((a, b) => (b.expiresMs < a.expiresMs ? b : a));
      await renewals.delete(first.key);
    }
    const times = { issuedMs, expiresMs, dueMs };
    const certificate = certId === null ? {} : { certId };
    const measured = value === null ? {} : { value };
    await renewals.put(key, { key, order, ...times, ...certificate, ...measured });
  }

  /** The renewal that is due longest; those whose certificate has ended are forgotten. */
  async #nextDue(): Promise<StoredRenewal | undefined> {
    const { clock, renewals, logger } = this.#init;
    const nowMs = clock.nowMs();
    let next: StoredRenewal | undefined;
    for (const renewal of await renewals.values()) {
      if (nowMs >= renewal.expiresMs) {
        await renewals.delete(renewal.key);
        logger.info({ renewal: renewal.key }, 'A certificate has ended before it was renewed.');
      } else if (nowMs >= renewal.dueMs && !(next && next.dueMs <= renewal.dueMs)) {
        next = renewal;
      }
    }
    return next;
  }

  async #renew(renewal: StoredRenewal, signal: AbortSignal): Promise<void> {
    const { clock, logger, renewals } = this.#init;
    const ageMs = clock.nowMs() - renewal.issuedMs;
    let renewed: Renewed | undefined;
    try {
      renewed = await this.#attestAgain(renewal.order, signal);
    } catch (error) {
      if (signal.aborted) return;
      logger.warn({ renewal: renewal.key, err: error }, 'A certificate could not be renewed.');
    }
    if (renewed) {
      const { elapsedMs, busyMs, paidMicroUsd, delivered } = renewed;
      // Of the time since it was attested before. Of its work: its own status says that.
      const shareOfAgePercent = (100 * Math.max(elapsedMs, busyMs)) / ageMs;
      const fields = { renewal: renewal.key, elapsedMs, busyMs, paidMicroUsd, shareOfAgePercent };
      if (delivered) logger.info(fields, 'A certificate was renewed.');
      else logger.warn(fields, 'A certificate was not renewed.');
      if (renewed.isWrong) {
        await this.#revoke(renewal, 'its holder did wrong work');
        return renewals.delete(renewal.key);
      }
      if (delivered) return;
    }
    // Once more, at some time before the certificate ends.
    const dueMs = this.#drawBetween(clock.nowMs(), renewal.expiresMs);
    const kept = (await renewals.get(renewal.key)) ?? renewal;
    await renewals.put(renewal.key, { ...kept, dueMs });
  }

  /**
   * Takes back what is no longer so; if that fails it is still due, and tried again. A newer
   * certificate that was delivered meanwhile stays, and its renewal with it.
   */
  async #revoke(renewal: StoredRenewal, why: string): Promise<void> {
    const { logger, renewals } = this.#init;
    const { key, certId, ...others } = renewal;
    if (certId === undefined) return;
    const newer = await renewals.get(key);
    await renewals.put(key, renewal);
    await this.#init.revoke(certId);
    await renewals.put(key, newer && newer.certId !== certId ? newer : { key, ...others });
    logger.warn({ renewal: key, certId }, `A certificate was revoked: ${why}.`);
  }

  async #attestAgain(order: StoredRenewal['order'], signal: AbortSignal): Promise<Renewed> {
    if (order.kind === 'resource') {
      const { kind: _, ...resource } = order;
      return { paidMicroUsd: 0, ...(await this.attestResource(resource, signal)) };
    }
    const { kind: _, ...skill } = order;
    return this.attest(skill, signal);
  }

  /** A random time, `from` <= time < `until`. */
  #drawBetween(from: number, until: number): number {
    const bytes = this.#init.random.bytes(4);
    const drawn = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) / 2 ** 32;
    return Math.floor(from + drawn * (until - from));
  }
}

function keyOf(order: StoredRenewal['order']): string {
  return `${order.peerId}/${order.kind === 'skill' ? order.term : order.resource}`;
}

/** Whether the holder can prove less of what was measured now than of what was before. */
function provesLess({ value }: Pick<Renewed, 'value'>, before: StoredRenewal): boolean {
  if (value === undefined || value === null || before.value === undefined) return false;
  const rung = (measured: number) => fixedRung(BigInt(measured)) ?? 0n;
  return rung(value) < rung(before.value);
}
