/** How a node has the accounts of its former keys moved. The ledger is real, its network is not. */

import { afterEach, describe, expect, it } from 'vitest';
import type { Identity } from '../../../crypto/identity.ts';
import { recoveryHash, signKeyRotation } from '../../../crypto/key-rotation.ts';
import type { RefusalCode } from '../../../protocols/errors.ts';
import { recoveryKey } from '../../../protocols/ledger/records.ts';
import type { ProvenState } from '../../../protocols/ledger-service/client.ts';
import { ALICE, BOB, FUNDS, REPLICAS, TestLedger } from '../../../protocols/test/ledger/fixture.ts';
import {
  MONTH,
  person,
  recovery as recover,
  rotation,
} from '../../../protocols/test/ledger/rotations.ts';
import type { RotationHistory } from '../../certificates/rotation-history.ts';
import { IdentityMover } from '../../ledger/identity-mover.ts';
import { silentLogger } from '../../logger.ts';

const [FIRST, SECOND, THIRD] = [BOB, person('second'), person('third')];
const KEY = person('recovery');

const movers: IdentityMover[] = [];
afterEach(async () => {
  for (const mover of movers.splice(0)) await mover.stop();
});

interface World {
  readonly ledger: TestLedger;
  readonly mover: IdentityMover;
  /** How many transactions were submitted. */
  submitted(): number;
  setReached(isReached: boolean): void;
}

/** A node whose key is the last of `keys`; each rotation a month after the one before. */
function world(
  keys: readonly Identity[],
  { key, kept = keys }: { readonly key?: Identity; readonly kept?: readonly Identity[] } = {},
  ledger = new TestLedger({ seeds: [] }),
): World {
  const identity = keys.at(-1)!;
  const rotations = keys.slice(1).map((next, i) =>
    signKeyRotation({
      ...{ old: keys[i]!, new: next, seq: i + 1 },
      iat: ledger.nowSeconds - (keys.length - i) * MONTH,
      ...(key && { recovery: { key, nextHash: recoveryHash(key.publicKey) } }),
    }),
  );
  const history: RotationHistory = { rotations, recovery: key && recoveryHash(key.publicKey) };
  let isReached = true;
  let count = 0;
  const submit = (transaction: Uint8Array): Promise<'done' | RefusalCode> => {
    if (!isReached) return Promise.reject(new Error('nobody answers'));
    count += 1;
    const admission = ledger.app.admit(transaction);
    if (!admission.admitted) return Promise.resolve(admission.reason);
    return Promise.resolve(ledger.block([transaction])[0] as 'done' | RefusalCode);
  };
  const mover = new IdentityMover({
    rules: ledger.app.rules,
    identity,
    former: {
      history,
      load: (peerId) => Promise.resolve(kept.find((one) => one.peerId === peerId)),
    },
    ledger: {
      submit,
      prove: (names) =>
        isReached
          ? Promise.resolve({
              records: names.map((name) => ledger.app.state.get(name)),
            } as unknown as ProvenState)
          : Promise.reject(new Error('nobody answers')),
    },
    submit: async (call) => {
      const result = await submit(ledger.transaction(identity, call));
      return result === 'done' ? { done: true } : { done: false, refusal: result };
    },
    logger: silentLogger,
  });
  movers.push(mover);
  return {
    ...{ ledger, mover },
    submitted: () => count,
    setReached: (now) => (isReached = now),
  };
}

