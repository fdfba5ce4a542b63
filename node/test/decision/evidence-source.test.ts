import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide, replayDecision } from '../../decision/decision-record.ts';
import type { DecisionRecord } from '../../decision/decision-record.ts';
import { EXPLORATION_STRATEGIES } from '../../decision/exploration/exploration-strategy.ts';
import { formatDecision } from '../../decision/explanation.ts';
import { areEvidenceSources, snapshotSources } from '../../decision/evidence-source.ts';
import type { EvidenceSource } from '../../decision/evidence-source.ts';
import { POLICIES } from '../../decision/policy.ts';
import type { Candidate } from '../../decision/request.ts';
import { anyCandidates, anySources } from './any-candidates.ts';
import { candidate, exploring, request, withTask } from './requests.ts';

const CERTIFICATE: EvidenceSource = {
  kind: 'certificate',
  id: 'KpQ2'.repeat(10).padEnd(43, 'a'),
  issuer: '12D3KooWAttestorAttestorAttestorAttestorAttestor1234',
  level: 2,
  shows: 'skill performs:nlp/sentiment, 16 of 16 known-answer tasks',
};
const RECEIPT: EvidenceSource = {
  kind: 'receipt',
  id: 'r'.repeat(43),
  issuer: '12D3KooWClientClientClientClientClientClientCliA9876',
  shows: 'performs:nlp/sentiment, passed',
};

function throughJson<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value)) as Value;
}

function naming(peerId: string, sources: readonly EvidenceSource[], change = {}): Candidate {
  return { ...candidate(peerId, change), sources };
}

const HEADING = 'Certificates and receipts that this rests on';

/** The printed section; none if nobody names a source. */
function printedSources(record: DecisionRecord): string[] {
  const lines = formatDecision(record).split('\n');
  const from = lines.indexOf(HEADING);
  return from < 0 ? [] : lines.slice(from + 1, lines.indexOf('', from));
}

describe('sources of evidence', () => {
  it('change nothing of a decision, under any policy and strategy', () => {
    fc.assert(
      fc.property(
        anyCandidates,
        fc.array(anySources, { minLength: 10, maxLength: 10 }),
        fc.constantFrom(...Object.values(POLICIES)),
        fc.constantFrom(...EXPLORATION_STRATEGIES),
        (candidates, sources, policy, strategy) => {
          const plain = candidates.map(({ sources: _, ...rest }): Candidate => rest);
          const named = plain.map((one, i): Candidate => ({ ...one, sources: sources[i]! }));
          const without = decide(exploring(request(plain), policy, strategy));
          const record = decide(exploring(request(named), policy, strategy));
          expect(record.result).toEqual(without.result);
          expect(replayDecision(throughJson(record))).toEqual({ agrees: true, differences: [] });
        },
      ),
      { numRuns: 50 },
    );
  });

  it('are in the record of both kinds as they were, and nothing else of them is', () => {
    const more = { ...CERTIFICATE, secret: 1 };
    const leveled = { ...RECEIPT, level: 3 };
    const { request: kept } = throughJson(decide(request([naming('a', [more, leveled])])));
    expect(kept.candidates[0]!.sources).toEqual([CERTIFICATE, RECEIPT]);
    const { request: none } = decide(request([candidate('b')]));
    expect(none.candidates[0]).not.toHaveProperty('sources');
  });

  it('are bound by the digest: a certificate that is swapped afterwards is found', () => {
    const record = throughJson(decide(request([naming('a', [CERTIFICATE])])));
    for (const key of ['id', 'issuer', 'shows'] as const) {
      const forged = throughJson(record);
      (forged.request.candidates[0]!.sources![0] as Record<typeof key, string>)[key] += 'x';
      expect(replayDecision(forged).differences, key).toContain('inputDigest');
    }
  });

  it('are kept as a list or as nothing that is one, the same again after JSON', () => {
    fc.assert(
      fc.property(fc.oneof(anySources, fc.anything(), fc.array(fc.anything())), (value) => {
        const snapshot = snapshotSources(value);
        expect(areEvidenceSources(snapshot)).toBe(areEvidenceSources(value));
        expect(snapshotSources(throughJson(snapshot))).toEqual(snapshot);
      }),
    );
    expect(areEvidenceSources(Array(16).fill(RECEIPT))).toBe(true);
  });
});

describe('the printed sources', () => {
  it('are those of the contractor that gets the task, then of all others that name some', () => {
    const first = naming('dear', [RECEIPT], { priceMicroUsd: 8_000 });
    const record = decide(request([first, candidate('nothing'), naming('chosen', [CERTIFICATE])]));
    const chosen = decide(request([first, naming('chosen', [CERTIFICATE])]));
    expect(chosen.result.contractor).toBe('chosen');
    const lines = [
      '  chosen',
      `    certificate ${CERTIFICATE.id} by 12D3…1234, level 2`,
      `      ${CERTIFICATE.shows}`,
      '  dear',
      `    receipt ${RECEIPT.id} by 12D3…9876`,
      `      ${RECEIPT.shows}`,
    ];
    expect(printedSources(chosen)).toEqual(lines);
    expect(printedSources(record)).toHaveLength(6);
    expect(formatDecision(decide(request([candidate('a')])))).not.toContain(HEADING);
  });

  it('are also those of a contractor that was dropped, but for its sources', () => {
    const dropped = naming('too dear', [CERTIFICATE], { priceMicroUsd: 9_000 });
    const unusable = { ...candidate('odd'), sources: [{}] as unknown as EvidenceSource[] };
    const input = withTask(request([dropped, unusable]), { maxPriceMicroUsd: 100 });
    expect(printedSources(decide(input))[0]).toBe('  too dear');
    expect(printedSources(decide(input))).toHaveLength(3);
    expect(formatDecision(decide(input))).toContain('with unusable sources of its evidence');
  });

  it('are printed with every character that a source may have', () => {
    const shows = 'word '.repeat(51).trim();
    const lines = printedSources(decide(request([naming('a', [{ ...RECEIPT, shows }])])));
    const text = lines.slice(2).map((line) => line.trim());
    expect(text.join(' ')).toBe(shows);
  });

  it('are of eight contractors at most, whose PeerIds differ in print', () => {
    const field = Array.from({ length: 10 }, (_, i) => naming(`peer-${i}`, [RECEIPT]));
    const lines = printedSources(decide(request(field)));
    expect(lines).toHaveLength(8 * 3 + 1);
    expect(lines.at(-1)).toBe('  and 2 more; --all shows them');
    const alike = { ...RECEIPT, issuer: `12D3${'z'.repeat(44)}9876` };
    const [, one, , other] = printedSources(decide(request([naming('a', [RECEIPT, alike])])));
    expect(one).not.toBe(other);
  });

  it('cannot move the cursor or hide a line, and stay within 120 columns', () => {
    const hostile = {
      ...RECEIPT,
      issuer: 'a\u202eb',
      id: 'x\u001b[2J',
      shows: `y\n${'z '.repeat(120)}`,
    };
    const lines = printedSources(decide(request([naming('a', [hostile])])));
    expect(lines[1]).toBe('    receipt x\\u{1b}[2J by a\\u{202e}b');
    expect(lines.slice(2).join('')).toContain('y\\u{a}z');
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(120);
  });
});
