import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromBase64Url, utf8 } from '../../../crypto/bytes.ts';
import { sha256 } from '../../../crypto/hash.ts';
import { TASK_LIMITS } from '../../tasks/task-limits.ts';
import {
  encodeResultPart,
  matchesWireInput,
  resolveInlinePart,
  specificationForWire,
} from '../../tasks/task-parts.ts';
import { formatProblems, MAX_PROBLEMS } from '../../tasks/task-problems.ts';
import { parseTaskSpecification, parseWireTaskSpecification } from '../../tasks/task.ts';
import type { TaskSpecification } from '../../tasks/task.ts';
import { checksForSkill, taskForSkill } from '../../tasks/task-for-skill.ts';
import { sample } from './price-tables.ts';

function makeTask(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    title: 'Mood of two reviews',
    skills: ['performs:nlp/sentiment'],
    description: 'What do the buyers think?',
    resources: {
      flops: 1e9,
      memoryGiB: 0.5,
      libraries: ['wink-nlp'],
      minimums: { 'cpu-cores': 2 },
    },
    input: {
      parts: [
        { text: 'I love it.', mediaType: 'text/plain', sensitivity: 'low' },
        { data: { language: 'en' }, mediaType: 'application/json' },
      ],
    },
    output: { mediaType: 'application/json', schema: { type: 'object' }, expectedBytes: 500 },
    verification: [{ type: 'json-schema' }, { type: 'recompute', auditRate: 0.25 }],
    constraints: {
      maxLatencyMs: 60_000,
      maxPriceMicroUsd: 5_000,
      sensitivity: 'low',
      regions: ['eu'],
      level: 1,
    },
    complexity: 1.5,
    criticality: 'normal',
    valueMicroUsd: 20_000,
    ...changes,
  };
}

function problemsOf(json: unknown): string[] {
  const parsed = parseTaskSpecification(json);
  return parsed.valid ? [] : formatProblems(parsed.problems).split('\n');
}

function accepted(json: unknown): TaskSpecification {
  const parsed = parseTaskSpecification(json);
  if (!parsed.valid) throw new Error(formatProblems(parsed.problems));
  return parsed.value;
}

