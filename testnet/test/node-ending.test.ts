import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { describeEnding } from '../node-process.ts';

/** What a process leaves on stderr. */
function logOf(code: string): string {
  const { stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code]);
  return String(stderr);
}

describe('the end of a node that was not ready', () => {
  it.each([
    ['an error', "throw new TypeError('no such part')", 'TypeError: no such part'],
    [
      'an error with a cause',
      "throw new Error('outer', { cause: new RangeError('inner') })",
      'Error: outer',
    ],
    [
      'a rejection that nobody handles',
      "Promise.reject(Object.assign(new Error('closed'), { code: 'GONE' }))",
      'Error: closed',
    ],
  ])('that is %s is told by its message, and not by the version of Node.js', (_, code, told) => {
    const log = logOf(`console.error('before'); ${code}`);
    expect(log.trim().split('\n').at(-1)).toMatch(/^Node\.js v/);
    expect(describeEnding(log)).toContain(told);
  });

  it('that says why itself is told by its last line', () => {
    expect(describeEnding('first\ncoalesce: the port is taken\n')).toBe(
      'coalesce: the port is taken',
    );
    expect(describeEnding('')).toBe('no log');
  });
});
