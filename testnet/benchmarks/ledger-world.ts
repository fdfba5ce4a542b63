/**
 * A ledger with real identities and signatures for the benchmarks: who pays whom, and the
 * transactions of one piece of work.
 *
 * @module
 */

import { toBase64Url } from '../../crypto/bytes.ts';
import { encodeBody, signDocument } from '../../crypto/envelope.ts';
import { sha256, sha256Hex } from '../../crypto/hash.ts';
import { Identity, docId } from '../../crypto/identity.ts';
import { LedgerApplication } from '../../protocols/ledger/application.ts';
import { committeeOf } from '../../protocols/ledger/committee-chain.ts';
import { GENESIS_DEFAULTS, encodeGenesis, ledgerRules } from '../../protocols/ledger/genesis.ts';
import { TRANSACTION } from '../../protocols/ledger/transactions.ts';
import type { Transaction, TransactionCall } from '../../protocols/ledger/transactions.ts';
import {
  AGREEMENT,
  QUOTE,
  QUOTE_REQUEST,
  verdictDefinition,
} from '../../protocols/negotiation/documents.ts';
import type { Agreement, Quote, QuoteRequest } from '../../protocols/negotiation/documents.ts';
import type { Verdict } from '../../protocols/negotiation/documents.ts';

import { NO_HASH, sealBlock } from '../../protocols/pbft/block.ts';
import { identitySigner } from '../../protocols/pbft/committee.ts';
import { signVote } from '../../protocols/pbft/vote.ts';
import type { Certificate } from '../../protocols/pbft/vote.ts';

const START_SECONDS = 1_800_000_000;
const PRICE = '100000';
const FUNDS = '1000000000000';

/** Skill that all work is for. */
export const BENCH_SKILL = 'performs:nlp/sentiment';

/** Identity made of a name. */
export function identityOf(name: string): Identity {
  return Identity.fromSeed(sha256(new TextEncoder().encode(name)));
}

function hashOf(name: string): string {
  return toBase64Url(Buffer.from(sha256Hex(name), 'hex'));
}

/** Clients, contractors and a ledger between them. */
export class LedgerWorld {
  readonly app: LedgerApplication;
  readonly replicas = [0, 1, 2, 3].map((i) => identityOf(`replica ${i}`));
  readonly clients: readonly Identity[];
  readonly contractors: readonly Identity[];
  /** Bytes of the genesis. */
  readonly genesis: Uint8Array;
  readonly #nowSeconds: () => number;
  readonly #nextSeq = new Map<string, number>();
  #contracts = 0;

  /** @param nowSeconds - Clock of those who agree; left out: time of the last block here. */
  constructor(people: number, nowSeconds?: () => number) {
    this.clients = Array.from({ length: people }, (_, i) => identityOf(`client ${i}`));
    this.contractors = Array.from({ length: people }, (_, i) => identityOf(`contractor ${i}`));
    this.genesis = encodeGenesis({
      v: 1,
      typ: 'genesis',
      time: nowSeconds?.() ?? START_SECONDS,
      replicas: this.replicas.map(({ peerId }) => peerId),
      treasuries: [identityOf('treasury').peerId],
      admission: [],
      seeds: [this.clients[0]!.peerId],
      accounts: [...this.clients, ...this.contractors].map(({ peerId }) => ({
        holder: peerId,
        balance: FUNDS,
        credit: '0',
      })),
      ...GENESIS_DEFAULTS,
    });
    this.app = new LedgerApplication(ledgerRules(this.genesis));
    this.#nowSeconds = nowSeconds ?? (() => Math.floor(this.app.clock.timeMs / 1_000));
  }

