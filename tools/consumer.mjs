// The package as its users get it: the packed tarball, installed with rxjs and Angular's core into an empty project, run as
// ESM and as CommonJS against a real server, and type-checked by two compilers under three ways to resolve modules.
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import ts from 'typescript';

const root = fileURLToPath(new URL('..', import.meta.url));
const project = mkdtempSync(join(tmpdir(), 'hawser-consumer-'));
const run = promisify(execFile);

/** Echoes through every entry of the package; the same program for both module systems. */
const dial = `
const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
server.on('connection', (socket) => socket.on('message', (data, binary) => socket.send(data, { binary })));
server.on('listening', async () => {
  const url = 'ws://127.0.0.1:' + server.address().port;
  for (const codec of [json(), msgpack()]) {
    const echo$ = webSocket(url).pipe(
      codec,
      tap((event) => event.type === 'open' && event.connection.send({ text: 'ahoy' })),
      reconnect(),
      messages(),
    );
    const { text } = await firstValueFrom(echo$);
    if (text !== 'ahoy') throw new Error('the echo was ' + text);
  }
  if (typeof marbles !== 'function') throw new Error('hawser/testing has no marbles()');
  if (typeof gatewayWorker !== 'function') throw new Error('hawser/gateway has no gatewayWorker()');
  const client = createWebSocketClient({ url });
  const heard = new Promise((resolve) => client.subscribe(({ data }) => resolve(data)));
  await client.connect();
  await client.send('ahoy');
  if ((await heard) !== 'ahoy') throw new Error('the echo of the client was ' + (await heard));
  await client.disconnect();
  if (typeof provideConnection !== 'function') throw new Error('hawser/angular has no provideConnection()');
  if (typeof routeByPartition !== 'function') throw new Error('hawser/cluster has no routeByPartition()');
  const ask = tap((event) => event.type === 'open' && event.connection.send('ahoy'));
  for await (const data of toReadable(webSocket(url).pipe(ask))) {
    if (data !== 'ahoy') throw new Error('the stream read ' + data);
    break;
  }
  server.close();
});
`;
const names = {
  hawser: '{ json, messages, reconnect, webSocket }',
  'hawser/msgpack': '{ msgpack }',
  'hawser/gateway': '{ gatewayWorker }',
  'hawser/cluster': '{ routeByPartition }',
  'hawser/angular': '{ provideConnection }',
  'hawser/client': '{ createWebSocketClient }',
  'hawser/node': '{ toReadable }',
  'hawser/testing': '{ marbles }',
  rxjs: '{ firstValueFrom, tap }',
  ws: '{ WebSocketServer }',
};
const imports = Object.entries(names);

/** What users write in TypeScript: types must infer through the pipe, and no other package's types may be needed. */
const typed = {
  client: {
    types: [],
    code: `
import { type Observable, tap } from 'rxjs';
import * as hawser from 'hawser';
import { type ConnectionEvents, json, messages, reconnect, webSocket } from 'hawser';
import * as binary from 'hawser/msgpack';
import * as client from 'hawser/client';
import * as cluster from 'hawser/cluster';

interface Chat { readonly text: string }
export const events$: ConnectionEvents<Chat> = webSocket('ws://127.0.0.1:1').pipe(json<Chat>(), reconnect());
export const chat$: Observable<Chat> = events$.pipe(
  tap((event) => { if (event.type === 'open') event.connection.send({ text: 'ahoy' }); }),
  messages(),
);
export const packed$: Observable<Chat> = webSocket('ws://127.0.0.1:1').pipe(binary.msgpack<Chat>(), messages());
export const entries = [hawser, binary, client, cluster];
// A library declares what its values are, without writing it: the package has to export every type that it gives.
declare function given<T>(by: (...options: never[]) => T): T;
export const reconnecting = given(hawser.reconnect);
export const beating = given(hawser.heartbeat);
export const shared = given(hawser.shareConnection);
export const coded = given(hawser.json);
export const asked = given(hawser.requests);
export const routed = given(cluster.routeByPartition);
export const made = given(client.createWebSocketClient);
// @ts-expect-error: a message is what the codec says it is.
export const wrong$: Observable<number> = events$.pipe(messages());
`,
  },
  angular: {
    types: [],
    // Angular is published as ES modules only.
    isModule: true,
    code: `
import { InjectionToken, type Signal } from '@angular/core';
import { type ConnectionSnapshot, json, reconnect, webSocket } from 'hawser';
import { type ConnectionRef, injectConnection, provideConnection } from 'hawser/angular';

interface Price { readonly price: number }
const PRICES = new InjectionToken<ConnectionRef<Price, string>>('prices');
export const providers = [
  provideConnection(PRICES, () => webSocket('ws://127.0.0.1:1').pipe(json<Price, string>(), reconnect())),
];
export const stateOf = (): Signal<ConnectionSnapshot<string>> => injectConnection(PRICES).state;
// @ts-expect-error: the token says what can be sent.
export const wrong = (): void => injectConnection(PRICES).send(1);
`,
  },
  tests: {
    // The kit runs servers, so its users are on Node and have its types.
    types: ['node'],
    code: `
import { heartbeat } from 'hawser';
import * as kit from 'hawser/testing';
import * as gateway from 'hawser/gateway';
import * as streams from 'hawser/node';
import { marbles } from 'hawser/testing';

export const entries = [kit, gateway, streams];
export const test: () => void = marbles(({ cold, expectObservable, events }) => {
  expectObservable(cold('co-m', events).pipe(heartbeat({ interval: 10, timeout: 5, ping: () => {} }))).toBe('co-m', events);
});
`,
  },
};
const resolutions = {
  'node16 (ESM)': { extension: 'mts', module: 'Node16', moduleResolution: 'Node16' },
  'node16 (CommonJS)': { extension: 'cts', module: 'Node16', moduleResolution: 'Node16' },
  bundler: { extension: 'ts', module: 'ESNext', moduleResolution: 'Bundler' },
};
const compilers = {
  'TypeScript 6': join(root, 'node_modules/typescript/bin/tsc'),
  'TypeScript 7': join(root, 'node_modules/typescript-7/bin/tsc'),
};

