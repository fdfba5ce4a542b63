/**
 * What `coalesce ledger` asks of a node: its account, payments, and the blocks of its ledger.
 *
 * @module
 */

import { fromBase64Url, toBase64Url, toHex } from '../../crypto/bytes.ts';
import { availableForFees, balanceOf } from '../../protocols/ledger/accounts.ts';
import { encodeGenesis } from '../../protocols/ledger/genesis.ts';
import type { LedgerRules } from '../../protocols/ledger/genesis.ts';
import { accountKey, contractKey, formerKey, movedKey } from '../../protocols/ledger/records.ts';
import type { FormerRecord, MovedRecord } from '../../protocols/ledger/records.ts';
import type { AccountRecord, ContractRecord } from '../../protocols/ledger/records.ts';
import type { TransactionCall } from '../../protocols/ledger/transactions.ts';
import { encodeBlock } from '../../protocols/pbft/block.ts';
import { encodeCertificate } from '../../protocols/pbft/vote.ts';
import type { ContractStore } from '../../protocols/negotiation/contract-store.ts';
import type { ReceiptBook } from '../../protocols/settlement/receipt-book.ts';
import { BadInputError, RefusedError, UnreachableError } from '../errors.ts';
import type { BilateralAccount, BilateralAccounts } from './bilateral-accounts.ts';
import type {
  BlocksDocument,
  EscrowDocument,
  LedgerAccountDocument,
  LedgerDocument,
  PaymentDocument,
  PeerAccountDocument,
} from './ledger-documents.ts';
import type { NodeLedger } from './node-ledger.ts';
import type { ReplicaDoor } from './replica-door.ts';

/** Blocks of one page, and bytes after which it ends. */
const MAX_PAGE_BLOCKS = 128;
const MAX_PAGE_BYTES = 4_194_304;
/** Escrows that are shown: a question takes 16 entries, and three are the account's own. */
const MAX_SHOWN_ESCROWS = 13;

export interface LedgerDeskInit {
  readonly peerId: string;
  /** Left out: no committee. */
  readonly ledger: NodeLedger | undefined;
  /** The replica of this node, if it is one. */
  readonly replica: ReplicaDoor | undefined;
  readonly receipts: ReceiptBook;
  readonly contracts: Pick<ContractStore, 'byContract'>;
  readonly accounts: Pick<BilateralAccounts, 'accounts' | 'notePayment'>;
  /** Has a peer sign what this node owes it, or has paid to it, if it does so now. */
  readonly stateDebts: (peerId: string) => Promise<void>;
}

/** A payment that is asked for. */
export interface PaymentOrder {
  /** PeerId; of a pay-out left out: the first treasury. */
  readonly to?: string | undefined;
  readonly amountMicroUsd: number;
  readonly reference?: string | undefined;
}

/** Answers about the money of one node. */
export class LedgerDesk {
  readonly #init: LedgerDeskInit;

  constructor(init: LedgerDeskInit) {
    this.#init = init;
  }

