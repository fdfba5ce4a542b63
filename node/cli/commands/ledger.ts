/** `coalesce ledger`: the node's money, and the audit of a ledger. @module */

import type { Command } from 'commander';
import type { BilateralAccount } from '../../ledger/bilateral-accounts.ts';
import type {
  LedgerAccountDocument,
  LedgerDocument,
  PaymentDocument,
} from '../../ledger/ledger-documents.ts';
import type { RegisterCommand, RunAction } from '../context.ts';
import { microUsd } from '../options.ts';
import { exactUsd, table, usd } from '../table.ts';
import { registerLedgerFiles } from './ledger-files.ts';

export const registerLedger: RegisterCommand = (program, run) => {
  const ledger = program
    .command('ledger')
    .description('balances, payments, and the audit of the ledger');
  registerShow(ledger, run);
  registerTransfer(ledger, run);
  registerPayOut(ledger, run);
  registerPaid(ledger, run);
  registerReceived(ledger, run);
  registerLedgerFiles(ledger, run);
};

function registerShow(ledger: Command, run: RunAction): void {
  ledger
    .command('show')
    .description("this node's account, its open escrows, and what it paid and earned")
    .action(
      run(async (context) => {
        const document = await context.withDaemon((client) =>
          client.get<LedgerDocument>('/v1/ledger', { signal: context.signal }),
        );
        context.print(document, () => showText(document));
      }),
    );
}

function registerTransfer(ledger: Command, run: RunAction): void {
  ledger
    .command('transfer')
    .description('pay another account of the ledger')
    .requiredOption('--to <peer>', 'PeerId that is paid')
    .requiredOption('--usd <amount>', 'amount in dollars, for example 0.05', microUsd)
    .action(
      run(async (context, options: { readonly to: string; readonly usd: number }) => {
        const order = { to: options.to, amountMicroUsd: options.usd };
        const paid = await context.withDaemon((client) =>
          client.post<PaymentDocument>('/v1/ledger/transfer', order, { signal: context.signal }),
        );
        context.print(paid, () => paymentText(paid));
      }),
    );
}

function registerPayOut(ledger: Command, run: RunAction): void {
  ledger
    .command('pay-out')
    .description('give claims back to a treasury, which pays by other means')
    .requiredOption('--usd <amount>', 'amount in dollars', microUsd)
    .option('--to <peer>', 'treasury; left out: the first of the genesis')
    .option('--reference <text>', 'what the treasury is told: where to pay', '')
    .action(
      run(async (context, options: PayOutOptions) => {
        const order = {
          amountMicroUsd: options.usd,
          reference: options.reference,
          ...(options.to !== undefined && { to: options.to }),
        };
        const paid = await context.withDaemon((client) =>
          client.post<PaymentDocument>('/v1/ledger/pay-out', order, { signal: context.signal }),
        );
        context.print(paid, () => paymentText(paid));
      }),
    );
}

function registerPaid(ledger: Command, run: RunAction): void {
  ledger
    .command('paid')
    .description('note a debt of work on credit as paid by other means; the peer signs it too')
    .requiredOption('--to <peer>', 'PeerId that was paid')
    .requiredOption('--usd <amount>', 'amount in dollars', microUsd)
    .requiredOption('--reference <text>', 'what both sides know the payment by')
    .action(
      run(async (context, options: Omit<PayOutOptions, 'to'> & { readonly to: string }) => {
        const { to, usd: amountMicroUsd, reference } = options;
        const order = { to, amountMicroUsd, reference };
        const account = await context.withDaemon((client) =>
          client.post<BilateralAccount>('/v1/ledger/paid', order, { signal: context.signal }),
        );
        context.print(account, () => accountsText([account]));
      }),
    );
}

function registerReceived(ledger: Command, run: RunAction): void {
  ledger
    .command('received')
    .description('note that a peer has paid a debt by other means, so that this node signs it')
    .requiredOption('--from <peer>', 'PeerId that has paid')
    .requiredOption('--usd <amount>', 'amount in dollars', microUsd)
    .requiredOption('--reference <text>', 'what both sides know the payment by')
    .action(
      run(async (context, options: Omit<PayOutOptions, 'to'> & { readonly from: string }) => {
        const { from, usd: amountMicroUsd, reference } = options;
        const order = { from, amountMicroUsd, reference };
        const account = await context.withDaemon((client) =>
          client.post<BilateralAccount>('/v1/ledger/received', order, { signal: context.signal }),
        );
        context.print(account, () => accountsText([account]));
      }),
    );
}

