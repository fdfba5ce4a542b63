import { afterEach, describe, expect, it } from 'vitest';
import { peerIdFromString } from '@libp2p/peer-id';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Identity } from '../../../crypto/identity.ts';
import type { Clock } from '../../../protocols/components.ts';
import { balanceOf } from '../../../protocols/ledger/accounts.ts';
import { accountKey } from '../../../protocols/ledger/records.ts';
import type { AccountRecord } from '../../../protocols/ledger/records.ts';
import { askOverLibp2p } from '../../../protocols/ledger-service/ask-replica.ts';
import { LedgerClient } from '../../../protocols/ledger-service/client.ts';
import type { LedgerAnswer } from '../../../protocols/ledger-service/messages.ts';
import { decodeLedgerAnswer } from '../../../protocols/ledger-service/messages.ts';
import { LedgerServer } from '../../../protocols/ledger-service/server.ts';
import { createHost } from '../../../protocols/libp2p-host.ts';
import type { Host } from '../../../protocols/libp2p-host.ts';
import { LEDGER_PROTOCOL } from '../../../protocols/protocol-ids.ts';
import { scoreKey } from '../../../protocols/reputation/records.ts';
import type { ScoreSubject } from '../../../protocols/reputation/records.ts';
import { ALICE, BOB, FUNDS } from '../../../protocols/test/ledger/fixture.ts';
import { scoresOf } from '../../broker/relayed-scores.ts';
import { silentLogger } from '../../logger.ts';
import { systemClock } from '../../system-clock.ts';
import { RealCommittee, eventually } from './real-committee.ts';

/** Does not go on: what a peer may ask is not given back. */
const STILL: Clock = { nowMs: () => systemClock.nowMs(), monotonicMs: () => 0 };
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** Four real replicas that serve, and a node that is none of them. */
async function served(): Promise<{ committee: RealCommittee; host: Host; client: LedgerClient }> {
  const committee = await RealCommittee.create();
  stops.push(() => committee.destroy());
  await committee.startAll();
  for (const { host, replica } of committee.members) {
    const server = new LedgerServer({
      host: host.libp2p,
      source: replica,
      clock: STILL,
      logger: silentLogger,
    });
    await server.start();
  }
  const host = await createHost({
    clock: systemClock,
    identity: Identity.generate(),
    logger: silentLogger,
    validators: {},
    selectors: {},
    isLocalNetwork: true,
    bootstrap: committee.addresses(),
  });
  stops.push(() => host.stop());
  const client = new LedgerClient({
    rules: committee.rules,
    ask: askOverLibp2p(host.libp2p),
    random: { bytes: (length) => randomBytes(length) },
    logger: silentLogger,
    times: { patienceMs: 1_000 },
  });
  return { committee, host, client };
}

async function balance(client: LedgerClient, holder: Identity): Promise<bigint> {
  return balanceOf((await client.read(accountKey(holder.peerId))) as AccountRecord);
}

