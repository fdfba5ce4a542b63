import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Identity } from '../../../crypto/identity.ts';
import { ApiUnderTest } from './fake-agent-node.ts';

const PEER = Identity.fromSeed(new Uint8Array(32).fill(1)).peerId;
const TERM = 'performs:nlp/sentiment';
const MEMORY = 'hasResource:memory-mib';
const input = { name: 'a.txt', mediaType: 'text/plain', contentBase64: 'YQ==' };

let test: ApiUnderTest;

beforeEach(async () => {
  test = await ApiUnderTest.start();
});

afterEach(async () => {
  await test.api.close(0);
});

/** Problems of a refused body; fails if the node was asked. */
async function problemsOf(path: string, body: unknown): Promise<readonly string[]> {
  const answer = await test.post(path, body);
  expect(answer.status).toBe(400);
  expect(test.node.calls).toEqual([]);
  const { error } = answer.json as { error: { code: string; problems: string[] } };
  expect(error.code).toBe('BAD_INPUT');
  return error.problems;
}

describe('what the node is asked', () => {
  it.each([
    ['GET', '/v1/status', undefined, 'status', []],
    ['GET', '/v1/health', undefined, 'health', []],
    ['GET', '/v1/peers', undefined, 'peers', []],
    ['GET', '/v1/skills', undefined, 'listSkills', []],
    ['GET', '/v1/skills/suggestions', undefined, 'suggestTerms', []],
    ['GET', '/v1/certificates', undefined, 'listCertificates', []],
    ['GET', '/v1/certificates/issued', undefined, 'listIssuedCertificates', []],
    ['GET', '/v1/certificates/abc', undefined, 'showCertificate', ['abc']],
    ['GET', '/v1/decisions', undefined, 'decisions.list', [20]],
    ['GET', '/v1/decisions?limit=3', undefined, 'decisions.list', [3]],
    ['GET', '/v1/decisions/a%2Fb', undefined, 'decisions.show', ['a/b']],
    ['POST', '/v1/decisions/a/replay', {}, 'decisions.replay', ['a']],
    ['POST', '/v1/skills', { skills: [] }, 'publishSkills', [{ skills: [] }]],
    ['DELETE', '/v1/skills/performs%3Anlp%2Fsentiment', undefined, 'withdrawSkill', [TERM]],
    [
      'POST',
      '/v1/query',
      { query: TERM },
      'query',
      [{ query: TERM, limit: 20, minimums: [], brokers: false, trace: false }],
    ],
    ['POST', '/v1/run', { task: { a: 1 } }, 'run', [{ task: { a: 1 }, files: {} }]],
    [
      'POST',
      '/v1/run',
      { skill: TERM, inputs: [input] },
      'run',
      [{ skill: TERM, inputs: [input] }],
    ],
    [
      'POST',
      '/v1/run',
      { skill: TERM, inputs: [{ name: 'a.txt', mediaType: 'text/plain', text: 'a' }] },
      'run',
      [{ skill: TERM, inputs: [input] }],
    ],
    [
      'POST',
      '/v1/decide',
      { skill: TERM, inputs: [input], candidates: [] },
      'decide',
      [{ skill: TERM, inputs: [input] }, []],
    ],
    ['POST', '/v1/decide', { task: 1 }, 'decide', [{ task: 1, files: {} }, undefined]],
    ['POST', '/v1/decide', { task: 1, candidates: [] }, 'decide', [{ task: 1, files: {} }, []]],
    ['POST', '/v1/certificates', { skills: [TERM] }, 'issueSelfCertificate', [[TERM], 30]],
    [
      'POST',
      '/v1/attest',
      { peerId: PEER, term: TERM },
      'attest',
      [{ peerId: PEER, term: TERM, tasks: 8 }],
    ],
    [
      'POST',
      '/v1/certificates/endorse',
      { peerId: PEER, term: TERM },
      'endorse',
      [{ peerId: PEER, term: TERM }],
    ],
    [
      'POST',
      '/v1/attest-resource',
      { peerId: PEER, resource: MEMORY, amount: 8 },
      'attestResource',
      [{ peerId: PEER, resource: MEMORY, amount: 8 }],
    ],
    [
      'POST',
      '/v1/attest-resource',
      { peerId: PEER, resource: MEMORY, measured: 0 },
      'attestResource',
      [{ peerId: PEER, resource: MEMORY, measured: 0 }],
    ],
  ])('is, for %s %s %j, %s', async (method, path, body, called, args) => {
    const answer = await test.ask(path, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    expect(answer.status).toBe(200);
    expect(test.node.calls).toHaveLength(1);
    expect(test.node.calls[0]!.method).toBe(called);
    const handed = test.node.calls[0]!.args.filter((arg) => !(arg instanceof AbortSignal));
    expect(handed).toEqual(args);
  });

  it('hands an envelope, a disclosure or a proof to the verification', async () => {
    const envelope = Buffer.from([0, 255, 128]).toString('base64');
    const disclosure = { certificate: 'c', open: [] };
    const nonce = 'ab'.repeat(32);
    const name = 'hasResource:memory-mib';
    const proof = { presentation: '{}', holder: PEER, nonce, name, min: 40 };
    for (const body of [{ envelope }, { disclosure }, proof]) {
      await test.post('/v1/certificates/verify', body);
    }
    const calls = test.node.calls.map(({ args }) => args[0]);
    expect(calls).toEqual([{ envelope }, { disclosure }, proof]);
  });

  it('refuses a proof without its nonce, or with one of another length', async () => {
    const proof = { presentation: '{}', holder: PEER, name: 'hasResource:memory-mib', min: 40 };
    const verify = (body: object) => problemsOf('/v1/certificates/verify', body);
    expect((await verify(proof)).join()).toContain('nonce');
    expect((await verify({ ...proof, nonce: 'ab' })).join()).toContain('32 bytes');
  });
});

describe('bodies that are refused', () => {
  it('lists every problem of a query, unknown keys among them', async () => {
    const bad = { query: 'perform:x', limit: 0, level: 9, lmit: 3 };
    const problems = await problemsOf('/v1/query', bad);
    expect(problems).toHaveLength(4);
    for (const named of ['query: "perform" is none of', 'limit:', 'level:', 'lmit']) {
      expect(problems.join('\n')).toContain(named);
    }
  });

  it('takes the content of an input in one form, and cuts nothing to decide on it', async () => {
    const named = { name: 'a.txt', mediaType: 'text/plain' };
    const run = (one: object) => problemsOf('/v1/run', { skill: TERM, inputs: [one] });
    const words = 'inputs.0: expected exactly one of contentBase64 and text, got';
    expect(await run(named)).toEqual([`${words} none`]);
    expect(await run({ ...input, text: 'a' })).toEqual([`${words} both`]);
    const split = { by: 'document' };
    const decided = await problemsOf('/v1/decide', { skill: TERM, inputs: [input], split });
    expect(decided.join()).toContain('split');
  });

  it.each([
    ['/v1/query', {}, 'query'],
    ['/v1/query', { query: TERM, __proto: 1 }, '__proto'],
    ['/v1/query', { query: TERM, maxPriceMicroUsd: -1 }, 'maxPriceMicroUsd'],
    ['/v1/run', {}, 'task'],
    ['/v1/run', { task: {}, filse: {} }, 'filse'],
    ['/v1/run', { task: {}, files: { 'a.txt': 'not base64!' } }, 'files.a.txt'],
    ['/v1/run', { skill: TERM, inputs: [] }, 'inputs'],
    ['/v1/run', { skill: TERM }, 'inputs'],
    ['/v1/run', { skill: TERM, inputs: Array(65).fill(input) }, 'inputs'],
    ['/v1/run', { skill: TERM, inputs: [input], task: {} }, 'task'],
    ['/v1/run', { skill: 'x', inputs: [input] }, 'skill'],
    ['/v1/run', { skill: TERM, inputs: [{ ...input, x: 1 }] }, 'inputs.0'],
    ['/v1/run', { skill: TERM, inputs: [{ ...input, contentBase64: 'a' }] }, 'contentBase64'],
    ['/v1/decide', {}, 'task'],
    ['/v1/decide', { task: {}, candidate: [] }, 'candidate'],
    ['/v1/certificates', { skills: [] }, 'skills'],
    ['/v1/certificates', { skills: Array(33).fill(TERM) }, 'skills'],
    ['/v1/certificates', { skills: [TERM], days: 31 }, 'days'],
    ['/v1/certificates', { skills: [TERM], day: 1 }, 'day'],
    ['/v1/certificates/verify', {}, 'envelope'],
    ['/v1/certificates/verify', { envelope: '%' }, 'envelope'],
    ['/v1/certificates/endorse', { peerId: 'x', term: TERM }, 'peerId'],
    ['/v1/certificates/endorse', { peerId: PEER }, 'term'],
    ['/v1/attest', { peerId: 'x', term: TERM }, 'peerId'],
    ['/v1/attest', { peerId: PEER, term: TERM, tasks: 65 }, 'tasks'],
    ['/v1/attest', { peerId: PEER, term: TERM, tasks: 3 }, 'tasks'],
    ['/v1/attest', { peerId: PEER, term: TERM, tasks: 1.5 }, 'tasks'],
    ['/v1/attest-resource', { peerId: PEER }, 'resource'],
    ['/v1/attest-resource', { peerId: PEER, resource: 'x' }, 'resource'],
    ['/v1/attest-resource', { peerId: PEER, resource: MEMORY, amount: 0 }, 'amount'],
    ['/v1/attest-resource', { peerId: PEER, resource: MEMORY, amount: 257 }, 'amount'],
    ['/v1/attest-resource', { peerId: PEER, resource: MEMORY, durationMs: 5_001 }, 'durationMs'],
    ['/v1/attest-resource', { peerId: PEER, resource: MEMORY, measured: 2 ** 32 }, 'measured'],
    ['/v1/attest-resource', { peerId: PEER, resource: MEMORY, measured: 1, amount: 1 }, 'measured'],
    ['/v1/attest-resource', { peerId: PEER, resource: MEMORY, measure: 1 }, 'measure'],
  ])('%s %j: names %s', async (path, body, named) => {
    expect((await problemsOf(path, body)).join('\n')).toContain(named);
  });

  it('refuses an input above 12 MiB of base64', async () => {
    const contentBase64 = 'A'.repeat(12 * 1024 * 1024 + 4);
    const problems = await problemsOf('/v1/run', {
      skill: TERM,
      inputs: [{ ...input, contentBase64 }],
    });
    expect(problems.join('\n')).toContain('inputs.0.contentBase64');
  });

  it.each(['limit=0', 'limit=1001', 'limit=x', 'limit=1.5', 'limit=', 'limit=1&limit=2'])(
    'refuses the list with %s',
    async (query) => {
      const answer = await test.ask(`/v1/decisions?${query}`);
      expect(answer.status).toBe(400);
      expect(test.node.calls).toEqual([]);
    },
  );

  it('refuses to withdraw what is no skill term', async () => {
    const answer = await test.ask('/v1/skills/x', { method: 'DELETE' });
    expect(answer.status).toBe(400);
    expect(test.node.calls).toEqual([]);
  });
});
