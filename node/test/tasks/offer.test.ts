import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseOffer } from '../../tasks/offer.ts';
import { formatProblems } from '../../tasks/task-problems.ts';

const PEER = '12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN';

const OPENAI = {
  type: 'openai',
  baseUrl: 'http://127.0.0.1:11434/v1',
  model: 'llama3.2',
  systemPrompt: 'You summarise texts.',
};

function makeSkill(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    term: 'performs:nlp/sentiment',
    description: 'Polarity of English text',
    priceMicroUsd: 1_500,
    perUnit: 'task',
    latencyMs: 2_000,
    capacity: 4,
    executor: { type: 'builtin' },
    ...changes,
  };
}

function problemsOf(json: unknown): string {
  const parsed = parseOffer(json);
  return parsed.valid ? '' : formatProblems(parsed.problems);
}

describe('parseOffer', () => {
  it('accepts every field of an offer and changes nothing', () => {
    const offer = {
      skills: [
        makeSkill({ quantity: 80, unit: 'GiB', windows: [{ from: 1, to: 2 }] }),
        makeSkill({
          term: 'performs:nlp/shouting',
          executor: { type: 'module', path: './shout.js', estimatedSeconds: 2, memoryGib: 1 },
        }),
        makeSkill({
          term: 'performs:text/translate',
          executor: {
            type: 'a2a',
            url: 'https://agent.example',
            instruction: 'Translate into French.',
            tokenVariable: 'AGENT_TOKEN',
            origins: ['https://rpc.agent.example'],
            maxInputBytes: 100_000,
            timeoutMs: 60_000,
            paidMicroUsd: 250.5,
          },
        }),
        makeSkill({
          term: 'performs:text/count',
          executor: {
            type: 'command',
            program: 'wc',
            args: ['-w', '--'],
            stdin: 'content',
            environment: ['LANG'],
            maxInputBytes: 1_000,
            timeoutMs: 5_000,
            maxCpuSeconds: 2,
            maxMemoryMib: 64,
            maxFileMib: 0,
            estimatedSeconds: 0.01,
            memoryGib: 0.01,
          },
        }),
        makeSkill({
          term: 'performs:nlp/summary',
          executor: {
            ...OPENAI,
            apiKeyVariable: 'MODEL_KEY',
            template: 'Text: {{input}}',
            maxInputBytes: 10_000,
            maxOutputTokens: 500,
            parameters: { temperature: 0, stop: ['x'] },
            hasJsonMode: false,
            timeoutMs: 30_000,
            inputUsdPerMillionTokens: 0.15,
            outputUsdPerMillionTokens: 0.6,
          },
        }),
      ],
      accept: { clients: [PEER], minPriceMicroUsd: 10, maxInBytes: 1_000, levels: ['low'] },
    };
    const parsed = parseOffer(offer);
    expect(parsed).toEqual({ valid: true, value: offer });
  });

  it('accepts an offer without acceptance rules', () => {
    expect(problemsOf({ skills: [makeSkill()] })).toBe('');
  });

  it.each([
    [
      { executor: { type: 'rust' } },
      /executor.*cannot run: set "type" to one of "builtin", "module", "openai", "command", "a2a"/,
    ],
    [
      { executor: { type: 'openai' } },
      /executor\.baseUrl: is missing[^]*executor\.systemPrompt: is/,
    ],
    [{ executor: { ...OPENAI, apiKeyVariable: 'sk-abc' } }, /name of an environment variable/],
    [{ executor: { ...OPENAI, template: 'no place' } }, /template: expected {{input}} where/],
    [{ executor: { ...OPENAI, outputUsdPerMillionTokens: -1 } }, /Tokens: expected at least 0/],
    [{ executor: { type: 'command' } }, /executor\.program: is missing/],
    [{ executor: { type: 'command', program: 'a\0b' } }, /without a zero character/],
    [{ executor: { type: 'command', program: 'wc', args: '-w' } }, /args: expected an array/],
    [{ executor: { type: 'command', program: 'wc', args: Array(65).fill('') } }, /at most 64/],
    [{ executor: { type: 'command', program: 'wc', environment: ['A=1'] } }, /name of an/],
    [{ executor: { type: 'command', program: 'wc', maxMemoryMib: 1 } }, /expected at least 16/],
    [{ executor: { type: 'a2a' } }, /executor\.url: is missing/],
    [{ executor: { type: 'a2a', url: 'https://a.test', token: 'x' } }, /has no key "token"/],
    [{ executor: { ...OPENAI, apiKey: 'sk-abc' } }, /executor: has no key "apiKey"/],
    [{ executor: { type: 'module' } }, /executor\.path: is missing/],
    [{ executor: { type: 'builtin', path: 'x' } }, /executor: has no key "path"/],
    [{ term: 'Sentiment' }, /term: .*no predicate/],
    [{ priceMicroUsd: 1.5 }, /priceMicroUsd: expected a whole number/],
    [{ priceMicroUsd: -1 }, /priceMicroUsd: expected at least 0/],
    [{ capacity: 0 }, /capacity: expected at least 1/],
    [{ perUnit: 'per task' }, /perUnit: expected a unit such as task/],
    [{ windows: [{ from: 2, to: 2 }] }, /windows\[0\]: expected from to be earlier/],
    [{ windows: Array.from({ length: 9 }, () => ({ from: 1, to: 2 })) }, /windows: .*at most 8/],
    [{ note: 1 }, /has no key "note"/],
  ])('refuses a skill with %j', (changes, message) => {
    expect(problemsOf({ skills: [makeSkill(changes)] })).toMatch(message);
  });

  it.each([
    [{ clients: 'everyone' }, /accept\.clients: expected "any", "known" or a list of PeerIds/],
    [{ clients: ['me'] }, /accept\.clients/],
    [{ levels: ['secret'] }, /accept\.levels\[0\]/],
    [{ maxInBytes: 2 ** 40 }, /accept\.maxInBytes: expected at most/],
  ])('refuses acceptance rules %j', (accept, message) => {
    expect(problemsOf({ skills: [makeSkill()], accept })).toMatch(message);
  });

  it('refuses a term that is offered twice', () => {
    expect(problemsOf({ skills: [makeSkill(), makeSkill()] })).toMatch(
      /^skills\[1\]\.term: .*offered twice/,
    );
  });

  it('refuses more skills than a record can hold', () => {
    const skills = Array.from({ length: 33 }, (_, i) => makeSkill({ term: `performs:a${i}` }));
    expect(problemsOf({ skills })).toMatch(/^skills: expected at most 32 items/);
    expect(problemsOf({ skills: skills.slice(1) })).toBe('');
  });

  it('never throws on any JSON value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom('skills', 'accept'), (json, key) => {
        expect(parseOffer(json).valid).toBe(false);
        expect(parseOffer({ skills: [makeSkill()], [key]: json }).valid).toBeTypeOf('boolean');
      }),
      { numRuns: 1_000 },
    );
  });
});
