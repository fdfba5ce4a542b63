/**
 * The one table of domain-separation strings (wire-formats.md 0-4). No other file spells one out.
 *
 * @module
 */

/** Type strings of `docId`, one per signed or hashed kind of document. */
export const DOCUMENT_TYPES = {
  record: 'coalesce/record/v1',
  cert: 'coalesce/cert/v1',
  pres: 'coalesce/pres/v1',
  status: 'coalesce/status/v1',
  rotate: 'coalesce/rotate/v1',
  qreq: 'coalesce/qreq/v1',
  quote: 'coalesce/quote/v1',
  agr: 'coalesce/agreement/v1',
  dlv: 'coalesce/delivery/v1',
  ack: 'coalesce/ack/v1',
  vrd: 'coalesce/receipt/v1',
  rul: 'coalesce/ruling/v1',
  tx: 'coalesce/tx/v1',
  task: 'coalesce/task/v1',
  disclosure: 'coalesce/disclosure/v1',
  sessionAuth: 'coalesce/session-auth/v1',
  block: 'coalesce/block/v1',
  vote: 'coalesce/vote/v1',
  viewChange: 'coalesce/view-change/v1',
  newView: 'coalesce/new-view/v1',
  genesis: 'coalesce/genesis/v1',
  stmt: 'coalesce/statement/v1',
} as const;

/** The `typ` of a document that travels in an envelope. */
export type DocumentType = keyof typeof DOCUMENT_TYPES;

/** Prefix of every signature of an identity key. */
export const SIGNATURE_TAG = 'coalesce/sig/v1';
/** Prefix of a certificate leaf (wire-formats.md 2.1). */
export const LEAF_TAG = 'coalesce/leaf/v1';
/** Labels of the Merlin transcripts of committed quantities (wire-formats.md 3.1 and 3.2). */
export const TRANSCRIPT_TAGS = {
  blindingProof: 'coalesce/blind-pok/v1',
  resourceRange: 'coalesce/resource-range/v1',
} as const;
/** Names that STROBE v1.0.2 and Merlin v1.0 mix into every transcript. */
export const MERLIN_TAGS = { strobe: 'STROBEv1.0.2', merlin: 'Merlin v1.0' } as const;
/** Strings of the range proof, which are those of the `bulletproofs` crate. */
export const RANGE_PROOF_TAGS = {
  rangeProof: 'rangeproof v1',
  innerProduct: 'ipp v1',
  generators: 'GeneratorsChain',
} as const;
/** Prefix of the hash that names a DHT provider key (wire-formats.md 1.6). */
export const SKILL_KEY_TAG = 'coalesce/skill/v1';

/** Prefix of the hash that commits to the key of a sealed result (wire-formats.md 4.1). */
export const SEAL_KEY_TAG = 'coalesce/seal-key/v1';
/** Prefix of what binds a letter to its contract (wire-formats.md 1.5). */
export const MAILBOX_TAG = 'coalesce/mailbox/v1';
/** Prefix of the hash that a puzzle for quote requests asks for. */
export const ASK_PUZZLE_TAG = 'coalesce/ask-puzzle/v1';
/** Prefix of the associated data of a seed under a passphrase. */
export const SEALED_KEY_TAG = 'coalesce/sealed-key/v1';
/** Prefix of the hash by which a recovery key is registered (wire-formats.md 2.4). */
export const RECOVERY_TAG = 'coalesce/recovery/v1';
/** Prefixes of the hashes of a benchmark: its transcript and what a nonce is expanded to. */
export const BENCHMARK_TAGS = {
  transcript: 'coalesce/benchmark/transcript/v1',
  computeStart: 'coalesce/benchmark/compute-start/v1',
  computeStep: 'coalesce/benchmark/compute-step/v1',
  memoryFill: 'coalesce/benchmark/memory-fill/v1',
  memoryWalk: 'coalesce/benchmark/memory-walk/v1',
} as const;

/** Labels of the session's key schedule (wire-formats.md 1.1). */
export const SESSION_TAGS = {
  prologue: 'coalesce/session/v1',
  id: 'coalesce/session/id/v1',
  hash: 'coalesce/session/hash/v1',
  confirm: 'coalesce/session/confirm/v1',
  open: 'coalesce/session/open/v1',
} as const;

/** Labels of a stream's key schedule (wire-formats.md 1.2). */
export const STREAM_TAGS = {
  transcript: 'coalesce/stream/th/v1',
  secret: 'coalesce/stream/secret/v1',
  confirm: 'coalesce/stream/confirm/v1',
  openerToAcceptor: 'coalesce/stream/o2a/v1',
  acceptorToOpener: 'coalesce/stream/a2o/v1',
  key: 'coalesce/stream/key/v1',
  next: 'coalesce/stream/next/v1',
} as const;
