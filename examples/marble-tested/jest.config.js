/** CommonJS files and CommonJS builds: nothing to transform. */
export default { testMatch: ['<rootDir>/*.spec.cjs'], transform: {} };
