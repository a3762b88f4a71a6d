import { defineConfig, globalIgnores } from 'eslint/config';
import rxjsX from 'eslint-plugin-rxjs-x';
import tseslint from 'typescript-eslint';

const scheduler = 'take time from a scheduler: clockOf(scheduler) or scheduler.schedule()';
const chance = 'take chance from `config.random`; Math.random may only be its default';

/** Time and chance come from the config, so that every timing can be drawn as marbles. */
const hostClocks = {
  'no-restricted-globals': [
    'error',
    { name: 'setTimeout', message: scheduler },
    { name: 'setInterval', message: scheduler },
    { name: 'performance', message: scheduler },
  ],
  'no-restricted-properties': [
    'error',
    { object: 'Date', property: 'now', message: scheduler },
    { object: 'globalThis', property: 'setTimeout', message: scheduler },
    { object: 'globalThis', property: 'setInterval', message: scheduler },
    { object: 'globalThis', property: 'performance', message: scheduler },
  ],
  'no-restricted-syntax': [
    'error',
    {
      selector: ':not(AssignmentPattern, LogicalExpression) > MemberExpression[object.name=Math][property.name=random]',
      message: chance,
    },
    { selector: 'NewExpression[callee.name=Date][arguments.length=0]', message: scheduler },
  ],
};

export default defineConfig(
  globalIgnores(['**/dist/', '**/.angular/', 'build/', 'coverage/', '**/node_modules/']),
  {
    files: ['src/**/*.ts', 'spec/**/*.ts', 'marbles/**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked, rxjsX.configs.strict],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/consistent-type-exports': ['error', { fixMixedExportsWithInlineTypeSpecifier: true }],
      '@typescript-eslint/no-import-type-side-effects': 'error',
      // `next: (value) => subscriber.next(value)` is how rxjs is written.
      '@typescript-eslint/no-confusing-void-expression': 'off',
      // Marbles are strings of plain letters, taken apart by spreading.
      '@typescript-eslint/no-misused-spread': ['error', { allow: ['string'] }],
      // Contradicts no-non-null-assertion.
      '@typescript-eslint/non-nullable-type-assertion-style': 'off',
      '@typescript-eslint/only-throw-error': ['error', { allowThrowingAny: false, allowThrowingUnknown: true }],
      // Numbers stand in messages as they are.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // Which events have a variant for them is what the union's readers look up, and it grows.
      '@typescript-eslint/switch-exhaustiveness-check': 'off',
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: { 'max-lines': ['error', 200] },
  },
  {
    // The one place that subclasses rxjs's Subscriber; it says there why.
    files: ['src/core/operate.ts'],
    rules: { 'rxjs-x/no-subclass': 'off', '@typescript-eslint/no-deprecated': 'off' },
  },
  {
    // What takes the place of rxjs's WebSocketSubject has to be a Subject, in all that it can be told.
    files: ['src/client/webSocketSubject.ts'],
    rules: {
      'rxjs-x/no-subclass': 'off',
      'rxjs-x/no-subject-unsubscribe': 'off',
      'rxjs-x/prefer-observer': 'off',
      '@typescript-eslint/no-deprecated': 'off',
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/testing/**'],
    rules: hostClocks,
  },
  {
    // The test kit reads what a TestScheduler has recorded, which rxjs calls internal.
    files: ['src/testing/**/*.ts'],
    rules: { '@typescript-eslint/no-deprecated': 'off' },
  },
  {
    // Tests ask for what cannot be, throw what is no Error, and look at streams that never err.
    files: ['spec/**/*.ts', 'marbles/**/*.ts'],
    rules: {
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/no-deprecated': 'off',
      '@typescript-eslint/no-misused-promises': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unnecessary-condition': 'off',
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/only-throw-error': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/unbound-method': 'off',
      'rxjs-x/no-exposed-subjects': 'off',
      'rxjs-x/no-floating-observables': 'off',
      'rxjs-x/no-ignored-default-value': 'off',
      'rxjs-x/no-ignored-error': 'off',
      'rxjs-x/no-nested-subscribe': 'off',
      'rxjs-x/no-subscribe-in-pipe': 'off',
      'rxjs-x/no-unsafe-takeuntil': 'off',
      'rxjs-x/throw-error': 'off',
    },
  },
  {
    // Scripts and examples: plain JavaScript, or TypeScript that sees the package as its users do.
    files: ['**/*.{js,cjs,mjs}', 'examples/**/*.ts'],
    extends: [tseslint.configs.recommended],
  },
  {
    files: ['**/*.cjs'],
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
);
