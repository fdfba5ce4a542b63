/** A ledger of real identities, and the documents and transactions that they sign. */

import { toBase64Url, toHex, u32 } from '../../../crypto/bytes.ts';
import { countersign, encodeBody, signDocument } from '../../../crypto/envelope.ts';
import type { SignedDocument } from '../../../crypto/envelope.ts';
import { sha256 } from '../../../crypto/hash.ts';
import { Identity } from '../../../crypto/identity.ts';
import { refusalOfNumber } from '../../errors.ts';
import { LedgerApplication } from '../../ledger/application.ts';
import { accountOf, availableForFees, conservationProblem } from '../../ledger/accounts.ts';
import { GENESIS_DEFAULTS, encodeGenesis, ledgerRules } from '../../ledger/genesis.ts';
import type { Genesis } from '../../ledger/genesis.ts';
import { FEES, contractKey } from '../../ledger/records.ts';
import type { AccountRecord, ContractRecord } from '../../ledger/records.ts';
import { TRANSACTION } from '../../ledger/transactions.ts';
import type { Transaction, TransactionCall } from '../../ledger/transactions.ts';
import {
  AGREEMENT,
  QUOTE,
  QUOTE_REQUEST,
  acknowledgementDefinition,
  deliveryDefinition,
  verdictDefinition,
} from '../../negotiation/documents.ts';
import type { Agreement, Delivery, Quote, Verdict } from '../../negotiation/documents.ts';
import type { QuoteRequest } from '../../negotiation/documents.ts';
import { RULING } from '../../settlement/ruling.ts';
import { literalScoreQ32 } from '../../reputation/score.ts';
import { scoreKey } from '../../reputation/records.ts';
import type { RatedRole, ScoreRecord } from '../../reputation/records.ts';

function identity(name: string): Identity {
  return Identity.fromSeed(sha256(new TextEncoder().encode(name)));
}

export const ALICE = identity('alice');
export const BOB = identity('bob');
export const MALLORY = identity('mallory');
export const TREASURY = identity('treasury');
export const DOOR = identity('door');
export const ARBITERS = ['arbiter 1', 'arbiter 2', 'arbiter 3']
  .map(identity)
  .sort((a, b) => (a.peerId < b.peerId ? -1 : 1));
export const REPLICAS = ['replica 0', 'replica 1', 'replica 2', 'replica 3'].map(identity);

export const GENESIS_SECONDS = 1_800_000_000;
export const PRICE = 100_000n;
export const TASK_TYPE = 'performs:nlp/sentiment';
export const FUNDS = 10_000_000n;

export function makeGenesis(change: Partial<Genesis> = {}): Genesis {
  return {
    v: 1,
    typ: 'genesis',
    time: GENESIS_SECONDS,
    replicas: REPLICAS.map(({ peerId }) => peerId),
    treasuries: [TREASURY.peerId],
    admission: [DOOR.peerId],
    seeds: [ALICE.peerId],
    accounts: [ALICE, BOB, MALLORY, DOOR].map(({ peerId }) => ({
      holder: peerId,
      balance: FUNDS.toString(),
      credit: '0',
    })),
    ...GENESIS_DEFAULTS,
    ...change,
  };
}

function bytes32(name: string): string {
  return toBase64Url(sha256(new TextEncoder().encode(name)));
}

/** A contract's documents up to both signatures on the agreement. */
export interface TestContract {
  readonly id: string;
  readonly request: SignedDocument<QuoteRequest>;
  readonly quote: SignedDocument<Quote>;
  readonly agreement: SignedDocument<Agreement>;
  readonly client: Identity;
  readonly contractor: Identity;
}

/** What a contract is to be like. */
export interface ContractChange {
  readonly client?: Identity;
  readonly contractor?: Identity;
  readonly request?: Partial<QuoteRequest>;
  readonly quote?: Partial<Quote>;
  readonly agreement?: Partial<Agreement>;
}

/** A ledger, and who signs what on it. Blocks come one second apart unless told otherwise. */
export class TestLedger {
  readonly app: LedgerApplication;
  /** Blocks so far, as they were applied. */
  readonly blocks: { height: number; timeMs: number; transactions: Uint8Array[] }[] = [];
  #contracts = 0;

  constructor(change: Partial<Genesis> = {}) {
    this.app = new LedgerApplication(ledgerRules(encodeGenesis(makeGenesis(change))));
  }

