import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../crypto/bytes.ts';
import { decodeFound, encodeFind } from '../../broker/messages.ts';
import { serveQueries } from '../../broker/server.ts';
import { SECURE_PROTOCOLS } from '../../protocol-ids.ts';
import type { AbortReason, SecureStream, SecureStreamHandler } from '../../secure-stream.ts';
import { FakeClock, FakeLogger } from '../negotiation/fake-world.ts';

const QUESTION = encodeFind({ keys: ['performs:nlp'], limit: 10 });

/** A broker, and clients that send it one message each. */
class BrokerUnderTest {
  readonly clock = new FakeClock();
  readonly logger = new FakeLogger();
  /** Questions that cost it an answer. */
  answered = 0;
  #handler: SecureStreamHandler | undefined;

  constructor() {
    serveQueries({
      streams: {
        open: () => Promise.reject(new Error('it opens none')),
        handle: (protocol, handler) => {
          expect(protocol).toBe(SECURE_PROTOCOLS.query);
          this.#handler = handler;
        },
      },
      answer: () => {
        this.answered += 1;
        return { records: [], left: 0, outside: [], quotes: [] };
      },
      scores: () => Promise.resolve([]),
      clock: this.clock,
      logger: this.logger,
    });
  }

  async ask(peer: string, message: Uint8Array = QUESTION): Promise<AbortReason | 'answer'> {
    let end: AbortReason | undefined;
    const written: Uint8Array[] = [];
    const stream: Partial<SecureStream> = {
      remotePeer: peer,
      readMessage: () => Promise.resolve(message),
      writeMessage: (bytes) => Promise.resolve(void written.push(bytes)),
      closeWrite: () => Promise.resolve(),
      abort: (reason) => {
        end ??= reason;
      },
    };
    await this.#handler!(stream as SecureStream);
    if (end === undefined) expect(written.map(decodeFound)).toMatchObject([{ left: 0 }]);
    else expect(written).toEqual([]);
    return end ?? 'answer';
  }

  async askTimes(peer: string, times: number, message?: Uint8Array): Promise<number> {
    let taken = 0;
    for (let i = 0; i < times; i++) {
      if ((await this.ask(peer, message)) !== 'cancelled') taken += 1;
    }
    return taken;
  }
}

describe('attack: a flood of questions to a broker', () => {
  it('of one client has 32 answers at once and four a second, others have theirs', async () => {
    const broker = new BrokerUnderTest();
    expect(await broker.askTimes('flooder', 40)).toBe(32);
    expect(broker.answered).toBe(32);
    expect(await broker.ask('flooder')).toBe('cancelled');
    expect(broker.logger.lines.at(-1)!.fields).toEqual({ remotePeer: 'flooder' });
    expect(await broker.ask('honest')).toBe('answer');
    broker.clock.advanceSeconds(1);
    expect(await broker.askTimes('flooder', 10)).toBe(4);
    broker.clock.advanceSeconds(3_600);
    expect(await broker.askTimes('flooder', 40)).toBe(32);
  });

  it('of many clients has 128 answers at once and 32 a second', async () => {
    const broker = new BrokerUnderTest();
    const askAll = async (from: number): Promise<number> => {
      let taken = 0;
      for (let peer = from; peer < from + 300; peer++) taken += await broker.askTimes(`${peer}`, 1);
      return taken;
    };
    expect(await askAll(0)).toBe(128);
    broker.clock.advanceSeconds(1);
    expect(await askAll(1_000)).toBe(32);
    expect(broker.answered).toBe(160);
  });

  it('counts a message that is no question like any other', async () => {
    const broker = new BrokerUnderTest();
    const noise = utf8('noise');
    expect(await broker.ask('flooder', noise)).toBe('badMessage');
    expect(await broker.askTimes('flooder', 40, noise)).toBe(31);
    expect(await broker.ask('flooder')).toBe('cancelled');
    expect(broker.answered).toBe(0);
  });
});
