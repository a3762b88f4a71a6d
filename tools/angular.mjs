// examples/angular, built and served: `npm run example:angular`. With `--check` it is driven in Chromium instead; with
// `--shots <folder>` pictures are taken on the way.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { buildApp, folder } from './angularApp.mjs';

const check = process.argv.includes('--check');
const chromium = process.env.CHROMIUM ?? '/usr/bin/chromium';

if (check && !existsSync(chromium)) {
  console.log(
    `${process.env.CI ? 'FAIL' : 'SKIPPED'}: there is no ${chromium} to drive the app in (apt-get install chromium)`,
  );
  process.exit(process.env.CI ? 1 : 0);
}
try {
  console.log(buildApp());
} catch (error) {
  console.log(error.stdout ?? error);
  process.exit(1);
}
if (!check) await import(join(folder, 'serve.mjs'));
else {
  const { drive } = await import('./angularDrive.mjs');
  const shots = process.argv.indexOf('--shots');
  process.exitCode = await drive(chromium, shots === -1 ? undefined : process.argv[shots + 1]);
}
