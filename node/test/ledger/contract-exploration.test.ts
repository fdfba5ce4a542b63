/**
 * The whole of one contract, explored: every state of both sides and the escrow that can be reached
 * by so many moves, a move being an arrival, an act of a side, a transaction, or the passing of
 * time. See `contract-world.ts` for what is in it and what is not.
 *
 * `COALESCE_DEPTH` says how many moves. Without a ledger and with equal clocks there is nothing new
 * after 39: 637,500 states.
 */

import { isLongRun } from '../../../crypto/test/fuzz.ts';
import { describe, expect, it } from 'vitest';
import { equalBytes } from '../../../crypto/bytes.ts';
import type { ContractRecord } from '../../../protocols/ledger/records.ts';
import type { AccountRecord } from '../../../protocols/ledger/records.ts';
import { FEES, accountKey } from '../../../protocols/ledger/records.ts';
import { PHASES } from '../../../protocols/negotiation/contract.ts';
import type { Contract, Phase, Role } from '../../../protocols/negotiation/contract.ts';
import { ALICE, BOB } from '../../../protocols/test/ledger/fixture.ts';
import { BOTH, ContractWorld, describeState } from './contract-world.ts';
import type { Alive, WorldInit, WorldState } from './contract-world.ts';

/** A contract on a ledger takes 17 moves from the request to its end. */
const DEPTH = Number(process.env['COALESCE_DEPTH'] ?? 18);
/** With clocks that differ, but for a long run: the same moves in twice as many states. */
const SKEWED_DEPTH = 13;

const ENDS: ReadonlySet<Phase> = new Set(['VERDICT', 'RECEIPT', 'DISPUTED', 'LAPSED', 'VOID']);
const NOBODY: Alive = [];

/** A state, and how it was reached: for the message of a rule that it breaks. */
interface Reached {
  readonly state: WorldState;
  readonly from: Reached | undefined;
  readonly move: string;
}

class BrokenRule extends Error {}

/** Explores one world. */
class Exploration {
  readonly world: ContractWorld;
  readonly #init: WorldInit;
  readonly #seen = new Set<string>();
  readonly phases = new Set<string>();
  readonly ends = new Set<string>();
  states = 0;

  constructor(init: WorldInit) {
    this.#init = init;
    this.world = new ContractWorld(init);
  }

  run(maxDepth: number): void {
    let level: Reached[] = [{ state: this.world.start, from: undefined, move: 'start' }];
    this.#seen.add(this.world.key(this.world.start));
    for (let depth = 0; level.length > 0; depth++) {
      const next: Reached[] = [];
      for (const reached of level) {
        this.states += 1;
        this.#check(reached);
        if (depth === maxDepth) continue;
        for (const { name, next: state } of this.world.moves(reached.state)) {
          this.#checkStep(reached, state, name);
          const key = this.world.key(state);
          if (this.#seen.has(key)) continue;
          this.#seen.add(key);
          next.push({ state, from: reached, move: name });
        }
      }
      level = next;
    }
  }

  #must(holds: boolean, rule: string, reached: Reached, end?: WorldState): void {
    if (holds) return;
    const moves: string[] = [];
    for (let one: Reached | undefined = reached; one; one = one.from) moves.unshift(one.move);
    const then = end ? `\n  in the end ${describeState(this.world, end)}` : '';
    const at = describeState(this.world, reached.state);
    throw new BrokenRule(`${rule}\n  after: ${moves.join(', ')}\n  ${at}${then}`);
  }

