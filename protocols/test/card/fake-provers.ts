/**
 * Holders of a committed quantity, honest and lying, and a verifier that asks them for a minimum,
 * over fake streams.
 *
 * @module
 */

import { toBase64Url } from '../../../crypto/bytes.ts';
import { signDocument } from '../../../crypto/envelope.ts';
import { docId, Identity } from '../../../crypto/identity.ts';
import { commit } from '../../../crypto/pedersen.ts';
import {
  decodeShow,
  embedEnvelope,
  encodeDisclosure,
  encodeShow,
  presentationDefinition,
} from '../../../crypto/presentation-messages.ts';
import type { Disclosure } from '../../../crypto/presentation-messages.ts';
import { makePresentation } from '../../../crypto/presentation.ts';
import { encodeScalar, randomScalar } from '../../../crypto/ristretto.ts';
import { fixedRung } from '../../../crypto/rung-ladder.ts';
import { issueSkillCertificate } from '../../../crypto/skill-certificate.ts';
import type { HeldCertificate } from '../../../crypto/skill-certificate.ts';
import { emptyStatusBits, signStatusList } from '../../../crypto/status-list.ts';
import { requestPresentation } from '../../card/client.ts';
import { serveCards } from '../../card/server.ts';
import type { CardServerInit } from '../../card/server.ts';
import { SECURE_PROTOCOLS } from '../../protocol-ids.ts';
import type { SecureStreams } from '../../secure-stream.ts';
import { FakeNetwork } from '../a2a/fake-secure-streams.ts';
import { FakeClock, FakeLogger, FakeRandom } from '../a2a/test-agent.ts';

export const holder = Identity.fromSeed(new Uint8Array(32).fill(1));
const verifier = Identity.fromSeed(new Uint8Array(32).fill(2));
/** PeerId of whoever asks. */
export const verifierId: string = verifier.peerId;
export const issuer = Identity.fromSeed(new Uint8Array(32).fill(3));
const NOW = 1_800_000_000;
export const GPU = 'hasResource:gpu-memory-gib';
const random = new FakeRandom();
const draw = (length: number) => random.bytes(length);
const status = signStatusList({
  issuer,
  list: 1,
  seq: 1,
  iat: NOW,
  next: NOW + 3_600,
  bits: emptyStatusBits(64),
});

/** A certificate of that much memory, as its holder keeps it. */
export function certificateOf(value: bigint): HeldCertificate {
  const scalar = randomScalar(draw);
  const commitment = commit(value, scalar).toBytes();
  const issued = issueSkillCertificate({
    issuer,
    holder: holder.peerId,
    kind: 'attestation',
    claims: [{ kind: 'committedQuantity', name: GPU, commitment }],
    iat: NOW,
    nbf: NOW,
    exp: NOW + 86_400,
    list: 1,
    slot: 7,
    evidence: new Uint8Array(32).fill(9),
    random: draw,
  });
  const opening = { name: GPU, value, blinding: encodeScalar(scalar), rung: fixedRung(value) };
  return { ...issued, openings: [opening] };
}

/** Asks the holder for a minimum of the resource. */
export function askMinimum(streams: SecureStreams, min: string) {
  const want = [{ term: GPU, min }];
  const clock = new FakeClock();
  const request = { want, verifier: verifier.peerId, clock, random, believes: () => true };
  return requestPresentation(streams, holder.peerId, request);
}

/** Streams to an honest server of this certificate. */
export function served(held: HeldCertificate, init: Partial<CardServerInit> = {}): SecureStreams {
  const network = new FakeNetwork();
  serveCards({
    streams: network.join(holder.peerId),
    identity: holder,
    ownCard: () => ({ bytes: new Uint8Array(), vector: new Float32Array() }),
    certificates: () => Promise.resolve([held]),
    statusLists: () => Promise.resolve([status]),
    clock: new FakeClock(),
    random,
    logger: new FakeLogger(),
    ...init,
  });
  return network.join(verifier.peerId);
}

/**
 * Streams to a server that proves `min`, whatever it is asked for, and signs what `forge` makes of
 * the disclosure.
 */
export function lying(
  held: HeldCertificate,
  min: string,
  forge: (shown: Disclosure) => Disclosure = (shown) => shown,
): SecureStreams {
  const network = new FakeNetwork();
  network.join(holder.peerId).handle(SECURE_PROTOCOLS.card, async (stream) => {
    const question = new TextDecoder().decode(await stream.readMessage());
    const { nonce } = JSON.parse(question) as { nonce: string };
    const { bytes } = makePresentation({
      holder,
      verifier: verifier.peerId,
      nonce: new Uint8Array(Buffer.from(nonce, 'base64url')),
      sessionHash: stream.sessionHash,
      iat: NOW,
      certificates: [held],
      status: [status],
      wanted: [{ term: GPU, min }],
      random: draw,
    });
    const read = decodeShow(bytes);
    if (!read.valid) throw new Error(read.detail);
    const disclosure = forge(read.message.disclosure);
    const body = {
      v: 1,
      typ: 'pres',
      holder: holder.peerId,
      verifier: verifier.peerId,
      nonce,
      sh: toBase64Url(stream.sessionHash),
      iat: NOW,
      disc: toBase64Url(docId('disclosure', encodeDisclosure(disclosure))),
    } as const;
    const pres = embedEnvelope(signDocument(presentationDefinition, body, holder).envelope);
    await stream.writeMessage(encodeShow({ ...read.message, disclosure, pres }));
    await stream.closeWrite();
  });
  return network.join(verifier.peerId);
}
