/**
 * Worked example A of wire-formats.md 7, byte for byte, with its further values.
 */

import { describe, expect, it } from 'vitest';
import { fromHex, toHex, utf8 } from '../../../crypto/bytes.ts';
import { FrameOpener, FrameSealer } from '../../secure-channel/frames.ts';
import { handshakePrologue } from '../../secure-channel/handshake.ts';
import { SESSION_ROLES } from '../../secure-channel/session-keys.ts';
import { StreamKeyChain } from '../../secure-channel/stream-keys.ts';
import { deriveStreamSecrets, encodeAccept, sealOpen } from '../../secure-channel/stream-open.ts';
import { INITIATOR, RESPONDER, repeat, runHandshake, sessionPair } from './example-session.ts';

const MESSAGE_1 = '7b0d47d93427f8311160781c7c733fd89f88970aef490d8aa0ee19a4cb8a1b14';
const MESSAGE_2 =
  'ff2ee45601ec1b67310c7790404585ae697331eee1c1f8cf2419731c1fff3e6b2cd2b7e677cf335563c62b7430218e13457b9617ae068cb83bb09b6b98e9a528' +
  '73e39074d30b99524b3f4ecb676390fdabf07b0b4cf74e2a9fe395cf85a279300ef2d4fb63ec0d5a1d775fe49445af8373bee1224b6d71a988f8797129511b63' +
  '8b516507f97a66c94bd36e2b3ab44fd67c59acdd74dff3259ba2610c7d11b645d1de517727cb0bb95ce60bf11fa2996b8894e15bc5bbc7da92c0cc705c9d23c3' +
  '3d';
const MESSAGE_3 =
  '4b4304a1ce0fa0831c0d5086a53d113c80569e488157087563fafa69d1792d9a1ce1b24f6a8295c563667b46ecea491a13e1ca5b451cf86c7e043c8f9d035f32' +
  'b52807128c4d01593d6d09fdb3a328ea762fb23ca514942cf0718b840cd1d1235294a64f13b104aa0660790c726d109afe79c9061bfbc060b42dec3b8d4876a9' +
  '8762af37ed742c41b525fa7acd67478bcf252ae304b02fbafc81f249c73add9326';
const OPEN =
  '01014d502762ee5daddb27d27432c81a7b844900000000000000009e1ba720166f2df59eafdcc37f16fc6fa242734759de24407fb4a8ce578dfe3759cd6846c7' +
  '6e5838dd9572a800c67135677d0e79cc07c2238a475ff0ab6d9353c126d531dc965fc3f8b4093fe1b85697bc';
const OPEN_BY_RESPONDER =
  '01014d502762ee5daddb27d27432c81a7b84520000000000000000a15d63a65f8fed199ce8c060a6dfa9ffdc6eb02c1a22b0468132bdd3ccb8bfdeea468cdc870d5a32fed3b7826a41cc2f1f572aea11bfae5f5821c3b88a2618ffbbd333d250da508ab71ac6effad64a2cdd';
const ACCEPT =
  '0201cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc1d0e04625dac5df1aff0cf4c112b489d69443983fdf9c1dc81ae560334bf' +
  'e6c6';

const BODY = { purpose: 2, context: repeat(0xaa), nonce: repeat(0xbb) };

function streamSecrets() {
  const { initiatorKeys: keys } = runHandshake();
  const key = keys.openKeys[SESSION_ROLES.initiator];
  const { transcript } = sealOpen(key, keys.id, SESSION_ROLES.initiator, 0, BODY);
  return deriveStreamSecrets(keys.exporterSecret, transcript, repeat(0xcc));
}

