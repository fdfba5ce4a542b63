import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../crypto/bytes.ts';
import { LogEncoder, decodeLog } from '../../pbft/log-format.ts';
import type { LogRecord } from '../../pbft/log-format.ts';
import { certificateOf, committee, firstBlock, voteOf } from './fixtures.ts';

const block = firstBlock();
const RECORDS: readonly LogRecord[] = [
  { kind: 'owner', ledger: committee.ledger, epoch: 0, replica: 2, isObserver: false },
  {
    ...{ kind: 'proposal', view: 0, block },
    signature: voteOf(0, 'prepare', block.digest).signature,
    vote: voteOf(2, 'prepare', block.digest),
  },
  {
    kind: 'prepared',
    certificate: certificateOf('prepare', block.digest),
    vote: voteOf(2, 'commit', block.digest),
  },
  { kind: 'committed', block, commit: certificateOf('commit', block.digest) },
  {
    kind: 'stable',
    snapshot: Uint8Array.of(1, 2, 3),
    proof: {
      body: { ...block },
      commit: certificateOf('commit', block.digest),
      checkpoint: certificateOf('checkpoint', block.digest),
    },
  },
];

function encode(records: readonly LogRecord[]): Uint8Array[] {
  const encoder = new LogEncoder();
  return records.map((record) => encoder.encode(record));
}

const parts = encode(RECORDS);
const whole = concatBytes(...parts);

function kindsOf(bytes: Uint8Array): string[] | string {
  const log = decodeLog(bytes);
  return log.usable ? log.records.map(({ kind }) => kind) : log.reason;
}

const KINDS = RECORDS.map(({ kind }) => kind);

describe('the log after a restart', () => {
  it('gives back every record', () => {
    expect(kindsOf(whole)).toEqual(KINDS);
    const log = decodeLog(whole);
    expect(log).toMatchObject({ usable: true, length: whole.length });
  });

  it('is recovered up to the last whole record, wherever the last one was torn', () => {
    const before = whole.length - parts.at(-1)!.length;
    for (let length = before; length < whole.length; length++) {
      expect(kindsOf(whole.slice(0, length))).toEqual(KINDS.slice(0, -1));
    }
  });

  it('is recovered if the torn end is zeros, as file systems leave it', () => {
    const before = whole.length - parts.at(-1)!.length;
    for (let length = before; length < whole.length; length++) {
      const torn = whole.slice();
      torn.fill(0, length);
      expect(kindsOf(torn)).toEqual(KINDS.slice(0, -1));
    }
  });

  it('is refused, with the mend, if a byte of it was changed', () => {
    for (let i = 0; i < whole.length; i++) {
      const changed = whole.slice();
      changed[i]! ^= 0x10;
      expect(kindsOf(changed)).toMatch(/^The log is damaged at byte \d+: .*with a new key\.$/);
    }
  });

  it('is refused if a vote in the middle is missing', () => {
    const without = concatBytes(parts[0]!, parts[2]!, parts[3]!);
    expect(kindsOf(without)).toMatch(/does not fit its check/);
  });

  it('goes on where it ended', () => {
    const start = decodeLog(concatBytes(...parts.slice(0, 2)));
    if (!start.usable) throw new Error(start.reason);
    const encoder = new LogEncoder(start.check);
    const rest = RECORDS.slice(2).map((record) => encoder.encode(record));
    expect(kindsOf(concatBytes(parts[0]!, parts[1]!, ...rest))).toEqual(KINDS);
  });
});
