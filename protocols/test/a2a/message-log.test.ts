import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MessageLog } from '../../a2a/message-log.ts';
import type { RpcOutcome } from '../../a2a/message-log.ts';

const contentHash = new Uint8Array(32);
const message = (peerId: string, messageId: string) => ({
  peerId,
  contract: undefined,
  messageId,
  contentHash,
});
const readTask = (id: string) => Promise.resolve({ result: { task: { id } } });
const never = () => new Promise<RpcOutcome>(() => undefined);

/** An execution that counts itself. */
function counting(result: object) {
  const execute = () => {
    execute.count += 1;
    return Promise.resolve<RpcOutcome>({ result });
  };
  execute.count = 0;
  return execute;
}

describe('message log', () => {
  it('executes each message once in any order of sending', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(5), { maxLength: 40 }), async (ids) => {
        const log = new MessageLog();
        const executed: number[] = [];
        await Promise.all(
          ids.map((id) =>
            log.run(
              message('peer', `m${id}`),
              () => {
                executed.push(id);
                return Promise.resolve({ result: { task: { id: `t${id}` } } });
              },
              readTask,
            ),
          ),
        );
        expect(executed.sort()).toEqual([...new Set(ids)].sort());
      }),
      { numRuns: 200 },
    );
  });

  it('forgets the oldest finished message of a peer beyond its limit', async () => {
    const log = new MessageLog({ maxMessagesPerPeer: 2, maxPeers: 4, maxKeptResultBytes: 64 });
    const execute = counting({ task: { id: 't' } });
    for (const id of ['a', 'b', 'c', 'b', 'c']) await log.run(message('p', id), execute, readTask);
    expect(execute.count).toBe(3);
    await log.run(message('p', 'a'), execute, readTask);
    expect(execute.count).toBe(4);
  });

  it('forgets no message that still runs, and takes no other beyond the limit', async () => {
    const log = new MessageLog({ maxMessagesPerPeer: 1, maxPeers: 4, maxKeptResultBytes: 64 });
    void log.run(message('p', 'a'), never, readTask);
    const execute = counting({ task: { id: 't' } });
    expect(await log.run(message('p', 'b'), execute, readTask)).toHaveProperty('error');
    expect(execute.count).toBe(0);
  });

  it('does not let one peer push out the messages of another', async () => {
    const log = new MessageLog({ maxMessagesPerPeer: 2, maxPeers: 4, maxKeptResultBytes: 64 });
    const execute = counting({ task: { id: 't' } });
    await log.run(message('victim', 'a'), execute, readTask);
    for (let i = 0; i < 50; i++) await log.run(message('flood', `m${i}`), execute, readTask);
    await log.run(message('victim', 'a'), execute, readTask);
    expect(execute.count).toBe(51);
  });

  it('forgets the peer that was silent longest beyond the limit of peers', async () => {
    const log = new MessageLog({ maxMessagesPerPeer: 2, maxPeers: 2, maxKeptResultBytes: 64 });
    const execute = counting({ task: { id: 't' } });
    for (const peer of ['p1', 'p2', 'p1', 'p3', 'p1']) {
      await log.run(message(peer, 'a'), execute, readTask);
    }
    expect(execute.count).toBe(3);
    await log.run(message('p2', 'a'), execute, readTask);
    expect(execute.count).toBe(4);
  });

  it('keeps a small result that is no task, and says so where it kept none', async () => {
    const log = new MessageLog({ maxMessagesPerPeer: 4, maxPeers: 2, maxKeptResultBytes: 64 });
    const small = counting({ message: { text: 'a' } });
    const large = counting({ message: { text: 'a'.repeat(64) } });
    for (let i = 0; i < 2; i++) {
      const again = await log.run(message('p', 'small'), small, readTask);
      expect(again).toEqual({ result: { message: { text: 'a' } } });
    }
    await log.run(message('p', 'large'), large, readTask);
    const again = await log.run(message('p', 'large'), large, readTask);
    expect(again).toMatchObject({ error: { data: [{ reason: 'RESULT_NOT_KEPT' }] } });
    expect(small.count + large.count).toBe(2);
  });

  it('lets a message be sent again whose execution failed', async () => {
    const log = new MessageLog();
    const failing = () => Promise.reject(new Error('no'));
    await expect(log.run(message('p', 'a'), failing, readTask)).rejects.toThrow('no');
    const execute = counting({ task: { id: 't' } });
    await log.run(message('p', 'a'), execute, readTask);
    expect(execute.count).toBe(1);
  });
});
