/**
 * Everything that can happen to one contract between two sides that follow the protocol: the
 * shipped state machine of each, the shipped escrow rules, the shipped rule of what a side lodges
 * on the ledger, and between them a network that loses, repeats, reorders and delays at will.
 *
 * A message that was sent may arrive at any later moment, any number of times, or never: that is
 * loss, repetition and reordering in one. Time goes from one moment at which something runs out to
 * the next. The sides choose freely what they do and when, silence included. A side that is alive
 * lodges what it should before time passes it by, as the node does, which keeps at it.
 *
 * Not in it: a side that signs two documents of which it may sign one, arbiters, sealed delivery,
 * several contracts at once, and a session that changes.
 *
 * @module
 */

import { toBase64Url, toHex } from '../../../crypto/bytes.ts';
import { countersign, encodeBody, signDocument } from '../../../crypto/envelope.ts';
import type { SignedDocument } from '../../../crypto/envelope.ts';
import type { BlockContext } from '../../../protocols/ledger/block-context.ts';
import { cancel, contest, deliver, expire, judge } from '../../../protocols/ledger/escrow.ts';
import { holdFunds } from '../../../protocols/ledger/escrow-hold.ts';
import { OpenedDocuments } from '../../../protocols/ledger/opened-documents.ts';
import { contractKey } from '../../../protocols/ledger/records.ts';
import type { ContractRecord } from '../../../protocols/ledger/records.ts';
import { StateDraft } from '../../../protocols/ledger/state.ts';
import type { IndexedReader, StateReader } from '../../../protocols/ledger/state.ts';
import type { TransactionCall } from '../../../protocols/ledger/transactions.ts';
import { elapse, step } from '../../../protocols/negotiation/agreement-machine.ts';
import type { ContractEvent } from '../../../protocols/negotiation/agreement-machine.ts';
import { isAgreed, newContract } from '../../../protocols/negotiation/contract.ts';
import type { Contract, Role } from '../../../protocols/negotiation/contract.ts';
import {
  AGREEMENT,
  QUOTE,
  QUOTE_REQUEST,
  acknowledgementDefinition,
  deliveryDefinition,
  verdictDefinition,
} from '../../../protocols/negotiation/documents.ts';
import type {
  Acknowledgement,
  Delivery,
  Quote,
  QuoteRequest,
  Verdict,
} from '../../../protocols/negotiation/documents.ts';
import {
  ALICE,
  BOB,
  GENESIS_SECONDS,
  PRICE,
  TestLedger,
} from '../../../protocols/test/ledger/fixture.ts';
import { nextEscrowStep } from '../../ledger/escrow-steps.ts';

type StateRecord = NonNullable<ReturnType<StateReader['get']>>;
type Outcome = Verdict['outcome'];
export const OUTCOMES: readonly Outcome[] = ['pass', 'partial', 'fail'];

const START_SECONDS = GENESIS_SECONDS + 10;
const QUOTE_SECONDS = 60;
const PERIODS = { holdSecs: 30, deliverSecs: 600, verifySecs: 3_600, disputeSecs: 3_600 };
const TOLERANCE = 60;
const GRACE = 10;
const SESSION_HASH = new Uint8Array(32).fill(9);
const LOWER_PRICE = PRICE - 1_000n;
const PARTIES = { client: ALICE.peerId, contractor: BOB.peerId };
const bytes32 = (fill: number): string => toBase64Url(new Uint8Array(32).fill(fill));

/** Where a world stands. A value: nothing in it is changed. */
export interface WorldState {
  readonly now: number;
  readonly client: Contract;
  /** Nothing before the request has come. */
  readonly contractor: Contract | undefined;
  /** What was ever sent, by name. */
  readonly sent: ReadonlyMap<string, Message>;
  /** What the contract has changed on the ledger. */
  readonly ledger: ReadonlyMap<string, StateRecord>;
}

interface Message {
  readonly to: Role;
  readonly event: ContractEvent | { readonly type: 'asked' } | { readonly type: 'countered' };
}

/** A named way on. */
export interface Move {
  readonly name: string;
  readonly next: WorldState;
}

/** What a world is like. */
export interface WorldInit {
  /** Whether the price is held on a ledger. */
  readonly hasLedger: boolean;
  /** How far the contractor's clock is ahead of the client's and the ledger's, in seconds. */
  readonly skewSeconds: number;
}

