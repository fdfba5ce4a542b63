/**
 * The genesis of a ledger: who votes, who may mint, who may open accounts, fees, the parameters of
 * reputation, and the first balances. Its hash is the ledger's id (wire-formats.md 4.1, 5).
 *
 * @module
 */

import { z } from 'zod';
import { decodeDocument, encodeDocument } from '../../crypto/canonical-json.ts';
import type { DocumentLimits } from '../../crypto/canonical-json.ts';
import { fields } from '../../crypto/envelope.ts';
import { docId } from '../../crypto/identity.ts';
import { REPUTATION_DEFAULTS } from '../reputation/update.ts';
import type { ReputationParameters } from '../reputation/update.ts';
import { CLOCK_KEY, FEES, accountKey } from './records.ts';
import type { AccountRecord } from './records.ts';
import { LedgerState, StateDraft } from './state.ts';

/** Largest genesis, in bytes. */
export const MAX_GENESIS_BYTES = 262_144;
const LIMITS: DocumentLimits = { maxBytes: MAX_GENESIS_BYTES, maxDepth: 4, maxValues: 16_384 };
const MAX_ACCOUNTS = 2_048;

/** All money of a ledger together stays below this, in micro-USD. */
export const MAX_SUPPLY_MICRO_USD = 9_999_999_999_999_999_999n;

/** Treasuries owe what they minted: no limit that could be reached. */
const TREASURY_CREDIT_MICRO_USD = MAX_SUPPLY_MICRO_USD ** 2n;

const DAY_MS = 86_400_000;

function peers(least: number, most: number) {
  return z
    .array(fields.peerId)
    .min(least)
    .max(most)
    .refine((ids) => new Set(ids).size === ids.length, 'expected no PeerId twice');
}

const genesisSchema = z.strictObject({
  v: z.literal(1),
  typ: z.literal('genesis'),
  /** Seconds since 1970. */
  time: fields.integer,
  /** The committee; a replica's number is its place here. */
  replicas: peers(4, 13).refine(({ length }) => length % 3 === 1, 'expected 4, 7, 10 or 13'),
  /** May mint and set credit limits. Balances are claims on them. */
  treasuries: peers(1, 8),
  /** May open accounts without a deposit. */
  admission: peers(0, 8),
  /** Raters that are believed from the start. */
  seeds: peers(0, 256),
  accounts: z
    .array(
      z.strictObject({ holder: fields.peerId, balance: fields.decimal, credit: fields.decimal }),
    )
    .max(MAX_ACCOUNTS)
    .refine((items) => new Set(items.map(({ holder }) => holder)).size === items.length, {
      message: 'expected no holder twice',
    }),
  /** Micro-USD. */
  fees: z.strictObject({
    transaction: fields.decimal,
    escrow: fields.decimal,
    dispute: fields.decimal,
    /** Comes from who opens an account, stays in it, and pays fees only. */
    deposit: fields.decimal,
  }),
  reputation: z.strictObject({
    newcomerCredibility: fields.decimal,
    pairCap: fields.decimal,
    newcomerCap: fields.decimal,
    fullPrice: fields.decimal.refine((price) => price !== '0', 'expected more than 0'),
  }),
  /** How long a closed contract can still be proven, in seconds. */
  keepClosedSecs: fields.integer.min(60).max(31_536_000),
});

/** Body of a genesis. */
export type Genesis = z.infer<typeof genesisSchema>;

/** Fees of a ledger, in micro-USD. */
export interface LedgerFees {
  readonly transaction: bigint;
  readonly escrow: bigint;
  readonly dispute: bigint;
  readonly deposit: bigint;
}

/** A genesis, checked and ready for use. */
export interface LedgerRules {
  readonly genesis: Genesis;
  /** 32 bytes. */
  readonly ledgerId: Uint8Array;
  readonly treasuries: ReadonlySet<string>;
  readonly admission: ReadonlySet<string>;
  /** Every key that the genesis names by its office: what it says of them holds for good. */
  readonly officers: ReadonlySet<string>;
  readonly fees: LedgerFees;
  readonly reputation: ReputationParameters;
}

