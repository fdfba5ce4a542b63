/**
 * What the end of an escrow says of the two sides (wire-formats.md 4.3, last column), written into
 * the reputation records.
 *
 * @module
 */

import { ONE_Q32 } from '../reputation/decay.ts';
import type { RatedRole } from '../reputation/records.ts';
import { recordOutcome } from '../reputation/update.ts';
import { changeAccount, successorOf } from './accounts.ts';
import { clockOf, hourOf, reputationRecords } from './block-context.ts';
import type { BlockContext } from './block-context.ts';
import { flowInForce } from './daily-flow.ts';
import type { ContractRecord } from './records.ts';

const HALF = ONE_Q32 / 2n;
const QUARTER = ONE_Q32 / 4n;

interface Judgement {
  readonly judged: RatedRole;
  readonly isPass: boolean;
  readonly weight: bigint;
}

function judge(context: BlockContext, contract: ContractRecord, judgement: Judgement): void {
  const { taskType, price } = contract;
  const { client, contractor } = sidesOf(context, contract);
  const { judged, isPass, weight } = judgement;
  if (weight === 0n) return;
  const { draft, rules, height, timeMs } = context;
  recordOutcome(
    reputationRecords(draft),
    rules.reputation,
    {
      rater: judged === 'contractor' ? client : contractor,
      subject: judged === 'contractor' ? contractor : client,
      role: judged,
      taskType,
      isPass,
      baseWeight: weight,
      priceMicroUsd: price,
    },
    {
      hour: hourOf(timeMs),
      flowOf: (record) => flowInForce(record, clockOf(draft), height),
    },
  );
}

/** The two sides under the keys that they have now: what is said of them is said of these. */
function sidesOf({ draft }: BlockContext, { client, contractor }: ContractRecord) {
  return { client: successorOf(draft, client), contractor: successorOf(draft, contractor) };
}

/** The contractor never delivered. */
export function recordFailure(context: BlockContext, contract: ContractRecord): void {
  judge(context, contract, { judged: 'contractor', isPass: false, weight: ONE_Q32 });
}

/** Nobody objected, and nobody looked. */
export function recordSilentPass(context: BlockContext, contract: ContractRecord): void {
  judge(context, contract, { judged: 'contractor', isPass: true, weight: QUARTER });
}

/** A share of the price was earned: that share is a pass, the rest a failure. */
export function recordPaidShare(
  context: BlockContext,
  contract: ContractRecord,
  paid: bigint,
): void {
  const passed = (ONE_Q32 * paid) / contract.price;
  judge(context, contract, { judged: 'contractor', isPass: true, weight: passed });
  judge(context, contract, { judged: 'contractor', isPass: false, weight: ONE_Q32 - passed });
}

/** Word stands against word: half a failure for each side. */
export function recordContested(context: BlockContext, contract: ContractRecord): void {
  judge(context, contract, { judged: 'contractor', isPass: false, weight: HALF });
  judge(context, contract, { judged: 'client', isPass: false, weight: HALF });
  const { client, contractor } = sidesOf(context, contract);
  for (const side of [client, contractor]) {
    changeAccount(context.draft, side, ({ disputes }) => ({ disputes: disputes + 1 }));
  }
}