  /** The hold and the client's "pass" of one piece of work, as transactions. */
  work(): readonly [hold: Uint8Array, verdict: Uint8Array] {
    const number = this.#contracts++;
    const client = this.clients[number % this.clients.length]!;
    const contractor = this.contractors[(number * 7) % this.contractors.length]!;
    const parties = { client: client.peerId, contractor: contractor.peerId };
    const nowSeconds = this.#nowSeconds();
    const request: QuoteRequest = {
      v: 1,
      typ: 'qreq',
      ...parties,
      task: hashOf(`task ${number}`),
      shape: {
        skills: [BENCH_SKILL],
        inBytes: 1_000,
        outMaxBytes: 10_000,
        maxLatencyMs: 5_000,
        sensitivity: 'low',
        delivery: 'open',
      },
      nonce: hashOf(`request ${number}`),
      exp: nowSeconds + 600,
    };
    // Offers are named by their ids alone: nobody looks at their signatures here.
    const requestBody = encodeBody(QUOTE_REQUEST, request);
    const quote: Quote = {
      v: 1,
      typ: 'quote',
      req: toBase64Url(docId(QUOTE_REQUEST.kind, requestBody)),
      contractor: contractor.peerId,
      price: PRICE,
      latencyMs: 500,
      capacitySecs: 30,
      load: { demand: 1, available: 3, total: 4 },
      nonce: hashOf(`quote ${number}`),
      exp: nowSeconds + 600,
    };
    const quoteBody = encodeBody(QUOTE, quote);
    const agreement: Agreement = {
      v: 1,
      typ: 'agr',
      quote: toBase64Url(docId(QUOTE.kind, quoteBody)),
      task: request.task,
      ...parties,
      price: PRICE,
      fee: this.app.rules.fees.escrow.toString(),
      delivery: 'open',
      ledger: toBase64Url(this.app.rules.ledgerId),
      arbiters: [],
      holdSecs: 60,
      deliverSecs: 600,
      verifySecs: 3_600,
      disputeSecs: 3_600,
      sh: hashOf('session'),
      nonce: hashOf(`agreement ${number}`),
      iat: nowSeconds,
    };
    const agreed = signDocument(AGREEMENT, agreement, client, contractor);
    const verdict: Verdict = {
      v: 1,
      typ: 'vrd',
      contract: toBase64Url(agreed.id),
      delivery: hashOf(`delivery ${number}`),
      outcome: 'pass',
      paid: PRICE,
      checks: [],
      evidence: '',
    };
    const judged = signDocument(verdictDefinition(parties), verdict, client);
    const hold = {
      agreement: toBase64Url(agreed.envelope),
      quote: toBase64Url(quoteBody),
      request: toBase64Url(requestBody),
    };
    const verdictArgs = { contract: verdict.contract, verdict: toBase64Url(judged.envelope) };
    return [
      this.#transaction(client, { op: 'hold', args: hold }),
      this.#transaction(client, { op: 'verdict', args: verdictArgs }),
    ];
  }

  #transaction(from: Identity, call: TransactionCall): Uint8Array {
    const seq = this.#nextSeq.get(from.peerId) ?? 1;
    this.#nextSeq.set(from.peerId, seq + 1);
    const body = {
      v: 1,
      typ: 'tx',
      ledger: toBase64Url(this.app.rules.ledgerId),
      account: from.peerId,
      seq,
      ...call,
    } as Transaction;
    return signDocument(TRANSACTION, body, from).envelope;
  }

  /** A header over the current state, with commits of so many replicas. */
  certifiedHeader(votes: number) {
    const committee = committeeOf(this.app.rules);
    const { height, timeMs } = this.app.clock;
    const { digest, ...header } = sealBlock({
      ledger: committee.ledger,
      epoch: 0,
      height,
      prev: NO_HASH,
      timeMs,
      stateRoot: this.app.stateRoot,
      parentCommit: undefined,
      transactions: [],
    });
    const certificate: Certificate = {
      view: 0,
      votes: this.replicas.slice(0, votes).map((identity, replica) => {
        const vote = { phase: 'commit', view: 0, height, digest, ts: timeMs, replica } as const;
        const { signature } = signVote(committee, identitySigner(identity), vote);
        return { replica, ts: timeMs, signature };
      }),
    };
    return { committee, header, certificate };
  }

  /** Applies a block one second after the last one; every operation must succeed. */
  apply(transactions: readonly Uint8Array[]): void {
    const { height, timeMs } = this.app.clock;
    const outcome = this.app.apply({ height: height + 1, timeMs: timeMs + 1_000, transactions });
    const isGood =
      outcome.applied &&
      outcome.results.every(({ result: [high, low] }) => high === 0 && low === 0);
    if (!isGood) throw new Error(`The benchmark of the ledger failed: ${JSON.stringify(outcome)}`);
  }
}