let failures = 0;
/** Runs one check and reports it; what a failing program printed is the reason. */
async function check(what, act) {
  try {
    await act();
    console.log(`ok    ${what}`);
  } catch (error) {
    failures++;
    console.log(`FAIL  ${what}\n${error.stdout || error.stderr || error.message}`);
  }
}

const node = (...args) => run(process.execPath, args, { cwd: project, timeout: 60_000 });
const npm = (...args) => run('npm', args, { cwd: root });

async function install() {
  if (!existsSync(join(root, 'dist/cjs/package.json')))
    throw new Error('there is no dist: `npm run build` comes first');
  await npm('pack', '--ignore-scripts', '--pack-destination', project);
  const tarball = readdirSync(project).find((name) => name.endsWith('.tgz'));
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  writeFileSync(join(project, 'package.json'), '{ "private": true }\n');
  // No lock file and none of our overrides: what a user's own `npm i` does.
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--no-package-lock'];
  const peers = ['rxjs', '@angular/core'].map((name) => `${name}@${devDependencies[name]}`);
  await npm('install', ...flags, '--prefix', project, join(project, tarball), ...peers);
}

/** What an entry declares may lean on peers only: users would have to install the types of anything else, such as those of ws. */
function checkDeclarations() {
  const pack = join(project, 'node_modules/hawser');
  const { exports, peerDependencies } = JSON.parse(readFileSync(join(pack, 'package.json'), 'utf8'));
  const isPeer = (name) => Object.keys(peerDependencies).some((peer) => `${name}/`.startsWith(`${peer}/`));
  const declarations = Object.values(exports).flatMap((entry) => [entry.import?.types, entry.require?.types]);
  const reached = new Set(declarations.filter(Boolean).map((file) => join(pack, file)));
  const faults = [];
  // The set grows while it is walked.
  for (const file of reached) {
    const { importedFiles, typeReferenceDirectives } = ts.preProcessFile(readFileSync(file, 'utf8'));
    for (const { fileName } of [...importedFiles, ...typeReferenceDirectives]) {
      if (fileName.startsWith('.')) reached.add(join(file, '..', fileName.replace(/\.js$/, '.d.ts')));
      // Whoever pipes Node streams has their types.
      else if (!isPeer(fileName) && !(fileName === 'node:stream' && file.includes('/bindings/to')))
        faults.push(`${relative(pack, file)} needs the types of '${fileName}'`);
    }
  }
  if (reached.size === 0) throw new Error('the tarball holds no declarations');
  if (faults.length > 0) throw new Error(faults.join('\n'));
}

try {
  await check('npm pack, npm install of the tarball', install);
  if (failures === 0) {
    await check('no declaration needs types that users lack', checkDeclarations);

    const esm = imports.map(([from, what]) => `import ${what} from '${from}';`).join('\n');
    const cjs = imports.map(([from, what]) => `const ${what} = require('${from}');`).join('\n');
    writeFileSync(join(project, 'dial.mjs'), esm + dial);
    writeFileSync(join(project, 'dial.cjs'), cjs + dial);
    await check('ESM dials a server', () => node('dial.mjs'));
    await check('CommonJS dials a server', () => node('dial.cjs'));

    for (const [how, { extension, ...options }] of Object.entries(resolutions)) {
      for (const [user, { types, code, isModule = false }] of Object.entries(typed)) {
        if (isModule && extension === 'cts') continue;
        const file = `${user}.${extension}`;
        writeFileSync(join(project, file), code);
        const compilerOptions = {
          ...options,
          target: 'ES2022',
          lib: ['ES2022', 'DOM'],
          types,
          typeRoots: [join(root, 'node_modules/@types')],
          strict: true,
          exactOptionalPropertyTypes: true,
          skipLibCheck: false,
          declaration: true,
          noEmit: true,
        };
        writeFileSync(join(project, `${file}.json`), JSON.stringify({ compilerOptions, files: [file] }));
        for (const [compiler, tsc] of Object.entries(compilers)) {
          await check(`${compiler}, moduleResolution ${how}: ${user}`, () => node(tsc, '-p', `${file}.json`));
        }
      }
    }
  }
} finally {
  rmSync(project, { recursive: true, force: true });
}
if (failures > 0) process.exitCode = 1;
