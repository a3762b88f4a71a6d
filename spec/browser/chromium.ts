import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { listen, unlisten } from '../../src/testing/listen.js';

const path = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
/** Debian's browser; `undefined` when there is none on this machine. */
export const chromiumPath: string | undefined = existsSync(path) ? path : undefined;

/** Puts a file for browsers in the place of the one for Node, as the `browser` field of package.json does for bundlers. */
const forBrowsers: Plugin = {
  name: 'browser field',
  setup({ onResolve }) {
    onResolve({ filter: /\/(platformSocket|wireOf)\.js$/ }, ({ path: file, resolveDir }) => ({
      path: join(resolveDir, file.replace(/\.js$/, '.browser.ts')),
    }));
  },
};

async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(__dirname, 'page.ts')],
    bundle: true,
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    write: false,
    plugins: [forBrowsers],
    logLevel: 'silent',
  });
  return outputFiles[0]!.text;
}

/** Scripts of its own, and sockets to this machine: no `eval`, nothing inline. */
const POLICY = "default-src 'self'; connect-src ws://127.0.0.1:*";

/** A browser, and a local server of a page that has the library in it. */
export class Chromium {
  readonly #contexts: BrowserContext[] = [];

  private constructor(
    private readonly browser: Browser,
    private readonly server: Server,
  ) {}

  static async start(): Promise<Chromium> {
    const script = await bundle();
    const server = await listen(
      createServer(({ url }, response) => {
        const isScript = url === '/page.js';
        const type = isScript ? 'text/javascript' : 'text/html';
        response.writeHead(200, { 'Content-Type': type, 'Content-Security-Policy': POLICY });
        response.end(isScript ? script : '<!doctype html><script src="/page.js"></script>');
      }),
    );
    const browser = await chromium.launch({ executablePath: path, args: ['--no-sandbox'] });
    return new Chromium(browser, server);
  }

  /** A page in a context of its own, which can be taken offline. */
  async open(): Promise<Page> {
    const context = await this.browser.newContext();
    this.#contexts.push(context);
    const page = await context.newPage();
    await page.goto(`http://127.0.0.1:${(this.server.address() as AddressInfo).port}/`);
    return page;
  }

  async closePages(): Promise<void> {
    await Promise.all(this.#contexts.splice(0).map((context) => context.close()));
  }

  async stop(): Promise<void> {
    await this.browser.close();
    this.server.closeAllConnections();
    await unlisten(this.server);
  }
}
