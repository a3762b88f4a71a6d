// Serves the built app and its prices until it is interrupted.
import { fileURLToPath } from 'node:url';
import { openMarket } from './server/market.mjs';

const folder = fileURLToPath(new URL('dist', import.meta.url));
const market = await openMarket({ port: Number(process.env.PORT ?? 4200), folder });
console.log(`\n  The prices are live at ${market.url}\n  Ctrl-C ends it.\n`);
process.once('SIGINT', () => void market.close().finally(() => process.exit(130)));
