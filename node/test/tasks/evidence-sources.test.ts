import { describe, expect, it } from 'vitest';
import { MAX_SKILL_TERM_LENGTH } from '../../../protocols/negotiation/documents.ts';
import type { SkillTestimony } from '../../certificates/trust.ts';
import { areEvidenceSources, SOURCE_LIMITS } from '../../decision/evidence-source.ts';
import { sourcesBehind } from '../../tasks/evidence-sources.ts';
import { peer, prospect, task } from './client-fakes.ts';

/** A fraction that is as long in print as any. */
const LONG_FRACTION = 0.06250000000000001;

describe('the text of a source', () => {
  it('has room in the record for the longest term and the longest figures', () => {
    const { contractor } = prospect(peer(1), task({}), 0);
    const matchedTerm = `performs:${'x'.repeat(MAX_SKILL_TERM_LENGTH - 'performs:'.length)}`;
    const testimony: SkillTestimony[] = [
      {
        rater: peer(2),
        passed: 1,
        run: LONG_FRACTION,
        endorsement: { certId: 'c', passed: 4_294_967_294, run: 4_294_967_295 },
      },
      {
        rater: peer(3),
        passed: 1,
        run: 1,
        receipts: [
          { id: 'r', outcome: 'partial', paidShare: LONG_FRACTION, weight: LONG_FRACTION },
        ],
      },
    ];
    const known = {
      ...contractor,
      hit: { ...contractor.hit, matchedTerm },
      proved: { ...contractor.proved, testimony },
    };
    for (const isCounted of [true, false]) {
      const hearing = {
        observer: 'me',
        isHeard: true,
        isCounted,
        credibility: () => LONG_FRACTION,
      };
      const sources = sourcesBehind(known, hearing);
      expect(areEvidenceSources(sources)).toBe(true);
      expect(sources).toHaveLength(2);
      for (const { shows } of sources) {
        expect(shows.length).toBeLessThanOrEqual(SOURCE_LIMITS.maxShowsCharacters);
      }
    }
  });
});
