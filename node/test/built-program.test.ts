import { describe, expect, it } from 'vitest';
import { builtProgram } from '../built-program.ts';

describe('a program that this project starts', () => {
  it.each(['coalesce', 'coalesce-testnet', 'testnet-node'] as const)(
    '%s is the bundled one after a build',
    (name) => {
      expect(builtProgram(name)).toMatch(
        new RegExp(`[\\\\/]dist[\\\\/]bundle[\\\\/]${name}\\.js$`),
      );
    },
  );
});