/** Sides that still do something. */
export type Alive = readonly Role[];
export const BOTH: Alive = ['client', 'contractor'];

const OPERATIONS = { hold: holdFunds, cancel, deliver, verdict: judge, contest } as const;

/** All moves from any state of one contract. */
export class ContractWorld {
  readonly #init: WorldInit;
  readonly #ledger = new TestLedger();
  readonly #request: SignedDocument<QuoteRequest>;
  /** Documents are signed once and are the same object from then on. */
  readonly #documents = new Map<string, unknown>();
  readonly #ledgerSteps = new Map<string, ReadonlyMap<string, StateRecord> | undefined>();

  constructor(init: WorldInit) {
    this.#init = init;
    this.#request = signDocument<QuoteRequest>(
      QUOTE_REQUEST,
      {
        v: 1,
        typ: 'qreq',
        ...PARTIES,
        task: bytes32(1),
        shape: {
          skills: ['performs:nlp/sentiment'],
          inBytes: 1_000,
          outMaxBytes: 10_000,
          maxLatencyMs: 5_000,
          sensitivity: 'low',
          delivery: 'open',
        },
        nonce: bytes32(2),
        exp: START_SECONDS + 120,
      },
      ALICE,
    );
  }

  get start(): WorldState {
    return {
      now: START_SECONDS,
      client: newContract('client', this.#request, START_SECONDS),
      contractor: undefined,
      sent: new Map([['ask', { to: 'contractor', event: { type: 'asked' } }]]),
      ledger: new Map(),
    };
  }

  /** Everything that can happen next, what changes nothing left out. */
  moves(state: WorldState): Move[] {
    const moves: Move[] = [];
    const add = (name: string, next: WorldState | undefined): void => {
      if (next) moves.push({ name, next });
    };
    for (const [name, message] of state.sent) add(`${name} arrives`, this.#arrive(state, message));
    for (const [name, next] of this.#clientActs(state)) add(`client ${name}`, next);
    for (const [name, next] of this.#contractorActs(state)) add(`contractor ${name}`, next);
    for (const role of BOTH) add(`${role} lodges`, this.#lodge(state, role));
    add('time passes', this.wait(state, BOTH));
    return moves;
  }

  /** Each message arrives once and each side does what is next, until nothing changes any more. */
  reliably(from: WorldState): WorldState {
    let state = from;
    for (let round = 0; round < 12; round++) {
      for (const message of [...state.sent.values()]) state = this.#arrive(state, message) ?? state;
      const own = new Map([...this.#clientActs(state), ...this.#contractorActs(state)]);
      const name = ['proposes', 'holds', 'sends the task', 'acknowledges', 'says pass']
        .concat(['agrees', 'delivers', 'countersigns'])
        .find((one) => own.get(one) !== undefined);
      if (name !== undefined) state = own.get(name)!;
    }
    return state;
  }

  /** No message arrives any more; who is alive lodges what it can, and time ends the rest. */
  finish(from: WorldState, alive: Alive): WorldState {
    let state: WorldState | undefined = from;
    for (let i = 0; i < 64; i++) {
      const next = this.wait(state, alive);
      if (!next) return this.#lodgeAll(state, alive);
      state = next;
    }
    throw new Error('time has no end');
  }

  /** On to the next moment at which something runs out, or may be due; `undefined`: never. */
  wait(before: WorldState, alive: Alive): WorldState | undefined {
    const state = this.#lodgeAll(before, alive);
    const moments = this.#moments(state).filter((moment) => moment > state.now);
    if (moments.length === 0) return state === before ? undefined : state;
    const now = Math.min(...moments);
    const contractor = state.contractor && elapse(state.contractor, now + this.#init.skewSeconds);
    const ledger = this.#expired(state.ledger, now);
    return { ...state, now, client: elapse(state.client, now), contractor, ledger };
  }

  /** The escrow, if there was one. */
  escrow({ client, ledger }: WorldState): ContractRecord | undefined {
    const { agreement } = client;
    return agreement && (ledger.get(contractKey(toHex(agreement.id))) as ContractRecord);
  }

  /** What a side pays for a lost dispute, in micro-USD. */
  get disputeFee(): bigint {
    return this.#ledger.app.rules.fees.dispute;
  }

  /** What an account has of a ledger in this state. */
  account({ ledger }: WorldState, key: string): StateRecord | undefined {
    return ledger.get(key) ?? this.#ledger.app.state.get(key);
  }

  /** Tells states apart. */
  key(state: WorldState): string {
    const { now, client, contractor, sent } = state;
    return [
      now,
      digest(client),
      contractor ? digest(contractor) : '',
      [...sent.keys()].sort().join(),
      this.#ledgerKey(state.ledger),
    ].join('|');
  }

  #ledgerKey(ledger: ReadonlyMap<string, StateRecord>): string {
    const text = (_: string, value: unknown) => (typeof value === 'bigint' ? `${value}` : value);
    const kept = [...ledger].filter(([key]) => key.startsWith('contract/'));
    return kept.length === 0 ? '' : JSON.stringify(kept, text);
  }

  #once<Value>(key: string, make: () => Value): Value {
    if (!this.#documents.has(key)) this.#documents.set(key, make());
    return this.#documents.get(key) as Value;
  }

  #clock(state: WorldState, role: Role): number {
    return role === 'client' ? state.now : state.now + this.#init.skewSeconds;
  }

  /** The state after `event` at one side, and after `message` was sent; `undefined`: refused. */
  #apply(
    state: WorldState,
    role: Role,
    event: ContractEvent,
    message?: readonly [name: string, message: Message],
  ): WorldState | undefined {
    const contract = state[role];
    if (!contract) return undefined;
    const result = step(contract, event, this.#clock(state, role));
    const isSent = message === undefined || state.sent.has(message[0]);
    if (!result.accepted || (!result.isNew && isSent)) return undefined;
    const sent = isSent ? state.sent : new Map([...state.sent, message]);
    return { ...state, [role]: result.contract, sent };
  }

  #send(state: WorldState, name: string, message: Message): WorldState | undefined {
    if (state.sent.has(name)) return undefined;
    return { ...state, sent: new Map([...state.sent, [name, message]]) };
  }

  #arrive(state: WorldState, { to, event }: Message): WorldState | undefined {
    switch (event.type) {
      case 'asked':
        return this.#onAsked(state);
      case 'countered':
        // The contractor takes the lower price, or keeps its own: see #contractorActs.
        return undefined;
      case 'workStarted':
        return this.#init.hasLedger && this.escrow(state)?.state !== 'HELD'
          ? undefined
          : this.#apply(state, to, event);
      case 'cancelled': {
        const cancelled: Message = { to: 'client', event: { type: 'cancelled' } };
        const answer = to === 'contractor' ? (['cancelled', cancelled] as const) : undefined;
        return this.#apply(state, to, event, answer);
      }
      default:
        return this.#apply(state, to, event);
    }
  }

  #onAsked(state: WorldState): WorldState | undefined {
    if (state.contractor) return undefined;
    const at = this.#clock(state, 'contractor');
    const quote = this.#once(`quote ${at}`, () => {
      const body: Quote = {
        v: 1,
        typ: 'quote',
        req: toBase64Url(this.#request.id),
        contractor: BOB.peerId,
        price: PRICE.toString(),
        latencyMs: 500,
        capacitySecs: 30,
        load: { demand: 1, available: 3, total: 4 },
        nonce: bytes32(3),
        exp: at + QUOTE_SECONDS,
      };
      return signDocument(QUOTE, body, BOB);
    });
    const event = { type: 'quoted', quote } as const;
    const asked = elapse(newContract('contractor', this.#request, at), at);
    return this.#apply({ ...state, contractor: asked }, 'contractor', event, [
      'quote',
      { to: 'client', event },
    ]);
  }

  #clientActs(state: WorldState): (readonly [name: string, next: WorldState | undefined])[] {
    const { client } = state;
    const { quote, agreement, delivery, phase } = client;
    if (!quote) return [];
    if (!agreement) return this.#beforeAgreement(state);
    if (!isAgreed(client)) return [['releases', this.#release(state)]];
    const acts: (readonly [string, WorldState | undefined])[] = [
      ['holds', this.#hold(state)],
      ['sends the task', this.#sendTask(state)],
      ['asks to cancel', this.#askToCancel(state)],
    ];
    if (!delivery) return acts;
    if (phase === 'DELIVERED') acts.push(['acknowledges', this.#acknowledge(state)]);
    if (!client.verdict) {
      for (const outcome of OUTCOMES) acts.push([`says ${outcome}`, this.#judge(state, outcome)]);
    }
    return acts;
  }

  #beforeAgreement(state: WorldState): (readonly [string, WorldState | undefined])[] {
    const counter: Message = { to: 'contractor', event: { type: 'countered' } };
    return [
      ['proposes', this.#propose(state)],
      [
        'bargains',
        state.client.phase === 'VOID' ? undefined : this.#send(state, 'counter', counter),
      ],
      ['releases', this.#release(state)],
    ];
  }

  #release(state: WorldState): WorldState | undefined {
    const event = { type: 'cancelled' } as const;
    return this.#apply(state, 'client', event, ['release', { to: 'contractor', event }]);
  }

  #propose(state: WorldState): WorldState | undefined {
    const { quote, bargainedPrice } = state.client;
    const price = bargainedPrice ?? quote!.body.price;
    const { rules } = this.#ledger.app;
    const ledger = this.#init.hasLedger ? this.#ledger.ledgerId : '';
    const fee = this.#init.hasLedger ? rules.fees.escrow.toString() : '0';
    const escrow = this.#init.hasLedger ? { ledger, fee, isRequired: true } : undefined;
    const agreement = this.#once(`agreement ${toHex(quote!.id)} ${price} ${state.now}`, () =>
      signDocument(
        AGREEMENT,
        {
          v: 1,
          typ: 'agr',
          quote: toBase64Url(quote!.id),
          task: this.#request.body.task,
          ...PARTIES,
          price,
          fee,
          delivery: 'open',
          ledger,
          arbiters: [],
          ...PERIODS,
          sh: toBase64Url(SESSION_HASH),
          nonce: bytes32(4),
          iat: state.now,
        },
        ALICE,
      ),
    );
    const event = { type: 'proposed', agreement, sessionHash: SESSION_HASH, escrow } as const;
    return this.#apply(state, 'client', event, ['accept', { to: 'contractor', event }]);
  }

  #hold(state: WorldState): WorldState | undefined {
    const { agreement, quote, request } = state.client;
    if (!this.#init.hasLedger || this.escrow(state)) return undefined;
    return this.#submit(state, 'client', {
      op: 'hold',
      args: {
        agreement: toBase64Url(agreement!.envelope),
        quote: toBase64Url(encodeBody(QUOTE, quote!.body)),
        request: toBase64Url(encodeBody(QUOTE_REQUEST, request.body)),
      },
    });
  }

  #sendTask(state: WorldState): WorldState | undefined {
    const event = { type: 'workStarted' } as const;
    if (this.#init.hasLedger && this.escrow(state)?.state !== 'HELD') return undefined;
    return this.#apply(state, 'client', event, ['task', { to: 'contractor', event }]);
  }

  #askToCancel(state: WorldState): WorldState | undefined {
    if (state.client.delivery) return undefined;
    return this.#send(state, 'cancel', { to: 'contractor', event: { type: 'cancelled' } });
  }

  #acknowledge(state: WorldState): WorldState | undefined {
    const delivery = toBase64Url(state.client.delivery!.id);
    const acknowledgement = this.#once(`ack ${delivery}`, () =>
      signDocument<Acknowledgement>(
        acknowledgementDefinition(PARTIES),
        { v: 1, typ: 'ack', delivery },
        ALICE,
      ),
    );
    const event = { type: 'acknowledged', acknowledgement } as const;
    return this.#apply(state, 'client', event, ['ack', { to: 'contractor', event }]);
  }

  #judge(state: WorldState, outcome: Outcome): WorldState | undefined {
    const { agreement, delivery } = state.client;
    const contract = toBase64Url(agreement!.id);
    const verdict = this.#once(`verdict ${contract} ${outcome}`, () => {
      const body: Verdict = {
        v: 1,
        typ: 'vrd',
        contract,
        delivery: toBase64Url(delivery!.id),
        outcome,
        paid: { pass: agreement!.body.price, partial: '7', fail: '0' }[outcome],
        checks: [],
        evidence: '',
      };
      return signDocument(verdictDefinition(PARTIES), body, ALICE);
    });
    const event = { type: 'judged', verdict } as const;
    return this.#apply(state, 'client', event, ['verdict', { to: 'contractor', event }]);
  }

  #contractorActs(state: WorldState): (readonly [string, WorldState | undefined])[] {
    const { contractor, sent } = state;
    if (!contractor) return [];
    const { agreement, verdict, phase } = contractor;
    const acts: (readonly [string, WorldState | undefined])[] = [];
    if (sent.has('counter') && contractor.bargainedPrice === undefined) {
      const lower = { type: 'bargained', price: LOWER_PRICE.toString() } as const;
      const taken = ['countered', { to: 'client', event: lower }] as const;
      acts.push(['takes less', this.#apply(state, 'contractor', lower, taken)]);
      const kept = { type: 'bargained', price: PRICE.toString() } as const;
      acts.push(['keeps its price', this.#apply(state, 'contractor', kept)]);
    }
    if (agreement && !isAgreed(contractor)) {
      const both = this.#once(`both ${toHex(agreement.id)}`, () =>
        countersign(AGREEMENT, agreement, BOB),
      );
      const event = { type: 'agreed', agreement: both } as const;
      const answer = ['agreed', { to: 'client', event }] as const;
      acts.push(['agrees', this.#apply(state, 'contractor', event, answer)]);
    }
    if (phase === 'WORKING') acts.push(['delivers', this.#deliver(state)]);
    if (phase === 'VERDICT' && verdict?.signers.length === 1) {
      const receipt = this.#once(`receipt ${toHex(verdict.id)}`, () =>
        countersign(verdictDefinition(PARTIES), verdict, BOB),
      );
      const event = { type: 'judged', verdict: receipt } as const;
      const answer = ['receipt', { to: 'client', event }] as const;
      acts.push(['countersigns', this.#apply(state, 'contractor', event, answer)]);
      const no = { type: 'contested' } as const;
      const contested = ['contested', { to: 'client', event: no }] as const;
      acts.push(['contests', this.#apply(state, 'contractor', no, contested)]);
    }
    return acts;
  }

  #deliver(state: WorldState): WorldState | undefined {
    const contract = toBase64Url(state.contractor!.agreement!.id);
    const delivery = this.#once(`delivery ${contract}`, () =>
      signDocument<Delivery>(
        deliveryDefinition(PARTIES),
        {
          v: 1,
          typ: 'dlv',
          contract,
          result: bytes32(5),
          cipher: '',
          keyCommit: '',
          bytes: 100,
        },
        BOB,
      ),
    );
    const event = { type: 'delivered', delivery } as const;
    return this.#apply(state, 'contractor', event, ['delivery', { to: 'client', event }]);
  }

  /** What the node of a side lodges next, once. */
  #lodge(state: WorldState, role: Role): WorldState | undefined {
    const contract = state[role];
    if (!this.#init.hasLedger || !contract || !isAgreed(contract)) return undefined;
    const next = nextEscrowStep({
      contract,
      record: this.escrow(state),
      blockMs: state.now * 1_000,
      nowMs: this.#clock(state, role) * 1_000,
    });
    return next.type === 'submit' ? this.#submit(state, role, next.call) : undefined;
  }

  #lodgeAll(from: WorldState, alive: Alive): WorldState {
    let state = from;
    for (let i = 0; i < 8; i++) {
      const next = alive.reduce<WorldState | undefined>(
        (found, role) => found ?? this.#lodge(state, role),
        undefined,
      );
      if (!next) return state;
      state = next;
    }
    throw new Error('a side lodges without end');
  }

  #submit(state: WorldState, role: Role, call: TransactionCall): WorldState | undefined {
    const submitter = role === 'client' ? ALICE.peerId : BOB.peerId;
    const key = `${role} ${state.now} ${this.#ledgerKey(state.ledger)} ${JSON.stringify(call)}`;
    if (!this.#ledgerSteps.has(key)) {
      const operation = OPERATIONS[call.op as keyof typeof OPERATIONS] as (
        context: BlockContext,
        from: string,
        args: unknown,
      ) => unknown;
      this.#ledgerSteps.set(
        key,
        this.#changed(state.ledger, state.now, (context) => {
          return operation(context, submitter, call.args) === undefined;
        }),
      );
    }
    const ledger = this.#ledgerSteps.get(key);
    return ledger && { ...state, ledger };
  }

  #expired(
    ledger: ReadonlyMap<string, StateRecord>,
    now: number,
  ): ReadonlyMap<string, StateRecord> {
    const [key, record] = [...ledger].find(([one]) => one.startsWith('contract/')) ?? [];
    const contract = record as ContractRecord | undefined;
    if (!contract || contract.state === 'CLOSED' || contract.dueMs > now * 1_000) return ledger;
    return this.#changed(ledger, now, (context) => {
      expire(context, key!.slice('contract/'.length), contract);
      return true;
    })!;
  }

  /** The ledger after `change`, or `undefined` if that was refused. */
  #changed(
    ledger: ReadonlyMap<string, StateRecord>,
    now: number,
    change: (context: BlockContext) => boolean,
  ): ReadonlyMap<string, StateRecord> | undefined {
    const { app } = this.#ledger;
    const base: IndexedReader = {
      get: (key) => ledger.get(key) ?? app.state.get(key),
      keysNaming: (peerId) => app.state.keysNaming(peerId),
    };
    const draft = new StateDraft(base);
    const { open } = new OpenedDocuments();
    const moved = { count: 0 };
    const context = { rules: app.rules, draft, height: 2, timeMs: now * 1_000, open, moved };
    if (!change(context)) return undefined;
    const changed = new Map(ledger);
    for (const [key, record] of draft.changes) if (record) changed.set(key, record);
    return changed;
  }

  /** One second after something runs out, or a side may do what it might not before. */
  #moments(state: WorldState): number[] {
    const { client, contractor } = state;
    const moments = momentsOf(client);
    if (contractor) {
      moments.push(...momentsOf(contractor).map((moment) => moment - this.#init.skewSeconds));
    }
    const record = this.escrow(state);
    if (record && record.state !== 'CLOSED') {
      const due = Math.floor(record.dueMs / 1_000);
      moments.push(due - TOLERANCE, due - GRACE / 2, due);
    }
    return moments.map((moment) => moment + 1);
  }
}