describe('worked example A', () => {
  it('has the PeerIds and the prologue', () => {
    expect(INITIATOR.peerId).toBe('12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5');
    expect(RESPONDER.peerId).toBe('12D3KooWJWoaqZhDaoEFshF7Rh1bpY9ohihFhzcW6d69Lr2NASuq');
    const prologue = handshakePrologue(fromHex('01010001'), INITIATOR.peerId, RESPONDER.peerId);
    expect(toHex(prologue)).toBe(
      '636f616c657363652f73657373696f6e2f76310000040101000100260024080112208a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f' +
        '6f5c00260024080112208139770ea87d175f56a35466c34c7ecccb8d8a91b4ee37a25df60f5b8fc9b394',
    );
  });

  it('sends OFFER, the three messages and CONFIRM', () => {
    const sent = runHandshake();
    expect(toHex(sent.offer)).toBe('01010001');
    expect(toHex(sent.message1)).toBe(MESSAGE_1);
    expect(toHex(sent.message2)).toBe(MESSAGE_2);
    expect(toHex(sent.message3)).toBe(MESSAGE_3);
    expect(toHex(sent.confirm)).toBe(
      'd2ce8fa2b190800fcd9100ec1665d1385e2e12909af89a198b337325ac927b5e',
    );
  });

  it('derives the same session keys on both sides', () => {
    const { initiatorKeys: keys, responderKeys } = runHandshake();
    expect(responderKeys).toEqual(keys);
    expect(toHex(keys.exporterSecret)).toBe(
      'b63ef42f73475e886d7dde4e2cf7e17c05e8244d6a1249223e032b20ac9bc5d1',
    );
    expect(toHex(keys.id)).toBe('4d502762ee5daddb27d27432c81a7b84');
    expect(toHex(keys.hash)).toBe(
      'e98dd8d7849eb8256e84b3349ee95df704a0281c39a0a86cefc6739f769268e1',
    );
    expect(toHex(keys.openKeys[SESSION_ROLES.initiator])).toBe(
      '5c251d2b0dfa311785e781bfb8ee1540a184d8e99840f2e68868d18c77e108bf',
    );
    expect(toHex(keys.openKeys[SESSION_ROLES.responder])).toBe(
      'dcd51c42f289c6715ab5ffcc80496b931ea8ea2bf3f61fb9e5884ae86be00d9f',
    );
  });

  it('opens a stream: OPEN, ACCEPT and the secrets of both directions', () => {
    const [initiator, responder] = sessionPair();
    const outgoing = initiator.createOpen(BODY, 0);
    expect(toHex(outgoing.open)).toBe(OPEN);
    const accepted = responder.readOpen(outgoing.open, 0)!.accept(repeat(0xcc))!;
    expect(toHex(accepted.accept)).toBe(ACCEPT);
    const answer = outgoing.readAnswer(accepted.accept);
    if (answer.kind !== 'accepted') throw new Error(answer.kind);
    expect(answer.secrets).toEqual(accepted.secrets);
    expect(toHex(answer.secrets.openerToAcceptor)).toBe(
      'd7ccc7995b71c5a4a3ac24268e9bdc11440cc45d41e5b2e7a53525dfa1b18280',
    );
    expect(toHex(answer.secrets.acceptorToOpener)).toBe(
      '8c1c1a27845da43275580bdc09bc8cfe5c74e2e0c5b0333b97300f79a5a6c367',
    );
    expect(toHex(encodeAccept(repeat(0xcc), answer.secrets.confirm))).toBe(ACCEPT);
  });

  it('opens a stream in the other direction', () => {
    const [initiator, responder] = sessionPair();
    const { open } = responder.createOpen(BODY, 0);
    expect(toHex(open)).toBe(OPEN_BY_RESPONDER);
    expect(initiator.readOpen(open, 0)!.body).toEqual(BODY);
  });

  it('derives the keys of epochs 0 and 1', () => {
    const { openerToAcceptor, acceptorToOpener } = streamSecrets();
    const chain = new StreamKeyChain(openerToAcceptor);
    expect(toHex(chain.key)).toBe(
      '90f3853b12d6f9e9a2c1e0904f73759d54f6863240c67d970c043efb65603bbf',
    );
    chain.advance();
    expect(toHex(chain.key)).toBe(
      '7f8e227068c7a2b2c9e34da4e83af2e41afe316891038da20caf3f5bbe579d74',
    );
    expect(toHex(new StreamKeyChain(acceptorToOpener).key)).toBe(
      '6935244280e5c4c8ac2d10428ae9634fc14bc593fc317795e51e4821f44899fd',
    );
  });

  it('sends DATA and FINAL', () => {
    const sealer = new FrameSealer(streamSecrets().openerToAcceptor, 0);
    expect(toHex(sealer.sealData(utf8('hel'), utf8('lo')))).toBe(
      '00000016104b7856c672206aca0818053b794e6cb2bfa497b46b',
    );
    expect(toHex(sealer.sealFinal())).toBe(
      '00000019119495b7af82f0545ef317be15cca2db9c302fd40c6c7ee54c',
    );
  });

  it('sends DATA, REKEY, DATA in the next epoch, and FINAL over both', () => {
    const limits = { maxEpochFrames: 2, maxEpochBytes: 100, maxEpochMs: 1_000, maxEpoch: 9 };
    const sealer = new FrameSealer(streamSecrets().openerToAcceptor, 0, limits);
    const empty = new Uint8Array(0);
    const frames = [
      sealer.sealData(empty, utf8('hello')),
      sealer.rekeyIfDue(5, 0)!,
      sealer.sealData(empty, utf8('hello')),
      sealer.sealFinal(),
    ];
    expect(frames.map(toHex)).toEqual([
      '00000016104b7856c672206aca0818053b794e6cb2bfa497b46b',
      '000000111248cf03698781dbe726d75a2a0428d943',
      '0000001610bd7a3e5fb043b1c7a3546dd1e67440ceb39b5dd968',
      '0000001911e41e780289432c09b9a4fc37c6d489139634a37825f69a05',
    ]);
    const opener = new FrameOpener(streamSecrets().openerToAcceptor);
    expect(frames.map((frame) => opener.open(frame.subarray(4)).kind)).toEqual([
      'data',
      'rekey',
      'data',
      'final',
    ]);
  });

  it('sends ABORT and an empty FINAL the other way', () => {
    const abort = new FrameSealer(streamSecrets().acceptorToOpener, 0).sealAbort(1);
    expect(toHex(abort)).toBe('0000001313e0db0934bb8aea8edd6f6dd7118240b47c85');
    const final = new FrameSealer(streamSecrets().acceptorToOpener, 0).sealFinal();
    expect(toHex(final)).toBe('0000001911e0da41bd044a1fb54ddb96cbdcf463789638eff5934bb925');
  });
});
