/**
 * Two contracts between the same two peers, and a network that loses, repeats, reorders, delays
 * and misroutes what they sign. Whatever happens, nothing is paid twice, no receipt lacks a
 * signature, and no verdict counts for another contract.
 */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { equalBytes, toBase64Url, toHex } from '../../../crypto/bytes.ts';
import { countersign, openEnvelope } from '../../../crypto/envelope.ts';
import { step } from '../../negotiation/agreement-machine.ts';
import type { ContractEvent } from '../../negotiation/agreement-machine.ts';
import { newContract } from '../../negotiation/contract.ts';
import type { Contract, Role } from '../../negotiation/contract.ts';
import { AGREEMENT, verdictDefinition } from '../../negotiation/documents.ts';
import type { Verdict } from '../../negotiation/documents.ts';
import { START_SECONDS } from './fake-world.ts';
import {
  BOB,
  PARTIES,
  SESSION_HASH,
  bytes32,
  makeAcknowledgement,
  makeDelivery,
  makeProposal,
  makeQuote,
  makeRequest,
  makeVerdict,
} from './fixture.ts';

type Outcome = Verdict['outcome'];

type Action =
  | { readonly type: 'act'; readonly who: Role; readonly on: number; readonly outcome: Outcome }
  | {
      readonly type: 'deliver';
      readonly pick: number;
      /** To the record of the other contract. */
      readonly misroute: boolean;
      readonly keep: boolean;
    }
  | { readonly type: 'lose'; readonly pick: number }
  | { readonly type: 'wait'; readonly seconds: number };

interface Message {
  readonly to: Role;
  readonly on: number;
  readonly event: ContractEvent;
}

const outcomes: readonly Outcome[] = ['pass', 'partial', 'fail'];

const anyAction: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constant('act' as const),
      who: fc.constantFrom<Role>('client', 'contractor'),
      on: fc.nat(1),
      outcome: fc.constantFrom(...outcomes),
    }),
  },
  {
    weight: 12,
    arbitrary: fc.record({
      type: fc.constant('deliver' as const),
      pick: fc.nat(1_000),
      misroute: fc.constantFrom(false, false, false, true),
      keep: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('lose' as const), pick: fc.nat(1_000) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('wait' as const),
      seconds: fc.constantFrom(1, 1, 5, 20, 20, 61, 700, 4_000, 300_000),
    }),
  },
);

const anyActions = fc.array(anyAction, { minLength: 40, maxLength: 160, size: 'max' });

/** Both contracts as they are when both sides know the quote. */
function quotedContracts(role: Role): Contract[] {
  return [0x41, 0x42].map((fill) => {
    const request = makeRequest({ nonce: bytes32(fill) });
    const asked = newContract(role, request, START_SECONDS);
    const quoted = step(asked, { type: 'quoted', quote: makeQuote(request) }, START_SECONDS);
    if (!quoted.accepted) throw new Error(quoted.refusal);
    return quoted.contract;
  });
}

const quotedByRole = {
  client: quotedContracts('client'),
  contractor: quotedContracts('contractor'),
};

class World {
  now = START_SECONDS;
  readonly contracts: Record<Role, Contract[]>;
  readonly messages: Message[] = [];
  /**
   * Ids of verdicts with both signatures, and of agreements and verdicts of the client, by request.
   */
  readonly receipts = new Map<string, Set<string>>();
  readonly proposals = new Map<string, Set<string>>();
  readonly verdicts = new Map<string, Set<string>>();
  /** A client that signs any verdict it likes, any number of times. */
  readonly hasDishonestClient: boolean;

  constructor(hasDishonestClient: boolean) {
    this.hasDishonestClient = hasDishonestClient;
    this.contracts = {
      client: [...quotedByRole.client],
      contractor: [...quotedByRole.contractor],
    };
  }

  apply(who: Role, on: number, event: ContractEvent): boolean {
    const result = step(this.contracts[who][on]!, event, this.now);
    if (!result.accepted) return false;
    this.contracts[who][on] = result.contract;
    return result.isNew;
  }

  /** Signs what `who` would sign next, and sends it if its own record took it. */
  act(who: Role, on: number, outcome: Outcome): void {
    const contract = this.contracts[who][on]!;
    const event =
      who === 'client' ? this.#clientAct(contract, outcome) : bobsAct(contract, outcome);
    if (!event) return;
    const isTaken = this.apply(who, on, event);
    const isForced = this.hasDishonestClient && who === 'client' && event.type === 'judged';
    if (!isTaken && !isForced) return;
    this.#note(who, contract, event);
    this.messages.push({ to: who === 'client' ? 'contractor' : 'client', on, event });
  }

