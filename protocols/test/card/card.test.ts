import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { equalBytes, toBase64Url, utf8 } from '../../../crypto/bytes.ts';
import type { CertificateClaim } from '../../../crypto/certificate-leaf.ts';
import { sha256 } from '../../../crypto/hash.ts';
import { Identity } from '../../../crypto/identity.ts';
import { makePresentation } from '../../../crypto/presentation.ts';
import { encodeChallenge } from '../../../crypto/presentation-messages.ts';
import { issueSkillCertificate } from '../../../crypto/skill-certificate.ts';
import type { HeldCertificate } from '../../../crypto/skill-certificate.ts';
import { emptyStatusBits, signStatusList } from '../../../crypto/status-list.ts';
import { hostileMessages } from '../../../crypto/test/costly-inputs.ts';
import { FUZZ_TIMEOUT_MS, fuzz } from '../../../crypto/test/fuzz.ts';
import { agentCardHash, buildAgentCard } from '../../a2a/agent-card.ts';
import { checkCard } from '../../card/card-check.ts';
import type { ExpectedCard } from '../../card/card-check.ts';
import { requestCard, requestPresentation, requestStatusList } from '../../card/client.ts';
import {
  decodeCardMessage,
  decodeVector,
  encodeCardMessage,
  encodeCardRequest,
  encodeVector,
  isCardRequest,
} from '../../card/messages.ts';
import { decodeStatusRequest, encodeStatusRequest } from '../../card/status-messages.ts';
import { serveCards } from '../../card/server.ts';
import type { CardServerInit } from '../../card/server.ts';
import { SECURE_PROTOCOLS } from '../../protocol-ids.ts';
import type { SecureStream } from '../../secure-stream.ts';
import { FakeNetwork } from '../a2a/fake-secure-streams.ts';
import { FakeClock, FakeLogger, FakeRandom } from '../a2a/test-agent.ts';

const holder = Identity.fromSeed(new Uint8Array(32).fill(1));
const verifier = Identity.fromSeed(new Uint8Array(32).fill(2));
const issuer = Identity.fromSeed(new Uint8Array(32).fill(3));
const thief = Identity.fromSeed(new Uint8Array(32).fill(4));
const NOW = 1_800_000_000;
const TERM = 'performs:nlp/sentiment';
const random = new FakeRandom();
const want = [{ term: TERM, min: '' }];

const built = buildAgentCard({
  name: 'holder',
  description: 'A holder.',
  version: '1.0.0',
  peerId: holder.peerId,
  multiaddrs: ['/ip4/127.0.0.1/tcp/4001'],
  offers: [{ term: TERM, description: 'Mood.', priceMicroUsd: 10, perUnit: 'task', latencyMs: 5 }],
});
const vector = Float32Array.from({ length: 256 }, (_, i) => Math.sin(i));
const vectorBytes = encodeVector(vector);
const record: ExpectedCard = {
  peerId: holder.peerId,
  card: built.hash,
  embeddings: { dim: 256, sha256: toBase64Url(sha256(vectorBytes)) },
};

function certificateFor(peer: Identity): HeldCertificate {
  const claims: CertificateClaim[] = [
    { kind: 'skill', name: TERM },
    { kind: 'skill', name: 'performs:secret/thing' },
  ];
  const issued = issueSkillCertificate({
    issuer,
    holder: peer.peerId,
    kind: 'attestation',
    claims,
    iat: NOW,
    nbf: NOW,
    exp: NOW + 86_400,
    list: 0,
    slot: 7,
    evidence: new Uint8Array(32).fill(9),
    random: (length) => random.bytes(length),
  });
  return { ...issued, openings: [] };
}

const held = certificateFor(holder);
const list = signStatusList({
  issuer,
  list: 0,
  seq: 1,
  iat: NOW,
  next: NOW + 3_600,
  bits: emptyStatusBits(64),
});

