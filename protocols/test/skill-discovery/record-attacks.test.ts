import { describe, expect, it } from 'vitest';
import { fromBase64Url, fromUtf8, toBase64Url } from '../../../crypto/bytes.ts';
import { encodeDocument } from '../../../crypto/canonical-json.ts';
import { signDocument } from '../../../crypto/envelope.ts';
import { docId, Identity } from '../../../crypto/identity.ts';
import { recordKey } from '../../skill-discovery/dht-keys.ts';
import { skillRecordDefinition } from '../../skill-discovery/skill-record.ts';
import { RecordGuard, RecordRefusedError } from '../../skill-discovery/validator.ts';
import { bodyOf, contentOf, recordOf } from './fixtures.ts';

const NOW_SECONDS = 1_800_000_100;
const clock = { nowMs: () => NOW_SECONDS * 1_000, monotonicMs: () => 0 };
/** Of the record that every victim has out. The guard has never seen a higher one. */
const SEQ = 1_000;
/** Order of the group of Ed25519, RFC 8032 section 5.1. */
const GROUP_ORDER = 2n ** 252n + 27_742_317_777_372_353_535_851_937_790_883_648_493n;

const victims = Array.from({ length: 20 }, () => Identity.generate());
const thief = Identity.generate();

/** The victim's next record, which nobody has seen: the best that an attacker can have. */
const next = new Map(victims.map((victim) => [victim, recordOf(victim, { seq: SEQ + 1 })]));
const nextOf = (victim: Identity): Uint8Array => next.get(victim)!.envelope;

interface Envelope {
  readonly b: string;
  readonly s: { readonly k: string; readonly s: string }[];
}

const parse = (bytes: Uint8Array): Envelope => JSON.parse(fromUtf8(bytes)) as Envelope;
const serialize = (envelope: Envelope): Uint8Array => encodeDocument({ ...envelope });

/** `bytes` with one bit changed; another one for each `i`. */
function flip(bytes: Uint8Array, i: number): Uint8Array {
  const changed = new Uint8Array(bytes);
  const bit = (i * 7_919) % (bytes.length * 8);
  changed[bit >> 3]! ^= 1 << (bit & 7);
  return changed;
}

/** `changes` to a victim's record, signed by the thief, who claims to be `claimed`. */
function signedByThief(victim: Identity, claimed: string, i: number): Uint8Array {
  const content = contentOf({ term: 'performs:stolen', priceMicroUsd: String(i) });
  const body = encodeDocument(bodyOf(victim, { seq: SEQ + 2 + i, ...content }));
  const s = toBase64Url(thief.signDocument(docId('record', body)));
  return serialize({ b: toBase64Url(body), s: [{ k: claimed, s }] });
}

/** The signature of another record of the victim under a body that it did not sign. */
function spliced(victim: Identity, i: number): Uint8Array {
  const body = encodeDocument(bodyOf(victim, { seq: SEQ + 2 + i }));
  return serialize({ b: toBase64Url(body), s: parse(nextOf(victim)).s });
}

/** The rightful signature with the group's order added to its number: the same equation holds. */
function malleated(victim: Identity): Uint8Array {
  const { b, s } = parse(nextOf(victim));
  const signature = fromBase64Url(s[0]!.s);
  let number = GROUP_ORDER;
  for (let i = 0; i < 32; i++) number += BigInt(signature[32 + i]!) << BigInt(8 * i);
  for (let i = 0; i < 32; i++) signature[32 + i] = Number((number >> BigInt(8 * i)) & 255n);
  return serialize({ b, s: [{ k: s[0]!.k, s: toBase64Url(signature) }] });
}

function oversize(victim: Identity, i: number): Uint8Array {
  const terms = Array.from({ length: 32 }, (_, n) => ({ term: `performs:${'x'.repeat(90)}${n}` }));
  const body = bodyOf(victim, { seq: SEQ + 2 + i, ...contentOf(...terms) });
  return signDocument(skillRecordDefinition, body, victim).envelope;
}

const lived = (iat: number, i: number) => ({ seq: SEQ + 2 + i, iat, exp: iat + 600 });

interface Attack {
  readonly count: number;
  readonly make: (victim: Identity, i: number) => Uint8Array;
  /** Every reason that may be given, and each is given at least once. */
  readonly reasons: readonly string[];
}

