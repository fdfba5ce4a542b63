/** Money: the account with its proof, open escrows, receipts, and credit among peers. @module */

import type { ReceiptsDocument } from '../../../activity-documents.ts';
import type { LedgerDocument } from '../../../ledger/ledger-documents.ts';
import { get } from '../api.ts';
import { badge, dataTable, fill, h, problemBox, section, tiles } from '../elements.ts';
import { dateTime, peerLink, usd } from '../format.ts';
import type { View } from './view.ts';

const MAX_RECEIPTS = 100;

export const ledgerView: View = async (place, { signal }) => {
  const ledger = await get<LedgerDocument>('/ledger', { signal });
  const receipts = await get<ReceiptsDocument>(`/receipts?limit=${MAX_RECEIPTS}`, { signal });
  fill(
    place,
    account(ledger),
    section('Receipts', receiptTable(receipts)),
    section('By peer', peerTable(ledger)),
    ledger.accounts.length > 0 && section('On credit', creditTable(ledger)),
  );
};

function account({ ledger, problem }: LedgerDocument): HTMLElement {
  if (!ledger) {
    return problem === null
      ? h('p', {}, 'No ledger is configured: what follows is the own book alone.')
      : problemBox(`The ledger is not reached: ${problem}`);
  }
  const { account: own, height, blockTimeMs, stateRoot, escrows } = ledger;
  const rows = escrows.map((one) => [
    h('code', {}, one.contractId),
    one.role ?? '',
    one.state,
    usd(one.priceMicroUsd),
    one.dueMs === null ? '' : dateTime(one.dueMs),
  ]);
  return h(
    'div',
    {},
    h(
      'p',
      {},
      badge('proven', 'good'),
      ` by 2f + 1 replicas at block ${height}, ${dateTime(blockTimeMs)}; state root `,
      h('code', {}, stateRoot),
    ),
    own
      ? tiles([
          ['Balance', usd(own.balanceMicroUsd), `a claim on ${ledger.treasuries.length} treasury`],
          ['Held', usd(own.heldMicroUsd), 'for open escrows'],
          ['Promised', usd(own.promisedMicroUsd), 'held by others for this node'],
          ['Spendable', usd(own.spendableMicroUsd)],
          ['Transactions', own.transactions, `${own.disputes} disputes`],
        ])
      : h('p', {}, 'This node has no account yet; a payment or a contract opens one.'),
    dataTable(
      'Open escrows',
      ['contract', 'role', 'state', 'price', 'ends by itself'],
      rows,
      'No escrow is open.',
    ),
  );
}

function receiptTable({ receipts, total }: ReceiptsDocument): HTMLElement {
  const rows = receipts.map((one) => [
    dateTime(one.recordedAtSeconds * 1_000),
    one.role,
    peerLink(one.peerId),
    one.outcome,
    usd(one.priceMicroUsd),
    usd(one.paidMicroUsd),
    badge(one.proof, 'good'),
    h('code', {}, one.receiptId),
  ]);
  const heads = ['at', 'as', 'peer', 'verdict', 'price', 'paid', 'proof', 'receipt'];
  const caption = `${receipts.length} of ${total} receipts, signatures checked again just now`;
  return dataTable(caption, heads, rows, 'No receipt yet.');
}

function peerTable({ peers }: LedgerDocument): HTMLElement {
  const rows = peers.map((one) => [
    peerLink(one.peerId),
    one.receipts,
    usd(one.paidMicroUsd),
    usd(one.earnedMicroUsd),
  ]);
  return dataTable('Receipts by peer', ['peer', 'receipts', 'paid', 'earned'], rows);
}

function creditTable({ accounts }: LedgerDocument): HTMLElement {
  const rows = accounts.map((one) => [
    peerLink(one.peerId),
    usd(one.owedByPeerMicroUsd),
    usd(one.owedToPeerMicroUsd),
    one.statements,
    usd(one.unsignedByPeerMicroUsd),
    usd(one.unsignedToPeerMicroUsd),
  ]);
  const heads = ['peer', 'owes us', 'we owe', 'statements', 'not signed: owes us', 'we owe'];
  return dataTable('Accounts with peers', heads, rows);
}
