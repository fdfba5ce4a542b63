/**
 * The holder's side of a delivery: checks a certificate that an attestor brings before it is kept
 * (wire-formats.md 3.1 step 4), and tells the attestor. If a resource is announced the holder first
 * makes the blinding of the commitment, which stays in memory until the certificate is there.
 *
 * A client may bring an endorsement, if the holder has the receipt of its work for that client
 * which the certificate names as its evidence (wire-formats.md 2.2). Clients have token buckets of
 * their own, so that they cannot use up those of the attestors.
 *
 * Whoever opens a stream may send anything, so the first message is small, and each peer has a
 * token bucket for it before it is read.
 *
 * A stream of purpose 4 may also begin with the order of a benchmark. The first message tells; such
 * a stream is handed on to benchmark-holder.ts. If the attestor has a benchmark of the announced
 * resource come to its end before the certificate, the certificate must have its value, and the
 * hash of its transcript as evidence. Without such a benchmark there is nothing to compare with:
 * the attestor may vouch for what it measured by other means, and its evidence has to say so
 * (`stated-evidence.ts`), so that nobody carries a claim of a benchmark that was not run.
 *
 * @module
 */

import { makeBlinding } from '../../crypto/blind-issuance.ts';
import { fromBase64Url } from '../../crypto/bytes.ts';
import { nowSeconds } from '../components.ts';
import type { Clock, Logger, Random } from '../components.ts';
import type { RefusalCode } from '../errors.ts';
import { TokenBuckets } from '../token-bucket.ts';
import type { BucketLimits } from '../token-bucket.ts';
import { SECURE_PROTOCOLS } from '../protocol-ids.ts';
import type { SecureStream, SecureStreams } from '../secure-stream.ts';
import { DELIVERY_REFUSAL_CODES, checkDelivery } from './delivery-check.ts';
import type {
  CheckedDelivery,
  DeliveredCertificate,
  DeliveryExpectation,
} from './delivery-check.ts';
import {
  MAX_FIRST_MESSAGE_BYTES,
  decodeIssuance,
  decodeIssuanceOffer,
  encodeBlinding,
  encodeIssuanceAnswer,
} from './messages.ts';
import type { IssuanceOffer } from './messages.ts';
import type { BenchmarkReport } from './benchmark-holder.ts';

/** Limits of the holder's side. A check hashes up to 1,024 leaves. */
export interface AttestationLimits {
  /** Streams of a peer, whatever it wants. None over all: strangers could use that up. */
  readonly streamsPerPeer: BucketLimits;
  readonly perPeer: BucketLimits;
  readonly all: BucketLimits;
  /** The same for clients that bring an endorsement. */
  readonly perEndorser: BucketLimits;
  readonly allEndorsers: BucketLimits;
  /** Longest wait for a message, or for the attestor to take the answer. */
  readonly idleTimeoutMs: number;
  /** Longest wait for the certificate of a resource, which is measured meanwhile. */
  readonly measuringTimeoutMs: number;
  /** Attestors that may measure, or be waited for, at the same time; each one resource. */
  readonly maxMeasuring: number;
}

/** Default limits. */
export const ATTESTATION_LIMITS: AttestationLimits = {
  streamsPerPeer: { burst: 32, perSecond: 1 },
  perPeer: { burst: 8, perSecond: 0.1 },
  all: { burst: 64, perSecond: 4 },
  perEndorser: { burst: 8, perSecond: 0.02 },
  allEndorsers: { burst: 16, perSecond: 0.5 },
  idleTimeoutMs: 10_000,
  measuringTimeoutMs: 90_000,
  maxMeasuring: 8,
};

/** Largest message with an endorsement, in bytes: 32 leaves with long names. */
const MAX_ENDORSEMENT_BYTES = 16_384;

/** What an endorsement says, before it is believed. */
export interface Endorsement {
  /** PeerId of the client. */
  readonly endorser: string;
  /** Terms that it names, at least one. */
  readonly skills: readonly string[];
  /** docId of the receipt that it rests on, 32 bytes. */
  readonly receiptId: Uint8Array;
}

/** What is asked about clients that endorse this node. */
export interface EndorsementPolicy {
  /** Whether this node has worked for the peer. Asked of every stranger: one look-up at most. */
  hasClient(peerId: string): Promise<boolean>;
  /** Whether the endorsement rests on a receipt of this node's work. */
  isEarned(endorsement: Endorsement): Promise<boolean>;
}

