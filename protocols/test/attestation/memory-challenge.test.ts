import { describe, expect, it } from 'vitest';
import { FilledMemory, READ_DEADLINE_MS } from '../../attestation/memory-challenge.ts';
import { FakeRandom } from '../a2a/test-agent.ts';
import {
  keepMostUsed,
  referenceFill,
  referenceWalk,
  unitsToRecompute,
} from './reference-memory.ts';

const random = new FakeRandom();
const nonce = random.bytes(32);
const walk = { nonce: random.bytes(32), reads: 5_000 };
/** Time of a unit that is computed again: one AES call and eight scattered reads. */
const UNIT_MS = 50e-6;

describe('a filled memory', () => {
  const memory = new FilledMemory({ nonce, mib: 2 });

  it('answers a walk as the plain description of it does', () => {
    const { answer } = referenceWalk(referenceFill(nonce, 2), walk.nonce, walk.reads);
    expect(memory.walk(walk)).toEqual(answer);
  });

  it('answers the same walk in the same way again', () => {
    expect(memory.walk(walk)).toEqual(memory.walk(walk));
  });

  it('answers another walk, another nonce and another amount differently', () => {
    const answers = [
      memory.walk(walk),
      memory.walk({ ...walk, nonce: random.bytes(32) }),
      memory.walk({ ...walk, reads: walk.reads - 1 }),
      new FilledMemory({ nonce: random.bytes(32), mib: 2 }).walk(walk),
      new FilledMemory({ nonce, mib: 1 }).walk(walk),
    ];
    expect(new Set(answers.map((answer) => Buffer.from(answer).toString('hex'))).size).toBe(5);
  });
});

describe('a walk', () => {
  const memory = referenceFill(nonce, 1);

  it('reads all over the memory', () => {
    const { units } = referenceWalk(memory, walk.nonce, walk.reads);
    const blocks = new Set(units.map((unit) => Math.floor(unit / 256)));
    expect(blocks.size).toBe(memory.blocks.length);
  });

  it('goes elsewhere after a single bit that was read wrongly', () => {
    const { units } = referenceWalk(memory, walk.nonce, 100);
    const blocks = memory.blocks.map((block) => Buffer.from(block));
    const [first] = units;
    blocks[Math.floor(first! / 256)]![(first! % 256) * 16]! ^= 1;
    const wrong = referenceWalk({ ...memory, blocks }, walk.nonce, 100).units;
    expect(wrong[0]).toBe(first);
    const same = wrong.slice(1).filter((unit, i) => unit === units[i + 1]);
    expect(same.length).toBeLessThan(3);
  });
});

describe('a holder that kept half of the memory', () => {
  const memory = referenceFill(nonce, 16);
  const { units } = referenceWalk(memory, walk.nonce, 400);

  function msPerRead(isKept: readonly boolean[]): number {
    const prices = units.map((unit) => unitsToRecompute(memory, isKept, Math.floor(unit / 256)));
    return (prices.reduce((sum, price) => sum + price, 0) / units.length) * UNIT_MS;
  }

  it('needs several times the deadline to compute the rest again, whichever half it kept', () => {
    const everySecond = memory.blocks.map((_, i) => i % 2 === 0);
    const firstHalf = memory.blocks.map((_, i) => i < memory.blocks.length / 2);
    for (const isKept of [everySecond, firstHalf, keepMostUsed(memory, 0.5)]) {
      expect(msPerRead(isKept)).toBeGreaterThan(3 * READ_DEADLINE_MS);
    }
  });

  it('would be in time with nine tenths: so much is not told apart', () => {
    expect(msPerRead(keepMostUsed(memory, 0.9))).toBeLessThan(READ_DEADLINE_MS / 10);
  });
});
