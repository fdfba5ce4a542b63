import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../crypto/bytes.ts';
import { BYTES_PER_TOKEN, READING_OF_ALL, READING_PER_PEER } from '../../a2a/reading-budget.ts';
import { createA2aServer } from '../../a2a/server.ts';
import { SECURE_PROTOCOLS } from '../../protocol-ids.ts';
import { FakeNetwork } from './fake-secure-streams.ts';
import type { FakeSecureStream } from './fake-secure-streams.ts';
import {
  CLIENT,
  FakeClock,
  FakeLogger,
  OTHER,
  SERVER,
  UpperCaseExecutor,
  requestHandlerOf,
} from './test-agent.ts';

/** Not a message: the answer has id 0. */
const GARBAGE = utf8('x'.repeat(2 ** 20));
/** Long enough for a reader that does not wait. */
const SHORT_MS = 300;

function setUp() {
  const network = new FakeNetwork();
  const clock = new FakeClock();
  const server = createA2aServer({
    streams: network.join(SERVER),
    requestHandler: requestHandlerOf(new UpperCaseExecutor()),
    isParty: () => Promise.resolve(false),
    clock,
    logger: new FakeLogger(),
  });
  return { clock, server, client: network.join(CLIENT), other: network.join(OTHER) };
}

/** Counts the answers of a stream. */
function answersOf(stream: FakeSecureStream): { count: number } {
  const answers = { count: 0 };
  void (async () => {
    while ((await stream.readMessage()) !== undefined) answers.count += 1;
  })().catch(() => undefined);
  return answers;
}

describe('a flood of large messages', () => {
  const atOnce = (READING_PER_PEER.burst * BYTES_PER_TOKEN) / GARBAGE.length;

  it('is read no faster than the budget of its sender, whatever streams it comes on', async () => {
    const { clock, server, client } = setUp();
    let read = 0;
    for (let i = 0; i < 2 * atOnce; i++) {
      const stream = await client.open(SERVER, SECURE_PROTOCOLS.a2a);
      const answers = answersOf(stream);
      await stream.writeMessage(GARBAGE);
      await sleep(SHORT_MS / 2);
      read += answers.count;
    }
    expect(read).toBe(atOnce);
    const last = await client.open(SERVER, SECURE_PROTOCOLS.a2a);
    const answers = answersOf(last);
    await last.writeMessage(GARBAGE);
    clock.ms += 1_000;
    await expect.poll(() => answers.count, { timeout: 5_000 }).toBe(1);
    server.close();
  });

  it('does not hold up another peer', async () => {
    const { server, client, other } = setUp();
    const flood = await client.open(SERVER, SECURE_PROTOCOLS.a2a);
    const answers = answersOf(flood);
    for (let i = 0; i <= atOnce; i++) await flood.writeMessage(GARBAGE);
    await expect.poll(() => answers.count, { timeout: 5_000 }).toBe(atOnce);
    const honest = await other.open(SERVER, SECURE_PROTOCOLS.a2a);
    await honest.writeMessage(utf8('{"id":1}'));
    const answer = await honest.readMessage();
    expect(JSON.parse(new TextDecoder().decode(answer))).toMatchObject({ id: 1 });
    expect(answers.count).toBe(atOnce);
    server.close();
  });

  it('leaves room for several peers at once, and a message of any size can be paid for', () => {
    expect(READING_OF_ALL.burst).toBeGreaterThan(3 * READING_PER_PEER.burst);
    const most = SECURE_PROTOCOLS.a2a.maxMessageBytes;
    expect(READING_PER_PEER.burst * BYTES_PER_TOKEN).toBeGreaterThanOrEqual(most);
  });
});
