import { beforeEach, describe, expect, it } from 'vitest';
import { issueSkillCertificate } from '../../../crypto/skill-certificate.ts';
import { acceptCertificates } from '../../../protocols/attestation/holder.ts';
import type { SecureStreams } from '../../../protocols/secure-stream.ts';
import { FakeNetwork } from '../../../protocols/test/a2a/fake-secure-streams.ts';
import { FakeClock, FakeLogger, FakeRandom } from '../../../protocols/test/a2a/test-agent.ts';
import { START_SECONDS } from '../../../protocols/test/negotiation/fake-world.ts';
import { ALICE, BOB } from '../../../protocols/test/negotiation/fixture.ts';
import { handOverCertificate } from '../../tasks/certificate-handover.ts';

const random = new FakeRandom();
const logger = new FakeLogger();
const never = new AbortController().signal;
const CERTIFICATE = issueSkillCertificate({
  issuer: ALICE,
  holder: BOB.peerId,
  kind: 'attestation',
  claims: [{ kind: 'skill', name: 'performs:nlp/sentiment' }],
  iat: START_SECONDS,
  nbf: START_SECONDS,
  exp: START_SECONDS + 86_400,
  list: 0,
  slot: 0,
  evidence: new Uint8Array(32),
  random: (length) => random.bytes(length),
});

/** Bob, who takes certificates or does not, behind streams that break when they are opened. */
class FakeHolder {
  isWanted = true;
  stored = 0;
  opened = 0;
  brokenStreams = 0;
  onOpen = (): void => undefined;
  readonly streams: SecureStreams;

  constructor() {
    const network = new FakeNetwork();
    acceptCertificates({
      streams: network.join(BOB.peerId),
      holder: BOB.peerId,
      isWanted: () => Promise.resolve(this.isWanted),
      measuredResources: new Map(),
      store: () => {
        this.stored += 1;
        return Promise.resolve();
      },
      clock: new FakeClock(),
      random,
      logger,
    });
    const streams = network.join(ALICE.peerId);
    this.streams = {
      handle: streams.handle.bind(streams),
      open: (...asked) => {
        this.opened += 1;
        this.onOpen();
        if (this.opened <= this.brokenStreams) return Promise.reject(new Error('stream broke'));
        return streams.open(...asked);
      },
    };
  }
}

let holder: FakeHolder;

beforeEach(() => {
  holder = new FakeHolder();
});

function handOver(signal = never, explanations: Readonly<Record<string, string>> = {}) {
  const { streams } = holder;
  return handOverCertificate({ streams, random, logger, explanations }, CERTIFICATE, signal);
}

describe('a certificate that is handed over', () => {
  it('is taken at the first attempt', async () => {
    expect(await handOver()).toBeNull();
    expect(holder).toMatchObject({ stored: 1, opened: 1 });
  });

  it('is handed over once more where the stream broke', async () => {
    holder.brokenStreams = 1;
    expect(await handOver()).toBeNull();
    expect(holder).toMatchObject({ stored: 1, opened: 2 });
  });

  it('is not handed over a third time: the reason is what broke', async () => {
    holder.brokenStreams = 9;
    expect(await handOver()).toBe('stream broke');
    expect(holder.opened).toBe(2);
  });

  it('is not handed over again where it was refused; the refusal is put in words', async () => {
    holder.isWanted = false;
    expect(await handOver()).toBe('NOT_SUPPORTED');
    expect(holder.opened).toBe(1);
    const words = 'add the attestor there';
    expect(await handOver(never, { NOT_SUPPORTED: words })).toBe(words);
    expect(holder.stored).toBe(0);
  });

  it('is not handed over any longer once the caller hangs up', async () => {
    const caller = new AbortController();
    holder.brokenStreams = 9;
    holder.onOpen = () => caller.abort(new Error('hung up'));
    await expect(handOver(caller.signal)).rejects.toThrow('hung up');
    expect(holder.opened).toBe(1);
  });
});
