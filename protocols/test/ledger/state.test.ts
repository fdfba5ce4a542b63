import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, toBase64Url, toHex } from '../../../crypto/bytes.ts';
import { MerkleTree, leafHash } from '../../../crypto/merkle.ts';
import {
  FixedHashTree,
  levelsOver,
  pathInLevels,
  pathOfHashes,
  rootOfHashes,
} from '../../ledger/hash-tree.ts';
import { decodeRecord, encodeRecord, quoteKey } from '../../ledger/records.ts';
import { LedgerState, StateDraft } from '../../ledger/state.ts';
import {
  BUCKETS,
  bucketOf,
  decodeStateProof,
  encodeStateProof,
  entryLeaf,
  verifyStateProof,
} from '../../ledger/state-proof.ts';

/** A state of so many entries. */
function stateOf(count: number, dueMs = 0): LedgerState {
  const draft = new StateDraft(new LedgerState());
  for (let i = 0; i < count; i++) draft.put(quoteKey(`q${i}`), { dueMs: dueMs + i });
  const state = new LedgerState();
  state.commit(draft.changes);
  return state;
}

function leavesOf(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => Uint8Array.of(i >> 8, i & 255));
}

describe('trees over hashes', () => {
  it('are those of RFC 9162, root and paths, at any size', () => {
    for (const size of [0, 1, 2, 3, 5, 8, 13, 100]) {
      const leaves = leavesOf(size);
      const tree = new MerkleTree(leaves);
      const hashes = leaves.map((leaf) => leafHash(leaf));
      expect(toHex(rootOfHashes(hashes))).toBe(toHex(tree.root));
      for (let i = 0; i < size; i++) {
        expect(pathOfHashes(hashes, i).map(toHex)).toEqual(tree.inclusionPath(i).map(toHex));
      }
    }
    expect(() => pathOfHashes([], 0)).toThrow(RangeError);
  });

  it('take over from the tree before what did not change, and nothing else', () => {
    const hashes = leavesOf(6).map((leaf) => leafHash(leaf));
    const choice = fc.array(fc.nat(5), { maxLength: 9 }).map((places) => {
      return places.map((place) => hashes[place]!);
    });
    fc.assert(
      fc.property(choice, choice, (before, after) => {
        const levels = levelsOver(after, levelsOver(before, []));
        expect(levels.at(-1)?.[0] ?? rootOfHashes([])).toEqual(rootOfHashes(after));
        for (let i = 0; i < after.length; i++) {
          expect(pathInLevels(levels, i)).toEqual(pathOfHashes(after, i));
        }
      }),
    );
  });

  it('of fixed size stay right when leaves change', () => {
    const leaves = leavesOf(16);
    const fixed = new FixedHashTree(4, leafHash(leaves[0]!));
    fixed.update(new Map(leaves.map((leaf, i) => [i, leafHash(leaf)])));
    leaves[5] = Uint8Array.of(9);
    leaves[6] = Uint8Array.of(8);
    fixed.update(new Map([5, 6].map((i) => [i, leafHash(leaves[i]!)])));
    const tree = new MerkleTree(leaves);
    expect(toHex(fixed.root)).toBe(toHex(tree.root));
    expect(fixed.path(6).map(toHex)).toEqual(tree.inclusionPath(6).map(toHex));
    const before = new MerkleTree(leavesOf(16));
    for (const i of [0, 4, 5, 7, 15]) {
      expect(fixed.pathBefore(i).map(toHex)).toEqual(before.inclusionPath(i).map(toHex));
    }
  });
});

