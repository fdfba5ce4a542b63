/** Accounts without a ledger over memory that outlives the process it stands for. */

import type { Identity } from '../../../crypto/identity.ts';
import { BilateralBook } from '../../../protocols/settlement/bilateral-book.ts';
import type { CreditLimits } from '../../../protocols/settlement/credit-lines.ts';
import {
  FakeClock,
  FakeKeyValueStore,
  FakeLogger,
} from '../../../protocols/test/negotiation/fake-world.ts';
import { BilateralAccounts } from '../../ledger/bilateral-accounts.ts';
import type { DueEntry, StatedEntry } from '../../ledger/bilateral-accounts.ts';
import { MemoryJsonSection } from '../memory-section.ts';

export interface AccountsMemory {
  readonly statements: FakeKeyValueStore;
  readonly due: MemoryJsonSection<DueEntry>;
  readonly stated: MemoryJsonSection<StatedEntry>;
}

export function accountsMemory(): AccountsMemory {
  return {
    statements: new FakeKeyValueStore(),
    due: new MemoryJsonSection<DueEntry>(),
    stated: new MemoryJsonSection<StatedEntry>(),
  };
}

/** Wide caps, so that a test of something else does not meet them. */
export const WIDE: CreditLimits = {
  perPeerMicroUsd: 1_000_000_000n,
  newcomersMicroUsd: 1_000_000_000n,
  newcomerTasks: 1_000,
};

/** Accounts that are not loaded. @param known - PeerIds that are no newcomers. */
export function makeAccounts(
  identity: Identity,
  limits = WIDE,
  known: readonly string[] = [],
  memory = accountsMemory(),
): BilateralAccounts {
  return new BilateralAccounts({
    self: identity.peerId,
    book: new BilateralBook(identity, memory.statements),
    due: memory.due,
    stated: memory.stated,
    limits,
    isKnown: (peerId) => known.includes(peerId),
    clock: new FakeClock(),
    logger: new FakeLogger(),
  });
}
