/** @type {import('jest').Config} */
const shared = {
  testEnvironment: 'node',
  // A package of its own, with the official software of others.
  modulePathIgnorePatterns: ['<rootDir>/spec/conformance/'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '^.+\\.ts$': ['ts-jest', { tsconfig: '<rootDir>/tsconfig.jest.json' }] },
};

/** @type {import('jest').Config} */
export default {
  projects: [
    {
      ...shared,
      displayName: 'spec',
      roots: ['<rootDir>/src', '<rootDir>/spec'],
      testMatch: ['<rootDir>/spec/**/*.spec.ts'],
      transform: { ...shared.transform, '/@angular/.+\\.mjs$': '<rootDir>/tools/angularTransform.cjs' },
      transformIgnorePatterns: ['/node_modules/(?!@angular/)'],
    },
    {
      ...shared,
      displayName: 'marbles',
      roots: ['<rootDir>/src', '<rootDir>/marbles'],
      testMatch: ['<rootDir>/marbles/**/*.marbles.ts'],
    },
  ],
  collectCoverageFrom: ['src/**/*.ts', '!src/index.ts', '!src/msgpack.ts', '!src/testing.ts'],
  coverageProvider: 'babel',
  coverageReporters: ['text', 'lcov'],
  coverageThreshold: { global: { statements: 95, branches: 90 } },
  reporters: ['default', '<rootDir>/tools/summaryReporter.cjs'],
};