describe('parseTaskSpecification', () => {
  it('accepts every field of the specification and changes nothing', () => {
    const task = makeTask();
    expect(accepted(task)).toEqual(task);
  });

  it('accepts the sample task of the examples', () => {
    expect(accepted(JSON.parse(sample('portfolio-task.json'))).skills).toHaveLength(1);
  });

  it('refuses a short name of a resource that nobody knows, and allows a coined term', () => {
    const asking = (name: string) => makeTask({ resources: { minimums: { [name]: 1 } } });
    expect(problemsOf(asking('gpu-memory'))).toEqual([
      expect.stringMatching(
        /^resources\.minimums: "gpu-memory" is no known resource: use .*gpu-memory-gib/,
      ),
    ]);
    expect(accepted(asking('hasResource:gpu-memory'))).toBeDefined();
    expect(accepted(asking('gpu/nvidia-a100-80gb'))).toBeDefined();
  });

  it('leaves the names of resources in a task of a peer to that peer', () => {
    const { input: _input, ...task } = makeTask({ resources: { minimums: { 'gpu-memory': 1 } } });
    const part = { mediaType: 'text/plain', sizeBytes: 1, sha256: 'A'.repeat(43) };
    const parsed = parseWireTaskSpecification({ ...task, input: { parts: [part] } });
    expect(parsed.valid).toBe(true);
  });

  it('lists all problems at once, each with its place and the mend', () => {
    const problems = problemsOf(
      makeTask({
        title: undefined,
        skills: ['nlp'],
        output: { mediaType: 'json' },
        valueMicroUsd: -1,
        constraints: { sensitivity: 'secret', maxLatencyMs: 1.5 },
        extra: 1,
      }),
    );
    expect(problems).toContain('title: is missing: give a string');
    expect(problems).toContainEqual(
      expect.stringMatching(/^skills\[0\]: .*performs:nlp\/sentiment/),
    );
    expect(problems).toContain('output.mediaType: expected a media type such as text/csv');
    expect(problems).toContain('valueMicroUsd: expected at least 0, got -1');
    expect(problems).toContain(
      'constraints.sensitivity: expected one of "low", "medium", "high", got "secret"',
    );
    expect(problems).toContain('constraints.maxLatencyMs: expected a whole number, got 1.5');
    expect(problems).toContainEqual(
      expect.stringMatching(/^has no key "extra": remove it or use one of title, skills/),
    );
    expect(problems).toHaveLength(7);
  });

  it.each([
    ['constraints', { sensitivity: 'low', speed: 1 }],
    ['resources', { gpus: 1 }],
    ['output', { mediaType: 'text/plain', format: 'x' }],
    ['verification', [{ type: 'recompute', rate: 1 }]],
    ['input', { parts: [{ text: '', mediaType: 'text/plain', name: 'x' }] }],
  ])('refuses an unknown key inside %s', (key, value) => {
    expect(problemsOf(makeTask({ [key]: value })).join()).toMatch(/has no key/);
  });

  it('refuses a check that it does not know and names those it does', () => {
    expect(problemsOf(makeTask({ verification: [{ type: 'vibes' }] }))).toEqual([
      expect.stringMatching(
        /^verification\[0\].*: is not a check .* "recompute", "optimality", "grounding"$/,
      ),
    ]);
  });

  it('refuses a json-schema check that has no schema anywhere', () => {
    const output = { mediaType: 'application/json' };
    expect(problemsOf(makeTask({ output, verification: [{ type: 'json-schema' }] }))).toEqual([
      'verification[0]: has no schema: give "schema" here or "output.schema"',
    ]);
  });

  it('refuses a JSON Schema that cannot be compiled, at the place where it stands', () => {
    const schema = { type: 'object', properties: { a: { type: 'nubmer' } } };
    expect(
      problemsOf(makeTask({ verification: [{ type: 'json-schema', schema }] })).join(),
    ).toMatch(/^verification\[0\]\.schema: is not a usable JSON Schema/);
  });

  it.each([
    [{ mediaType: 'text/plain' }, 'none'],
    [{ text: 'a', file: 'b', mediaType: 'text/plain' }, 'text and file'],
  ])('refuses an input part with not exactly one content', (part, got) => {
    expect(problemsOf(makeTask({ input: { parts: [part] } }))).toEqual([
      `input.parts[0]: expected exactly one of text, data, file, url, got ${got}`,
    ]);
  });

  it('accepts data that is null, false or empty as content', () => {
    const parts = [null, false, 0, '', [], {}].map((data) => ({
      data,
      mediaType: 'application/json',
    }));
    expect(problemsOf(makeTask({ input: { parts } }))).toEqual([]);
  });

  it.each(['file:///etc/passwd', 'javascript:alert(1)', 'ftp://a/b', 'not a url'])(
    'refuses the input URL %s',
    (url) => {
      const parts = [{ url, mediaType: 'text/plain' }];
      expect(problemsOf(makeTask({ input: { parts } })).join()).toMatch(/http:\/\/ or https:\/\//);
    },
  );

  it.each([
    ['title', 'x'.repeat(TASK_LIMITS.maxTitleCharacters + 1)],
    ['description', 'x'.repeat(TASK_LIMITS.maxDescriptionCharacters + 1)],
    ['skills', Array.from({ length: TASK_LIMITS.maxSkills + 1 }, () => 'performs:a')],
    ['skills', []],
    [
      'verification',
      Array.from({ length: TASK_LIMITS.maxChecks + 1 }, () => ({ type: 'recompute' })),
    ],
    ['input', { parts: [] }],
    [
      'input',
      {
        parts: Array.from({ length: TASK_LIMITS.maxParts + 1 }, () => ({
          text: '',
          mediaType: 'text/plain',
        })),
      },
    ],
    [
      'resources',
      {
        minimums: Object.fromEntries(
          Array.from({ length: TASK_LIMITS.maxMinimums + 1 }, (_, i) => [`m${i}`, 1]),
        ),
      },
    ],
    ['resources', { minimums: { 'gpu memory': 1 } }],
    ['resources', { minimums: { 'performs:nlp/sentiment': 1 } }],
    ['resources', { minimums: { 'memory-mib': 2 ** 32 } }],
    ['resources', { libraries: Array.from({ length: TASK_LIMITS.maxLibraries + 1 }, () => 'a') }],
    [
      'constraints',
      {
        sensitivity: 'low',
        regions: Array.from({ length: TASK_LIMITS.maxRegions + 1 }, () => 'eu'),
      },
    ],
    ['constraints', { sensitivity: 'low', level: 4 }],
    ['complexity', 0],
    ['valueMicroUsd', 2 ** 53],
  ])('refuses %s beyond its limit', (key, value) => {
    const problems = problemsOf(makeTask({ [key]: value }));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(new RegExp(`^${key}`));
  });

  it('accepts each count at its limit', () => {
    const skills = Array.from({ length: TASK_LIMITS.maxSkills }, () => 'performs:a');
    const parts = Array.from({ length: TASK_LIMITS.maxParts }, () => ({
      text: '',
      mediaType: 'text/plain',
    }));
    const title = 'x'.repeat(TASK_LIMITS.maxTitleCharacters);
    expect(problemsOf(makeTask({ skills, input: { parts }, title }))).toEqual([]);
  });

  it('refuses a nesting bomb before any schema walks it', () => {
    let data: unknown = 1;
    for (let i = 0; i < 100_000; i++) data = [data];
    const parts = [{ data, mediaType: 'application/json' }];
    expect(problemsOf(makeTask({ input: { parts } })).join()).toMatch(/nested deeper than 32/);
  });

  it('refuses a specification that is larger than the limit', () => {
    const text = 'x'.repeat(TASK_LIMITS.maxSpecificationBytes);
    const parts = [{ text, mediaType: 'text/plain' }];
    expect(problemsOf(makeTask({ input: { parts } })).join()).toMatch(/larger than/);
  });

  it('lists no more than a bounded number of problems', () => {
    const parts = Array.from({ length: 64 }, () => ({ mediaType: '' }));
    const problems = problemsOf(makeTask({ input: { parts } }));
    expect(problems).toHaveLength(MAX_PROBLEMS + 1);
    expect(problems.at(-1)).toMatch(/more problems/);
  });

  it('accepts subtasks that depend on earlier ones', () => {
    const specification = makeTask();
    const subtasks = [
      { id: 'read', specification },
      { id: 'judge', dependsOn: ['read'], specification },
    ];
    expect(accepted(makeTask({ subtasks })).subtasks).toHaveLength(2);
  });

  it.each([
    [[{ id: 'a', dependsOn: ['a'] }], 'subtasks[0].dependsOn[0]: "a" is not an earlier subtask'],
    [
      [{ id: 'a', dependsOn: ['b'] }, { id: 'b' }],
      'subtasks[0].dependsOn[0]: "b" is not an earlier subtask',
    ],
    [[{ id: 'a' }, { id: 'a' }], 'subtasks[1].id: "a" is taken'],
  ])('refuses subtasks that are no DAG in order', (entries, message) => {
    const subtasks = entries.map((entry) => ({ ...entry, specification: makeTask() }));
    expect(problemsOf(makeTask({ subtasks })).join()).toContain(message);
  });

  it('refuses subtasks of subtasks', () => {
    const inner = makeTask({ subtasks: [{ id: 'a', specification: makeTask() }] });
    expect(problemsOf(makeTask({ subtasks: [{ id: 'b', specification: inner }] })).join()).toMatch(
      /^subtasks\[0\]\.specification: has no key "subtasks"/,
    );
  });

  it('never throws on any JSON value and refuses all that are no task', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        expect(parseTaskSpecification(json).valid).toBe(false);
        expect(parseWireTaskSpecification(json).valid).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });

  it('never throws on a task with one field replaced by any value', () => {
    const keys = Object.keys(makeTask());
    fc.assert(
      fc.property(fc.constantFrom(...keys), fc.anything(), (key, value) => {
        const parsed = parseTaskSpecification(makeTask({ [key]: value }));
        expect(parsed.valid || parsed.problems.length > 0).toBe(true);
      }),
      { numRuns: 400 },
    );
  });

  it('is not fooled by keys of the object prototype', () => {
    const json = JSON.parse('{"__proto__": {"title": "x"}, "constructor": 1}') as unknown;
    expect(problemsOf(json).join('\n')).toMatch(/title: is missing/);
    const task = JSON.parse(JSON.stringify(makeTask()).replace('{', '{"__proto__":{},')) as unknown;
    expect(parseTaskSpecification(task).valid).toBe(false);
  });
});

