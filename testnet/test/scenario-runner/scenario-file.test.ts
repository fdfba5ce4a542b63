/** Scenario files: those that come with the project, and wrong ones. */
import { describe, expect, it } from 'vitest';
import type { UserFacingError } from '../../../node/errors.ts';
import { parseScenario } from '../../scenario-runner/scenario-file.ts';
import { loadScenario, scenarioNames } from '../../scenario-runner/scenario-library.ts';

const GOOD = `title: A test
network:
  contractors:
    - { count: 2, price: 10 }
timeline:
  - { at: 1s, latency: { time: 200ms, from: client-1 } }
  - tasks: { count: 3, every: 500ms }
assert:
  - { measure: tasksLost, atMost: 0 }
`;

const USUAL_TASKS = {
  ...{ atOnce: 1, bytes: 200, sensitivity: 'low', value: 1_000_000, hasCanary: false },
};

function problemsOf(text: string): readonly string[] {
  try {
    parseScenario('test', 'test.yaml', text);
    return [];
  } catch (error) {
    return (error as UserFacingError).problems;
  }
}

describe('a scenario file', () => {
  it('gives times in milliseconds and steps in their order', () => {
    const { timeline, seed } = parseScenario('test', 'test.yaml', GOOD);
    expect(seed).toBe(1);
    expect(timeline).toEqual([
      { at: 1_000, action: { latency: { time: 200, from: 'client-1' } } },
      { action: { tasks: { ...USUAL_TASKS, count: 3, every: 500 } } },
    ]);
  });

  it('takes attacks on the wire with what they leave out', () => {
    const attacks = GOOD.replace('  - tasks:', '  - floodQuotes: {}\n  - hoard: {}\n  - tasks:');
    const { timeline } = parseScenario('test', 'test.yaml', attacks);
    expect(timeline.slice(1, 3)).toEqual([
      { action: { floodQuotes: { nodes: 'contractors', peers: 20, requests: 10, every: 500 } } },
      { action: { hoard: { nodes: 'contractors', peers: 10 } } },
    ]);
  });

  it('is refused with an attack that is too large, and with limits that it would raise', () => {
    const large = GOOD.replace(
      'tasks: { count: 3, every: 500ms }',
      'idleStreams: { streams: 1e6 }',
    );
    expect(problemsOf(large)[0]).toMatch(/^line 7: timeline.1.idleStreams.streams: /);
    const raised = [
      'withoutDefences:',
      '  quoteLimits: 9',
      '  assert: [{ measure: tasksLost, atLeast: 1 }]',
    ].join('\n');
    expect(problemsOf(`${GOOD}${raised}`)[0]).toMatch(/^line 11: withoutDefences.quoteLimits: /);
  });

  it('is refused with every problem at once, each with its line', () => {
    const wrong = GOOD.replace('count: 2', 'count: none')
      .replace('200ms', '200')
      .replace('tasks:', 'tusks:')
      .replace('measure: tasksLost', 'measure: tasksGone')
      .replace('title: A test', 'title: ""');
    const problems = problemsOf(wrong);
    expect(problems.map((text) => text.split(':')[0])).toEqual([
      'line 1',
      'line 4',
      'line 6',
      'line 7',
      'line 7',
      'line 9',
    ]);
    expect(problems[2]).toMatch(/expected a time such as 200ms, 5s or 2m, got 200/);
    expect(problems.join('\n')).toMatch(/expected exactly one of tasks, queries/);
    expect(problems.at(-1)).toMatch(/expected one of tasksSent/);
  });

  it('is refused where it is no YAML, with the line', () => {
    expect(problemsOf('title: [\n  - a\nb: }')[0]).toMatch(/^line \d: /);
  });

  it('is refused with settings that nodes do not have, two actions in a step, or no bound', () => {
    const withClient = GOOD.replace('network:\n', 'network:\n  client: { prizes: {} }\n');
    expect(problemsOf(withClient)[0]).toMatch(/^line 3: network.client: expected settings/);
    const two = GOOD.replace('tasks: {', 'heal: all\n    tasks: {');
    expect(problemsOf(two)[0]).toMatch(/expected exactly one of/);
    expect(problemsOf(GOOD.replace(', atMost: 0', ''))[0]).toMatch(/expected atLeast, atMost/);
  });

  it('is refused where its network is too large, or its committee larger than it', () => {
    expect(problemsOf(GOOD.replace('count: 2', 'count: 49'))[0]).toMatch(/expected 1 to 48 in all/);
    const replicas = GOOD.replace('network:\n', 'network:\n  replicas: 7\n');
    expect(problemsOf(replicas)[0]).toMatch(/replicas: 7 of 4 nodes/);
  });

  it('cannot blow up by aliases', () => {
    const bomb = `a: &a [x, x]\nb: &b [*a, *a]\ntitle: *b\n`;
    expect(() => parseScenario('test', 'test.yaml', bomb)).toThrow();
  });
});

describe('the scenarios that come with the project', () => {
  it('are all well-formed, and every attack says what is bad without defences', async () => {
    const names = await scenarioNames();
    expect(names).toContain('first-task');
    for (const name of names) {
      const { scenario } = await loadScenario(name);
      expect(scenario.name).toBe(name);
      expect(scenario.assert.length).toBeGreaterThan(0);
    }
  });

  it('are named where one is asked for that is not there', async () => {
    await expect(loadScenario('no-such')).rejects.toThrow(/no such scenario.*churn.*first-task/);
  });
});