function setUp(init: Partial<CardServerInit> = {}) {
  const network = new FakeNetwork();
  const clock = new FakeClock();
  const logger = new FakeLogger();
  const holderStreams = network.join(holder.peerId);
  serveCards({
    streams: holderStreams,
    identity: holder,
    ownCard: () => ({ bytes: built.bytes, vector }),
    certificates: () => Promise.resolve([held]),
    statusLists: () => Promise.resolve([list]),
    clock,
    random,
    logger,
    ...init,
  });
  const streams = network.join(verifier.peerId);
  const show = () =>
    requestPresentation(streams, holder.peerId, {
      want,
      believes: (by) => by === issuer.peerId,
      verifier: verifier.peerId,
      clock,
      random,
    });
  return { network, clock, logger, holderStreams, streams, show };
}

/** A holder that answers a challenge with whatever `answer` makes. */
function lyingHolder(
  answer: (nonce: Uint8Array, stream: SecureStream, clock: FakeClock) => Uint8Array | undefined,
) {
  const network = new FakeNetwork();
  const clock = new FakeClock();
  network.join(holder.peerId).handle(SECURE_PROTOCOLS.card, async (stream) => {
    const question = await stream.readMessage();
    const { nonce } = JSON.parse(new TextDecoder().decode(question)) as { nonce?: string };
    const bytes = answer(new Uint8Array(Buffer.from(nonce ?? '', 'base64url')), stream, clock);
    if (bytes) await stream.writeMessage(bytes);
    await stream.closeWrite();
  });
  const streams = network.join(verifier.peerId);
  const believes = (by: string) => by === issuer.peerId;
  const request = { want, believes, verifier: verifier.peerId, clock, random };
  return {
    show: () => requestPresentation(streams, holder.peerId, request),
    card: (expected = record) => requestCard(streams, holder.peerId, expected),
  };
}

describe('agent card over the session', () => {
  it('arrives with its vector and is the one that the record names', async () => {
    const { streams } = setUp();
    const received = await requestCard(streams, holder.peerId, record);
    if (!received.valid) throw new Error(received.reason);
    expect(received.card.skills.map(({ id }) => id)).toEqual([TERM]);
    expect(received.vector).toEqual(vector);
    expect(agentCardHash(received.bytes)).toBe(record.card);
  });

  it('comes without a vector where the record names none', async () => {
    const { streams } = setUp({
      ownCard: () => ({ bytes: built.bytes, vector: new Float32Array() }),
    });
    const none = { ...record, embeddings: { dim: 0, sha256: toBase64Url(new Uint8Array(32)) } };
    expect(await requestCard(streams, holder.peerId, none)).toMatchObject({
      valid: true,
      vector: undefined,
    });
  });

  it('is refused if its hash is not that of the record', async () => {
    const { streams } = setUp();
    const expected = { ...record, card: toBase64Url(new Uint8Array(32)) };
    expect(await requestCard(streams, holder.peerId, expected)).toMatchObject({
      valid: false,
      reason: 'CARD_HASH_MISMATCH',
    });
  });

  it('is refused with a vector that is not the one of the record', async () => {
    const { streams } = setUp({
      ownCard: () => ({ bytes: built.bytes, vector: vector.map((value) => value + 1) }),
    });
    expect(await requestCard(streams, holder.peerId, record)).toMatchObject({
      reason: 'VECTOR_HASH_MISMATCH',
    });
  });

  it('is refused with a vector of another length than the record says', async () => {
    const { streams } = setUp();
    const expected = { ...record, embeddings: { ...record.embeddings, dim: 255 } };
    expect(await requestCard(streams, holder.peerId, expected)).toMatchObject({
      reason: 'VECTOR_LENGTH_MISMATCH',
    });
  });

  it('reports silence and garbage as such', async () => {
    expect(await lyingHolder(() => undefined).card()).toMatchObject({ reason: 'NO_ANSWER' });
    expect(await lyingHolder(() => utf8('{"v":1}')).card()).toMatchObject({ reason: 'MALFORMED' });
  });
});