/** What the holder's side is handed. */
export interface AttestationHolderInit {
  readonly streams: SecureStreams;
  /** PeerId of this node. */
  readonly holder: string;
  /** Whether attestations of this peer are wanted at all. */
  isWanted(attestor: string): Promise<boolean>;
  /** Left out: no endorsement is taken. */
  readonly endorsements?: EndorsementPolicy;
  /** What this node has measured and certified: unit of each resource, by its term. */
  readonly measuredResources: ReadonlyMap<string, string>;
  /** Highest rung that is ever proved of a resource, by its term; left out: no limit. */
  readonly highestRungs?: ReadonlyMap<string, bigint>;
  /** Keeps the certificate; it is acknowledged when this resolves. */
  store(certificate: DeliveredCertificate): Promise<void>;
  /**
   * Serves streams that do not begin with an announcement, and tells what came of a benchmark that
   * came to its end. Left out: they are aborted.
   */
  readonly benchmarks?: {
    serve(stream: SecureStream, first: Uint8Array): Promise<BenchmarkReport | undefined>;
  };
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly limits?: Partial<AttestationLimits>;
}

/** Registers the holder's side with the session layer and serves from then on. */
export function acceptCertificates(init: AttestationHolderInit): void {
  const receiver = new CertificateReceiver(init);
  init.streams.handle(SECURE_PROTOCOLS.attest, async (stream) => {
    const first = await stream.readMessage(receiver.patience());
    if (!receiver.mayAsk(stream.remotePeer)) return stream.abort('cancelled');
    if (!first || first.length > MAX_FIRST_MESSAGE_BYTES) return stream.abort('badMessage');
    const offer = decodeIssuanceOffer(first);
    if (!offer && init.benchmarks) {
      return receiver.observe(stream.remotePeer, init.benchmarks.serve(stream, first));
    }
    if (!offer) return stream.abort('badMessage');
    const refusal = await receiver.receive(stream, offer);
    const answer = encodeIssuanceAnswer({ job: offer.job, refusal });
    await stream.writeMessage(answer, receiver.patience());
    await stream.closeWrite(receiver.patience());
  });
}

/** A resource that an attestor measures. */
interface AwaitedResource {
  readonly resource: string;
  /** Its last benchmark meanwhile that came, or comes, to its end; `undefined` for none. */
  benchmark: Promise<BenchmarkReport | undefined>;
}

const ATTESTATION = ['attestation'] as const;

/** Receives announced certificates. */
class CertificateReceiver {
  readonly #init: AttestationHolderInit;
  readonly #limits: AttestationLimits;
  readonly #streamBuckets: TokenBuckets;
  readonly #buckets: TokenBuckets;
  readonly #endorserBuckets: TokenBuckets;
  /** Attestors that a certificate of a resource is awaited from, by PeerId. */
  readonly #measuring = new Map<string, AwaitedResource>();

  constructor(init: AttestationHolderInit) {
    this.#init = init;
    this.#limits = { ...ATTESTATION_LIMITS, ...init.limits };
    const { streamsPerPeer, perPeer, all, perEndorser, allEndorsers } = this.#limits;
    const nowMs = init.clock.monotonicMs();
    this.#streamBuckets = new TokenBuckets(streamsPerPeer);
    this.#buckets = new TokenBuckets(perPeer, all, nowMs);
    this.#endorserBuckets = new TokenBuckets(perEndorser, allEndorsers, nowMs);
  }

  /** Whether a peer that has opened a stream is listened to; takes a token. */
  mayAsk(peerId: string): boolean {
    return this.#streamBuckets.take(peerId, this.#init.clock.monotonicMs());
  }

  /** Options of a wait. */
  patience(timeoutMs = this.#limits.idleTimeoutMs): { readonly signal: AbortSignal } {
    return { signal: AbortSignal.timeout(timeoutMs) };
  }

