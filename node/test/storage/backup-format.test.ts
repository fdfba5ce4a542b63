import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, u32, u8, utf8 } from '../../../crypto/bytes.ts';
import { BadInputError } from '../../errors.ts';
import {
  fileNameProblem,
  readBackup,
  storeRecords,
  writeBackup,
} from '../../storage/backup-format.ts';
import type { BackupContent, BackupPart } from '../../storage/backup-format.ts';
import type { RawEntry } from '../../storage/store.ts';

const HEADER = { createdAtMs: 1, program: '0.1.0', peerId: '12D3KooW' };
const START = 'coalesce-backup'.length + 1;

async function* each<Value>(values: Iterable<Value>): AsyncGenerator<Value> {
  for (const value of values) yield await Promise.resolve(value);
}

const entry = (key: string, value: Uint8Array | string): RawEntry => [
  utf8(key),
  typeof value === 'string' ? utf8(value) : value,
];

const ENTRIES = [entry('!a!1', 'one'), entry('!a!2', ''), entry('!b!', new Uint8Array(3))];

async function bytesOf(
  content: Partial<Omit<BackupContent, 'store'>> & { entries?: readonly RawEntry[] } = {},
): Promise<Uint8Array> {
  const { entries = ENTRIES, ...rest } = content;
  const pieces: Uint8Array[] = [];
  const files = [{ name: 'identity.json', content: utf8('{}') }];
  const store = storeRecords(each(entries));
  for await (const piece of writeBackup({ header: HEADER, files, store, ...rest })) {
    pieces.push(piece);
  }
  return concatBytes(...pieces);
}

/** @param size - Bytes that come at once. */
async function read(bytes: Uint8Array, size = 7): Promise<BackupPart[]> {
  const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
    bytes.subarray(i * size, (i + 1) * size),
  );
  const parts: BackupPart[] = [];
  for await (const part of readBackup(each(pieces), 'FILE')) parts.push(part);
  return parts;
}

/** Start and end of each record. */
function recordsOf(bytes: Uint8Array): readonly (readonly [number, number])[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const found: [number, number][] = [];
  for (let at = START; at < bytes.length;) {
    const end = at + 5 + view.getUint32(at + 1);
    found.push([at, end]);
    at = end;
  }
  return found;
}

const plain = (parts: readonly BackupPart[]) =>
  parts.flatMap((part) =>
    part.type === 'entries'
      ? part.entries.map(([key, value]) => [Buffer.from(key), Buffer.from(value)])
      : [],
  );

describe('a backup', () => {
  it('gives back header, files and entries, however its bytes are cut into pieces', async () => {
    const bytes = await bytesOf();
    for (const size of [1, 5, 64, bytes.length]) {
      const parts = await read(bytes, size);
      expect(parts[0]).toEqual({ type: 'header', header: HEADER });
      expect(parts[1]).toMatchObject({ type: 'file', name: 'identity.json' });
      expect(parts.at(-1)).toEqual({ type: 'store-end', entries: 3 });
      expect(plain(parts)).toEqual(
        ENTRIES.map(([key, value]) => [Buffer.from(key), Buffer.from(value)]),
      );
    }
  });

  it('gives back any entries', async () => {
    const keys = fc.uniqueArray(fc.string({ unit: 'binary', maxLength: 20 }), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(keys, fc.uint8Array({ maxLength: 2_000 }), async (names, value) => {
        const entries = names
          .map((name) => entry(`!results!${name}`, value))
          .toSorted(([a], [b]) => Buffer.compare(a, b))
          .filter(([key], i, all) => i === 0 || Buffer.compare(all[i - 1]![0], key) !== 0);
        const parts = await read(await bytesOf({ entries }), 1_000);
        expect(plain(parts)).toEqual(
          entries.map((pair) => pair.map((bytes) => Buffer.from(bytes))),
        );
      }),
      { numRuns: 15 },
    );
  });

  it('gathers small entries into one record, and gives a large one a record of its own', async () => {
    const small = Array.from({ length: 100 }, (_, i) => entry(`!a!${100 + i}`, 'x'));
    const large = entry('!b!1', new Uint8Array(3 * 1024 * 1024));
    const parts = await read(await bytesOf({ entries: [...small, large] }), 65_536);
    const sizes = parts.flatMap((part) => (part.type === 'entries' ? [part.entries.length] : []));
    expect(sizes).toEqual([100, 1]);
  });

  it('is refused when any one bit of it is another', async () => {
    const bytes = await bytesOf();
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.slice();
      changed[at]! ^= 1 << (at % 8);
      await expect(read(changed), `byte ${at}`).rejects.toThrow(BadInputError);
    }
  });

  it('is refused when it is cut off anywhere', async () => {
    const bytes = await bytesOf();
    for (let length = 0; length < bytes.length; length++) {
      await expect(read(bytes.subarray(0, length)), `${length} bytes`).rejects.toThrow(
        BadInputError,
      );
    }
    await expect(read(bytes.subarray(0, -1))).rejects.toThrow(
      'FILE: is cut off; take another copy',
    );
  });

  it('is refused when it goes on after its end', async () => {
    const bytes = await bytesOf();
    await expect(read(concatBytes(bytes, u8(0)))).rejects.toThrow('it goes on after its end');
  });

  it('ends with an error of its own for any bytes, never with another', async () => {
    const start = (await bytesOf()).subarray(0, START);
    const record = fc
      .tuple(fc.integer({ min: 0, max: 6 }), fc.uint8Array({ maxLength: 40 }))
      .map(([type, payload]) => concatBytes(u8(type), u32(payload.length), payload));
    const bodies = fc.oneof(
      fc.array(record, { maxLength: 5 }).map((records) => concatBytes(...records)),
      fc.uint8Array({ maxLength: 200 }),
    );
    await fc.assert(
      fc.asyncProperty(bodies, fc.boolean(), async (body, hasStart) => {
        await expect(read(hasStart ? concatBytes(start, body) : body)).rejects.toThrow(
          BadInputError,
        );
      }),
      { numRuns: 500 },
    );
  });

  it('of a newer version is refused, with the mend', async () => {
    const bytes = (await bytesOf()).slice();
    bytes[START - 1] = 2;
    await expect(read(bytes)).rejects.toThrow(/FILE: has version 2 .* a later one/);
  });

  it('waits for no bytes that a record only promises', async () => {
    const promise = concatBytes((await bytesOf()).subarray(0, START), u8(1), u32(2 ** 32 - 1));
    await expect(read(promise)).rejects.toThrow('a record is too long');
  });

  it('does not inflate a header beyond its bound', async () => {
    const header = { ...HEADER, program: 'x'.repeat(50_000) };
    await expect(read(await bytesOf({ header }))).rejects.toThrow('cannot be inflated');
  });
});

