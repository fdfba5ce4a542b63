/**
 * Lint rules: type-checked typescript-eslint, plus what each folder must not reach for. Layout and
 * sizes are checked by `testnet/test/architecture.test.ts`, formatting by Prettier, unused names by
 * the compiler. Every rule is an error: a warning that nobody must mend teaches to ignore warnings.
 *
 * @module
 */

import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const TYPESCRIPT = ['{crypto,protocols,node,testnet,.config}/**/*.ts'];
const TESTS = ['*/test/**/*.ts', 'testnet/**/*.bench.ts', '.config/*.ts'];
/** Decide from their arguments alone: the market simulator runs them (architecture.md D8). */
const PURE = ['node/{decision,cost,skills}/**/*.ts'];
/** The one place that reads the clock and the random source of the machine. */
const SYSTEM = ['node/system-clock.ts'];
/** What runs in a browser. */
const PAGE = ['node/dashboard/page/**/*.ts', 'testnet/test/*.browser.test.ts'];
/** They talk to a person; everything else logs through the Logger that it is handed. */
const PRINTS = ['node/cli/**/*.ts', 'testnet/*.ts', 'testnet/examples/**/*.ts'];

const NETWORK = '^(libp2p|@libp2p/.*|@chainsafe/libp2p-.*|it-.*|@multiformats/.*|datastore-.*)$';
const HANDED_IN = 'Take it from the components that you are handed (protocols/components.ts).';

/** Folders that a folder must not import from: imports run testnet -> node -> protocols -> crypto. */
const ABOVE = {
  crypto: ['protocols', 'node', 'testnet'],
  protocols: ['node', 'testnet'],
  node: ['testnet'],
};

/** The import rule of one folder; `patterns` are added to the ban on imports from above. */
function importRule(folder, patterns = []) {
  const above = ABOVE[folder].join('|');
  const backward = {
    regex: `^(coalesce(/.*)?|(\\.\\./)+(${above}|dist)(/.*)?)$`,
    message: `${folder}/ must not import from ${ABOVE[folder].join(', ')} or from build output.`,
  };
  return {
    '@typescript-eslint/no-restricted-imports': ['error', { patterns: [backward, ...patterns] }],
  };
}

const RANDOM = { object: 'Math', property: 'random', message: HANDED_IN };
const CLOCKS = [
  { object: 'Date', property: 'now', message: HANDED_IN },
  { object: 'performance', property: 'now', message: HANDED_IN },
  { object: 'process', property: 'hrtime', message: HANDED_IN },
];
const NEW_DATE_NOW = {
  selector: 'NewExpression[callee.name="Date"][arguments.length=0]',
  message: HANDED_IN,
};
const NEW_DATE = { selector: 'NewExpression[callee.name="Date"]', message: HANDED_IN };

/** Globals of a web page that TypeScript's `dom` library lets through by a slip of the pen. */
const PAGE_GLOBALS = 'event name status length origin parent top self window document close open'
  .split(' ')
  .map((name) => ({ name, message: 'A global of web pages; did you forget to declare it?' }));

export default defineConfig(
  { ignores: ['**/dist/**', '**/node_modules/**', '**/*.d.ts'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: TYPESCRIPT,
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: {
        project: '.config/tsconfig.tests.json',
        tsconfigRootDir: new URL('..', import.meta.url).pathname,
      },
    },
    rules: {
      // Promises: a rejection that nobody awaits ends a daemon.
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: true }],
      '@typescript-eslint/return-await': ['error', 'error-handling-correctness-only'],
      '@typescript-eslint/use-unknown-in-catch-callback-variable': 'error',
      // An async function without await still turns a throw into a rejection.
      '@typescript-eslint/require-await': 'off',
      // `throw signal.reason` is how a cancelled call ends.
      '@typescript-eslint/only-throw-error': [
        'error',
        { allowThrowingAny: true, allowThrowingUnknown: true, allowRethrowing: true },
      ],
      '@typescript-eslint/prefer-promise-reject-errors': [
        'error',
        { allowThrowingAny: true, allowThrowingUnknown: true },
      ],
      // Types.
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      // The compiler reports these (noUnusedLocals, noUnusedParameters).
      '@typescript-eslint/no-unused-vars': 'off',
      // Language.
      eqeqeq: ['error', 'always'],
      'no-console': 'error',
      'no-cond-assign': 'error',
      'no-constant-binary-expression': 'error',
      'no-constant-condition': ['error', { checkLoops: 'allExceptWhileTrue' }],
      'no-dupe-else-if': 'error',
      'no-duplicate-case': 'error',
      'no-empty': 'error',
      'no-eval': 'error',
      'no-loss-of-precision': 'error',
      'no-new-func': 'error',
      'no-self-assign': 'error',
      'no-self-compare': 'error',
      'no-sparse-arrays': 'error',
      'no-template-curly-in-string': 'error',
      'no-unsafe-finally': 'error',
      'no-unsafe-optional-chaining': 'error',
      'no-useless-catch': 'error',
      'no-useless-escape': 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      'use-isnan': 'error',
      'no-restricted-globals': ['error', ...PAGE_GLOBALS],
      'no-restricted-properties': ['error', RANDOM, ...CLOCKS],
      'no-restricted-syntax': ['error', NEW_DATE_NOW],
    },
  },
  {
    files: ['crypto/**/*.ts'],
    rules: importRule('crypto', [
      { regex: '^node:(?!crypto$)', message: 'crypto/ may use node:crypto and no other built-in.' },
      { regex: NETWORK, message: 'crypto/ is pure functions on bytes.' },
    ]),
  },
  { files: ['protocols/**/*.ts'], rules: importRule('protocols') },
  { files: ['node/**/*.ts'], rules: importRule('node') },
  {
    files: PURE,
    rules: {
      ...importRule('node', [
        { regex: '^node:', message: 'decision/, cost/ and skills/ are pure: no built-ins.' },
        {
          regex: NETWORK,
          message: 'decision/, cost/ and skills/ are pure: no network, no storage.',
        },
      ]),
      'no-restricted-syntax': ['error', NEW_DATE],
      'no-restricted-globals': [
        'error',
        ...PAGE_GLOBALS,
        ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'fetch', 'process'].map(
          (name) => ({ name, message: HANDED_IN }),
        ),
      ],
    },
  },
  {
    files: SYSTEM,
    rules: { 'no-restricted-properties': ['error', RANDOM], 'no-restricted-syntax': 'off' },
  },
  { files: PRINTS, rules: { 'no-console': 'off' } },
  // A web page: `document` and its like are what it is about.
  { files: PAGE, rules: { 'no-restricted-globals': 'off' } },
  {
    // A test may read the clock to bound a wait and may hold what a parser gave it without a type.
    // Chance stays seeded (fast-check).
    files: TESTS,
    rules: {
      'no-restricted-properties': ['error', RANDOM],
      'no-restricted-syntax': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  // Built-ins and network are open to tests; imports from above are not.
  { files: ['crypto/test/**/*.ts'], rules: importRule('crypto') },
  { files: ['node/test/**/*.ts'], rules: importRule('node') },
  {
    files: ['**/*.js'],
    rules: { eqeqeq: 'error', 'no-var': 'error', 'prefer-const': 'error', 'no-eval': 'error' },
  },
);