describe('the state root', () => {
  it('is the one that the specification spells out', () => {
    const state = stateOf(9_000);
    const buckets = Array.from({ length: BUCKETS }, () => [] as string[]);
    for (const [key] of state.entries()) buckets[bucketOf(key)]!.push(key);
    const roots = buckets.map((keys) => {
      const leaves = keys.sort().map((key) => entryLeaf(key, encodeRecord(state.get(key)!)));
      return new MerkleTree(leaves).root;
    });
    expect(toHex(state.root)).toBe(toHex(new MerkleTree(roots).root));
  });

  it('does not depend on the way to the state', () => {
    const change = fc.tuple(fc.integer({ min: 0, max: 40 }), fc.option(fc.nat(1_000)));
    fc.assert(
      fc.property(fc.array(fc.array(change, { maxLength: 20 }), { maxLength: 10 }), (blocks) => {
        const state = new LedgerState();
        const all = new Map<string, { dueMs: number }>();
        for (const changes of blocks) {
          const draft = new StateDraft(state);
          for (const [i, dueMs] of changes) {
            if (dueMs === null) draft.remove(quoteKey(`q${i}`));
            else draft.put(quoteKey(`q${i}`), { dueMs });
            if (dueMs === null) all.delete(quoteKey(`q${i}`));
            else all.set(quoteKey(`q${i}`), { dueMs });
          }
          const before = toHex(state.root);
          state.commit(draft.changes);
          state.revert();
          expect(toHex(state.root)).toBe(before);
          state.commit(draft.changes);
        }
        const atOnce = new LedgerState();
        atOnce.commit(all);
        expect(toHex(state.root)).toBe(toHex(atOnce.root));
      }),
    );
  });

  it('before the last changes is proven too, entry by entry', () => {
    const change = fc.tuple(fc.integer({ min: 0, max: 40 }), fc.option(fc.integer({ min: 0 })));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 30 }), (changes) => {
        const state = stateOf(30);
        const root = state.root;
        const draft = new StateDraft(state);
        for (const [i, dueMs] of changes) {
          if (dueMs === null) draft.remove(quoteKey(`q${i}`));
          else draft.put(quoteKey(`q${i}`), { dueMs });
        }
        state.commit(draft.changes);
        for (let i = 0; i <= 40; i++) {
          const key = quoteKey(`q${i}`);
          const proven = verifyStateProof(state.proveBefore(key), key, root);
          const value = i < 30 ? encodeRecord({ dueMs: i }) : undefined;
          expect(proven).toEqual({ valid: true, value });
        }
      }),
      { numRuns: 20 },
    );
    const fresh = stateOf(1);
    fresh.revert();
    expect(() => fresh.proveBefore(quoteKey('q0'))).toThrow(TypeError);
  });

  it('knows which records name a peer, in drafts on drafts and after a block is taken back', () => {
    const peers = ['a', 'b', 'c'];
    const keys = peers.flatMap((peer) => [
      `rater/${peer}`,
      `score/${peer}/client/x/${peers[0]}`,
      ...peers.map((other) => `pair/${peer}/${other}/client/x/y`),
    ]);
    const record = { agreements: 0n, comparisons: 0n, hour: 0, flow: 0n, nextFlow: 0n };
    const scan = (state: { get(key: string): unknown }, peer: string) =>
      keys.filter((key) => {
        const [kind, first, second] = key.split('/');
        const isNamed = first === peer || (kind === 'pair' && second === peer);
        return isNamed && state.get(key) !== undefined;
      });
    const change = fc.tuple(fc.nat(keys.length - 1), fc.boolean());
    const changes = fc.array(change, { maxLength: 12 });
    fc.assert(
      fc.property(fc.array(fc.tuple(changes, changes, fc.boolean())), (blocks) => {
        const state = new LedgerState();
        for (const [first, second, isReverted] of blocks) {
          const draft = new StateDraft(state);
          const own = new StateDraft(draft);
          for (const [on, list] of [
            [draft, first],
            [own, second],
          ] as const) {
            for (const [i, isPut] of list) {
              if (isPut) on.put(keys[i]!, record);
              else on.remove(keys[i]!);
            }
          }
          const check = (reader: StateDraft | LedgerState) => {
            for (const peer of peers) {
              expect([...reader.keysNaming(peer)].sort()).toEqual(scan(reader, peer).sort());
            }
          };
          check(own);
          draft.absorb(own);
          check(draft);
          state.commit(draft.changes);
          if (isReverted) state.revert();
          check(state);
        }
      }),
    );
  });

  it('takes one commit back, and not two', () => {
    const state = stateOf(3);
    state.revert();
    expect(state.size).toBe(0);
    expect(() => state.revert()).toThrow(TypeError);
  });
});