  #clientAct(contract: Contract, outcome: Outcome): ContractEvent | undefined {
    const { quote, agreement, delivery, phase } = contract;
    if (phase === 'NEGOTIATING' && quote && !agreement) {
      const iat = this.now;
      const proposal = makeProposal(quote, { sh: toBase64Url(SESSION_HASH), iat });
      return { type: 'proposed', agreement: proposal, sessionHash: SESSION_HASH };
    }
    if (phase === 'AGREED') return { type: 'workStarted' };
    if (phase === 'DELIVERED' && delivery && outcome !== 'fail') {
      return { type: 'acknowledged', acknowledgement: makeAcknowledgement(delivery) };
    }
    if (!agreement || !delivery) return undefined;
    const paid = { pass: agreement.body.price, partial: '7', fail: '0' }[outcome];
    return { type: 'judged', verdict: makeVerdict(agreement, delivery, { outcome, paid }) };
  }

  #note(who: Role, { request }: Contract, event: ContractEvent): void {
    const add = (map: Map<string, Set<string>>, id: Uint8Array): void => {
      const key = toHex(request.id);
      map.set(key, (map.get(key) ?? new Set()).add(toHex(id)));
    };
    if (event.type === 'proposed') add(this.proposals, event.agreement.id);
    if (event.type !== 'judged') return;
    add(who === 'client' ? this.verdicts : this.receipts, event.verdict.id);
  }

  run(action: Action): void {
    switch (action.type) {
      case 'act':
        this.act(action.who, action.on, action.outcome);
        return;
      case 'wait':
        this.now += action.seconds;
        return;
      case 'lose':
        this.messages.splice(action.pick % (this.messages.length || 1), 1);
        return;
      case 'deliver': {
        const at = action.pick % (this.messages.length || 1);
        const message = this.messages[at];
        if (!message) return;
        this.apply(message.to, action.misroute ? 1 - message.on : message.on, message.event);
        if (!action.keep) this.messages.splice(at, 1);
      }
    }
  }

  check(): void {
    for (const role of ['client', 'contractor'] as const) {
      for (const contract of this.contracts[role]) checkContract(contract);
    }
    const honestOnce = [this.proposals, this.receipts];
    if (!this.hasDishonestClient) honestOnce.push(this.verdicts);
    for (const map of honestOnce) {
      for (const ids of map.values()) must(ids.size <= 1, 'one document was signed twice over');
    }
    this.contracts.client.forEach((ours, i) => {
      const theirs = this.contracts.contractor[i]!;
      if (ours.phase === 'RECEIPT' && theirs.phase === 'RECEIPT') {
        must(equalBytes(ours.verdict!.id, theirs.verdict!.id), 'two receipts of one contract');
      }
    });
  }
}

function bobsAct(contract: Contract, outcome: Outcome): ContractEvent | undefined {
  const { phase, agreement, verdict } = contract;
  if (phase === 'NEGOTIATING' && agreement) {
    return { type: 'agreed', agreement: countersign(AGREEMENT, agreement, BOB) };
  }
  if (phase === 'AGREED') return { type: 'workStarted' };
  if (phase === 'WORKING' && agreement) {
    return { type: 'delivered', delivery: makeDelivery(agreement) };
  }
  if (verdict?.signers.length === 1) {
    if (outcome === 'fail') return { type: 'contested' };
    return { type: 'judged', verdict: countersign(verdictDefinition(PARTIES), verdict, BOB) };
  }
  return undefined;
}

const knownReceipts = new Set<Uint8Array>();

function isReceipt(envelope: Uint8Array): boolean {
  if (knownReceipts.has(envelope)) return true;
  const { valid } = openEnvelope(verdictDefinition(PARTIES), envelope, 2);
  if (valid) knownReceipts.add(envelope);
  return valid;
}

function must(holds: boolean, rule: string): void {
  if (!holds) throw new Error(`broken rule: ${rule}`);
}

/** What must hold for the record of one side at any time. */
function checkContract(contract: Contract): void {
  const { phase, agreement, delivery, acknowledgement, verdict } = contract;
  if (phase !== 'NEGOTIATING' && phase !== 'VOID') {
    must(agreement?.signers.length === 2, 'a contract has both signatures');
  }
  const contractText = agreement && toBase64Url(agreement.id);
  const deliveryText = delivery && toBase64Url(delivery.id);
  if (delivery) must(delivery.body.contract === contractText, 'a delivery is of its contract');
  if (acknowledgement) {
    must(acknowledgement.body.delivery === deliveryText, 'an acknowledgement is of its delivery');
  }
  if (verdict) {
    must(verdict.body.contract === contractText, 'a verdict is of its contract');
    must(verdict.body.delivery === deliveryText, 'a verdict is of its delivery');
  }
  if (phase === 'RECEIPT') must(isReceipt(verdict!.envelope), 'a receipt has both signatures');
  if (!verdict) return;
  const isWithinPrice = BigInt(verdict.body.paid) <= BigInt(agreement!.body.price);
  must(isWithinPrice, 'paid is at most the price');
}

function runAll(actions: readonly Action[], hasDishonestClient: boolean): World {
  const world = new World(hasDishonestClient);
  for (const action of actions) {
    world.run(action);
    world.check();
  }
  return world;
}

describe('two contracts over a network that loses, repeats, reorders, delays and misroutes', () => {
  it.each([
    ['honest', false],
    ['dishonest', true],
  ])('keeps every rule with a client that is %s', (_, hasDishonestClient) => {
    fc.assert(
      fc.property(anyActions, (actions) => {
        runAll(actions, hasDishonestClient);
      }),
      { numRuns: 60 },
    );
  });

  it('gets to every end in such runs, so that the rules are worth checking', () => {
    const reached = new Set<string>();
    for (const actions of fc.sample(anyActions, { seed: 1, numRuns: 80 })) {
      const world = new World(false);
      for (const action of actions) world.run(action);
      for (const { phase } of world.contracts.contractor) reached.add(phase);
    }
    expect([...reached]).toEqual(expect.arrayContaining(['RECEIPT', 'DISPUTED', 'VOID']));
  });

  it('pays each contract once when every message comes three times', () => {
    const actions: Action[] = [];
    for (let round = 0; round < 8; round++) {
      for (const on of [0, 1]) {
        for (const who of ['client', 'contractor'] as const) {
          actions.push({ type: 'act', who, on, outcome: 'pass' });
        }
      }
      for (let pick = 0; pick < 30; pick++) {
        for (const on of [0, 1])
          actions.push({ type: 'deliver', pick, misroute: on === 1, keep: true });
      }
    }
    const world = runAll(actions, false);
    expect(world.contracts.client.map(({ phase }) => phase)).toEqual(['RECEIPT', 'RECEIPT']);
    expect([...world.receipts.values()].map(({ size }) => size)).toEqual([1, 1]);
  });
});
