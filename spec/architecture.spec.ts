import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Module, parseModule, readModules } from './architecture/modules.js';
import {
  cycles,
  hostCallFaults,
  layerFaults,
  lengthFaults,
  nameFaults,
  operators,
  packageFaults,
} from './architecture/rules.js';

const root = join(__dirname, '..');
const src = readModules(join(root, 'src'));

/** Reads files that are not there, to see that a rule notices what is wrong with them. */
const planted = (files: Readonly<Record<string, string>>): Module[] =>
  Object.entries(files).map(([path, text]) => parseModule(path, text));

describe('the layers', () => {
  it('import only what stands before them', () => {
    expect(src.length).toBeGreaterThan(10);
    expect(layerFaults(src)).toEqual([]);
  });

  it('are told apart: an import upwards, sideways, of an entry, from nowhere', () => {
    const modules = planted({
      'index.ts': "export { heartbeat } from './operators/heartbeat.js';",
      'core/clock.ts': "import type { Heartbeat } from '../operators/heartbeat.js';",
      'codecs/json.ts': "import '../transports/webSocket.js';",
      'operators/heartbeat.ts': "import '../core/clock.js'; import '../index.js'; import './gone.js';",
      'transports/webSocket.ts': "const later = import('../core/clock.js');",
      'misc/odds.ts': '',
    });
    expect(layerFaults(modules)).toEqual([
      'core/clock.ts imports operators/heartbeat.ts, which is not before it',
      'codecs/json.ts imports transports/webSocket.ts, which is not before it',
      'operators/heartbeat.ts imports the entry index.ts',
      'operators/heartbeat.ts imports operators/gone.ts, which is not there',
      'misc/odds.ts is in no layer',
    ]);
  });

  it('import nothing in a circle', () => {
    expect(cycles(src)).toEqual([]);
  });

  it('are seen to turn in a circle, also where only types do', () => {
    const modules = planted({
      'core/a.ts': "import type { B } from './b.js';",
      'core/b.ts': "export type C = import('./c.js').C;",
      'core/c.ts': "export { a } from './a.js'; import './d.js';",
      'core/d.ts': "import './d.js'",
    });
    expect(cycles(modules)).toEqual(['core/a.ts → core/b.ts → core/c.ts → core/a.ts', 'core/d.ts → core/d.ts']);
  });
});

describe('the core entry', () => {
  const allowed = ['rxjs', 'isomorphic-ws'];

  it('needs rxjs and a WebSocket, and nothing else of the platform or of other packages', () => {
    expect(packageFaults(src, 'index.ts', allowed)).toEqual([]);
  });

  it('is seen to reach a package by a detour, or for its types only', () => {
    const modules = planted({
      'index.ts': "export * from './codecs/json.js'; export * from './transports/webSocket.js';",
      'codecs/json.ts': "import '../core/buffers.js'; import { pack } from 'msgpackr';",
      'core/buffers.ts': "const fs = require('node:fs');",
      'transports/webSocket.ts': "import type { Data } from 'ws'; import WebSocket from 'isomorphic-ws';",
      'testing.ts': "import net from 'node:net';",
    });
    expect(packageFaults(modules, 'index.ts', allowed)).toEqual([
      "index.ts reaches 'msgpackr' through codecs/json.ts",
      "index.ts reaches 'node:fs' through core/buffers.ts",
      "index.ts reaches 'ws' through transports/webSocket.ts",
    ]);
  });
});

describe('the other entries', () => {
  it.each([
    ['angular.ts', ['rxjs', '@angular/core', '@angular/core/rxjs-interop']],
    ['client.ts', ['rxjs', 'isomorphic-ws']],
    ['cluster.ts', ['rxjs']],
    ['gateway.ts', ['rxjs', 'isomorphic-ws', 'msgpackr', 'node:crypto', 'node:os', 'rxjs/fetch']],
    ['node.ts', ['rxjs', 'node:stream']],
    ['gatewayInngest.ts', ['rxjs', '@bufbuild/protobuf/wire']],
    [
      'testing.ts',
      [
        'rxjs',
        'rxjs/fetch',
        'rxjs/testing',
        'isomorphic-ws',
        'ws',
        'msgpackr',
        'node:crypto',
        'node:events',
        'node:http',
        'node:net',
        'node:os',
        'node:stream',
        'node:stream/consumers',
        'node:timers/promises',
        'node:v8',
        'node:vm',
      ],
    ],
  ])('need no more than they have to: %s', (entry, allowed) => {
    expect(packageFaults(src, entry, allowed)).toEqual([]);
  });
});

describe('a file', () => {
  it('has at most 200 lines', () => {
    expect(lengthFaults(src)).toEqual([]);
    expect(lengthFaults(planted({ 'core/long.ts': '\n'.repeat(201), 'core/longest.ts': '\n'.repeat(200) }))).toEqual([
      'core/long.ts has 201 lines',
    ]);
  });

  it('is named after what it exports', () => {
    expect(nameFaults(src.filter(({ path }) => path !== 'core/url.ts'))).toEqual([]);
    const modules = planted({
      'operators/heartbeat.ts': 'export function reconnect() {}',
      'core/state.ts': 'export type InternalState = 1;',
    });
    expect(nameFaults(modules)).toEqual(['operators/heartbeat.ts exports reconnect']);
  });

  it('takes time and chance from its config, never from the host', () => {
    expect(hostCallFaults(src)).toEqual([]);
  });

  it('is seen to take them from the host, and not where it only says so', () => {
    const modules = planted({
      'core/bad.ts': [
        '// Date.now() in a comment',
        "const text = 'setTimeout(Math.random())';",
        'setTimeout(act); globalThis.setInterval(act);',
        'const at = [Date.now(), performance.now(), new Date()];',
        'const dice = Math.random();',
      ].join('\n'),
      'core/good.ts': 'export const wait = ({ random = Math.random }) => random() + new Date(5);',
      'core/also.ts': 'export const chance = config.random ?? Math.random;',
      'testing/wait.ts': 'setTimeout(act, 1)',
    });
    expect(hostCallFaults(modules)).toEqual([
      'core/bad.ts uses setTimeout (line 3)',
      'core/bad.ts uses setInterval (line 3)',
      'core/bad.ts uses Date.now (line 4)',
      'core/bad.ts uses performance.now (line 4)',
      'core/bad.ts uses new Date() (line 4)',
      'core/bad.ts uses Math.random (line 5)',
    ]);
  });
});

describe('an operator', () => {
  const all = operators(src);

  it('is known by its folder', () => {
    const modules = planted({
      'operators/heartbeat.ts': 'export function heartbeat() {}',
      'operators/watch.ts': 'export class Watch {}',
      'core/operate.ts': 'export function operate() {}',
    });
    expect(operators(modules)).toEqual(['heartbeat']);
    expect(all).toContain('reconnect');
  });

  it('has marbles of its own', () => {
    const drawn = (name: string): boolean =>
      ['marbles', 'marbles/operators'].some((folder) => existsSync(join(root, folder, `${name}.marbles.ts`)));
    expect(all.filter((name) => !drawn(name))).toEqual([]);
  });

  it('is held to the laws', () => {
    const held = new Set(readModules(join(root, 'spec/laws')).flatMap(({ importedNames }) => importedNames));
    expect(all.filter((name) => !held.has(name))).toEqual([]);
  });

  it('is part of the core entry', () => {
    const exported = src.find(({ path }) => path === 'index.ts')?.exports ?? [];
    expect(all.filter((name) => !exported.includes(name))).toEqual([]);
  });
});