describe('a proof of an entry', () => {
  const state = stateOf(9_000);
  const key = quoteKey('q77');

  it('shows what stands under its key, through bytes', () => {
    const proof = decodeStateProof(encodeStateProof(state.prove(key)));
    const proven = verifyStateProof(proof, key, state.root);
    expect(proven).toMatchObject({ valid: true });
    expect(proven.valid && decodeRecord(key, proven.value!)).toEqual({ dueMs: 77 });
  });

  it('shows that nothing stands there', () => {
    const absent = quoteKey('nobody');
    const proof = decodeStateProof(encodeStateProof(state.prove(absent)));
    expect(verifyStateProof(proof, absent, state.root)).toEqual({ valid: true, value: undefined });
  });

  it('shows nothing about another key, another root or another value', () => {
    const proof = state.prove(key);
    expect(verifyStateProof(proof, quoteKey('q78'), state.root)).toEqual({ valid: false });
    expect(verifyStateProof(proof, key, stateOf(9_000, 1).root)).toEqual({ valid: false });
    const value = toBase64Url(encodeRecord({ dueMs: 78 }));
    expect(verifyStateProof({ ...proof, value }, key, state.root)).toEqual({
      valid: false,
    });
  });

  it('cannot hide an entry by leaving it out of its bucket', () => {
    const whole = state.prove(key);
    const others = [...state.entries()]
      .filter(([other]) => bucketOf(other) === bucketOf(key) && other !== key)
      .map(([other, record]) => ({ key: other, value: toBase64Url(encodeRecord(record)) }));
    const hiding = { key, bucket: others, top: whole.top };
    expect(verifyStateProof(hiding, key, state.root)).toEqual({ valid: false });
  });

  it('is refused with any one hash of its path changed', () => {
    const proof = state.prove(key) as Extract<ReturnType<typeof state.prove>, { index: number }>;
    const other = toBase64Url(new Uint8Array(32));
    for (let i = 0; i < proof.top.length; i++) {
      const top = proof.top.with(i, other);
      expect(verifyStateProof({ ...proof, top }, key, state.root)).toEqual({ valid: false });
    }
    const index = proof.index + 1;
    expect(verifyStateProof({ ...proof, index }, key, state.root)).toEqual({ valid: false });
  });

  it('of random bytes is refused and never crashes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(() => decodeStateProof(bytes)).toThrow();
      }),
    );
  });
});

describe('a snapshot', () => {
  it('brings the same state back, and only under its root', () => {
    const state = stateOf(500);
    const snapshot = state.snapshot();
    const back = LedgerState.restore(snapshot, state.root)!;
    expect(toHex(back.root)).toBe(toHex(state.root));
    expect(toHex(back.snapshot())).toBe(toHex(snapshot));
    expect(LedgerState.restore(snapshot, stateOf(501).root)).toBeUndefined();
  });

  it('that was cut, lengthened or changed in a bit is refused', () => {
    const state = stateOf(20);
    const snapshot = state.snapshot();
    fc.assert(
      fc.property(fc.nat(snapshot.length - 1), fc.nat(7), (at, bit) => {
        const flipped = new Uint8Array(snapshot);
        flipped[at]! ^= 1 << bit;
        expect(LedgerState.restore(flipped, state.root)).toBeUndefined();
        expect(LedgerState.restore(snapshot.slice(0, at), state.root)).toBeUndefined();
      }),
    );
    expect(LedgerState.restore(concatBytes(snapshot, snapshot), state.root)).toBeUndefined();
  });
});
