const { transformSync } = require('esbuild');

/** Angular is published as ES modules only; Jest runs CommonJS. */
module.exports = {
  process: (source) => ({ code: transformSync(source, { format: 'cjs', target: 'es2022' }).code }),
};