  #check(reached: Reached): void {
    const { state } = reached;
    const { client, contractor } = state;
    this.phases.add(`client ${client.phase}`);
    if (contractor) this.phases.add(`contractor ${contractor.phase}`);
    for (const contract of [client, contractor]) {
      if (contract) this.#must(isSound(contract), 'a record holds what its phase needs', reached);
    }
    if (client.phase === 'RECEIPT' && contractor?.phase === 'RECEIPT') {
      const isOne = equalBytes(client.verdict!.id, contractor.verdict!.id);
      this.#must(isOne, 'there is one receipt of a contract', reached);
    }
    this.#checkMoney(reached, state);
    for (const alive of [BOTH, ['client'], ['contractor'], NOBODY] as Alive[]) {
      this.#checkEnd(reached, this.world.finish(state, alive), alive);
    }
    this.#checkWayOn(reached);
  }

  /** What is held is held for this contract, nothing is lost or made, and an end stays. */
  #checkMoney(reached: Reached, state: WorldState): void {
    if (!this.#init.hasLedger) return;
    const [alice, bob, fees] = [ALICE.peerId, BOB.peerId, FEES].map(
      (holder) => this.world.account(state, accountKey(holder)) as AccountRecord,
    ) as [AccountRecord, AccountRecord, AccountRecord];
    const record = this.world.escrow(state);
    const isOpen = record !== undefined && record.state !== 'CLOSED';
    const held = isOpen ? record.price : 0n;
    this.#must(bob.creditsHeld === held, 'the price is held once, while it is open', reached);
    const heldSum = [alice, bob, fees].reduce((sum, one) => sum + one.debitsHeld, 0n);
    const heldFor = [alice, bob, fees].reduce((sum, one) => sum + one.creditsHeld, 0n);
    this.#must(heldSum === heldFor, 'what one side has held the other is held for', reached);
    const isWithin = !record || (record.paid >= 0n && record.paid <= record.price);
    this.#must(isWithin, 'no more than the price is paid', reached);
    const earned = bob.creditsPosted - bob.debitsPosted;
    const start = this.world.account(this.world.start, accountKey(BOB.peerId)) as AccountRecord;
    const before = start.creditsPosted - start.debitsPosted;
    const paid = record?.state === 'CLOSED' ? record.paid : 0n;
    const fee = this.world.disputeFee;
    const isPaidOnce = earned - before === paid || earned - before === paid - fee;
    this.#must(isPaidOnce, 'what is paid is paid once', reached);
  }

  #checkStep(reached: Reached, next: WorldState, move: string): void {
    const before = this.world.escrow(reached.state);
    if (before?.state !== 'CLOSED') return;
    const after = this.world.escrow(next);
    const isSame = after?.end === before.end && after.paid === before.paid;
    this.#must(isSame, `an end stays what it is (${move})`, reached);
  }

  /** Nobody is stuck: when no message arrives any more, time ends both records and the escrow. */
  #checkEnd(reached: Reached, end: WorldState, alive: Alive): void {
    const { client, contractor } = end;
    const must = (holds: boolean, rule: string) => this.#must(holds, rule, reached, end);
    must(ENDS.has(client.phase), 'time ends the record of the client');
    must(!contractor || ENDS.has(contractor.phase), 'time ends the record of the contractor');
    this.#checkClaims(client, contractor, must);
    const record = this.world.escrow(end);
    if (!record) return;
    must(record.state === 'CLOSED', 'time closes the escrow');
    this.ends.add(record.end);
    this.#checkPaid(record, reached.state, end, alive, must);
    this.#checkMoney(reached, end);
  }

  /** What the sides hold each other to, whether or not a ledger decides it. */
  #checkClaims(
    client: Contract,
    contractor: Contract | undefined,
    must: (holds: boolean, rule: string) => void,
  ): void {
    const owed = owedBy(client);
    const hasSigned = client.acknowledgement !== undefined || client.verdict !== undefined;
    must(owed === 0n || hasSigned, 'the client owes what it has signed for');
    if (!contractor) return must(owed === 0n, 'nothing is owed to who knows of nothing');
    const claimed = owedBy(contractor);
    const holds = contractor.acknowledgement !== undefined || contractor.verdict !== undefined;
    must(claimed === 0n || holds, 'the contractor claims what the client has signed for');
    if (contractor.phase === 'RECEIPT') {
      const isSame = client.verdict?.body.paid === contractor.verdict!.body.paid;
      must(isSame, 'a receipt says what the client says');
    }
  }

  /** Who has what, once the escrow of a contract is closed (wire-formats.md 4.3 and 4.4). */
  #checkPaid(
    record: ContractRecord,
    from: WorldState,
    end: WorldState,
    alive: Alive,
    must: (holds: boolean, rule: string) => void,
  ): void {
    const { client } = end;
    const contractor = end.contractor!;
    const { paid, price } = record;
    const hasSigned = client.acknowledgement !== undefined || client.verdict !== undefined;
    must(paid === 0n || contractor.delivery !== undefined, 'nothing is paid without a delivery');
    must(paid === 0n || hasSigned, 'nothing is paid that the client has not signed for');
    if (this.world.escrow(from)?.state === 'CLOSED') return;
    const isAlive = (role: Role) => alive.includes(role);
    if (contractor.phase === 'RECEIPT' && isAlive('contractor')) {
      must(paid === BigInt(contractor.verdict!.body.paid), 'a receipt is paid as both have signed');
    } else if (client.verdict?.body.outcome === 'pass' && isAlive('client')) {
      must(paid === price, 'a pass is paid by a client that is there');
    } else if (!client.verdict && contractor.acknowledgement && isAlive('contractor')) {
      must(paid === price, 'a client that takes a result and is silent pays for it');
    } else if (client.verdict?.body.outcome === 'fail' && isAlive('client')) {
      must(paid === 0n, 'a client that says fail in time pays nothing without a ruling');
    }
  }

  /** While nothing has run out or was ended by a side, there is a way to the receipt. */
  #checkWayOn(reached: Reached): void {
    const { client, contractor, now, sent } = reached.state;
    const isEnded = [client, contractor].some(
      (one) => one && ['VOID', 'DISPUTED', 'LAPSED'].includes(one.phase),
    );
    if (isEnded || sent.has('cancel') || sent.has('release')) return;
    const record = this.world.escrow(reached.state);
    const isHeld = record !== undefined && record.state !== 'CLOSED' && record.cancelledBy === '';
    if (this.#init.hasLedger && !isHeld && !this.#mayHold(client, now)) return;
    if (record?.state === 'CLOSED') return;
    const end = this.world.reliably(reached.state);
    const isReceipt = end.client.phase === 'RECEIPT' && end.contractor?.phase === 'RECEIPT';
    this.#must(isReceipt, 'there is a way to the receipt', reached, end);
  }

  /** Whether the ledger would still hold the price: within holdSecs, on a quote that was good. */
  #mayHold({ agreement, quote }: Contract, now: number): boolean {
    const iat = agreement?.body.iat ?? now;
    return now <= iat + 30 && iat <= (quote?.body.exp ?? now);
  }
}

