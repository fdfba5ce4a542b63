import { Message } from '@a2a-js/sdk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toBase64Url, utf8 } from '../../../crypto/bytes.ts';
import { ECONOMICS_EXTENSION_URI } from '../../../protocols/a2a/agent-card.ts';
import type { A2aTask } from '../../../protocols/a2a/wire-types.ts';
import {
  TASK_MEDIA_TYPE,
  manifestOf,
  readTaskMessage,
  resultPartsOf,
  taskMessage,
} from '../../tasks/wire-task.ts';
import type { ReceivedTask } from '../../tasks/wire-task.ts';

const SALT = new Uint8Array(16).fill(7);
const SPECIFICATION = utf8('{"title":"x"}');

/** What a contractor reads of a message after it went through JSON and the SDK. */
function received(task: ReceivedTask): ReceivedTask | undefined {
  const json: unknown = JSON.parse(JSON.stringify(taskMessage({ ...task, messageId: 'm' })));
  return readTaskMessage(Message.fromJSON(json));
}

describe('a task as an A2A message', () => {
  it('comes back byte for byte through JSON and the SDK, whatever the parts are', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.string({ unit: 'binary', maxLength: 100 }).map(utf8),
      fc.constantFrom('', '\ufeffa', '\u0000', '\r\n', '{"a":1}').map(utf8),
      fc.constant(new Uint8Array([0xed, 0xa0, 0x80])), // a surrogate, which is no UTF-8
    );
    const part = fc
      .record({
        mediaType: fc.constantFrom('text/plain', 'application/json', 'image/png', ''),
        bytes,
        name: fc.option(fc.string({ minLength: 1, maxLength: 20 }), { nil: undefined }),
      })
      .map(({ name, ...rest }) => (name === undefined ? rest : { ...rest, name }));
    const task = fc.record({
      salt: fc.uint8Array({ minLength: 16, maxLength: 16 }),
      specification: fc.json().map(utf8),
      parts: fc.array(part, { maxLength: 5 }),
    });
    fc.assert(
      fc.property(task, (sent) => {
        expect(received(sent)).toEqual(sent);
      }),
      { numRuns: 1_000 },
    );
  });

  it('names the extension and the media type of its first part', () => {
    const message = taskMessage({
      messageId: 'm',
      salt: SALT,
      specification: SPECIFICATION,
      parts: [],
    });
    expect(message).toEqual({
      messageId: 'm',
      role: 'ROLE_USER',
      parts: [{ text: '{"title":"x"}', mediaType: TASK_MEDIA_TYPE }],
      metadata: { [ECONOMICS_EXTENSION_URI]: { salt: toBase64Url(SALT) } },
      extensions: [ECONOMICS_EXTENSION_URI],
    });
  });
});

describe('a message that is no task', () => {
  const first = { content: { $case: 'text', value: '{}' }, mediaType: TASK_MEDIA_TYPE };
  const metadata = { [ECONOMICS_EXTENSION_URI]: { salt: toBase64Url(SALT) } };

  it('is told from one that is', () => {
    expect(readTaskMessage({ parts: [first], metadata })).toBeDefined();
  });

  it.each([
    ['no parts', { parts: [], metadata }],
    ['another media type', { parts: [{ ...first, mediaType: 'text/plain' }], metadata }],
    [
      'a first part of data',
      { parts: [{ ...first, content: { $case: 'data', value: 1 } }], metadata },
    ],
    ['no metadata', { parts: [first] }],
    ['no salt', { parts: [first], metadata: { [ECONOMICS_EXTENSION_URI]: {} } }],
    [
      'an extension that is null',
      { parts: [first], metadata: { [ECONOMICS_EXTENSION_URI]: null } },
    ],
    [
      'a salt that is a number',
      { parts: [first], metadata: { [ECONOMICS_EXTENSION_URI]: { salt: 1 } } },
    ],
    [
      'a salt that is not base64url',
      { parts: [first], metadata: { [ECONOMICS_EXTENSION_URI]: { salt: '+/' } } },
    ],
    [
      'a salt above the limit',
      { parts: [first], metadata: { [ECONOMICS_EXTENSION_URI]: { salt: 'A'.repeat(68) } } },
    ],
    [
      'an input by URL',
      {
        parts: [first, { content: { $case: 'url', value: 'http://x' }, mediaType: 'a' }],
        metadata,
      },
    ],
    ['an input without content', { parts: [first, { mediaType: 'text/plain' }], metadata }],
    [
      'an input without media type',
      { parts: [first, { content: { $case: 'text', value: '' } }], metadata },
    ],
  ])('is undefined: %s', (_what, message) => {
    expect(readTaskMessage(message)).toBeUndefined();
  });

  it('never throws, whatever a peer sends', () => {
    const content = fc.option(
      fc.record({
        $case: fc.constantFrom('text', 'raw', 'data', 'url', 'x'),
        value: fc.anything(),
      }),
      { nil: undefined },
    );
    const part = fc.record({ content, mediaType: fc.constantFrom(TASK_MEDIA_TYPE, 'a') });
    const extension = fc.oneof(fc.anything(), fc.record({ salt: fc.anything() }));
    fc.assert(
      fc.property(fc.array(part, { maxLength: 3 }), extension, (parts, value) => {
        const task = readTaskMessage({ parts, metadata: { [ECONOMICS_EXTENSION_URI]: value } });
        if (task) expect(task.salt).toBeInstanceOf(Uint8Array);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('a result', () => {
  function taskWith(parts: object[]): A2aTask {
    return { artifacts: [{ artifactId: 'a', parts }] } as unknown as A2aTask;
  }

  it('is read with its media types, text and data', () => {
    const parts = [{ text: 'a', mediaType: 'text/csv' }, { data: { b: 1 } }, { text: '' }];
    expect(resultPartsOf(taskWith(parts))).toEqual([
      { mediaType: 'text/csv', text: 'a' },
      { mediaType: 'application/json', data: { b: 1 } },
      { mediaType: 'text/plain', text: '' },
    ]);
    expect(resultPartsOf({} as A2aTask)).toEqual([]);
  });

  it('is undefined if a part is neither text nor data', () => {
    expect(resultPartsOf(taskWith([{ text: 'a' }, { url: 'http://x' }]))).toBeUndefined();
  });

  it('has a manifest that changes with every byte and with the order', () => {
    const a = manifestOf([
      { mediaType: 'x', text: 'a' },
      { mediaType: 'x', data: 1 },
    ]);
    expect(a.bytes).toBe(2);
    const others = [
      manifestOf([
        { mediaType: 'x', text: 'b' },
        { mediaType: 'x', data: 1 },
      ]),
      manifestOf([
        { mediaType: 'x', text: 'a' },
        { mediaType: 'x', data: 2 },
      ]),
      manifestOf([
        { mediaType: 'x', data: 1 },
        { mediaType: 'x', text: 'a' },
      ]),
      manifestOf([{ mediaType: 'x', text: 'a' }]),
    ];
    for (const other of others) expect(other.result).not.toEqual(a.result);
  });
});
