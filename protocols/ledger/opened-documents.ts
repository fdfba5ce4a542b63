/**
 * Documents inside transactions that were opened here: their signatures are checked once, however
 * often the block is applied that they stand in. A primary builds a block several times when
 * something cannot stand in it, and a block is applied anew when another one took its place.
 *
 * Only documents that are good are remembered, by every byte of them.
 *
 * @module
 */

import { fromBase64Url } from '../../crypto/bytes.ts';
import { openEnvelope, readEnvelope } from '../../crypto/envelope.ts';
import type { DocumentDefinition, OpenedEnvelope } from '../../crypto/envelope.ts';

/** Most documents that are remembered; the oldest is forgotten first. */
const MAX_OPENED = 8_192;

/**
 * Opens a document of a transaction.
 *
 * @param text - Its envelope, base64url.
 * @param signatures - As for {@link openEnvelope}.
 */
export type DocumentOpener = <Body>(
  definition: DocumentDefinition<Body>,
  text: string,
  signatures?: number,
) => OpenedEnvelope<Body>;

/** An envelope whose signatures this process has checked before, and is not to check again. */
export const readChecked: DocumentOpener = (definition, text, signatures) => {
  return readEnvelope(definition, fromBase64Url(text), signatures);
};

interface Opened {
  readonly document: OpenedEnvelope<unknown> & { readonly valid: true };
  readonly kind: string;
  readonly wanted: number | undefined;
}

/** Opens documents and remembers the good ones. Bounded. */
export class OpenedDocuments {
  readonly #opened = new Map<string, Opened>();

  readonly open: DocumentOpener = <Body>(
    definition: DocumentDefinition<Body>,
    text: string,
    wanted?: number,
  ): OpenedEnvelope<Body> => {
    const known = this.#opened.get(text);
    if (known && isAsDefined(known, definition, wanted)) {
      return known.document as OpenedEnvelope<Body>;
    }
    const document = openEnvelope(definition, fromBase64Url(text), wanted);
    if (document.valid) {
      if (this.#opened.size >= MAX_OPENED) {
        for (const oldest of this.#opened.keys()) {
          this.#opened.delete(oldest);
          break;
        }
      }
      this.#opened.set(text, { document, kind: definition.kind, wanted });
    }
    return document;
  };
}

/** Whether the definition is the one that the document was opened by: kind, signers, number. */
function isAsDefined(
  { document, kind, wanted }: Opened,
  definition: DocumentDefinition<unknown>,
  signatures: number | undefined,
): boolean {
  if (kind !== definition.kind || wanted !== signatures) return false;
  const signers = definition.signers(document.body);
  return document.signers.every((signer, i) => signer === signers[i]);
}