  get nowSeconds(): number {
    return Math.floor(this.app.clock.timeMs / 1_000);
  }

  get ledgerId(): string {
    return toBase64Url(this.app.rules.ledgerId);
  }

  transaction(from: Identity, call: TransactionCall, seq = this.app.lastSeq(from.peerId) + 1) {
    const body = {
      v: 1,
      typ: 'tx',
      ledger: this.ledgerId,
      account: from.peerId,
      seq,
      ...call,
    } as Transaction;
    return signDocument(TRANSACTION, body, from).envelope;
  }

  /** Applies a block of these transactions. Returns `done` or the refusal of each. */
  block(transactions: readonly Uint8Array[], afterMs = 1_000): string[] {
    const { height, timeMs } = this.app.clock;
    const block = {
      height: height + 1,
      timeMs: timeMs + afterMs,
      transactions: [...transactions],
    };
    const outcome = this.app.apply(block);
    if (!outcome.applied) throw new Error(`refused at ${outcome.index}: ${outcome.reason}`);
    this.blocks.push(block);
    return outcome.results.map(({ result: [high, low] }) => {
      const number = (high! << 8) | low!;
      return number === 0 ? 'done' : refusalOfNumber(number);
    });
  }

  /** A block of one transaction. */
  submit(from: Identity, call: TransactionCall, afterMs?: number): string {
    return this.block([this.transaction(from, call)], afterMs)[0]!;
  }

  /** Lets time pass in an empty block. */
  pass(seconds: number): void {
    this.block([], seconds * 1_000);
  }

  contract(change: ContractChange = {}): TestContract {
    const { client = ALICE, contractor = BOB } = change;
    const number = this.#contracts++;
    const parties = { client: client.peerId, contractor: contractor.peerId };
    const request = signDocument<QuoteRequest>(
      QUOTE_REQUEST,
      {
        v: 1,
        typ: 'qreq',
        ...parties,
        task: bytes32(`task ${number}`),
        shape: {
          skills: [TASK_TYPE],
          inBytes: 1_000,
          outMaxBytes: 10_000,
          maxLatencyMs: 5_000,
          sensitivity: 'low',
          delivery: 'open',
        },
        nonce: bytes32(`request ${number}`),
        exp: this.nowSeconds + 120,
        ...change.request,
      },
      client,
    );
    const quote = signDocument<Quote>(
      QUOTE,
      {
        v: 1,
        typ: 'quote',
        req: toBase64Url(request.id),
        contractor: contractor.peerId,
        price: PRICE.toString(),
        latencyMs: 500,
        capacitySecs: 30,
        load: { demand: 1, available: 3, total: 4 },
        nonce: bytes32(`quote ${number}`),
        exp: this.nowSeconds + 60,
        ...change.quote,
      },
      contractor,
    );
    const body: Agreement = {
      v: 1,
      typ: 'agr',
      quote: toBase64Url(quote.id),
      task: request.body.task,
      ...parties,
      price: quote.body.price,
      fee: this.app.rules.fees.escrow.toString(),
      delivery: request.body.shape.delivery,
      ledger: this.ledgerId,
      arbiters: [],
      holdSecs: 30,
      deliverSecs: 600,
      verifySecs: 3_600,
      disputeSecs: 3_600,
      sh: bytes32('session'),
      nonce: bytes32(`agreement ${number}`),
      iat: this.nowSeconds,
      ...change.agreement,
    };
    const agreement = signDocument(AGREEMENT, body, client, contractor);
    return { id: toHex(agreement.id), request, quote, agreement, client, contractor };
  }

  hold({ agreement, quote, request }: TestContract): TransactionCall {
    return {
      op: 'hold',
      args: {
        agreement: toBase64Url(agreement.envelope),
        quote: toBase64Url(encodeBody(QUOTE, quote.body)),
        request: toBase64Url(encodeBody(QUOTE_REQUEST, request.body)),
      },
    };
  }

  delivery(contract: TestContract, change: Partial<Delivery> = {}): SignedDocument<Delivery> {
    const body: Delivery = {
      v: 1,
      typ: 'dlv',
      contract: contractId(contract),
      result: bytes32('result'),
      cipher: '',
      keyCommit: '',
      bytes: 100,
      ...change,
    };
    return signDocument(deliveryDefinition(partiesOf(contract)), body, contract.contractor);
  }