/** What the holder of a record takes to be owed, in micro-USD: the table "Ends" of the protocol. */
function owedBy({ phase, verdict, agreement }: Contract): bigint {
  const price = BigInt(agreement?.body.price ?? 0);
  if (phase === 'RECEIPT' || phase === 'VERDICT') return BigInt(verdict!.body.paid);
  return phase === 'LAPSED' ? price : 0n;
}

function isSound(contract: Contract): boolean {
  const { phase, agreement, delivery, acknowledgement, verdict } = contract;
  if (phase === 'NEGOTIATING' || phase === 'VOID') return verdict === undefined;
  if (agreement?.signers.length !== 2) return false;
  if (phase === 'AGREED' || phase === 'WORKING') return delivery === undefined;
  if (delivery === undefined) return false;
  if (phase === 'ACKNOWLEDGED' || phase === 'LAPSED') return acknowledgement !== undefined;
  if (phase === 'VERDICT') return verdict?.signers.length === 1;
  if (phase === 'RECEIPT') return verdict?.signers.length === 2;
  return true;
}

describe('every state of a contract that loss, repetition, reordering and time can lead to', () => {
  it.each([
    [false, 0],
    [true, 0],
    [false, 59],
    [false, -59],
    [true, 59],
    [true, -59],
  ])(
    'loses no money, pays nothing twice and leaves nobody stuck (ledger: %s, skew %i s)',
    (hasLedger, skewSeconds) => {
      const exploration = new Exploration({ hasLedger, skewSeconds });
      const depth = isLongRun || skewSeconds === 0 ? DEPTH : Math.min(DEPTH, SKEWED_DEPTH);
      exploration.run(depth);
      const { states, phases, ends } = exploration;
      process.stdout.write(`${states} states by ${depth} moves\n`);
      // So that the rules are worth checking: every phase is reached, and every end.
      if (depth >= 18) {
        const anyPhase = PHASES.filter((phase) => phase !== 'LAPSED');
        const all = anyPhase.map((phase) => `contractor ${phase}`);
        expect([...phases]).toEqual(expect.arrayContaining(all));
      }
      if (depth >= 18 && hasLedger) {
        const all = ['AGREED', 'CANCELLED', 'LAPSED', 'NOT_DELIVERED', 'PASSED', 'UNCONFIRMED'];
        expect([...ends]).toEqual(expect.arrayContaining(all));
      }
    },
    600_000,
  );
});
