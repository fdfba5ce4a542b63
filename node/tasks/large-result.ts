/**
 * Results of contracts that do not fit a message: the contractor sends them as one artifact on a
 * stream of its own (protocols/a2a/artifact-stream.ts), and its answer has a part that says so. The
 * manifest that it signed is over the parts, however they came.
 *
 * Both sides have a result in memory, as their checks need it: so it is bounded, while an artifact
 * as such is not.
 *
 * @module
 */

import { z } from 'zod';
import { concatBytes, fromUtf8, utf8 } from '../../crypto/bytes.ts';
import type { JsonValue } from '../../crypto/canonical-json.ts';
import { sendArtifact } from '../../protocols/a2a/artifact-stream.ts';
import type { ArtifactReceiver } from '../../protocols/a2a/artifact-stream.ts';
import type { A2aTask } from '../../protocols/a2a/wire-types.ts';
import type { SecureStreams } from '../../protocols/secure-stream.ts';
import { TASK_LIMITS } from './task-limits.ts';
import type { ResultPart } from './task-parts.ts';

/** Largest result that fits one message of the control stream, with room for its JSON. */
export const MAX_MESSAGE_RESULT_BYTES = 900_000;
/** Largest ciphertext that does: in JSON three bytes are four characters. */
export const MAX_MESSAGE_SEALED_BYTES = (MAX_MESSAGE_RESULT_BYTES / 4) * 3;
/** Largest result of a contract. */
export const MAX_RESULT_BYTES = TASK_LIMITS.maxPartBytes;
/** As JSON a text may be twice as long: each quotation mark takes two characters. */
const MAX_ENCODED_BYTES = 2 * MAX_RESULT_BYTES + 65_536;

const ARTIFACT = 'result';
/** Stands in the answer in the place of the parts. */
export const RESULT_URL = 'urn:coalesce:artifact:result';

const partsSchema = z
  .array(
    z.strictObject({
      mediaType: z.string().max(TASK_LIMITS.maxMediaTypeCharacters),
      text: z.string().optional(),
      data: z.json().optional(),
    }),
  )
  .min(1)
  .max(TASK_LIMITS.maxParts)
  .refine((parts) =>
    parts.every(({ text, data }) => (text === undefined) !== (data === undefined)),
  );

/** Whose result, and under what. */
export interface ResultAddress {
  readonly peerId: string;
  /** Contract id, base64url. */
  readonly contract: string;
}

/** The bytes of a result that travels as one artifact. */
export function encodeParts(parts: readonly ResultPart[]): Uint8Array {
  return utf8(JSON.stringify(parts));
}

/** Reads what {@link encodeParts} wrote; `undefined` if it is none of it. Never throws. */
export function decodeParts(bytes: Uint8Array): ResultPart[] | undefined {
  try {
    const read = partsSchema.parse(JSON.parse(fromUtf8(bytes)));
    return read.map(({ mediaType, text, data }) =>
      text === undefined ? { mediaType, data: data as JsonValue } : { mediaType, text },
    );
  } catch {
    return undefined;
  }
}

/** Sends a result to the client of its contract. @throws as {@link sendArtifact}. */
export function sendLargeResult(
  streams: SecureStreams,
  { peerId, contract }: ResultAddress,
  taskId: string,
  bytes: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  const header = { contract, task: taskId, artifact: ARTIFACT, bytes: bytes.length };
  return sendArtifact(streams, peerId, header, once(bytes), { signal });
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  await Promise.resolve();
  yield bytes;
}

/** A result that may come on a stream of its own while its task is waited for. */
export class AwaitedResult {
  readonly #end: () => void;
  #bytes: Uint8Array | undefined;

  constructor(receiver: ArtifactReceiver, { peerId, contract }: ResultAddress) {
    this.#end = receiver.expect({
      peerId,
      contract,
      artifact: ARTIFACT,
      maxBytes: MAX_ENCODED_BYTES,
      take: async (source) => {
        const pieces: Uint8Array[] = [];
        for await (const piece of source) pieces.push(piece);
        this.#bytes = concatBytes(...pieces);
      },
    });
  }

  /** The bytes that came, if the task says that its result comes so; `undefined` if not. */
  bytesOf({ artifacts = [] }: A2aTask): Uint8Array | undefined {
    const parts = artifacts.flatMap((artifact) => artifact.parts);
    return parts.length === 1 && parts[0]?.url === RESULT_URL ? this.#bytes : undefined;
  }

  /** Takes nothing any more. */
  end(): void {
    this.#end();
  }
}
