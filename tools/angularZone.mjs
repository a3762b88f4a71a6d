import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { folder } from './angularApp.mjs';

/** An app with zone.js whose component has a plain property. With `?inside` it dials as one would without provideConnection. */
const code = `
import 'zone.js';
import '@angular/compiler';
import { Component, NgZone, provideZoneChangeDetection } from '@angular/core';
import { bootstrapApplication } from '@angular/platform-browser';
import { heartbeat, json, messages, reconnect, webSocket } from 'hawser';
import { injectConnection, provideConnection } from 'hawser/angular';

const market = () => webSocket('/live').pipe(
  json(),
  heartbeat({ interval: 100, timeout: 1_000, ping: (connection) => connection.send({ kind: 'ping' }), isPong: ({ kind }) => kind === 'pong' }),
  reconnect(),
);
const inside = location.search === '?inside';

class App {
  last = '';
  state = inside ? () => ({ state: '' }) : injectConnection().state;
  constructor() {
    const prices$ = inside ? market().pipe(messages()) : injectConnection().messages$;
    prices$.subscribe(({ symbol = '' }) => (this.last = symbol));
  }
}
Component({ selector: 'app-root', template: '<p id="state">{{ state().state }}</p><p id="last">{{ last }}</p>' })(App);

bootstrapApplication(App, { providers: [provideZoneChangeDetection(), provideConnection(market)] })
  .then((app) => app.whenStable())
  .then(() => (document.body.dataset.stable = inside ? 'inside' : 'outside'));
`;

/** Makes a folder with the app in it, to be served in place of the real one's. It is compiled as it runs, which the policy of that forbids. */
export async function zoneApp() {
  const outdir = mkdtempSync(join(tmpdir(), 'hawser-zone-'));
  const stdin = { contents: code, resolveDir: folder };
  await build({ stdin, outfile: join(outdir, 'app.js'), bundle: true, format: 'esm', logLevel: 'silent' });
  const page = '<!doctype html><body><app-root></app-root><script type="module" src="app.js"></script>';
  writeFileSync(join(outdir, 'index.html'), page);
  return outdir;
}
