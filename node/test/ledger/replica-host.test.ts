import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { toBase64Url, toHex } from '../../../crypto/bytes.ts';
import type { Identity } from '../../../crypto/identity.ts';
import { signKeyRotation } from '../../../crypto/key-rotation.ts';
import { auditLedger, auditReport } from '../../../protocols/ledger/audit.ts';
import type { AuditReport } from '../../../protocols/ledger/audit.ts';
import {
  committeeChain,
  committeeOf,
  isCertified,
} from '../../../protocols/ledger/committee-chain.ts';
import { provenAccount } from '../../../protocols/ledger/light-client.ts';
import { accountKey } from '../../../protocols/ledger/records.ts';
import { ALICE, BOB, FUNDS, MALLORY } from '../../../protocols/test/ledger/fixture.ts';
import { person } from '../../../protocols/test/ledger/rotations.ts';
import { balanceOf } from '../../../protocols/ledger/accounts.ts';
import { RealCommittee, eventually } from './real-committee.ts';
import type { Member } from './real-committee.ts';

let committee: RealCommittee;

afterEach(async () => {
  await committee.destroy();
});

/** Audits what a member has stored, from the first block. */
async function audit({ replica }: Member): Promise<AuditReport> {
  const blocks: Uint8Array[] = [];
  // The head first: blocks go on while they are read, and its votes are for its own height.
  const head = replica.head();
  const height = head?.header.height ?? 0;
  await eventually(() => replica.status().storedHeight >= height, standing);
  for await (const { block } of replica.blocks(1, height)) blocks.push(block);
  const chain = committeeChain(committee.rules, head?.commit);
  return auditReport(auditLedger(committee.rules, chain, blocks));
}

function standing(): string {
  return JSON.stringify(committee.members.map(({ replica }) => replica.status()));
}

describe('a committee of real replicas', () => {
  it('moves an account by a rotation of its new key, and drops what waited of the old one', async () => {
    committee = await RealCommittee.create();
    await committee.startAll();
    const { members } = committee;
    const waiting = () =>
      members.reduce((sum, m) => sum + m.replica.status().transactionsWaiting, 0);
    // Its first number is missing: nothing of this can be executed.
    committee.transfer(BOB, ALICE);
    const gap = members[0]!.replica.submit(committee.transfer(BOB, ALICE));
    await eventually(() => waiting() > 0, standing);
    const [owner, second] = [person('owner'), person('second')];
    const rotate = (next: Identity, iat = committee.rules.genesis.time) => {
      const { envelope } = signKeyRotation({ old: BOB, new: next, seq: 1, iat });
      const args = { rotation: toBase64Url(envelope) };
      return committee.transaction(next, { op: 'rotate', args });
    };
    const sent = rotate(owner);
    const done = await members[1]!.replica.submit(sent);
    expect(done).toMatchObject({ committed: true, result: 'done' });
    const height = done.committed ? done.height : 0;
    await eventually(() => members.every((m) => m.replica.status().height >= height), standing);
    expect(waiting()).toBe(0);
    const late = await members[2]!.replica.submit(rotate(second));
    expect(late).toEqual({ committed: false, reason: 'ACCOUNT_MOVED' });
    // Asked again, it is told what became of it.
    expect(await members[3]!.replica.submit(sent)).toEqual(done);
    expect(await audit(members[3]!)).toMatchObject({ valid: true });
    await committee.members[0]!.stop();
    await gap;
  }, 60_000);

  it('executes transactions that any replica was handed, once and everywhere', async () => {
    committee = await RealCommittee.create();
    await committee.startAll();
    const [first, second, third] = committee.members;
    const outcomes = await Promise.all([
      first!.replica.submit(committee.transfer(ALICE, BOB, 5)),
      second!.replica.submit(committee.transfer(BOB, ALICE, 3)),
      third!.replica.submit(committee.transfer(MALLORY, BOB, 7)),
    ]);
    expect(outcomes).toMatchObject(outcomes.map(() => ({ committed: true, result: 'done' })));
    const height = Math.max(...outcomes.map((outcome) => (outcome.committed ? outcome.height : 0)));
    const { members } = committee;
    await eventually(() => members.every((m) => m.replica.status().height >= height), standing);
    const proven = members[3]!.replica.prove([accountKey(BOB.peerId)])!;
    const { header, commit } = proven.head;
    expect(isCertified(committeeOf(committee.rules), header, commit)).toBe(true);
    const fee = committee.rules.fees.transaction;
    const { account } = provenAccount(proven.proofs[0]!, BOB.peerId, header)!;
    expect(balanceOf(account!)).toBe(FUNDS + 5n - 3n + 7n - fee);
  });

  it('answers a transaction that is handed in again, at another replica, with its block', async () => {
    committee = await RealCommittee.create();
    await committee.startAll();
    const [first, second] = committee.members;
    const transfer = committee.transfer(ALICE, BOB);
    const both = [first!.replica.submit(transfer), second!.replica.submit(transfer)];
    const [outcome, other] = await Promise.all(both);
    expect(outcome).toMatchObject({ committed: true, result: 'done' });
    expect(other).toEqual(outcome);
    expect(await first!.replica.submit(transfer)).toEqual(outcome);
  });

  it('proves the last final block while the next one is under way', async () => {
    committee = await RealCommittee.create();
    await committee.startAll();
    const [primary] = committee.members;
    const proofs: boolean[] = [];
    primary!.replica.onCommit(() => {
      const { head, proofs: found } = primary!.replica.prove([accountKey(ALICE.peerId)])!;
      proofs.push(provenAccount(found[0]!, ALICE.peerId, head.header) !== undefined);
    });
    const transfers = Array.from({ length: 12 }, () => committee.transfer(ALICE, BOB));
    await Promise.all(transfers.map((transfer) => primary!.replica.submit(transfer)));
    expect(proofs.length).toBeGreaterThan(0);
    expect(proofs).not.toContain(false);
  });

  it('goes on without its primary, and takes it in again after a restart', async () => {
    committee = await RealCommittee.create({ requestTimeoutMs: 500, silenceMs: 2_000 });
    await committee.startAll();
    const [primary, second] = committee.members;
    await second!.replica.submit(committee.transfer(ALICE, BOB));
    await primary!.stop();
    const outcome = await second!.replica.submit(committee.transfer(ALICE, BOB));
    expect(outcome).toMatchObject({ committed: true, result: 'done' });
    expect(second!.replica.status().view).toBeGreaterThan(0);
    await primary!.start();
    const { height } = second!.replica.status();
    await eventually(() => primary!.replica.status().height >= height, standing);
    await eventually(() => primary!.replica.status().view > 0, standing);
  }, 60_000);

  it('brings a replica that was away for many blocks back, with every block of its absence', async () => {
    committee = await RealCommittee.create({ checkpointInterval: 4, window: 8 });
    await committee.startAll();
    const { members } = committee;
    const late = members[3]!;
    await members[0]!.replica.submit(committee.transfer(ALICE, BOB));
    await eventually(() => late.replica.status().height > 0, standing);
    await late.stop();
    for (let i = 0; i < 24; i++) {
      await members[0]!.replica.submit(committee.transfer(ALICE, BOB));
    }
    await late.start();
    const { height } = members[0]!.replica.status();
    await eventually(() => late.replica.status().storedHeight >= height, standing);
    expect(await audit(late)).toMatchObject({ valid: true });
  }, 60_000);

  it('holds the same state on every replica, and every store passes the audit', async () => {
    committee = await RealCommittee.create();
    await committee.startAll();
    const { members } = committee;
    for (let i = 0; i < 6; i++) {
      await members[i % 4]!.replica.submit(committee.transfer(ALICE, BOB));
    }
    const roots = new Set<string>();
    for (const member of members) {
      await eventually(() => member.replica.status().height >= 6, standing);
      const report = await audit(member);
      expect(report).toMatchObject({ valid: true });
      for await (const { block } of member.replica.blocks(6, 1)) {
        roots.add(toHex(block.subarray(148, 180)));
      }
    }
    expect(roots.size).toBe(1);
  });
});

