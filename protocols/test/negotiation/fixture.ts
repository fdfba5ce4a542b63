/** Two real identities with their nodes' halves of the protocol, and documents signed by them. */

import { toBase64Url } from '../../../crypto/bytes.ts';
import { countersign, signDocument } from '../../../crypto/envelope.ts';
import type { SignedDocument } from '../../../crypto/envelope.ts';
import { Identity } from '../../../crypto/identity.ts';
import { NegotiationClient } from '../../negotiation/client.ts';
import { ContractStore } from '../../negotiation/contract-store.ts';
import { Contractor } from '../../negotiation/contractor.ts';
import type { ContractorComponents } from '../../negotiation/contractor-desk.ts';
import type { ContractorInit } from '../../negotiation/contractor.ts';
import type { ContractorPolicy } from '../../negotiation/contractor-policy.ts';
import type { Contract, Evidence } from '../../negotiation/contract.ts';
import {
  AGREEMENT,
  QUOTE,
  QUOTE_REQUEST,
  acknowledgementDefinition,
  deliveryDefinition,
  verdictDefinition,
} from '../../negotiation/documents.ts';
import type {
  Acknowledgement,
  Agreement,
  Delivery,
  Quote,
  QuoteRequest,
  TaskShape,
  Verdict,
} from '../../negotiation/documents.ts';
import { encodeTaskSpecification, resultManifest, taskHash } from '../../negotiation/task-hash.ts';
import { SECURE_PROTOCOLS } from '../../protocol-ids.ts';
import type { ReceiptChain } from '../../settlement/shown-receipt.ts';
import type { SecureStream } from '../../secure-stream.ts';
import { FakeNetwork, FakeSecureStreams } from './fake-secure-streams.ts';
import {
  FakeClock,
  FakeKeyValueStore,
  FakeLogger,
  FakeRandom,
  START_SECONDS,
} from './fake-world.ts';

export const ALICE = Identity.fromSeed(new Uint8Array(32).fill(1));
export const BOB = Identity.fromSeed(new Uint8Array(32).fill(2));
export const MALLORY = Identity.fromSeed(new Uint8Array(32).fill(3));
export const PARTIES = { client: ALICE.peerId, contractor: BOB.peerId };

export const SALT = new Uint8Array(16).fill(7);
export const SPECIFICATION = { title: 'sentiment of a review', valueMicroUsd: 2000.5 };
export const TASK = { salt: SALT, specification: encodeTaskSpecification(SPECIFICATION) };
export const TASK_HASH = taskHash(SALT, SPECIFICATION);
export const SHAPE: TaskShape = {
  skills: ['performs:nlp/sentiment'],
  inBytes: 1_000,
  outMaxBytes: 10_000,
  maxLatencyMs: 5_000,
  sensitivity: 'low',
  delivery: 'open',
};
export const RESULT = resultManifest([{ data: { label: 'positive', score: 0.75 } }]);
export const SESSION_HASH = new Uint8Array(32).fill(9);
export const PRICE = 1_500n;

export function bytes32(fill: number): string {
  return toBase64Url(new Uint8Array(32).fill(fill));
}

export function makeRequest(
  change: Partial<QuoteRequest> = {},
  signer = ALICE,
): SignedDocument<QuoteRequest> {
  const body: QuoteRequest = {
    v: 1,
    typ: 'qreq',
    ...PARTIES,
    task: toBase64Url(TASK_HASH),
    shape: SHAPE,
    nonce: bytes32(0x11),
    exp: START_SECONDS + 120,
    ...change,
  };
  return signDocument(QUOTE_REQUEST, body, signer);
}

export function makeQuote(
  request: SignedDocument<QuoteRequest>,
  change: Partial<Quote> = {},
  signer = BOB,
): SignedDocument<Quote> {
  const body: Quote = {
    v: 1,
    typ: 'quote',
    req: toBase64Url(request.id),
    contractor: signer.peerId,
    price: PRICE.toString(),
    latencyMs: 500,
    capacitySecs: 30,
    load: { demand: 1, available: 3, total: 4 },
    nonce: bytes32(0x22),
    exp: START_SECONDS + 60,
    ...change,
  };
  return signDocument(QUOTE, body, signer);
}

