/**
 * Last line of `.ci/run`: `N passed, N failed[, N skipped]`. Counts the tests of vitest's JSON
 * reports and the checks of the demo. A broken step whose report shows no failure counts as one
 * failed, so that a run that ended badly never says `0 failed`. Exit code 1 if anything failed.
 *
 * @module
 */

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

const directory = process.argv[2];

function readReport(name) {
  const file = path.join(directory, name);
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined; // cut short: the step that wrote it is recorded as broken
  }
}

/** Tests of vitest, and files that failed before their first test. */
function countTests(report) {
  if (!report) return { passed: 0, failed: 0, skipped: 0 };
  const brokenFiles = report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((t) => t.status === 'failed'),
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + brokenFiles.length,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

function countDemo(checks) {
  const passed = (checks ?? []).filter((check) => check.passed).length;
  return { passed, failed: (checks ?? []).length - passed, skipped: 0 };
}

const brokenFile = path.join(directory, 'broken');
const broken = existsSync(brokenFile) ? readFileSync(brokenFile, 'utf8').trim().split('\n') : [];
const counts = {
  test: countTests(readReport('vitest.json')),
  browser: countTests(readReport('browser.json')),
  demo: countDemo(readReport('demo.json')),
};

let { passed, failed, skipped } = { passed: 0, failed: 0, skipped: 0 };
for (const count of Object.values(counts)) {
  passed += count.passed;
  failed += count.failed;
  skipped += count.skipped;
}
for (const step of broken) if (!counts[step]?.failed) failed += 1;

if (broken.length > 0) process.stdout.write(`\nbroken: ${broken.join(', ')}\n`);
process.stdout.write(
  `${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}\n`,
);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