describe('a card that the record names but that cannot be used', () => {
  const check = (bytes: Uint8Array, vectorOf = vectorBytes) => {
    const embeddings = { dim: vectorOf.length / 4, sha256: toBase64Url(sha256(vectorOf)) };
    const expected = { peerId: holder.peerId, card: agentCardHash(bytes), embeddings };
    const checked = checkCard({ card: bytes, vector: vectorOf }, expected);
    return checked.valid ? 'VALID' : checked.reason;
  };

  it('is refused if it is not canonical, or no agent card', () => {
    expect(check(built.bytes)).toBe('VALID');
    expect(check(utf8(JSON.stringify({ ...built.json, version: '2', name: 'x' })))).toBe(
      'NOT_CANONICAL',
    );
    expect(check(utf8('not JSON'))).toBe('NOT_CANONICAL');
    expect(check(utf8('{"name":"x"}'))).toBe('NOT_AN_AGENT_CARD');
    expect(check(utf8('null'))).toBe('NOT_AN_AGENT_CARD');
  });

  it('is refused if it is nested too deep to be read', () => {
    expect(check(utf8(`${'['.repeat(20_000)}${']'.repeat(20_000)}`))).toBe('NOT_CANONICAL');
  });

  it('is refused if its libp2p interface is that of another peer', () => {
    const text = new TextDecoder().decode(built.bytes);
    expect(check(utf8(text.replaceAll(holder.peerId, thief.peerId)))).toBe('CARD_OF_OTHER_PEER');
  });

  it('is refused with a vector that is not of finite numbers', () => {
    expect(check(built.bytes, encodeVector(Float32Array.of(1, Number.NaN)))).toBe(
      'VECTOR_NOT_FINITE',
    );
    expect(check(built.bytes, encodeVector(Float32Array.of(Number.POSITIVE_INFINITY)))).toBe(
      'VECTOR_NOT_FINITE',
    );
  });
});

describe('presentation over the session', () => {
  it('opens the wanted leaf and nothing else', async () => {
    const { show } = setUp();
    const shown = await show();
    if (!shown.valid) throw new Error(shown.reason);
    expect(shown.certificates).toHaveLength(1);
    expect(shown.certificates[0]).toMatchObject({
      issuer: issuer.peerId,
      kind: 'attestation',
      leaves: [{ kind: 'skill', name: TERM }],
      status: 'good',
    });
  });

  it('is empty where the holder has nothing to show', async () => {
    const { show } = setUp({ certificates: () => Promise.resolve([]) });
    expect(await show()).toEqual({ valid: true, certificates: [] });
  });

  it('draws a new nonce for every challenge', async () => {
    const nonces = new Set<string>();
    const holderThatLooks = lyingHolder((nonce) => {
      nonces.add(toBase64Url(nonce));
      return undefined;
    });
    await holderThatLooks.show();
    await holderThatLooks.show();
    expect(nonces.size).toBe(2);
    expect([...nonces].every((nonce) => nonce.length === 43)).toBe(true);
  });
});

describe('status list over the session', () => {
  it('is the list of the node that was asked, byte for byte', async () => {
    const { streams } = setUp({
      ownStatusList: (number) => Promise.resolve(number === 7 ? list : undefined),
    });
    expect(await requestStatusList(streams, holder.peerId, 7)).toEqual(list.envelope);
  });

  it('is refused by a node that issues no certificates', async () => {
    const { streams } = setUp();
    await expect(requestStatusList(streams, holder.peerId, 0)).rejects.toMatchObject({
      code: 'STREAM_ABORTED',
    });
  });
});

