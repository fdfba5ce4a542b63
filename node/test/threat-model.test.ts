/** Each defence of the threat model names a test that is there. */

import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const PAGE = new URL('../docs/threat-model.md', import.meta.url);
const page = readFileSync(PAGE, 'utf8');

/** Where the links of a Markdown text lead, those within a page left out. */
const linksOf = (text: string): string[] =>
  [...text.matchAll(/\]\(([^)#]+)[^)]*\)/g)].map(([, target]) => target!);

/** Tests that a text names: a link to the file, and the title. */
const testsOf = (text: string): (readonly [path: string, title: string])[] =>
  [...text.matchAll(/\]\(([^)]+\.test\.ts)\): "([^"]+)"/g)].map(([, path, title]) => [
    path!,
    title!,
  ]);

/** Titles of tests in a source, as they are written there. */
function titlesIn(path: string): Set<string> {
  const source = readFileSync(new URL(path, PAGE), 'utf8');
  return new Set([...source.matchAll(/\(\s*(['"`])(.*?)\1,/g)].map(([, , title]) => title!));
}

const chapter = (name: string): string => {
  const [, text] = page.split(`## ${name}\n`);
  return text?.split(/\n## /)[0] ?? '';
};

describe('the threat model', () => {
  it('leads to files that are there', () => {
    const links = linksOf(page);
    expect(links.length).toBeGreaterThan(30);
    const missing = links.filter((link) => !existsSync(fileURLToPath(new URL(link, PAGE))));
    expect(missing).toEqual([]);
  });

  it('names tests by the titles that they have', () => {
    const tests = testsOf(page);
    expect(tests.length).toBeGreaterThan(25);
    const missing = tests.filter(([path, title]) => !titlesIn(path).has(title));
    expect(missing).toEqual([]);
  });

  it('has a test for each thing that an adversary tries', () => {
    const rows = chapter('Adversaries, and what holds them')
      .split('\n')
      .filter((line) => line.startsWith('| ') && !line.startsWith('| tries'));
    expect(rows.length).toBeGreaterThan(20);
    expect(rows.filter((row) => testsOf(row).length === 0)).toEqual([]);
  });

  it.each(['Assets', 'Trust boundaries', 'What can still be stolen', 'Out of scope'])(
    'has the chapter %s',
    (name) => {
      expect(chapter(name).trim().split('\n').length).toBeGreaterThan(4);
    },
  );
});