  async show(): Promise<LedgerDocument> {
    const { peerId, ledger, replica } = this.#init;
    const peers = await this.#peers();
    const accounts = this.#init.accounts.accounts();
    const alone = { peerId, source: 'receipts', ledger: null, peers, accounts } as const;
    if (!ledger) return { ...alone, problem: null };
    const open = (await ledger.escrows.list()).slice(0, MAX_SHOWN_ESCROWS);
    const keys = open.map((id) => contractKey(toHex(fromBase64Url(id))));
    const own = [accountKey(peerId), formerKey(peerId), movedKey(peerId)];
    const { state, problem } = await ledger.lookUp([...own, ...keys]);
    if (!state) return { ...alone, problem };
    const [account, former, moved, ...records] = state.records;
    const { genesis, ledgerId } = ledger.client.rules;
    const { height, timeMs, stateRoot } = state.head.header;
    const replicaIndex = genesis.replicas.indexOf(peerId);
    return {
      peerId,
      source: 'ledger',
      ledger: {
        ledgerId: toHex(ledgerId),
        height,
        blockTimeMs: timeMs,
        stateRoot: toHex(stateRoot),
        replica: replica ? replicaIndex : null,
        treasuries: genesis.treasuries,
        account: account ? accountDocument(account as AccountRecord, ledger.client.rules) : null,
        escrows: await Promise.all(
          open.map((id, i) => this.#escrow(id, records[i] as ContractRecord | undefined)),
        ),
        formerPeerId: (former as FormerRecord | undefined)?.from ?? null,
        movedTo: (moved as MovedRecord | undefined)?.to ?? null,
        rotationProblem: ledger.moves.problem,
      },
      peers,
      accounts,
      problem: null,
    };
  }

  /** @throws {@link RefusedError} with the ledger's reason. */
  transfer({ to, amountMicroUsd }: PaymentOrder): Promise<PaymentDocument> {
    if (to === undefined) throw new BadInputError('to: name the PeerId that is paid');
    const amount = amountMicroUsd.toString();
    return this.#pay({ op: 'transfer', args: { to, amount } }, to, amountMicroUsd, '');
  }

  /** Gives claims back to a treasury. @throws {@link RefusedError} with the ledger's reason. */
  payOut({ to, amountMicroUsd, reference = '' }: PaymentOrder): Promise<PaymentDocument> {
    const treasury = to ?? this.#ledger().client.rules.genesis.treasuries[0]!;
    const args = { treasury, amount: amountMicroUsd.toString(), reference };
    return this.#pay({ op: 'payOut', args }, treasury, amountMicroUsd, reference);
  }

  /**
   * Notes that this node has paid a debt by other means; the peer signs it once it has noted the
   * same with {@link received}.
   */
  paid({ to, amountMicroUsd, reference }: PaymentOrder): Promise<BilateralAccount> {
    if (to === undefined) throw new BadInputError('to: name the PeerId that was paid');
    return this.#notePayment(to, amountMicroUsd, reference, true);
  }

  /** Notes that a peer has paid a debt by other means: the statement that says so is signed. */
  received(from: string, amountMicroUsd: number, reference: string): Promise<BilateralAccount> {
    return this.#notePayment(from, amountMicroUsd, reference, false);
  }

  async #notePayment(
    peer: string,
    amountMicroUsd: number,
    reference: string | undefined,
    isPayer: boolean,
  ): Promise<BilateralAccount> {
    const { accounts, stateDebts } = this.#init;
    if (reference === undefined || reference === '') {
      throw new BadInputError('reference: name what both sides know the payment by');
    }
    const account = accounts.accounts().find(({ peerId }) => peerId === peer);
    const owed = isPayer
      ? (account?.owedToPeerMicroUsd ?? 0) + (account?.unsignedToPeerMicroUsd ?? 0)
      : (account?.owedByPeerMicroUsd ?? 0) + (account?.unsignedByPeerMicroUsd ?? 0);
    if (amountMicroUsd > owed) {
      throw new BadInputError(`usd: ${owed} micro-USD are owed, and ${amountMicroUsd} were named`);
    }
    await accounts.notePayment(peer, amountMicroUsd, reference, isPayer);
    if (isPayer) await stateDebts(peer);
    return accounts.accounts().find(({ peerId }) => peerId === peer)!;
  }

  /** Blocks from a height on: the own ones of a replica, else from replicas, verified. */
  async blocks(fromHeight: number): Promise<BlocksDocument> {
    const ledger = this.#ledger();
    const { replica } = this.#init;
    const genesis = toBase64Url(encodeGenesis(ledger.client.rules.genesis));
    const { head } = replica?.head()
      ? { head: replica.head()! }
      : await reach(ledger.client.prove([]));
    const { height } = head.header;
    const blocks: BlocksDocument['blocks'][number][] = [];
    let bytes = 0;
    const stored = replica
      ? replica.blocks(fromHeight, MAX_PAGE_BLOCKS)
      : storedBlocks(ledger, fromHeight);
    for await (const { block, commit, height: at } of stored) {
      blocks.push({ height: at, block: toBase64Url(block), commit: toBase64Url(commit) });
      bytes += block.length + commit.length;
      if (blocks.length === MAX_PAGE_BLOCKS || bytes > MAX_PAGE_BYTES) break;
    }
    return { genesis, height, blocks };
  }