describe('the ledger service of real replicas', () => {
  it('serves a node that is no replica, also while one replica is down', async () => {
    const { committee, client } = await served();
    expect(await client.submit(committee.transfer(ALICE, BOB, 100))).toBe('done');
    expect(await balance(client, BOB)).toBe(FUNDS + 100n);
    await committee.members[3]!.stop();
    expect(await client.submit(committee.transfer(ALICE, BOB, 50))).toBe('done');
    expect(await balance(client, BOB)).toBe(FUNDS + 150n);
    const heights: number[] = [];
    for await (const { block } of client.blocks()) heights.push(block.height);
    expect(heights).toEqual(heights.map((_, i) => i + 1));
    expect(heights.length).toBeGreaterThan(1);
  }, 60_000);

  it('bounds a peer that floods it, with questions or with transactions', async () => {
    const { committee, host } = await served();
    const { peerId } = committee.members[0]!.host;
    const ask = askOverLibp2p(host.libp2p);
    const first = async (question: Parameters<typeof ask>[1]): Promise<LedgerAnswer> => {
      for await (const answer of ask(peerId, question, AbortSignal.timeout(20_000))) return answer;
      throw new Error('no answer');
    };
    // libp2p drops a connection on which more than ten streams come before it is ready.
    let opened = await first({ type: 'read', keys: [] });
    for (let i = 0; i < 20 && opened.type !== 'head'; i++) {
      await sleep(100); // a replica that has just started has nothing to show
      opened = await first({ type: 'read', keys: [] });
    }
    expect(opened).toMatchObject({ type: 'head' });
    // None of these can stand in a block before the one that is missing.
    const missing = committee.transfer(ALICE, BOB);
    const settled: LedgerAnswer[] = [];
    const flood = Array.from({ length: 40 }, async () => {
      settled.push(await first({ type: 'submit', transaction: committee.transfer(ALICE, BOB) }));
    });
    await eventually(
      () => settled.length >= 24,
      () => `${settled.length} of 40 refused`,
    );
    for (const answer of settled) {
      expect(answer).toMatchObject({ reason: expect.stringMatching(/SEQ_TOO_FAR|RATE_LIMITED/) });
    }
    await first({ type: 'submit', transaction: missing });
    await Promise.all(flood);
    expect(settled.filter(({ type }) => type === 'executed').length).toBeLessThanOrEqual(16);
    const answers: string[] = [];
    for (let batch = 0; batch < 11; batch++) {
      const questions = Array.from({ length: 20 }, () => first({ type: 'read', keys: [] }));
      for (const answer of await Promise.all(questions)) {
        answers.push(answer.type === 'refused' ? answer.reason : answer.type);
      }
    }
    expect(new Set(answers)).toEqual(new Set(['head', 'RATE_LIMITED']));
  }, 60_000);

  it('closes a stream with bytes that are no question, and serves on', async () => {
    const { committee, host, client } = await served();
    const { peerId } = committee.members[0]!.host;
    const hostile = [
      [0, 0, 0, 1, 99],
      [255, 255, 255, 255],
      [0, 0, 0, 0],
      [0, 0, 0, 9, 1],
    ];
    for (const bytes of hostile) {
      const stream = await host.libp2p.dialProtocol(peerIdFromString(peerId), LEDGER_PROTOCOL);
      const closed = new Promise((resolve) => stream.addEventListener('close', resolve));
      stream.send(Uint8Array.from(bytes));
      await stream.close().catch(() => undefined);
      await closed;
    }
    expect(await client.submit(committee.transfer(ALICE, BOB))).toBe('done');
  }, 60_000);

  it('proves to a client through a broker that is no replica, and no lie of the broker', async () => {
    const { committee, client } = await served();
    expect(await client.submit(committee.transfer(ALICE, BOB, 1))).toBe('done');
    const subjects = [ALICE, BOB].map(({ peerId }): ScoreSubject => ({
      subject: peerId,
      role: 'client',
      taskType: '',
    }));
    const keys = subjects.map(scoreKey);
    const { ledgerId } = committee.rules;
    const earlier = await scoresOf(client, { ledgerId, subjects });
    expect(await scoresOf(client, { ledgerId: new Uint8Array(32), subjects })).toEqual([]);
    expect(await scoresOf(undefined, { ledgerId, subjects })).toEqual([]);
    const other = new LedgerClient({
      rules: committee.rules,
      ask: () => {
        throw new Error('this client reaches no replica');
      },
      random: { bytes: (length) => randomBytes(length) },
      logger: silentLogger,
    });
    const shown = (parts: readonly Uint8Array[], of = keys) =>
      other.proveFrom(
        (async function* () {
          for (const part of parts) yield await Promise.resolve(decodeLedgerAnswer(part));
        })(),
        of,
      );
    expect((await shown(earlier)).records).toEqual([undefined, undefined]);
    const [head, first, second] = earlier as [Uint8Array, Uint8Array, Uint8Array];
    // The head has a byte of its type, then the height, the time and the state root.
    const forged = head.slice();
    forged[head.length - 1]! ^= 1;
    for (const [parts, problem] of [
      [[], /NOT_READY|not whole/],
      [[head], /not whole/],
      [[head, first], /not whole/],
      [[first, second], /no answer/],
      [[head, second, first], /does not hold/],
      [[head, first, second, second], /no answer/],
      [[forged, first, second], /not certified/],
    ] as const) {
      await expect(shown(parts)).rejects.toThrow(problem);
    }
    const lie = first.slice();
    lie[lie.length - 1]! ^= 1;
    await expect(shown([head, lie, second])).rejects.toThrow();
    // An old answer is proven as well; its block time says how old it is.
    expect(await client.submit(committee.transfer(ALICE, BOB, 1))).toBe('done');
    const later = await shown(await scoresOf(client, { ledgerId, subjects }));
    expect(later.head.header.height).toBeGreaterThan((await shown(earlier)).head.header.height);
  }, 60_000);
});
