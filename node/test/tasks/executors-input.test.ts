/** What the executors see of an input without working on it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../crypto/bytes.ts';
import { ExecutorInputError } from '../../tasks/executors/errors.ts';
import { createBuiltinExecutor } from '../../tasks/executors/executor-registry.ts';
import type { SkillExecutor, SkillWork } from '../../tasks/executors/skill-executor.ts';
import type { ResolvedPart } from '../../tasks/task-parts.ts';

const EXECUTORS = [
  'performs:nlp/sentiment',
  'performs:finance/document-analysis',
  'performs:finance/portfolio-optimization',
  'performs:finance/risk-assessment',
].map((term) => createBuiltinExecutor(term)!);
/** The built-in executors look at the input alone. */
const SPECIFICATION = {} as SkillWork['specification'];
const signal = new AbortController().signal;

const bytesOfParts = fc.oneof(
  fc.uint8Array({ maxLength: 60 }),
  fc.string({ maxLength: 60 }).map(utf8),
  fc.json().map(utf8),
  fc.constantFrom('date,A,B\n2024-01-01,1,2\n2024-01-02,2,3\n', 'a,b\n1,x', '').map(utf8),
);
const parts: fc.Arbitrary<ResolvedPart[]> = fc.array(
  fc.record({
    bytes: bytesOfParts,
    mediaType: fc.constantFrom('text/plain', 'text/csv', 'application/json', 'image/png'),
  }),
  { maxLength: 3 },
);

async function faultOf(run: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await run();
    return undefined;
  } catch (error) {
    return error instanceof ExecutorInputError ? error.message : undefined;
  }
}

describe.each(EXECUTORS)('the executor of $term', (executor: SkillExecutor) => {
  it('finds no fault with an input that it could work on, and else says what the work would', async () => {
    const seen = { faults: 0 };
    await fc.assert(
      fc.asyncProperty(parts, async (given) => {
        const checked = await faultOf(async () =>
          executor.checkInput!({ parts: given }, { signal }),
        );
        if (checked === undefined) return;
        seen.faults++;
        const work: SkillWork = { parts: given, specification: SPECIFICATION };
        expect(await faultOf(() => executor.execute(work, { signal }))).toBe(checked);
      }),
      { numRuns: 300 },
    );
    expect(seen.faults).toBeGreaterThan(30);
  });
});
