import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../crypto/bytes.ts';
import { FakeRandom } from '../../../protocols/test/negotiation/fake-world.ts';
import { taskForSkill } from '../../tasks/task-for-skill.ts';
import { checkByVerifier } from '../../tasks/verification/custom-verifier.ts';
import type { ResultVerifier } from '../../tasks/verification/custom-verifier.ts';
import { verifyResult } from '../../tasks/verification/verify-result.ts';

const inputs = [{ file: 'a.txt', mediaType: 'text/plain' }];
const work = {
  specification: {
    ...taskForSkill({ term: 'performs:text/upper', inputs, valueMicroUsd: 1 }),
    output: { mediaType: 'text/plain' },
    verification: [],
  },
  inputParts: [{ mediaType: 'text/plain', bytes: utf8('kettle') }],
  resultParts: [{ mediaType: 'text/plain', text: 'KETTLE' }],
};
const ask = (verifier: unknown) => checkByVerifier(verifier as ResultVerifier, work, 50);

describe('a check of who embeds the node', () => {
  it('is given input and result, and decides beside the checks of the task', async () => {
    const verifier: ResultVerifier = ({ inputParts, resultParts }) => {
      const expected = Buffer.from(inputParts[0]!.bytes).toString('utf8').toUpperCase();
      const passed = resultParts[0]!.text === expected;
      return { passed, detail: passed ? 'as expected' : 'other words' };
    };
    const request = { ...work, verifier, random: new FakeRandom('v'), auditRate: 0 };
    expect(await verifyResult(request)).toMatchObject({
      passed: true,
      checks: [{ type: 'well-formed' }, { type: 'custom', passed: true, detail: 'as expected' }],
    });
    const other = [{ mediaType: 'text/plain', text: 'TEAPOT' }];
    expect(await verifyResult({ ...request, resultParts: other })).toMatchObject({
      passed: false,
      checks: [{ passed: true }, { type: 'custom', passed: false, detail: 'other words' }],
    });
  });

  it('is not asked about a result that is not well-formed', async () => {
    const verifier: ResultVerifier = () => expect.unreachable('the result has no part');
    const request = { ...work, verifier, random: new FakeRandom('v'), auditRate: 0 };
    const { checks } = await verifyResult({ ...request, resultParts: [] });
    expect(checks.map(({ type }) => type)).toEqual(['well-formed']);
  });

  it.each([
    ['throws', () => expect.fail('hostile words'), /^the verifier failed: hostile words/],
    ['rejects', () => Promise.reject(new Error('no')), /^the verifier failed: no$/],
    ['never answers', () => new Promise(() => undefined), /took more than 50 ms/],
    ['answers yes in another form', () => true, /expected \{ passed, detail \}/],
    ['answers nothing', () => undefined, /expected \{ passed, detail \}/],
    ['says passed in words', () => ({ passed: 'yes', detail: '' }), /expected \{ passed/],
  ])('that %s has not accepted the result', async (_what, verifier, detail) => {
    const outcome = await ask(verifier);
    expect(outcome.passed).toBe(false);
    expect(outcome.detail).toMatch(detail);
  });

  it('has a detail of a bounded length, and ends when nobody waits any more', async () => {
    const long = await ask(() => ({ passed: true, detail: 'x'.repeat(10_000) }));
    expect(long.detail).toHaveLength(300);
    const controller = new AbortController();
    const never = new Promise<never>(() => undefined);
    const asked = checkByVerifier(() => never, { ...work, signal: controller.signal });
    controller.abort(new Error('hung up'));
    await expect(asked).rejects.toThrow('hung up');
  });
});
