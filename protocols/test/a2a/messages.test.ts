import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../crypto/bytes.ts';
import {
  A2A_LIMITS,
  encodeControlMessage,
  parseAnswerMessage,
  parseOpenerMessage,
} from '../../a2a/messages.ts';
import { checkRpcRequest } from '../../a2a/json-rpc.ts';
import { contractNamed } from './test-agent.ts';

const contract = contractNamed('a');
const params = { 'a2a-version': '1.0', 'a2a-extensions': 'urn:a,urn:b' };
const rpc = { jsonrpc: '2.0', id: 'x', method: 'GetTask', params: { id: 't' } };
const encode = (value: unknown) => utf8(JSON.stringify(value));

const json = fc.jsonValue({ maxDepth: 1 });

/** JSON that resembles a request of JSON-RPC: the right members with the wrong values. */
const likeRpc = fc.record(
  {
    jsonrpc: fc.constantFrom('2.0', '2.0', '2.0', '1.0'),
    id: fc.oneof(fc.nat(), fc.nat(), json),
    method: fc.constantFrom('SendMessage', 'GetTask', 'CancelTask', 'ListTasks', '__proto__'),
    params: fc.oneof(
      fc.record({ id: fc.oneof(fc.string(), json) }),
      fc.record({
        message: fc.record(
          {
            messageId: fc.oneof(fc.string({ minLength: 1 }), json),
            role: fc.constantFrom('ROLE_USER', 'ROLE_USER', 'ROLE_AGENT', 1),
            parts: fc.array(fc.oneof(fc.record({ text: fc.string() }), json)),
            metadata: json,
          },
          { requiredKeys: ['messageId', 'role', 'parts'] },
        ),
      }),
      json,
    ),
  },
  { requiredKeys: ['method'] },
);

/** JSON that resembles a control message. */
const likeMessage = fc.record(
  {
    id: fc.oneof(fc.nat(), json),
    contract: fc.oneof(fc.constant(contract), json),
    params: fc.oneof(fc.constant(params), json),
    rpc: likeRpc,
    cancel: fc.constantFrom(1, 2),
    more: fc.constantFrom(1, 0),
  },
  { requiredKeys: [] },
);

describe('control messages', () => {
  it('are not looked at with a hundred thousand keys, at the top or in params', () => {
    const keys = Array.from({ length: 100_000 }, (_, i) => `"k${i}":0`).join();
    const invalid = { kind: 'invalid', id: 0 };
    const wide = utf8(`{"id":7,${keys}}`);
    const wideParams = utf8(`{"id":7,"params":{${keys}},"rpc":{}}`);
    // The id is not even read: a message that is looked at gives it.
    expect(parseOpenerMessage(wide)).toMatchObject(invalid);
    expect(parseOpenerMessage(wideParams)).toMatchObject(invalid);
    expect(parseAnswerMessage(wide)).toBeUndefined();
    expect(parseOpenerMessage(utf8('{"id":7}'))).toMatchObject({ kind: 'invalid', id: 7 });
  });

  it('are read back as they were written', () => {
    const request = { id: 7, contract, params, rpc };
    expect(parseOpenerMessage(encodeControlMessage(request))).toEqual({
      kind: 'request',
      message: request,
    });
    const cancel = { id: 7, cancel: 1 } as const;
    expect(parseOpenerMessage(encodeControlMessage(cancel))).toEqual({
      kind: 'cancel',
      message: cancel,
    });
    const answer = { id: 7, rpc: { jsonrpc: '2.0', id: 'x', result: {} }, more: 1 } as const;
    expect(parseAnswerMessage(encodeControlMessage(answer))).toEqual(answer);
  });

  it('have the form of wire-formats.md 1.6', () => {
    const text = new TextDecoder().decode(encodeControlMessage({ id: 1, contract, params, rpc }));
    expect(text).toBe(
      `{"id":1,"contract":"${contract}","params":{"a2a-version":"1.0",` +
        '"a2a-extensions":"urn:a,urn:b"},' +
        '"rpc":{"jsonrpc":"2.0","id":"x","method":"GetTask","params":{"id":"t"}}}',
    );
  });

  it('are read up to 1 MiB and not beyond', () => {
    const message = JSON.stringify({ id: 1, params, rpc });
    const largest = message + ' '.repeat(A2A_LIMITS.maxMessageBytes - message.length);
    expect(parseOpenerMessage(utf8(largest)).kind).toBe('request');
    expect(parseOpenerMessage(utf8(`${largest} `)).kind).toBe('invalid');
  });

  it('are read up to a depth of 64 and not beyond', () => {
    const nested = (depth: number) => {
      const inner = `${'['.repeat(depth)}${']'.repeat(depth)}`;
      return utf8(`{"id":1,"params":{"a2a-version":"1.0"},"rpc":{"a":${inner}}}`);
    };
    expect(parseOpenerMessage(nested(62)).kind).toBe('request');
    expect(parseOpenerMessage(nested(63)).kind).toBe('invalid');
    expect(parseOpenerMessage(nested(400_000)).kind).toBe('invalid');
  });

  it('refuse extensions beyond 2,048 characters and ids beyond 2^53-1', () => {
    const long = { ...params, 'a2a-extensions': 'x'.repeat(2_049) };
    expect(parseOpenerMessage(encode({ id: 1, params: long, rpc })).kind).toBe('invalid');
    expect(parseOpenerMessage(encode({ id: 2 ** 53, params, rpc })).kind).toBe('invalid');
    expect(parseOpenerMessage(encode({ id: 0, params, rpc })).kind).toBe('invalid');
  });

  it('never make a parser throw: arbitrary bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 512 }), (bytes) => {
        expect(parseOpenerMessage(bytes).kind).toBe('invalid');
        expect(parseAnswerMessage(bytes)).toBeUndefined();
      }),
      { numRuns: 3_000 },
    );
  });

  it('never make a parser throw: JSON that resembles them', () => {
    fc.assert(
      fc.property(likeMessage, (value) => {
        const bytes = encode(value);
        expect(['request', 'cancel', 'invalid']).toContain(parseOpenerMessage(bytes).kind);
        parseAnswerMessage(bytes);
      }),
      { numRuns: 1_000 },
    );
  });

  it('carry requests whose check never throws, and lets no malformed message through', () => {
    fc.assert(
      fc.property(likeRpc, (value) => {
        const checked = checkRpcRequest(value);
        if (!checked.valid) {
          expect(checked.error.code).toBeLessThan(0);
          return;
        }
        if (checked.request.method !== 'SendMessage') return;
        const { message } = checked.request.params as { message: { role: string; parts: [] } };
        expect(message.role).toBe('ROLE_USER');
        expect(message.parts.length).toBeGreaterThan(0);
      }),
      { numRuns: 2_000 },
    );
  });

  it('never make a parser throw: a valid message with bytes changed', () => {
    const valid = encode({ id: 1, contract, params, rpc });
    fc.assert(
      fc.property(fc.nat(valid.length - 1), fc.integer({ min: 1, max: 255 }), (at, by) => {
        const bytes = new Uint8Array(valid);
        bytes[at]! ^= by;
        const parsed = parseOpenerMessage(bytes);
        if (parsed.kind === 'request') checkRpcRequest(parsed.message.rpc);
      }),
      { numRuns: 3_000 },
    );
  });
});