  async #pay(
    call: Extract<TransactionCall, { op: 'transfer' | 'payOut' }>,
    to: string,
    amountMicroUsd: number,
    reference: string,
  ): Promise<PaymentDocument> {
    const ledger = this.#ledger();
    const { pending } = ledger.moves;
    if (pending !== undefined) throw new RefusedError(`Nothing is paid yet: ${pending}`);
    const outcome = await reach(ledger.rail.submit(call));
    if (!outcome.done) {
      const moved = outcome.refusal === 'ACCOUNT_MOVED' && (await this.#movedTo(ledger, to));
      const hint = moved ? `; ${to} has a new key, ${moved}` : '';
      throw new RefusedError(`The ledger refuses: ${outcome.refusal}${hint}`);
    }
    const feeMicroUsd = Number(ledger.client.rules.fees.transaction);
    return { op: call.op, to, amountMicroUsd, feeMicroUsd, reference };
  }

  async #movedTo({ client }: NodeLedger, peerId: string): Promise<string | undefined> {
    return ((await reach(client.read(movedKey(peerId)))) as MovedRecord | undefined)?.to;
  }

  /** @throws {@link BadInputError} without a committee. */
  #ledger(): NodeLedger {
    const { ledger } = this.#init;
    if (ledger) return ledger;
    throw new BadInputError(
      'This node has no ledger; name a genesis in the setting committee.genesisFile',
    );
  }

  async #escrow(id: string, record: ContractRecord | undefined): Promise<EscrowDocument> {
    const contract = await this.#init.contracts.byContract(fromBase64Url(id));
    return {
      contractId: id,
      role: contract?.role ?? null,
      state: record?.state ?? 'NONE',
      end: record && record.end !== '' ? record.end : null,
      priceMicroUsd: Number(record?.price ?? contract?.agreement?.body.price ?? 0),
      dueMs: record?.dueMs ?? null,
    };
  }

  async #peers(): Promise<readonly PeerAccountDocument[]> {
    const { receipts, peerId } = this.#init;
    const peers = new Map<string, PeerAccountDocument>();
    for await (const { receipt } of receipts.entries()) {
      const isClient = receipt.client === peerId;
      const other = isClient ? receipt.contractor : receipt.client;
      const before = peers.get(other);
      const paid = Number(receipt.paidMicroUsd);
      peers.set(other, {
        peerId: other,
        receipts: (before?.receipts ?? 0) + 1,
        paidMicroUsd: (before?.paidMicroUsd ?? 0) + (isClient ? paid : 0),
        earnedMicroUsd: (before?.earnedMicroUsd ?? 0) + (isClient ? 0 : paid),
      });
    }
    return [...peers.values()];
  }
}

function accountDocument(account: AccountRecord, { fees }: LedgerRules): LedgerAccountDocument {
  const spendable = availableForFees(account) - fees.deposit;
  return {
    balanceMicroUsd: Number(balanceOf(account)),
    heldMicroUsd: Number(account.debitsHeld),
    promisedMicroUsd: Number(account.creditsHeld),
    creditLimitMicroUsd: Number(account.creditLimit),
    spendableMicroUsd: Math.max(0, Number(spendable)),
    transactions: account.seq,
    disputes: account.disputes,
    equivocations: account.equivocations,
  };
}

async function* storedBlocks({ client }: NodeLedger, fromHeight: number) {
  for await (const { block, commit } of client.blocks(fromHeight)) {
    const encoded = { block: encodeBlock(block), commit: encodeCertificate(commit) };
    yield { height: block.height, ...encoded };
  }
}

/** Result of a question to the committee. @throws {@link UnreachableError} if it gives none. */
export async function reach<Result>(asked: Promise<Result>): Promise<Result> {
  try {
    return await asked;
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'it does not answer';
    throw new UnreachableError(`The ledger: ${reason}`, { cause: error });
  }
}