describe('attacks on a verifier', () => {
  const honest = {
    holder,
    verifier: verifier.peerId,
    iat: NOW,
    certificates: [held],
    status: [list],
    wanted: want,
    random: (length: number) => random.bytes(length),
  };

  it('refuses a presentation that was made for another nonce', async () => {
    const { show } = lyingHolder((_nonce, { sessionHash }) => {
      return makePresentation({ ...honest, nonce: new Uint8Array(32).fill(7), sessionHash }).bytes;
    });
    expect(await show()).toMatchObject({ valid: false, reason: 'WRONG_NONCE' });
  });

  it('refuses a presentation replayed from an earlier challenge', async () => {
    let recorded: Uint8Array | undefined;
    const { show } = lyingHolder((nonce, { sessionHash }) => {
      recorded ??= makePresentation({ ...honest, nonce, sessionHash }).bytes;
      return recorded;
    });
    expect(await show()).toMatchObject({ valid: true });
    expect(await show()).toMatchObject({ valid: false, reason: 'WRONG_NONCE' });
  });

  it('refuses a presentation that was made for another verifier', async () => {
    const { show } = lyingHolder((nonce, { sessionHash }) => {
      const other = { ...honest, verifier: thief.peerId };
      return makePresentation({ ...other, nonce, sessionHash }).bytes;
    });
    expect(await show()).toMatchObject({ valid: false, reason: 'WRONG_VERIFIER' });
  });

  it('refuses a presentation that was made in another session', async () => {
    const { show } = lyingHolder((nonce) => {
      return makePresentation({ ...honest, nonce, sessionHash: new Uint8Array(32) }).bytes;
    });
    expect(await show()).toMatchObject({ valid: false, reason: 'WRONG_SESSION' });
  });

  it("refuses another holder's presentation passed on over this session", async () => {
    const stolen = certificateFor(thief);
    const { show } = lyingHolder((nonce, { sessionHash }) => {
      const theirs = { ...honest, holder: thief, certificates: [stolen] };
      return makePresentation({ ...theirs, nonce, sessionHash }).bytes;
    });
    expect(await show()).toMatchObject({ valid: false, reason: 'WRONG_HOLDER' });
  });

  it("refuses another holder's certificate in the peer's own presentation", async () => {
    const stolen = certificateFor(thief);
    const { show } = lyingHolder((nonce, { sessionHash }) => {
      const bytes = makePresentation({ ...honest, nonce, sessionHash }).bytes;
      const message = JSON.parse(new TextDecoder().decode(bytes)) as { certs: unknown[] };
      const envelope = new TextDecoder().decode(stolen.certificate.envelope);
      message.certs = [JSON.parse(envelope)];
      return utf8(JSON.stringify(message));
    });
    expect(await show()).toMatchObject({ valid: false, reason: 'CERTIFICATE_OF_OTHER_HOLDER' });
  });

  it('refuses an answer that comes later than 60 s', async () => {
    const { show } = lyingHolder((nonce, { sessionHash }, clock) => {
      clock.ms += 60_001;
      return makePresentation({ ...honest, nonce, sessionHash }).bytes;
    });
    expect(await show()).toMatchObject({ valid: false, reason: 'TOO_LATE' });
  });

  it('takes garbage for a malformed presentation', async () => {
    const { show } = lyingHolder(() => utf8('{}'));
    expect(await show()).toMatchObject({ valid: false, reason: 'MALFORMED' });
  });
});