describe('a node with a new key', () => {
  it('has the account of the old one moved, once, and uses the ledger only then', async () => {
    const { ledger, mover, submitted } = world([FIRST, SECOND]);
    expect(mover.pending).toContain('moves to this one first');
    await mover.look();
    expect(mover.pending).toBeUndefined();
    expect(mover.problem).toBeNull();
    expect(ledger.available(SECOND)).toBe(FUNDS - 10n);
    await mover.look();
    expect(submitted()).toBe(1);
  });

  it('waits while the committee is not reached, and goes on when it is', async () => {
    const { ledger, mover, setReached } = world([FIRST, SECOND]);
    setReached(false);
    await mover.look();
    expect(mover.pending).toContain('nobody answers');
    setReached(true);
    await mover.look();
    expect(mover.pending).toBeUndefined();
    expect(ledger.available(SECOND)).toBe(FUNDS - 10n);
  });

  it('sends nothing before of its own, so that the key stays fit to take the account over', async () => {
    const { ledger, mover } = world([FIRST, SECOND]);
    // Anybody can open an account for it, and does.
    ledger.submit(ALICE, { op: 'open', args: { account: SECOND.peerId } });
    const call = { op: 'transfer', args: { to: ALICE.peerId, amount: '1' } } as const;
    expect(await mover.submit(call)).toEqual({ done: false, refusal: 'BUSY' });
    await mover.look();
    expect(ledger.available(SECOND)).toBe(FUNDS - 10n + 2_000n);
    expect(await mover.submit(call)).toEqual({ done: true });
  });

  it('takes up rotations that the ledger has never heard of, a month apart', async () => {
    const { ledger, mover } = world([FIRST, SECOND, THIRD]);
    await mover.look();
    expect(mover.pending).toContain('ROTATED_TOO_SOON');
    expect(ledger.available(SECOND)).toBe(FUNDS - 10n);
    ledger.pass(MONTH);
    await mover.look();
    expect(mover.pending).toBeUndefined();
    expect(ledger.available(THIRD)).toBe(FUNDS - 20n);
  });

  it('says so if the key that would have to send a rotation is gone', async () => {
    const { mover, submitted } = world([FIRST, SECOND, THIRD], { kept: [] });
    await mover.look();
    expect(mover.pending).toBeUndefined();
    expect(mover.problem).toContain(`the file with the key of ${SECOND.peerId}`);
    expect(submitted()).toBe(0);
  });

  it('asks for nothing if the old key had no account', async () => {
    const { mover, submitted } = world([person('nobody'), SECOND]);
    await mover.look();
    expect([mover.pending, mover.problem, submitted()]).toEqual([undefined, null, 0]);
  });

  it('says where the account is if a thief of the old key was first', async () => {
    const ledger = new TestLedger({ seeds: [] });
    const thief = person('thief');
    ledger.submit(thief, rotation(ledger, FIRST, thief));
    const { mover } = world([FIRST, SECOND], {}, ledger);
    await mover.look();
    expect(mover.pending).toBeUndefined();
    expect(mover.problem).toContain(`has passed to ${thief.peerId}`);
  });

  it('whose recovery key the ledger does not know has the old key register it first', async () => {
    const { ledger, mover, submitted } = world([FIRST, SECOND], { key: KEY });
    await mover.look();
    expect([mover.pending, mover.problem]).toEqual([undefined, null]);
    expect(ledger.available(SECOND)).toBe(FUNDS - 20n);
    // The rotation itself has registered it for the new key.
    expect(ledger.app.state.get(recoveryKey(SECOND.peerId))).toBeDefined();
    expect(submitted()).toBe(2);
  });

  it('does not move against the recovery key of somebody else, and says so', async () => {
    const ledger = new TestLedger({ seeds: [] });
    ledger.submit(FIRST, recover(person('thief')));
    const { mover } = world([FIRST, SECOND], {}, ledger);
    await mover.look();
    expect(mover.pending).toBeUndefined();
    expect(mover.problem).toContain('RECOVERY_MISSING');
  });

  it('that is a replica stays where the genesis has put it', async () => {
    const { mover, submitted } = world([FIRST, REPLICAS[0]!]);
    expect(mover.pending).toBeUndefined();
    mover.start();
    expect(mover.problem).toContain('the genesis names this key');
    await mover.stop();
    expect(submitted()).toBe(0);
  });
});

describe('a node with a recovery key', () => {
  it('registers it once it has an account, and not twice', async () => {
    const owner = person('owner');
    const { ledger, mover, submitted } = world([owner], { key: KEY });
    await mover.look();
    expect([mover.problem, submitted()]).toEqual([null, 0]);
    ledger.submit(ALICE, { op: 'open', args: { account: owner.peerId } });
    await mover.look();
    await mover.look();
    expect([mover.problem, submitted()]).toEqual([null, 1]);
    expect(ledger.app.state.get(recoveryKey(owner.peerId))).toBeDefined();
  });

  it('says so if another is registered', async () => {
    const ledger = new TestLedger();
    ledger.submit(BOB, recover(person('thief')));
    const { mover, submitted } = world([BOB], { key: KEY }, ledger);
    await mover.look();
    expect(mover.problem).toContain('another recovery key');
    expect(submitted()).toBe(0);
  });
});
