import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { configReference } from '../../config/reference.ts';
import { settings } from '../../config/load.ts';

describe('the reference of settings', () => {
  it('is the one in node/docs/config.md (run "npm run docs" after a change)', async () => {
    const written = await readFile(new URL('../../docs/config.md', import.meta.url), 'utf8');
    expect(written).toBe(configReference());
  });

  it('says of every setting what it means', () => {
    for (const { path, description } of settings())
      expect(description, path.join('.')).not.toBe('');
  });
});