interface PayOutOptions {
  readonly usd: number;
  readonly to?: string;
  readonly reference: string;
}

function paymentText({ to, amountMicroUsd, feeMicroUsd }: PaymentDocument): string {
  return `${usd(amountMicroUsd)} to ${to}; fee ${usd(feeMicroUsd)}`;
}

/** Each account on its own line; nobody but the two has agreed to it. */
function accountsText(accounts: readonly BilateralAccount[]): string {
  const rows = accounts.map((account) => [
    account.peerId,
    usd(account.owedByPeerMicroUsd),
    usd(account.owedToPeerMicroUsd),
    String(account.statements),
    usd(account.unsignedByPeerMicroUsd),
    usd(account.unsignedToPeerMicroUsd),
  ]);
  const heads = [
    'account with',
    'owes us',
    'we owe',
    'statements',
    'not signed: owes us',
    'we owe',
  ];
  return table(heads, rows);
}

function showText({ source, ledger, peers, accounts, problem }: LedgerDocument): string {
  const why = problem === null ? 'No ledger' : `The ledger is not reached (${problem})`;
  const lines = ledger ? ledgerLines(ledger) : [`${why}: what follows is the own book alone.`];
  if (accounts.length > 0) lines.push('', accountsText(accounts));
  if (peers.length > 0) {
    const rows = peers.map(({ peerId, receipts, paidMicroUsd, earnedMicroUsd }) => [
      peerId,
      String(receipts),
      usd(paidMicroUsd),
      usd(earnedMicroUsd),
    ]);
    lines.push('', table(['receipts with', 'count', 'paid', 'earned'], rows));
  } else if (source === 'receipts') lines.push('No receipts yet.');
  return lines.join('\n');
}

/** What is neither held nor spendable. */
function depositOf(account: LedgerAccountDocument): string {
  const kept = account.balanceMicroUsd - account.heldMicroUsd - account.spendableMicroUsd;
  return kept > 0 ? `; ${exactUsd(kept)} is the deposit of the account` : '';
}

function ledgerLines(ledger: NonNullable<LedgerDocument['ledger']>): string[] {
  const { account, escrows } = ledger;
  const replica = ledger.replica === null ? '' : `, replica ${ledger.replica} of it`;
  const lines = [
    `ledger      ${ledger.ledgerId}${replica}`,
    `height      ${ledger.height}, ${new Date(ledger.blockTimeMs).toISOString()}`,
    `state root  ${ledger.stateRoot}`,
  ];
  if (account) {
    lines.push(
      `balance     ${exactUsd(account.balanceMicroUsd)}, a claim on ${ledger.treasuries.join(', ')}`,
      `held        ${exactUsd(account.heldMicroUsd)} for open escrows: their prices, and the fee of a dispute each`,
      `promised    ${exactUsd(account.promisedMicroUsd)} by others, held for this node`,
      `spendable   ${exactUsd(account.spendableMicroUsd)}${depositOf(account)}`,
      `            ${account.transactions} transactions, ${account.disputes} disputes`,
    );
  } else if (ledger.movedTo === null) {
    lines.push('balance     none: this node has no account; a payment or a contract opens one');
  }
  if (ledger.formerPeerId !== null) {
    lines.push(`moved from  ${ledger.formerPeerId}, which is dead`);
  }
  if (ledger.movedTo !== null) lines.push(`moved to    ${ledger.movedTo}: this key is dead`);
  if (ledger.rotationProblem !== null) lines.push(`rotation    ${ledger.rotationProblem}`);
  if (escrows.length > 0) {
    const rows = escrows.map((escrow) => [
      escrow.contractId,
      escrow.role ?? '',
      escrow.state,
      usd(escrow.priceMicroUsd),
      escrow.dueMs === null ? '' : new Date(escrow.dueMs).toISOString(),
    ]);
    lines.push('', table(['open escrow', 'role', 'state', 'price', 'ends by itself'], rows));
  }
  return lines;
}