  /** Receives the certificate of an announcement; `undefined` if it was kept. */
  async receive(stream: SecureStream, offer: IssuanceOffer): Promise<RefusalCode | undefined> {
    const attestor = stream.remotePeer;
    const { clock, endorsements } = this.#init;
    if (!(await this.#init.isWanted(attestor))) return this.#receiveEndorsement(stream, offer);
    if (!this.#buckets.take(attestor, clock.monotonicMs())) return 'RATE_LIMITED';
    if (offer.resource !== '') return this.#receiveCommitted(stream, offer);
    const kinds = endorsements ? (['attestation', 'endorsement'] as const) : ATTESTATION;
    const bytes = await stream.readMessage(this.patience());
    return this.#take(bytes, { attestor, kinds, job: offer.job });
  }

  /** The same from a peer that is no attestor. */
  async #receiveEndorsement(
    stream: SecureStream,
    { job, resource }: IssuanceOffer,
  ): Promise<RefusalCode | undefined> {
    const { clock, endorsements } = this.#init;
    const attestor = stream.remotePeer;
    if (resource !== '' || !endorsements) return 'NOT_SUPPORTED';
    // Before the bucket: strangers, of whom there are any number, must not empty it.
    if (!(await endorsements.hasClient(attestor))) return 'NOT_SUPPORTED';
    if (!this.#endorserBuckets.take(attestor, clock.monotonicMs())) return 'RATE_LIMITED';
    const bytes = await stream.readMessage(this.patience());
    if (bytes && bytes.length > MAX_ENDORSEMENT_BYTES) return 'MALFORMED';
    return this.#take(bytes, { attestor, kinds: ['endorsement'], job });
  }

  /** Waits for the end of a benchmark; a certificate of its attestor is compared with it. */
  async observe(attestor: string, benchmark: Promise<BenchmarkReport | undefined>): Promise<void> {
    const awaited = this.#measuring.get(attestor);
    if (awaited) {
      const { resource, benchmark: before } = awaited;
      // One that fails, or is of something else, does not take back what was reported before.
      awaited.benchmark = benchmark
        .catch(() => undefined)
        .then((report) => (report?.resource === resource ? report : before));
    }
    await benchmark;
  }

  async #receiveCommitted(
    stream: SecureStream,
    { job, resource, unit }: IssuanceOffer,
  ): Promise<RefusalCode | undefined> {
    const { holder, random, measuredResources } = this.#init;
    const { remotePeer: attestor, sessionHash } = stream;
    const { measuringTimeoutMs, maxMeasuring } = this.#limits;
    if (measuredResources.get(resource) !== unit) return 'NOT_SUPPORTED';
    if (this.#measuring.has(attestor) || this.#measuring.size >= maxMeasuring) return 'BUSY';
    const awaited: AwaitedResource = { resource, benchmark: Promise.resolve(undefined) };
    this.#measuring.set(attestor, awaited);
    try {
      const context = { sessionHash, attestor, holder, job, resource, unit };
      const { blinding, request } = makeBlinding(context, (length) => random.bytes(length));
      await stream.writeMessage(encodeBlinding({ job, ...request }), this.patience());
      const bytes = await stream.readMessage(this.patience(measuringTimeoutMs));
      // The certificate may be here before the end of the benchmark's own stream.
      const measured = await awaited.benchmark;
      return await this.#take(bytes, {
        attestor,
        kinds: ATTESTATION,
        job,
        committed: { resource, blinding },
        measured,
      });
    } finally {
      this.#measuring.delete(attestor);
    }
  }

  /** Checks and keeps a certificate; `undefined` if it was kept. */
  async #take(
    bytes: Uint8Array | undefined,
    expected: Pick<DeliveryExpectation, 'attestor' | 'kinds' | 'job' | 'committed' | 'measured'>,
  ): Promise<RefusalCode | undefined> {
    const { holder, clock, logger, highestRungs } = this.#init;
    const { attestor, committed } = expected;
    const highestRung = committed && highestRungs?.get(committed.resource);
    const issuance = bytes && decodeIssuance(bytes);
    if (!issuance) return 'MALFORMED';
    const own = { holder, highestRung, nowSeconds: nowSeconds(clock) };
    const checked = await this.#checkEarned(checkDelivery(issuance, { ...expected, ...own }));
    if (!checked.valid) {
      const { reason, detail } = checked;
      logger.warn({ attestor, reason, detail }, 'Refused a certificate that a peer brought.');
      return DELIVERY_REFUSAL_CODES[reason] ?? 'MALFORMED';
    }
    try {
      const { held, claims } = checked;
      await this.#init.store({ attestor, held, claims });
      return undefined;
    } catch (error) {
      logger.error({ attestor, err: error }, 'A certificate could not be kept.');
      return 'INTERNAL';
    }
  }

  /** What of an endorsement only this node's own receipts can say. */
  async #checkEarned(checked: CheckedDelivery): Promise<CheckedDelivery> {
    if (!checked.valid) return checked;
    const { kind, evidence } = checked.held.certificate.body;
    if (kind !== 'endorsement') return checked;
    const skills = [...new Set(checked.claims.map(({ name }) => name))];
    const endorsement = { endorser: checked.attestor, skills, receiptId: fromBase64Url(evidence) };
    if (await this.#init.endorsements?.isEarned(endorsement)) return checked;
    return { valid: false, reason: 'NOT_EARNED', detail: `${evidence}, ${skills.join(', ')}` };
  }
}