describe('the order of the parts', () => {
  /** Takes records out and puts others in, with the hash of what comes out. */
  async function arranged(order: readonly number[]): Promise<Uint8Array> {
    const bytes = await bytesOf();
    const spans = recordsOf(bytes);
    const body = order.map((i) => bytes.subarray(...spans[i]!));
    const { createHash } = await import('node:crypto');
    const start = concatBytes(bytes.subarray(0, START), ...body);
    const hash = createHash('sha256').update(start).digest();
    return concatBytes(start, u8(5), u32(hash.length), hash);
  }

  it('is header, files, entries, count: so they are read', async () => {
    expect(await read(await arranged([0, 1, 2, 3]))).toHaveLength(4);
  });

  it.each([
    ['the header is missing', [1, 2, 3], 'header'],
    ['the header comes twice', [0, 0, 1, 2, 3], 'header'],
    ['a file comes twice', [0, 1, 1, 2, 3], 'twice'],
    ['a file stands behind the store', [0, 2, 1, 3], 'behind the store'],
    ['entries come twice', [0, 1, 2, 2, 3], 'out of order'],
    ['entries are missing', [0, 1, 3], 'entries are missing'],
    ['the count is missing', [0, 1, 2], 'the end of the store is missing'],
    ['records follow the count', [0, 1, 2, 3, 2], 'after the end of the store'],
  ])('is refused although the hash is right: %s', async (_what, order, said) => {
    await expect(read(await arranged(order))).rejects.toThrow(said);
  });

  it('refuses entries that are of no section', async () => {
    for (const key of ['', 'a', '!A!1', '!a', '\u0000!a!']) {
      const bytes = await bytesOf({ entries: [entry(key, '')] });
      await expect(read(bytes), key).rejects.toThrow('of no section');
    }
  });
});

describe('the names of files', () => {
  it.each(['config.json', 'identity-12D3.json', 'keys/net work.key', 'ä/…'])(
    'may be "%s"',
    (name) => {
      expect(fileNameProblem(name)).toBeUndefined();
    },
  );

  it.each([
    ...['', '.', '..', '../x', 'a/../b', 'a/..', '/etc/passwd', 'a//b', 'a/', './a', 'c:/x'],
    ...['..\\x', 'a\u0000b', 'a\nb', 'store', 'Store/x', 'token', 'ledger/replica.log'],
    ...['restore.partial/x', 'daemon.json', 'x'.repeat(600), 'a/'.repeat(9) + 'b'],
  ])('may not be %j', async (name) => {
    expect(fileNameProblem(name)).toBeDefined();
    const files = [{ name, content: utf8('x') }];
    await expect(read(await bytesOf({ files }))).rejects.toThrow(BadInputError);
  });
});