describe('specificationForWire', () => {
  const specification = accepted(makeTask());
  const parts = specification.input.parts.map((part) => resolveInlinePart(part)!);

  it('replaces each part by media type, size and hash, and nothing else', () => {
    const wire = specificationForWire(specification, parts);
    expect(wire.input.parts).toEqual([
      {
        mediaType: 'text/plain',
        sizeBytes: 10,
        sha256: Buffer.from(sha256(utf8('I love it.'))).toString('base64url'),
      },
      {
        mediaType: 'application/json',
        sizeBytes: 17,
        sha256: Buffer.from(sha256(utf8('{"language":"en"}'))).toString('base64url'),
      },
    ]);
    expect({ ...wire, input: 0 }).toEqual({ ...specification, input: 0 });
    expect(JSON.stringify(wire)).not.toContain('love');
  });

  it('makes a specification that a peer accepts', () => {
    const wire: unknown = JSON.parse(JSON.stringify(specificationForWire(specification, parts)));
    expect(parseWireTaskSpecification(wire)).toMatchObject({ valid: true });
  });

  it('leaves subtasks at home', () => {
    const withSubtasks = accepted(makeTask({ subtasks: [{ id: 'a', specification: makeTask() }] }));
    expect(specificationForWire(withSubtasks, parts)).not.toHaveProperty('subtasks');
  });

  it('refuses parts that are not those of the specification', () => {
    expect(() => specificationForWire(specification, parts.slice(1))).toThrow(
      '"resolvedInput" expected 2 parts, got 1',
    );
    expect(() => specificationForWire(specification, [...parts].reverse())).toThrow(TypeError);
  });

  it('knows its own parts from swapped and altered ones', () => {
    const wire = specificationForWire(specification, parts);
    expect(matchesWireInput(wire, parts)).toBe(true);
    expect(matchesWireInput(wire, [...parts].reverse())).toBe(false);
    expect(matchesWireInput(wire, parts.slice(1))).toBe(false);
    const altered = [{ ...parts[0]!, bytes: utf8('I hate it.') }, parts[1]!];
    expect(matchesWireInput(wire, altered)).toBe(false);
  });
});