describe('a replica whose disk fails', () => {
  it('stops voting and says so, and the others go on', async () => {
    committee = await RealCommittee.create({ checkpointInterval: 2, window: 4 });
    await committee.startAll();
    const [first, , , last] = committee.members;
    await rm(join(last!.dataPath, 'ledger'), { recursive: true });
    for (let i = 0; i < 6; i++) await first!.replica.submit(committee.transfer(ALICE, BOB));
    await eventually(() => last!.replica.status().halted !== null, standing);
    expect(last!.replica.status().halted).toMatch(/replica\.log: ENOENT.*replace the disk/);
    expect(await last!.replica.submit(committee.transfer(MALLORY, BOB))).toEqual({
      committed: false,
      reason: 'BUSY',
    });
    const outcome = await first!.replica.submit(committee.transfer(ALICE, BOB));
    expect(outcome).toMatchObject({ committed: true, result: 'done' });
  });
});

describe('a replica that starts', () => {
  it('refuses a log that is damaged, and says how to mend it', async () => {
    committee = await RealCommittee.create();
    await committee.startAll();
    const [, second] = committee.members;
    await committee.members[0]!.replica.submit(committee.transfer(ALICE, BOB));
    await eventually(() => second!.replica.status().height > 0, standing);
    await second!.stop();
    const path = join(second!.dataPath, 'ledger', 'replica.log');
    const log = await readFile(path);
    log[60]! ^= 1;
    await writeFile(path, log);
    await expect(second!.start()).rejects.toThrow(/replica\.log.*damaged.*restore/);
  });

  it('cuts off what a crash left of a record, and goes on', async () => {
    committee = await RealCommittee.create();
    await committee.startAll();
    const [, second] = committee.members;
    await committee.members[0]!.replica.submit(committee.transfer(ALICE, BOB));
    await eventually(() => second!.replica.status().height > 0, standing);
    const { height } = second!.replica.status();
    await second!.stop();
    const path = join(second!.dataPath, 'ledger', 'replica.log');
    const log = await readFile(path);
    await writeFile(path, Buffer.concat([log, log.subarray(0, 20)]));
    await second!.start();
    expect(second!.replica.status().height).toBeGreaterThanOrEqual(height);
    expect(second!.replica.status().isObserver).toBe(false);
  });

  it('is kept off a data directory on which another process runs', async () => {
    committee = await RealCommittee.create();
    const [first] = committee.members;
    await first!.start();
    await expect(first!.start()).rejects.toThrow(/a node is running on this data directory/);
  });

  it('never votes again once its log is lost', async () => {
    committee = await RealCommittee.create();
    await committee.startAll();
    const [, second] = committee.members;
    await committee.members[0]!.replica.submit(committee.transfer(ALICE, BOB));
    await second!.stop();
    await rm(join(second!.dataPath, 'ledger'), { recursive: true });
    await second!.start();
    expect(second!.replica.status().isObserver).toBe(true);
    const outcome = await committee.members[0]!.replica.submit(committee.transfer(ALICE, BOB));
    expect(outcome).toMatchObject({ committed: true });
  });
});
