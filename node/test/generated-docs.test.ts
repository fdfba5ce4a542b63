/** The pages that `npm run docs` makes are those of the code as it is. */

import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { cliReference } from '../cli/reference.ts';
import { errorReference } from '../error-reference.ts';
import * as errors from '../errors.ts';
import { metricFamilies, metricsReference } from '../http-api/metrics-reference.ts';
import { openApiDocument } from '../http-api/openapi.ts';

const read = (path: string): Promise<string> => readFile(new URL(path, import.meta.url), 'utf8');

describe('the generated pages (run "npm run docs" after a change)', () => {
  it.each([
    ['cli.md', cliReference],
    ['errors.md', errorReference],
    ['metrics.md', metricsReference],
    ['openapi.json', () => `${JSON.stringify(openApiDocument(), undefined, 2)}\n`],
  ])('%s is the one in node/docs', async (file, make) => {
    expect(await read(`../docs/${file}`)).toBe(make());
  });
});

describe('the page of errors', () => {
  it('has every failure that reaches a user', () => {
    const page = errorReference();
    const failures = Object.values(errors).filter(
      (value): value is typeof errors.BadInputError =>
        typeof value === 'function' &&
        value !== errors.UserFacingError &&
        value.prototype instanceof errors.UserFacingError,
    );
    expect(failures.length).toBeGreaterThan(3);
    for (const Failure of failures) {
      const { code, exitCode, httpStatus } = new Failure('');
      expect(page).toContain(`| \`${code}\` | ${exitCode} | ${httpStatus} |`);
    }
  });
});

describe('the dashboard for Grafana', () => {
  interface Dashboard {
    readonly panels: readonly { readonly targets: readonly { readonly expr: string }[] }[];
  }

  it('shows every metric, and none that there is not', async () => {
    const { panels } = JSON.parse(await read('../deploy/grafana-dashboard.json')) as Dashboard;
    const shown = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr.split('{')[0]));
    const there = metricFamilies().map(({ name }) => name);
    expect(there.length).toBeGreaterThan(10);
    expect(shown.toSorted()).toEqual(there.toSorted());
  });
});
