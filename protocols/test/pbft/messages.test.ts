import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, toHex, u16, u32 } from '../../../crypto/bytes.ts';
import { decodeBlock, encodeBlock, nextBlockTimeMs } from '../../pbft/block.ts';
import { MalformedBytesError } from '../../pbft/byte-reader.ts';
import { identitySigner } from '../../pbft/committee.ts';
import { MAX_MESSAGE_BYTES, decodeMessage, encodeMessage } from '../../pbft/messages.ts';
import type { Message } from '../../pbft/messages.ts';
import { signNewView, signViewChange } from '../../pbft/view-change.ts';
import { voteId } from '../../pbft/vote.ts';
import { certificateOf, committee, firstBlock, identities, secondBlock } from './fixtures.ts';
import { voteOf } from './fixtures.ts';
import { tally } from './tally-application.ts';

const first = firstBlock();
const second = secondBlock();
const commit = certificateOf('commit', first.digest);

function viewChangeOf(replica: number) {
  return signViewChange(committee, identitySigner(identities[replica]!), {
    ...{ view: 1, replica, height: 1, digest: first.digest, commit },
    prepared: {
      digest: second.digest,
      certificate: certificateOf('prepare', second.digest, { height: 2 }),
    },
  });
}

const proof = {
  body: { ...first },
  commit,
  checkpoint: certificateOf('checkpoint', first.digest),
};

const MESSAGES: readonly Message[] = [
  {
    type: 'pre-prepare',
    view: 0,
    block: second,
    signature: voteOf(0, 'prepare', second.digest).signature,
  },
  { type: 'vote', vote: voteOf(2, 'commit', first.digest) },
  { type: 'view-change', viewChange: { ...viewChangeOf(2), block: second } },
  {
    type: 'new-view',
    newView: signNewView(committee, identitySigner(identities[1]!), 1, [0, 1, 2].map(viewChangeOf)),
  },
  { type: 'status', view: 3, isActive: true, height: 7, stableHeight: 4 },
  { type: 'fetch', height: 7, stableHeight: 4 },
  { type: 'blocks', blocks: [{ block: first, commit }] },
  { type: 'fetch-snapshot', height: 64, offset: 5 },
  { type: 'snapshot', proof, totalBytes: 3, offset: 0, chunk: Uint8Array.of(1, 2, 3) },
  { type: 'checkpoint', proof },
  { type: 'request', transaction: tally('alice', 1) },
];

describe('messages between replicas', () => {
  for (const message of MESSAGES) {
    it(`come back as they were sent: ${message.type}`, () => {
      const bytes = encodeMessage(message);
      const decoded = decodeMessage(bytes);
      expect(decoded.type).toBe(message.type);
      expect(toHex(encodeMessage(decoded))).toBe(toHex(bytes));
    });

    it(`are refused when cut anywhere or longer than they are: ${message.type}`, () => {
      const bytes = encodeMessage(message);
      // A request is whatever bytes follow; what they mean is the application's to say.
      const lengths = message.type === 'request' ? [0] : [...bytes.keys()];
      for (const length of lengths) {
        expect(() => decodeMessage(bytes.slice(0, length))).toThrow(MalformedBytesError);
      }
      if (message.type === 'request') return;
      expect(() => decodeMessage(concatBytes(bytes, Uint8Array.of(0)))).toThrow(/after the end/);
    });
  }

  it('are refused above the longest length, before anything is parsed', () => {
    expect(() => decodeMessage(new Uint8Array(MAX_MESSAGE_BYTES + 1))).toThrow(
      /"message" expected/,
    );
  });

  it('never make the parser fail in any other way, whatever the bytes', () => {
    const attempt = (bytes: Uint8Array): void => {
      try {
        decodeMessage(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedBytesError);
      }
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), attempt), { numRuns: 2_000 });
    const changed = fc
      .tuple(fc.constantFrom(...MESSAGES), fc.nat(), fc.integer({ min: 1, max: 255 }))
      .map(([message, place, flip]) => {
        const bytes = encodeMessage(message);
        bytes[place % bytes.length]! ^= flip;
        return bytes;
      });
    fc.assert(fc.property(changed, attempt), { numRuns: 2_000 });
  });

  it('are refused for a number that JavaScript cannot hold', () => {
    const bytes = encodeMessage({ type: 'fetch', height: 1, stableHeight: 0 });
    bytes[1] = 0xff;
    expect(() => decodeMessage(bytes)).toThrow('"height" expected at most 2^53 - 1');
  });
});

describe('blocks on the wire', () => {
  it('start with a body of 180 bytes and the certificate of the block before', () => {
    const bytes = encodeBlock(second);
    // wire-formats.md 5.1: body, u32 length, certificate, u16 count.
    const certificateBytes = 10 + 3 * 74;
    expect(bytes.length).toBe(180 + 4 + certificateBytes + 2);
    expect(bytes.slice(180, 184)).toEqual(u32(certificateBytes));
    expect(bytes.slice(-2)).toEqual(u16(0));
  });

  it('keep their digest when the block is decoded', () => {
    expect(decodeBlock(encodeBlock(second)).digest).toEqual(second.digest);
  });

  it('are refused if a transaction was changed, added or left out', () => {
    const bytes = encodeBlock(first);
    bytes[bytes.length - 1]! ^= 1;
    expect(() => decodeBlock(bytes)).toThrow('"txRoot" is not the root of the transactions');
  });

  it('are refused if the certificate in them was changed', () => {
    const bytes = encodeBlock(second);
    bytes[190]! ^= 1;
    expect(() => decodeBlock(bytes)).toThrow('"lastCommit" is not the hash of the certificate');
  });

  it('take the median of the clocks in the certificate as their time', () => {
    const clocks = (...ts: number[]) => ({
      view: 0,
      votes: ts.map((value, replica) => ({ replica, ts: value, signature: new Uint8Array(64) })),
    });
    expect(nextBlockTimeMs(committee, 100, clocks(900, 300, 500))).toBe(500);
    expect(nextBlockTimeMs(committee, 700, clocks(900, 300, 500))).toBe(701);
    expect(nextBlockTimeMs(committee, 0)).toBe(committee.genesisTimeMs + 1);
  });
});

describe('the id that a vote signs', () => {
  it('is that of the bytes in wire-formats.md 5.1', () => {
    const vote = { phase: 'commit', view: 2, height: 3, ts: 5, replica: 1 } as const;
    const id = voteId(committee, { ...vote, digest: new Uint8Array(32).fill(4) });
    // SHA-256 of "coalesce/vote/v1", 00, 02, ledger, epoch, view, height, digest, ts, replica.
    expect(toHex(id)).toBe(EXPECTED_VOTE_ID);
  });
});

const EXPECTED_VOTE_ID = 'a1613cbe843e04394f133440573a70e537f43e3a58edcc248e2288fc992dcd28';
