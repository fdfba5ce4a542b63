import { describe, expect, it } from 'vitest';
import { LedgerForkError, LedgerUnreachableError } from '../../ledger-service/errors.ts';
import type { LedgerAnswer } from '../../ledger-service/messages.ts';
import { balanceOf } from '../../ledger/accounts.ts';
import { accountKey } from '../../ledger/records.ts';
import type { AccountRecord } from '../../ledger/records.ts';
import { sealBlock } from '../../pbft/block.ts';
import { CertifiedLedger } from '../ledger/certified-ledger.ts';
import { ALICE, BOB, FUNDS, MALLORY, REPLICAS } from '../ledger/fixture.ts';
import { FakeReplica, SILENT, clientOf, honest } from './fixture.ts';
import type { Answers } from './fixture.ts';

const BOBS = accountKey(BOB.peerId);

function pay(replica: FakeReplica, amount = '5'): Uint8Array {
  return replica.ledger.transaction(ALICE, {
    op: 'transfer',
    args: { to: BOB.peerId, amount },
  });
}

/** Changes each message of an answer. */
function altered(replica: FakeReplica, change: (answer: LedgerAnswer) => LedgerAnswer): Answers {
  const answers = honest(replica);
  return async function* lying(question, signal) {
    for await (const answer of answers(question, signal)) yield change(answer);
  };
}

async function started(): Promise<{ replica: FakeReplica; all: Answers[] }> {
  const replica = new FakeReplica();
  await replica.submit(pay(replica));
  return { replica, all: REPLICAS.map(() => honest(replica)) };
}

function balance(record: unknown): bigint {
  return balanceOf(record as AccountRecord);
}