export function agreementBody(
  quote: SignedDocument<Quote>,
  change: Partial<Agreement> = {},
): Agreement {
  return {
    v: 1,
    typ: 'agr',
    quote: toBase64Url(quote.id),
    task: toBase64Url(TASK_HASH),
    ...PARTIES,
    price: quote.body.price,
    fee: '0',
    delivery: 'open',
    ledger: '',
    arbiters: [],
    holdSecs: 30,
    deliverSecs: 600,
    verifySecs: 3_600,
    disputeSecs: 259_200,
    sh: toBase64Url(SESSION_HASH),
    nonce: bytes32(0x33),
    iat: START_SECONDS,
    ...change,
  };
}

/** Signed by the client only. */
export function makeProposal(
  quote: SignedDocument<Quote>,
  change: Partial<Agreement> = {},
  signer = ALICE,
): SignedDocument<Agreement> {
  return signDocument(AGREEMENT, agreementBody(quote, change), signer);
}

export function makeDelivery(
  agreement: SignedDocument<Agreement>,
  change: Partial<Delivery> = {},
): SignedDocument<Delivery> {
  const body: Delivery = {
    v: 1,
    typ: 'dlv',
    contract: toBase64Url(agreement.id),
    result: toBase64Url(RESULT.result),
    cipher: '',
    keyCommit: '',
    bytes: RESULT.bytes,
    ...change,
  };
  return signDocument(deliveryDefinition(PARTIES), body, BOB);
}

export function makeAcknowledgement(
  delivery: SignedDocument<Delivery>,
): SignedDocument<Acknowledgement> {
  const body: Acknowledgement = { v: 1, typ: 'ack', delivery: toBase64Url(delivery.id) };
  return signDocument(acknowledgementDefinition(PARTIES), body, ALICE);
}

/** Signed by the client only. */
export function makeVerdict(
  agreement: SignedDocument<Agreement>,
  delivery: SignedDocument<Delivery>,
  change: Partial<Verdict> = {},
): SignedDocument<Verdict> {
  const body: Verdict = {
    v: 1,
    typ: 'vrd',
    contract: toBase64Url(agreement.id),
    delivery: toBase64Url(delivery.id),
    outcome: 'pass',
    paid: agreement.body.price,
    checks: [{ type: 'schema', passed: 1 }],
    evidence: '',
    ...change,
  };
  return signDocument(verdictDefinition(PARTIES), body, ALICE);
}

/** Every document of one contract, with all its signatures. */
export function makeChain(change: Partial<Agreement> = {}, verdict: Partial<Verdict> = {}) {
  const request = makeRequest();
  const quote = makeQuote(request);
  const proposal = makeProposal(quote, change);
  const agreement = countersign(AGREEMENT, proposal, BOB);
  const delivery = makeDelivery(agreement);
  const acknowledgement = makeAcknowledgement(delivery);
  const clientVerdict = makeVerdict(agreement, delivery, verdict);
  const receipt = countersign(verdictDefinition(PARTIES), clientVerdict, BOB);
  return {
    request,
    quote,
    proposal,
    agreement,
    delivery,
    acknowledgement,
    clientVerdict,
    receipt,
  };
}

/** What some documents of a chain say instead. */
export interface ReceiptChanges {
  readonly request?: Partial<QuoteRequest>;
  readonly quote?: Partial<Quote>;
  readonly agreement?: Partial<Agreement>;
  readonly verdict?: Partial<Verdict>;
}

/** The envelopes of a receipt of Bob's work for Alice, signed by both, whatever they say. */
export function makeReceiptChain(changes: ReceiptChanges = {}): ReceiptChain {
  const request = makeRequest(changes.request);
  const quote = makeQuote(request, changes.quote);
  const agreement = countersign(AGREEMENT, makeProposal(quote, changes.agreement), BOB);
  const verdict = makeVerdict(agreement, makeDelivery(agreement), changes.verdict);
  return {
    request: request.envelope,
    quote: quote.envelope,
    agreement: agreement.envelope,
    verdict: countersign(verdictDefinition(PARTIES), verdict, BOB).envelope,
  };
}

/** A contractor that says yes. */
export function willingPolicy(): ContractorPolicy {
  return {
    quoteFor: () =>
      Promise.resolve({
        priceMicroUsd: PRICE,
        latencyMs: 500,
        capacitySecs: 30,
        load: { demand: 1, available: 3, total: 4 },
      }),
    acceptAgreement: () => Promise.resolve(true),
    deliveryFor: () => Promise.resolve(RESULT),
    reviewVerdict: () => Promise.resolve('countersign'),
  };
}