/** Attacks that sign nothing: each of their records is another one. */
const CHEAP = new Set(['one bit changed', 'cut short']);
const FORGERIES = ['BAD_SIGNATURE', 'MALFORMED', 'WRONG_SIGNERS'];
const ATTACKS: Readonly<Record<string, Attack>> = {
  'one bit changed': {
    count: 3_000,
    make: (victim, i) => flip(nextOf(victim), i),
    reasons: FORGERIES,
  },
  'cut short': {
    count: 500,
    make: (victim, i) => nextOf(victim).subarray(0, (i * 31) % nextOf(victim).length),
    reasons: ['MALFORMED'],
  },
  'signed by another key in the name of the victim': {
    count: 1_000,
    make: (victim, i) => signedByThief(victim, victim.peerId, i),
    reasons: ['BAD_SIGNATURE'],
  },
  'signed by another key in its own name': {
    count: 500,
    make: (victim, i) => signedByThief(victim, thief.peerId, i),
    reasons: ['WRONG_SIGNERS'],
  },
  'with the signature of another record': {
    count: 500,
    make: spliced,
    reasons: ['BAD_SIGNATURE'],
  },
  'with the signature written another way': {
    count: 20,
    make: malleated,
    reasons: ['BAD_SIGNATURE'],
  },
  'the rightful record of another peer': {
    count: 480,
    make: (_, i) => recordOf(thief, { seq: SEQ + 2 + i }).envelope,
    reasons: ['WRONG_KEY'],
  },
  oversize: { count: 500, make: oversize, reasons: ['OVERSIZE'] },
  expired: {
    count: 500,
    make: (victim, i) => recordOf(victim, lived(NOW_SECONDS - 661 - i, i)).envelope,
    reasons: ['EXPIRED'],
  },
  'not yet valid': {
    count: 500,
    make: (victim, i) => recordOf(victim, lived(NOW_SECONDS + 61 + i, i)).envelope,
    reasons: ['NOT_YET_VALID'],
  },
  'replayed: rightful and older': {
    count: 2_000,
    make: (victim, i) => recordOf(victim, { seq: 1 + (i % (SEQ - 1)) }).envelope,
    reasons: ['ROLLED_BACK'],
  },
  'rightful and contradicting the one that is out': {
    count: 500,
    make: (victim, i) => {
      const content = contentOf({ term: 'performs:a', priceMicroUsd: String(i) });
      return recordOf(victim, { seq: SEQ, ...content }).envelope;
    },
    reasons: ['EQUIVOCATION'],
  },
};

/** Made records, by attack: making takes longer than judging, and a replay is the same bytes. */
const pools = new Map<string, Uint8Array[]>();
const POOL_SIZE = 100;

function made(name: string, i: number, make: Attack['make']): Uint8Array {
  const victim = victims[i % victims.length]!;
  if (CHEAP.has(name)) return make(victim, i);
  const pool = pools.get(name) ?? [];
  pools.set(name, pool);
  return (pool[i % POOL_SIZE] ??= make(victim, i));
}

/** Reason of the refusal, or `accepted`; by turns as a search asks and as kad-dht asks. */
async function judge(
  guard: RecordGuard,
  peerId: string,
  bytes: Uint8Array,
  isKad: boolean,
): Promise<string> {
  if (!isKad) {
    const verdict = await guard.accept(peerId, bytes);
    return verdict.valid ? 'accepted' : verdict.reason;
  }
  try {
    await guard.validate(recordKey(peerId), bytes);
    return 'accepted';
  } catch (error) {
    if (!(error instanceof RecordRefusedError)) throw error;
    return error.details.reason;
  }
}

describe('10,000 forged, oversize, expired and replayed records', () => {
  it('are refused, every one, and the rightful next record is still taken', async () => {
    const guard = new RecordGuard({ clock });
    for (const victim of victims) {
      const { envelope } = recordOf(victim, { seq: SEQ });
      expect(await judge(guard, victim.peerId, envelope, false)).toBe('accepted');
    }
    const reasonsOf = new Map<string, Set<string>>();
    let judged = 0;
    for (const [name, { count, make }] of Object.entries(ATTACKS)) {
      const reasons = new Set<string>();
      reasonsOf.set(name, reasons);
      for (let i = 0; i < count; i++, judged++) {
        const victim = victims[i % victims.length]!;
        const isKad = Math.floor(i / victims.length) % 2 === 0;
        reasons.add(await judge(guard, victim.peerId, made(name, i, make), isKad));
      }
    }
    expect(judged).toBe(10_000);
    for (const [name, { reasons }] of Object.entries(ATTACKS)) {
      expect([...reasonsOf.get(name)!].sort(), name).toEqual([...reasons].sort());
    }
    for (const victim of victims) {
      expect(guard.bestSeq(victim.peerId)).toBe(SEQ);
      expect(await judge(guard, victim.peerId, nextOf(victim), true)).toBe('accepted');
    }
    expect(guard.bestSeq(thief.peerId)).toBeUndefined();
  });
});