describe('a client of the ledger', () => {
  it('reads entries and their absence with proofs against a certified head', async () => {
    const { replica, all } = await started();
    const client = clientOf(replica, all);
    const stranger = accountKey(REPLICAS[0]!.peerId);
    const { head, records } = await client.prove([BOBS, stranger]);
    expect(head.header.height).toBe(1);
    expect(balance(records[0])).toBe(FUNDS + 5n);
    expect(records[1]).toBeUndefined();
  });

  it('submits a transaction and believes what f + 1 replicas say of it', async () => {
    const { replica, all } = await started();
    const client = clientOf(replica, all);
    expect(await client.submit(pay(replica))).toBe('done');
    expect(balance(await client.read(BOBS))).toBe(FUNDS + 10n);
    const tooMuch = pay(replica, (FUNDS * 2n).toString());
    expect(await client.submit(tooMuch)).toBe('INSUFFICIENT_FUNDS');
  });

  it('is told that a number is used, too far, or that a signature is not good', async () => {
    const { replica, all } = await started();
    const client = clientOf(replica, all);
    const call = { op: 'transfer', args: { to: BOB.peerId, amount: '1' } } as const;
    expect(await client.submit(replica.ledger.transaction(ALICE, call, 1))).toBe('EXECUTED');
    expect(await client.submit(replica.ledger.transaction(ALICE, call, 99))).toBe('SEQ_TOO_FAR');
    const forged = replica.ledger.transaction(ALICE, call);
    // The last characters of the envelope are those of the signature.
    forged[forged.length - 10] = forged[forged.length - 10] === 65 ? 66 : 65;
    expect(await client.submit(forged)).toMatch(/^(?:BAD_SIGNATURE|MALFORMED)$/);
  });

  it('passes over a replica that shows a forged value, whoever is asked first', async () => {
    const { replica, all } = await started();
    const rich = replica.ledger.app.prove(accountKey(MALLORY.peerId));
    const liar = altered(replica, (answer) =>
      answer.type === 'proof' ? { type: 'proof', proof: { ...rich, key: BOBS } } : answer,
    );
    for (const start of [0, 1, 2, 3]) {
      const client = clientOf(replica, [liar, ...all.slice(1)], { start });
      expect(balance(await client.read(BOBS))).toBe(FUNDS + 5n);
    }
  });

  it('passes over a replica that says an account is not there', async () => {
    const { replica, all } = await started();
    const empty = new FakeReplica(new CertifiedLedger({ accounts: [] }));
    const absence = empty.ledger.app.prove(BOBS);
    const liar = altered(replica, (answer) =>
      answer.type === 'proof' ? { type: 'proof', proof: absence } : answer,
    );
    const client = clientOf(replica, [liar, ...all.slice(1)]);
    expect(await client.read(BOBS)).toBeDefined();
  });

  it('refuses a head that too few replicas or strangers have signed', async () => {
    const { replica } = await started();
    const few = altered(replica, (answer) => {
      if (answer.type !== 'head') return answer;
      const { header, commit } = answer.head;
      return {
        type: 'head',
        head: { header, commit: { ...commit, votes: commit.votes.slice(1) } },
      };
    });
    const strange = altered(replica, (answer) => {
      if (answer.type !== 'head') return answer;
      const { ledger } = replica;
      const commit = ledger.certificateOf(ledger.chain[0]!, 1, [ALICE, BOB, MALLORY]);
      return { type: 'head', head: { ...answer.head, commit } };
    });
    const client = clientOf(replica, [few, strange, few, strange]);
    await expect(client.read(BOBS)).rejects.toThrow(LedgerUnreachableError);
    await expect(client.read(BOBS)).rejects.toThrow(/the head is not certified/);
  });

  it('does not take a proof of the state before for one of the state now: no replay', async () => {
    const { replica, all } = await started();
    const old = replica.prove([BOBS])!;
    const client = clientOf(replica, [
      altered(replica, (answer) => {
        if (answer.type === 'head') return { type: 'head', head: old.head };
        return answer.type === 'proof' ? { type: 'proof', proof: old.proofs[0]! } : answer;
      }),
      ...all.slice(1),
    ]);
    await replica.submit(pay(replica));
    // Old and well proven: the newer answer of the other replica counts.
    expect(balance(await client.read(BOBS))).toBe(FUNDS + 10n);
    await replica.submit(pay(replica));
    // From now on what is older than any answer before does not count at all.
    expect(balance(await client.read(BOBS))).toBe(FUNDS + 15n);
  });

  it('asks others while replicas are silent, and says so where too few are left', async () => {
    const { replica, all } = await started();
    const client = clientOf(replica, [SILENT, ...all.slice(1)]);
    expect(balance(await client.read(BOBS))).toBe(FUNDS + 5n);
    expect(await client.submit(pay(replica))).toBe('done');
    const alone = clientOf(replica, [all[0]!, SILENT, SILENT, SILENT], {
      times: { timeoutMs: 300 },
    });
    await expect(alone.read(BOBS)).rejects.toThrow(/^1 replicas .* 2 are needed/);
    // It took the transaction, and f + 1 have to say what became of it.
    expect(await alone.submit(pay(replica))).toBe('TIMED_OUT');
  });

  it('does not believe one replica that invents what became of a transaction', async () => {
    const { replica, all } = await started();
    const liar = altered(replica, (answer) =>
      answer.type === 'executed' ? { ...answer, result: 'INSUFFICIENT_FUNDS' } : answer,
    );
    for (const start of [0, 1, 2, 3]) {
      const client = clientOf(replica, [liar, ...all.slice(1)], { start });
      expect(await client.submit(pay(replica))).toBe('done');
    }
  });

  it('stops for good, showing both, when two blocks of one height are certified', async () => {
    const { replica, all } = await started();
    const { ledger } = replica;
    const [first] = ledger.chain;
    const second = sealBlock({ ...first!, stateRoot: new Uint8Array(32) });
    const commit = ledger.certificateOf(second, first!.timeMs + 1);
    const forked = altered(replica, (answer) =>
      answer.type === 'head' ? { type: 'head', head: { header: second, commit } } : answer,
    );
    const client = clientOf(replica, [forked, forked, ...all.slice(2)], { start: 1 });
    await expect(client.prove([])).rejects.toThrow(LedgerForkError);
    await expect(client.prove([])).rejects.toThrow(/two certified blocks of height 1/);
  });

  it('fetches every block, certified and linked, past replicas that cut or forge', async () => {
    const { replica, all } = await started();
    for (let i = 0; i < 5; i++) await replica.submit(pay(replica));
    const { chain } = replica.ledger;
    const cutting: Answers = async function* cut(question, signal) {
      let left = 2;
      for await (const answer of all[0]!(question, signal)) {
        if (answer.type === 'block' && left-- === 0) return;
        yield answer;
      }
    };
    const forging = altered(replica, (answer) => {
      if (answer.type !== 'block') return answer;
      return { ...answer, block: answer.block.with(100, answer.block[100]! ^ 1) };
    });
    const client = clientOf(replica, [forging, cutting, forging, all[3]!], { start: 1 });
    const heights: number[] = [];
    for await (const { block } of client.blocks()) heights.push(block.height);
    expect(heights).toEqual(chain.map(({ height }) => height));
    const lost = clientOf(replica, [forging, forging, forging, forging]);
    await expect(lost.blocks().next()).rejects.toThrow(/gave an answer that holds/);
  });
});