/** Fees, reputation and retention of a ledger for which nobody says otherwise. */
export const GENESIS_DEFAULTS: Pick<Genesis, 'fees' | 'reputation' | 'keepClosedSecs'> = {
  fees: { transaction: '10', escrow: '100', dispute: '1000', deposit: '2000' },
  reputation: {
    newcomerCredibility: REPUTATION_DEFAULTS.newcomerCredibility.toString(),
    pairCap: REPUTATION_DEFAULTS.pairCap.toString(),
    newcomerCap: REPUTATION_DEFAULTS.newcomerCap.toString(),
    fullPrice: REPUTATION_DEFAULTS.fullPriceMicroUsd.toString(),
  },
  keepClosedSecs: 2_592_000,
};

/** Bytes of a genesis: what nodes are given, and what the ledger's id is the hash of. */
export function encodeGenesis(genesis: Genesis): Uint8Array {
  return encodeDocument(genesisSchema.parse(genesis), LIMITS);
}

/**
 * Rules of a ledger from its genesis.
 *
 * @throws for bytes that are not a genesis, and one that mints more than there may be.
 */
export function ledgerRules(bytes: Uint8Array): LedgerRules {
  const genesis = genesisSchema.parse(decodeDocument(bytes, LIMITS));
  if (initialSupply(genesis) > MAX_SUPPLY_MICRO_USD) {
    throw new RangeError(`"accounts" expected at most ${MAX_SUPPLY_MICRO_USD} micro-USD together`);
  }
  const { fees, reputation } = genesis;
  return {
    genesis,
    ledgerId: docId('genesis', bytes),
    treasuries: new Set(genesis.treasuries),
    admission: new Set(genesis.admission),
    officers: new Set([
      ...genesis.replicas,
      ...genesis.treasuries,
      ...genesis.admission,
      ...genesis.seeds,
    ]),
    fees: {
      transaction: BigInt(fees.transaction),
      escrow: BigInt(fees.escrow),
      dispute: BigInt(fees.dispute),
      deposit: BigInt(fees.deposit),
    },
    reputation: {
      newcomerCredibility: BigInt(reputation.newcomerCredibility),
      pairCap: BigInt(reputation.pairCap),
      newcomerCap: BigInt(reputation.newcomerCap),
      fullPriceMicroUsd: BigInt(reputation.fullPrice),
      seeds: new Set(genesis.seeds),
    },
  };
}

function initialSupply({ accounts }: Genesis): bigint {
  return accounts.reduce((sum, { balance }) => sum + BigInt(balance), 0n);
}

/** An account with nothing in it. */
export const NEW_ACCOUNT: AccountRecord = {
  creditLimit: 0n,
  creditsHeld: 0n,
  creditsPosted: 0n,
  debitsHeld: 0n,
  debitsPosted: 0n,
  disputes: 0,
  equivocations: 0,
  seq: 0,
};

/** State before the first block: the first treasury owes all first balances. */
export function initialState({ genesis }: LedgerRules): LedgerState {
  const draft = new StateDraft(new LedgerState());
  const timeMs = genesis.time * 1_000;
  const minted = initialSupply(genesis);
  draft.put(CLOCK_KEY, {
    height: 0,
    timeMs,
    day: Math.floor(timeMs / DAY_MS),
    firstHeight: 1,
    minted,
  });
  for (const holder of [FEES, ...genesis.admission]) draft.put(accountKey(holder), NEW_ACCOUNT);
  for (const { holder, balance, credit } of genesis.accounts) {
    const record = { ...NEW_ACCOUNT, creditsPosted: BigInt(balance), creditLimit: BigInt(credit) };
    draft.put(accountKey(holder), record);
  }
  for (const [i, treasury] of genesis.treasuries.entries()) {
    const record = (draft.get(accountKey(treasury)) as AccountRecord | undefined) ?? NEW_ACCOUNT;
    draft.put(accountKey(treasury), {
      ...record,
      creditLimit: TREASURY_CREDIT_MICRO_USD,
      debitsPosted: i === 0 ? minted : 0n,
    });
  }
  const state = new LedgerState();
  state.commit(draft.changes);
  return state;
}
