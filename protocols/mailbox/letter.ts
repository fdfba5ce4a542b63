/**
 * A letter: one signed document of a contract, sealed for a party that is not there
 * (wire-formats.md 1.5). Whoever keeps it learns who writes to whom, under which contract and until
 * when; it can drop the letter, not read, change or invent one.
 *
 * Who wrote it is said by the signature inside. The keys of both sides stand in the clear beside
 * it: the recipient's, so that it finds its own half; the sender's, for HPKE and for the answer.
 *
 * @module
 */

import { z } from 'zod';
import { concatBytes, fromBase64Url, lp16, toBase64Url, u64, utf8 } from '../../crypto/bytes.ts';
import { MAILBOX_TAG } from '../../crypto/domain-tags.ts';
import { MAX_ENVELOPE_BYTES, fields } from '../../crypto/envelope.ts';
import { HPKE_OVERHEAD_BYTES, openHpke, sealHpke } from '../../crypto/hpke.ts';
import type { HpkeBinding } from '../../crypto/hpke.ts';
import { peerIdToBytes } from '../../crypto/identity.ts';
import { x25519KeyPair } from '../../crypto/x25519.ts';
import type { X25519KeyPair } from '../../crypto/x25519.ts';
import type { Random } from '../components.ts';

/** Largest document of a letter: acknowledgements and verdicts are far smaller. */
export const MAX_LETTER_ENVELOPE_BYTES = MAX_ENVELOPE_BYTES / 2;
/** Longest life of a letter from now, in seconds: three days. */
export const MAX_LETTER_SECONDS = 259_200;

/** Number of a letter within its contract and sender: one for each kind of document. */
export const LETTER_NUMBERS = { acknowledgement: 0, verdict: 1, receipt: 2 } as const;

const MAX_SEALED_BYTES = MAX_LETTER_ENVELOPE_BYTES + HPKE_OVERHEAD_BYTES;

export const letterSchema = z.strictObject({
  from: fields.peerId,
  to: fields.peerId,
  contract: fields.bytes(32),
  number: z.number().int().min(0).max(7),
  /** Seconds since 1970; nobody keeps it longer. */
  exp: fields.integer,
  /** X25519 keys that it is sealed with and for. */
  fromKey: fields.bytes(32),
  toKey: fields.bytes(32),
  sealed: fields.bytesUpTo(HPKE_OVERHEAD_BYTES + 1, MAX_SEALED_BYTES),
});

/** A letter as it travels and is kept; bytes are base64url. */
export type Letter = z.infer<typeof letterSchema>;

/** What a letter is about and whom it is for. */
export type LetterAddress = Pick<Letter, 'from' | 'to' | 'contract' | 'number'>;

/** Names a letter among all: nobody can have two of one name. */
export function letterName({ from, to, contract, number }: LetterAddress): string {
  return `${to}/${from}/${contract}/${number}`;
}

function bindingOf({ from, to, contract, number }: LetterAddress): HpkeBinding {
  return {
    info: concatBytes(utf8(MAILBOX_TAG), Uint8Array.of(0), fromBase64Url(contract)),
    associatedData: concatBytes(lp16(peerIdToBytes(from)), lp16(peerIdToBytes(to)), u64(number)),
  };
}

/**
 * Seals `envelope` for the holder of `toKey`.
 *
 * @param sender - The sending side's own sealing key.
 * @param toKey - From the recipient's signed record, or its last letter; 32 bytes.
 * @returns `undefined` where nothing can be sealed for that key, as for one of zeros.
 * @throws {@link RangeError} for an envelope that is too large.
 */
export function sealLetter(
  address: LetterAddress,
  envelope: Uint8Array,
  keys: { readonly sender: X25519KeyPair; readonly toKey: Uint8Array; readonly random: Random },
  expSeconds: number,
): Letter | undefined {
  if (envelope.length > MAX_LETTER_ENVELOPE_BYTES) {
    throw new RangeError(
      `"envelope" expected at most ${MAX_LETTER_ENVELOPE_BYTES} bytes, got ${envelope.length}`,
    );
  }
  const { sender, toKey, random } = keys;
  const ephemeral = x25519KeyPair(random.bytes(32));
  const sealed = sealHpke({ ephemeral, sender, recipientKey: toKey }, bindingOf(address), envelope);
  if (!sealed) return undefined;
  return {
    ...address,
    exp: expSeconds,
    fromKey: toBase64Url(sender.publicKey),
    toKey: toBase64Url(toKey),
    sealed: toBase64Url(sealed),
  };
}

/** The signed document of a letter, unchecked; `undefined` for any other key or content. */
export function openLetter(letter: Letter, recipient: X25519KeyPair): Uint8Array | undefined {
  const senderKey = fromBase64Url(letter.fromKey);
  return openHpke({ recipient, senderKey }, bindingOf(letter), fromBase64Url(letter.sealed));
}