  deliver(
    contract: TestContract,
    {
      isAcked = true,
      key,
      ...change
    }: Partial<Delivery> & { isAcked?: boolean; key?: string } = {},
  ): TransactionCall {
    const delivery = this.delivery(contract, change);
    const ack = signDocument(
      acknowledgementDefinition(partiesOf(contract)),
      { v: 1, typ: 'ack', delivery: toBase64Url(delivery.id) },
      contract.client,
    );
    return {
      op: 'deliver',
      args: {
        contract: contractId(contract),
        delivery: toBase64Url(delivery.envelope),
        ...(isAcked && { ack: toBase64Url(ack.envelope) }),
        ...(key !== undefined && { key }),
      },
    };
  }

  verdict(
    contract: TestContract,
    outcome: Verdict['outcome'],
    { isCountersigned = false, ...change }: Partial<Verdict> & { isCountersigned?: boolean } = {},
  ): TransactionCall {
    const { price } = contract.agreement.body;
    const paid = { pass: price, partial: (BigInt(price) / 4n).toString(), fail: '0' }[outcome];
    const body: Verdict = {
      v: 1,
      typ: 'vrd',
      contract: contractId(contract),
      delivery: toBase64Url(this.delivery(contract).id),
      outcome,
      paid,
      checks: [{ type: 'json-schema', passed: outcome === 'pass' ? 1 : 0 }],
      evidence: '',
      ...change,
    };
    const definition = verdictDefinition(partiesOf(contract));
    const alone = signDocument(definition, body, contract.client);
    const verdict = isCountersigned ? countersign(definition, alone, contract.contractor) : alone;
    return {
      op: 'verdict',
      args: { contract: contractId(contract), verdict: toBase64Url(verdict.envelope) },
    };
  }

  ruling(contract: TestContract, arbiter: Identity, paid: bigint): TransactionCall {
    const ruling = signDocument(
      RULING,
      {
        v: 1,
        typ: 'rul',
        contract: contractId(contract),
        arbiter: arbiter.peerId,
        paid: paid.toString(),
        reason: 'recomputed',
      },
      arbiter,
    );
    return {
      op: 'rule',
      args: { contract: contractId(contract), ruling: toBase64Url(ruling.envelope) },
    };
  }

  contest(contract: TestContract): TransactionCall {
    return { op: 'contest', args: { contract: contractId(contract) } };
  }

  cancel(contract: TestContract): TransactionCall {
    return { op: 'cancel', args: { contract: contractId(contract) } };
  }

  account(holder: Identity | typeof FEES): AccountRecord {
    return accountOf(this.app.state, holder === FEES ? FEES : holder.peerId)!;
  }

  /** What is left for fees: balance and credit without what is held. */
  available(holder: Identity | typeof FEES): bigint {
    return availableForFees(this.account(holder));
  }

  escrow({ id }: TestContract): ContractRecord | undefined {
    return this.app.state.get(contractKey(id)) as ContractRecord | undefined;
  }

  score(subject: Identity, role: RatedRole = 'contractor', taskType = TASK_TYPE) {
    const key = scoreKey({ subject: subject.peerId, role, taskType });
    return this.app.state.get(key) as ScoreRecord | undefined;
  }

  literalScore(subject: Identity): bigint {
    return literalScoreQ32(this.score(subject)!, Math.floor(this.nowSeconds / 3_600));
  }
}

export function contractId({ id }: TestContract): string {
  return toBase64Url(Buffer.from(id, 'hex'));
}

function partiesOf({ client, contractor }: TestContract) {
  return { client: client.peerId, contractor: contractor.peerId };
}

/** How the conservation of money is broken, overdrafts included; `undefined` while it holds. */
export function brokenConservation({ app }: TestLedger): string | undefined {
  const problem = conservationProblem(app.state, app.rules.treasuries);
  if (problem) return problem;
  for (const [key, record] of app.state.entries()) {
    const isAccount = key.startsWith('account/');
    if (isAccount && availableForFees(record as AccountRecord) < 0n) return `${key} is overdrawn`;
  }
  return undefined;
}

/** A seal key and what commits to it. */
export function sealKey(number: number): { key: string; commitment: string } {
  const key = sha256(u32(number));
  const tag = new TextEncoder().encode('coalesce/seal-key/v1\0');
  return { key: toBase64Url(key), commitment: toBase64Url(sha256(tag, key)) };
}