function momentsOf({ phase, sinceSeconds, request, quote, agreement }: Contract): number[] {
  switch (phase) {
    case 'NEGOTIATING': {
      const exp = quote ? quote.body.exp : request.body.exp;
      const moments = [exp, exp + TOLERANCE];
      if (agreement) moments.push(agreement.body.iat + PERIODS.holdSecs + TOLERANCE);
      return moments;
    }
    case 'ACKNOWLEDGED': {
      const verifyBy = sinceSeconds + PERIODS.verifySecs;
      return [sinceSeconds + GRACE, verifyBy, verifyBy + TOLERANCE];
    }
    case 'RECEIPT':
    case 'VERDICT':
    case 'DISPUTED':
    case 'LAPSED':
    case 'VOID':
      return agreement ? [sinceSeconds + GRACE] : [];
    default: {
      const { iat } = agreement!.body;
      const deliverBy = iat + PERIODS.holdSecs + PERIODS.deliverSecs;
      return [
        iat + PERIODS.holdSecs,
        sinceSeconds + PERIODS.holdSecs,
        deliverBy,
        deliverBy + TOLERANCE,
      ];
    }
  }
}

function digest(contract: Contract): string {
  const { phase, sinceSeconds, quote, bargainedPrice, agreement, verdict, voidReason } = contract;
  return [
    phase,
    sinceSeconds,
    quote?.body.exp,
    bargainedPrice,
    agreement && `${agreement.body.iat}/${agreement.body.price}/${agreement.signers.length}`,
    contract.delivery && 'd',
    contract.acknowledgement && 'a',
    verdict && `${verdict.body.outcome}/${verdict.signers.length}`,
    voidReason,
  ].join();
}

/** For messages of a failed rule. */
export function describeState(world: ContractWorld, state: WorldState): string {
  const record = world.escrow(state);
  const escrow = record ? `${record.state} ${record.end} paid ${record.paid}` : 'no escrow';
  const contractor = state.contractor ? digest(state.contractor) : 'none';
  const seconds = state.now - START_SECONDS;
  return `at ${seconds} s: client ${digest(state.client)}; contractor ${contractor}; ${escrow}`;
}
