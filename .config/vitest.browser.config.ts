import { configDefaults, defineConfig } from 'vitest/config';
import base from './vitest.config.ts';

/** Tests in a real browser: a step of their own, for they take minutes. */
export default defineConfig({
  test: {
    ...base.test,
    include: ['testnet/test/**/*.browser.test.ts'],
    exclude: configDefaults.exclude,
  },
});