describe('attacks on a holder', () => {
  it('aborts a stream with a message that is no question', async () => {
    const { streams, holderStreams } = setUp();
    const stream = await streams.open(holder.peerId, SECURE_PROTOCOLS.card);
    await stream.writeMessage(utf8('{"typ":"cardreq","v":2}'));
    await expect(stream.readMessage()).rejects.toMatchObject({ code: 'STREAM_ABORTED' });
    expect(holderStreams.accepted[0]!.abortedWith).toBe('badMessage');
  });

  it('answers at most 8 questions on one stream', async () => {
    const { streams } = setUp();
    const stream = await streams.open(holder.peerId, SECURE_PROTOCOLS.card);
    for (let i = 0; i < 9; i++) await stream.writeMessage(encodeCardRequest());
    for (let i = 0; i < 8; i++) expect(await stream.readMessage()).toBeDefined();
    expect(await stream.readMessage()).toBeUndefined();
  });

  it('answers a peer no more than its rate, and others still', async () => {
    const { streams, network } = setUp({ limits: { perPeer: { burst: 2, perSecond: 1 } } });
    await requestCard(streams, holder.peerId, record);
    await requestCard(streams, holder.peerId, record);
    await expect(requestCard(streams, holder.peerId, record)).rejects.toThrow();
    const others = network.join(thief.peerId);
    await expect(requestCard(others, holder.peerId, record)).resolves.toMatchObject({
      valid: true,
    });
  });

  it('gives up a peer that asks nothing', async () => {
    const { streams, holderStreams } = setUp({ limits: { idleTimeoutMs: 5 } });
    const stream = await streams.open(holder.peerId, SECURE_PROTOCOLS.card);
    await expect(stream.readMessage()).rejects.toMatchObject({ code: 'STREAM_ABORTED' });
    expect(holderStreams.accepted[0]!.abortedWith).toBe('internal');
  });
});

describe('card messages', () => {
  it('carry any card bytes and any finite vector unchanged', () => {
    const numbers = fc.float32Array({ maxLength: 64, noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 256 }), numbers, (card, floats) => {
        const read = decodeCardMessage(encodeCardMessage({ card, vector: encodeVector(floats) }));
        expect(read?.card).toEqual(card);
        expect(decodeVector(read!.vector)).toEqual(floats);
      }),
      { numRuns: 500 },
    );
  });

  it('write the vector as little-endian Float32', () => {
    expect(encodeVector(Float32Array.of(1, -2))).toEqual(
      Uint8Array.of(0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0),
    );
  });

  it('fit the stream at the limits of card and vector, and not beyond', () => {
    const largest = { card: new Uint8Array(57_344), vector: new Uint8Array(8_192) };
    expect(encodeCardMessage(largest).length).toBeLessThanOrEqual(
      SECURE_PROTOCOLS.card.maxMessageBytes,
    );
    expect(() => encodeCardMessage({ ...largest, card: new Uint8Array(57_345) })).toThrow();
    expect(() => encodeCardMessage({ ...largest, vector: new Uint8Array(8_196) })).toThrow();
  });

  it(
    'never throw on arbitrary or changed bytes, and read none in two forms',
    () => {
      const valid = encodeCardMessage({
        card: utf8('{"name":"x"}'),
        vector: vectorBytes.slice(0, 32),
      });
      fuzz(hostileMessages(valid, encodeCardRequest(), encodeStatusRequest(7)), (bytes) => {
        const read = decodeCardMessage(bytes);
        if (read) expect(encodeCardMessage(read)).toEqual(bytes);
        const list = decodeStatusRequest(bytes);
        if (list !== undefined) expect(encodeStatusRequest(list)).toEqual(bytes);
        expect(isCardRequest(bytes)).toBe(false);
        decodeVector(bytes);
      });
    },
    FUZZ_TIMEOUT_MS,
  );

  it(
    'lead to a refusal of every card but the one that the record names, whatever is in it',
    () => {
      fuzz(hostileMessages(built.bytes), (card) => {
        const message = { card, vector: vectorBytes };
        expect(checkCard(message, record).valid).toBe(false);
        const checked = checkCard(message, { ...record, card: agentCardHash(card) });
        if (checked.valid) expect(equalBytes(checked.bytes, card)).toBe(true);
      });
    },
    FUZZ_TIMEOUT_MS,
  );

  it('ask in one canonical form', () => {
    expect(new TextDecoder().decode(encodeCardRequest())).toBe('{"typ":"cardreq","v":1}');
    expect(isCardRequest(encodeChallenge({ nonce: new Uint8Array(32), want }))).toBe(false);
  });
});