/** Alice, who asks, and Bob, who works, joined by a network that the test can disturb. */
export class Market {
  readonly net = new FakeNetwork();
  readonly clock = new FakeClock();
  readonly aliceDisk = new FakeKeyValueStore();
  readonly bobDisk = new FakeKeyValueStore();
  readonly logger = new FakeLogger();
  readonly evidence: Evidence[] = [];
  readonly changes: Contract[] = [];
  readonly policy: ContractorPolicy;
  client: NegotiationClient;
  contractor: Contractor;
  readonly #init: Partial<ContractorInit>;

  readonly #components: Pick<ContractorComponents, 'networkOfPeer'>;

  private constructor(
    policy: Partial<ContractorPolicy>,
    init: Partial<ContractorInit>,
    components: Pick<ContractorComponents, 'networkOfPeer'>,
  ) {
    this.#components = components;
    this.policy = {
      ...willingPolicy(),
      onContract: (contract) => this.changes.push(contract),
      onEvidence: (evidence) => this.evidence.push(evidence),
      ...policy,
    };
    this.#init = init;
    this.client = this.clientOf(ALICE, this.aliceDisk);
    this.contractor = this.#newContractor();
  }

  static async open(
    policy: Partial<ContractorPolicy> = {},
    init: Partial<ContractorInit> = {},
    components: Pick<ContractorComponents, 'networkOfPeer'> = {},
  ): Promise<Market> {
    const market = new Market(policy, init, components);
    await market.contractor.start(new FakeSecureStreams(BOB.peerId, market.net));
    return market;
  }

  clientOf(identity: Identity, disk: FakeKeyValueStore): NegotiationClient {
    return new NegotiationClient({
      identity,
      clock: this.clock,
      random: new FakeRandom(`${identity.peerId} ${disk.values.size}`),
      logger: this.logger,
      store: new ContractStore(disk),
    });
  }

  #newContractor(): Contractor {
    return new Contractor(
      {
        identity: BOB,
        clock: this.clock,
        random: new FakeRandom(`bob ${this.bobDisk.values.size}`),
        logger: this.logger,
        store: new ContractStore(this.bobDisk),
        policy: this.policy,
        ...this.#components,
      },
      this.#init,
    );
  }

  /** Bob's process dies and comes back with what it had flushed. */
  async restartBob(): Promise<void> {
    this.bobDisk.crash();
    this.contractor = this.#newContractor();
    await this.contractor.start(new FakeSecureStreams(BOB.peerId, this.net));
  }

  restartAlice(): void {
    this.aliceDisk.crash();
    this.client = this.clientOf(ALICE, this.aliceDisk);
  }

  stream(from: Identity = ALICE): Promise<SecureStream> {
    const streams = new FakeSecureStreams(from.peerId, this.net);
    return streams.open(BOB.peerId, SECURE_PROTOCOLS.negotiation);
  }

  /** Alice's contract in phase AGREED, and the stream it was made on. */
  async agreed(): Promise<{ stream: SecureStream; contract: Contract; id: Uint8Array }> {
    const stream = await this.stream();
    const quoted = contractOf(
      await this.client.requestQuote(stream, { taskHash: TASK_HASH, shape: SHAPE }),
    );
    const id = quoted.request.id;
    const contract = contractOf(await this.client.agree(stream, id));
    return { stream, contract, id };
  }

  /** The same in phase WORKING on both sides. */
  async working(): Promise<{ stream: SecureStream; contract: Contract; id: Uint8Array }> {
    const { stream, contract, id } = await this.agreed();
    await this.contractor.startWork(contract.agreement!.id, TASK);
    return { stream, contract: contractOf(await this.client.startWork(id)), id };
  }

  /** The same in phase DELIVERED, without acknowledgement. */
  async delivered(): Promise<{ stream: SecureStream; contract: Contract; id: Uint8Array }> {
    const { stream, id } = await this.working();
    const contract = contractOf(await this.client.collectDelivery(stream, id, RESULT));
    return { stream, contract, id };
  }
}

/** The contract of a step that went through. */
export function contractOf(result: { agreed: boolean; contract?: Contract }): Contract {
  if (!result.agreed || !result.contract) {
    throw new Error(`expected a contract, got ${JSON.stringify(result)}`);
  }
  return result.contract;
}
