import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const { outputFiles } = await build({
  stdin: {
    contents: `export { default as fc } from 'fast-check'; export * as arbitraries from './arbitraries.ts';`,
    resolveDir: fileURLToPath(new URL('../gateway', import.meta.url)),
  },
  bundle: true,
  format: 'esm',
  platform: 'node',
  write: false,
});

/** The random messages of the other specs, and fast-check itself, which has to be the same one. */
export const { fc, arbitraries } = await import(
  `data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`
);
