/**
 * What a rotation costs a replica: a block with one is applied to a ledger of 100,000 pairs, of
 * which the key stands in some. Signatures and the new state root are in it. Processor time.
 *
 * @module
 */

import { systemProcessor } from '../../node/system-clock.ts';
import { toBase64Url } from '../../crypto/bytes.ts';
import { signDocument } from '../../crypto/envelope.ts';
import { Identity } from '../../crypto/identity.ts';
import { signKeyRotation } from '../../crypto/key-rotation.ts';
import { LedgerApplication } from '../../protocols/ledger/application.ts';
import { encodeGenesis, initialState, ledgerRules } from '../../protocols/ledger/genesis.ts';
import type { Genesis } from '../../protocols/ledger/genesis.ts';
import { LedgerState, StateDraft } from '../../protocols/ledger/state.ts';
import { TRANSACTION } from '../../protocols/ledger/transactions.ts';
import { pairKey } from '../../protocols/reputation/records.ts';
import { ONE_Q32 } from '../../protocols/reputation/decay.ts';
import { median } from './measuring.ts';
import type { BenchRow } from './measuring.ts';

const PAIRS = 100_000;
const PEERS = 2_000;
const RUNS = 5;

/** A ledger on which `hub` stands in `own` of all pairs. */
function ledgerWith(genesis: Genesis, hub: string, own: number): LedgerApplication {
  const app = new LedgerApplication(ledgerRules(encodeGenesis(genesis)));
  const state = initialState(app.rules);
  const draft = new StateDraft(state);
  const peers = Array.from({ length: PEERS }, () => Identity.generate().peerId);
  const record = { fadedSuccesses: 3n * ONE_Q32 + 1n, fadedTotal: 4n * ONE_Q32 - 1n, hour: 0 };
  for (let i = 0; i < PAIRS; i++) {
    const round = Math.floor(i / PEERS);
    const rater = i < own ? hub : peers[i % PEERS]!;
    const subject = peers[(i + (i < own ? 0 : round + 1)) % PEERS]!;
    const taskType = `performs:nlp/task-${round}`;
    draft.put(pairKey(rater, { subject, role: 'contractor', taskType }), record);
  }
  const filled = new LedgerState();
  filled.commit(new Map(state.entries()));
  filled.commit(draft.changes);
  if (!app.restore(filled.snapshot(), filled.root)) {
    throw new Error('The benchmark of rotations failed: the state is not taken over');
  }
  return app;
}

function applyMs(genesis: Genesis, hub: Identity, own: number): number {
  const app = ledgerWith(genesis, hub.peerId, own);
  const { height, timeMs } = app.clock;
  const samples: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const next = Identity.generate();
    const iat = Math.floor(timeMs / 1_000);
    const { envelope } = signKeyRotation({ old: hub, new: next, seq: 1, iat });
    const body = {
      ...({
        v: 1,
        typ: 'tx',
        ledger: toBase64Url(app.rules.ledgerId),
        account: next.peerId,
      } as const),
      ...({ seq: 1, op: 'rotate', args: { rotation: toBase64Url(envelope) } } as const),
    };
    const transactions = [signDocument(TRANSACTION, body, next).envelope];
    const start = systemProcessor.seconds();
    const isSigned = app.isSigned(transactions[0]!);
    const outcome = app.apply({ height: height + 1, timeMs: timeMs + 1, transactions });
    samples.push((systemProcessor.seconds() - start) * 1_000);
    if (!isSigned || !outcome.applied) {
      throw new Error('The benchmark of rotations failed: one is not carried out');
    }
    app.revert();
  }
  return median(samples);
}

/** A row for a key in few pairs, in many, and in all. */
export function rotationRows(bench: string, genesis: Genesis): BenchRow[] {
  const hub = Identity.generate();
  const account = { holder: hub.peerId, balance: '1000000', credit: '0' };
  const accounts = [...genesis.accounts, account];
  return [1, 1_000, PAIRS].map((own) => ({
    bench,
    case: `a key rotated that stands in ${own} of ${PAIRS} pairs, processor time`,
    value: applyMs({ ...genesis, accounts }, hub, own),
    unit: 'ms',
  }));
}
