/**
 * The streams of a holder that lies about one resource: it has the honest server prove the rung
 * that it really has, writes the rung that was asked for over it, and signs that with its own key.
 *
 * @module
 */

import { toBase64Url } from '../../../crypto/bytes.ts';
import { signDocument } from '../../../crypto/envelope.ts';
import { docId } from '../../../crypto/identity.ts';
import type { Identity } from '../../../crypto/identity.ts';
import {
  decodeChallenge,
  decodeShow,
  embedEnvelope,
  encodeChallenge,
  encodeDisclosure,
  encodeShow,
  presentationDefinition,
  unverifiedBody,
} from '../../../crypto/presentation-messages.ts';
import type { SecureStream, SecureStreams } from '../../secure-stream.ts';

/** What is lied about. */
export interface Lie {
  /** Term of the resource. */
  readonly term: string;
  /** The rung that its holder can prove. */
  readonly real: string;
  /** Told of each forged answer, with the rung that it claims. */
  onForged(claimed: string): void;
}

/** Streams whose handlers see and send what the lie needs. */
export function forgingStreams(streams: SecureStreams, holder: Identity, lie: Lie): SecureStreams {
  return {
    open: (...args) => streams.open(...args),
    handle: (protocol, handler) =>
      streams.handle(protocol, (stream) => handler(forgingStream(stream, holder, lie))),
  };
}

function forgingStream(stream: SecureStream, holder: Identity, lie: Lie): SecureStream {
  let claimed: string | undefined;
  const readMessage: SecureStream['readMessage'] = async (options) => {
    const bytes = await stream.readMessage(options);
    const read = bytes && decodeChallenge(bytes);
    if (!read?.valid) return bytes;
    const { nonce, want } = read.challenge;
    claimed = want.find(({ term, min }) => term === lie.term && min !== '')?.min;
    const asked = want.map((one) => (one.term === lie.term ? { ...one, min: lie.real } : one));
    return encodeChallenge({ nonce, want: asked });
  };
  const writeMessage: SecureStream['writeMessage'] = (bytes, options) => {
    const forged = claimed === undefined ? bytes : forge(bytes, holder, claimed);
    if (forged !== bytes) lie.onForged(claimed!);
    return stream.writeMessage(forged, options);
  };
  return new Proxy(stream, {
    get(target, name) {
      if (name === 'readMessage') return readMessage;
      if (name === 'writeMessage') return writeMessage;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

/** The same presentation with another rung, signed anew; what proves nothing stays as it is. */
function forge(bytes: Uint8Array, holder: Identity, claimed: string): Uint8Array {
  const read = decodeShow(bytes);
  if (!read.valid || read.message.disclosure.proofs.length === 0) return bytes;
  const { message } = read;
  const proofs = message.disclosure.proofs.map((one) => ({ ...one, rung: [claimed] }));
  const disclosure = { ...message.disclosure, proofs };
  const honest = unverifiedBody(presentationDefinition, message.pres)!;
  const disc = toBase64Url(docId('disclosure', encodeDisclosure(disclosure)));
  const { envelope } = signDocument(presentationDefinition, { ...honest, disc }, holder);
  return encodeShow({ ...message, disclosure, pres: embedEnvelope(envelope) });
}
