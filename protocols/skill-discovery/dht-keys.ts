/**
 * Names of things in the DHT: the value key of a peer's record and the provider key of a term
 * (wire-formats.md 1.6).
 *
 * @module
 */

import { CID } from 'multiformats/cid';
import { create as createDigest } from 'multiformats/hashes/digest';
import { concatBytes, equalBytes, utf8 } from '../../crypto/bytes.ts';
import { SKILL_KEY_TAG } from '../../crypto/domain-tags.ts';
import { sha256 } from '../../crypto/hash.ts';
import { isPeerId, peerIdToBytes, peerIdToText, PEER_ID_BYTES } from '../../crypto/identity.ts';

/** Namespace of the network's values, as validators and selectors are named by it. */
export const RECORD_NAMESPACE = 'coalesce';

const RECORD_KEY_PREFIX = utf8(`/${RECORD_NAMESPACE}/`);
const RAW_CODEC = 0x55;
const SHA2_256_CODE = 0x12;
const SEPARATOR = new Uint8Array(1);

/** Value key of a peer's skill record: `/coalesce/` and the 38 bytes of its PeerId. */
export function recordKey(peerId: string): Uint8Array {
  return concatBytes(RECORD_KEY_PREFIX, peerIdToBytes(peerId));
}

/** PeerId that a value key names, or `undefined` if it is no key of a skill record. */
export function peerIdOfRecordKey(key: Uint8Array): string | undefined {
  const prefixLength = RECORD_KEY_PREFIX.length;
  if (key.length !== prefixLength + PEER_ID_BYTES) return undefined;
  if (!equalBytes(key.subarray(0, prefixLength), RECORD_KEY_PREFIX)) return undefined;
  const peerId = peerIdToText(key.subarray(prefixLength));
  return isPeerId(peerId) ? peerId : undefined;
}

/**
 * CID under which the providers of a term are found, or of a bucket (`similarity-buckets.ts`),
 * whose name has no colon and so is never a term: CIDv1, raw, sha2-256 of tag and key.
 */
export function providerCid(key: string): CID {
  const digest = sha256(utf8(SKILL_KEY_TAG), SEPARATOR, utf8(key));
  return CID.createV1(RAW_CODEC, createDigest(SHA2_256_CODE, digest));
}