describe('parseWireTaskSpecification', () => {
  const wire = specificationForWire(accepted(makeTask()), [
    { mediaType: 'text/plain', bytes: utf8('a') },
    { mediaType: 'application/json', bytes: utf8('1') },
  ]);

  it('refuses content in place of a hash', () => {
    const parts = [{ text: 'a', mediaType: 'text/plain' }];
    expect(parseWireTaskSpecification({ ...wire, input: { parts } }).valid).toBe(false);
  });

  it.each(['', 'AAAA', `${'A'.repeat(42)}B`, `${'A'.repeat(43)}=`, `${'A'.repeat(42)}+`])(
    'refuses the hash %j',
    (sha) => {
      const parts = [{ mediaType: 'text/plain', sizeBytes: 1, sha256: sha }];
      expect(parseWireTaskSpecification({ ...wire, input: { parts } }).valid).toBe(false);
    },
  );

  it('accepts exactly the hashes that decode as 32 bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
        const text = Buffer.from(bytes).toString('base64url');
        const parts = [{ mediaType: 'text/plain', sizeBytes: 1, sha256: text }];
        expect(fromBase64Url(text)).toHaveLength(32);
        expect(parseWireTaskSpecification({ ...wire, input: { parts } }).valid).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('refuses a declared size beyond the limit', () => {
    const parts = [
      {
        mediaType: 'text/plain',
        sizeBytes: TASK_LIMITS.maxPartBytes + 1,
        sha256: 'A'.repeat(43),
      },
    ];
    expect(parseWireTaskSpecification({ ...wire, input: { parts } }).valid).toBe(false);
  });

  it('does not compile a schema that a peer sent', () => {
    const output = { mediaType: 'application/json', schema: { type: 'nonsense' } };
    expect(parseWireTaskSpecification({ ...wire, output }).valid).toBe(true);
    expect(parseTaskSpecification(makeTask({ output })).valid).toBe(false);
  });

  it('refuses a specification above the wire limit', () => {
    const description = 'é'.repeat(16_000);
    const schema = { description: 'x'.repeat(TASK_LIMITS.maxWireSpecificationBytes) };
    const output = { mediaType: 'application/json', schema };
    expect(parseWireTaskSpecification({ ...wire, description }).valid).toBe(true);
    expect(parseWireTaskSpecification({ ...wire, output }).valid).toBe(false);
  });
});

describe('encodeResultPart', () => {
  it('encodes text as UTF-8 and data as canonical JSON', () => {
    expect(encodeResultPart({ mediaType: 'text/plain', text: 'é' })).toEqual(utf8('é'));
    expect(encodeResultPart({ mediaType: 'application/json', data: { b: 0.5, a: null } })).toEqual(
      utf8('{"a":null,"b":0.5}'),
    );
  });

  it('refuses a part with both contents or none', () => {
    expect(() => encodeResultPart({ mediaType: 'a/b' })).toThrow(TypeError);
    expect(() => encodeResultPart({ mediaType: 'a/b', text: '', data: 1 })).toThrow(TypeError);
  });
});

describe('taskForSkill', () => {
  it('makes a valid task with checks that suit the skill', () => {
    const task = taskForSkill({
      term: 'performs:finance/portfolio-optimization',
      inputs: [{ file: 'prices.csv', mediaType: 'text/csv' }],
      valueMicroUsd: 1_000,
    });
    expect(accepted(task)).toMatchObject({
      title: 'Portfolio optimization',
      verification: [{ type: 'optimality' }, { type: 'recompute' }],
    });
  });

  it('asks for no check of a skill that it cannot check', () => {
    expect(checksForSkill('performs:nlp/translation')).toEqual([]);
    expect(checksForSkill('constructor')).toEqual([]);
  });
});
