import { configDefaults, defineConfig } from 'vitest/config';

/** One config for every tier; scripts choose the folders and the excludes. */
export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['{crypto,protocols,node,testnet}/test/**/*.test.ts'],
    exclude: [
      ...configDefaults.exclude,
      '**/*.browser.test.ts',
      // Minutes of real processes: `npm run test:long`.
      ...(process.env['COALESCE_LONG'] === '1' ? [] : ['**/*.long.test.ts']),
    ],
    setupFiles: [new URL('./vitest.setup.ts', import.meta.url).pathname],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // One more than the cores of the machine: tests of real processes wait for much of their time.
    maxWorkers: 3,
  },
});
