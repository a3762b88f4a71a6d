import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { closeCodeRules } from '../../src/core/closeCodeRules.js';
import { stateEvents, states, transition } from '../../src/core/state.js';
import type { WorkEvent } from '../../src/gateway/events.js';
import type { GatewayWorkerConfig, WorkerApp } from '../../src/gateway/workerConfig.js';
import { cells, documentedNames, interfaceMembers, sections } from './reference.js';

const root = join(__dirname, '../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const filesIn = (folder: string): string[] =>
  readdirSync(join(root, folder))
    .filter((file) => file.endsWith('.ts'))
    .map((file) => `${folder}/${file}`);

const page = read('docs/operators.md');
const found = sections(page);
const members = interfaceMembers(
  ['src/operators', 'src/codecs', 'src/transports', 'src/protocol'].flatMap(filesIn).map(read),
);
const operators = filesIn('src/operators').map((file) => /(\w+)\.ts$/.exec(file)?.[1] ?? '');

/** The public configurations, by the section that has to tell of them. */
const configs = [...`${read('src/index.ts')}${read('src/msgpack.ts')}`.matchAll(/type (\w+)Config\b/g)]
  .map(([, name = '']) => [name.charAt(0).toLowerCase() + name.slice(1), `${name}Config`] as const)
  .filter(([section]) => !['exponential', 'msgpackCodec', 'eachValueFrom', 'writableStream'].includes(section));

describe('the page on operators', () => {
  it.each(operators)('has a section for %s', (name) => {
    expect(found.has(name)).toBe(true);
  });

  it.each(configs)('tells every option of %s, and no other', (section, config) => {
    expect(members.get(config)?.length).toBeGreaterThan(0);
    const tables = found.get(section)?.split('\n#### ')[0] ?? '';
    const options = documentedNames(tables.slice(0, tables.indexOf('\n\n', tables.indexOf('| option'))));

    expect([...options].sort()).toEqual([...(members.get(config) ?? [])].sort());
  });

  it('has the table of close codes that the code has', () => {
    const table = /<!-- close codes: begin -->([\s\S]*)<!-- close codes: end -->/.exec(page)?.[1] ?? '';
    const [, ...rows] = cells(table);

    expect(rows).toEqual(closeCodeRules.map(({ code, action, why }) => [String(code), `\`${action}\``, why]));
  });
});

describe('the page on streams', () => {
  const page = sections(read('docs/streams.md'));
  const members = interfaceMembers(filesIn('src/bindings').map(read));
  const iteration = members.get('IterationConfig') ?? [];

  it.each([
    ['toReadable', members.get('ReadableConfig')],
    ['toWritable', members.get('WritableConfig')],
    // What both have is taken over by `Omit` and `Pick`.
    ['toDuplex', members.get('WritableConfig')],
    ['toAsyncIterable', iteration],
    ['eachValueFrom', iteration],
    ['toWritableStream', members.get('WritableStreamConfig')],
  ])('tells every option of %s, and no other', (section, options = []) => {
    const tables = page.get(section) ?? '';
    const table = tables.slice(0, tables.indexOf('\n\n', tables.indexOf('| option')));

    expect(options.length).toBeGreaterThan(0);
    expect([...documentedNames(table)].sort()).toEqual([...options].sort());
  });
});

describe('the page on gateways', () => {
  const page = sections(read('docs/gateway.md'));
  // Records, so that the compiler misses what is left out.
  const options: Record<keyof GatewayWorkerConfig, true> = {
    apiUrl: true,
    apps: true,
    signingKey: true,
    signingKeyFallback: true,
    env: true,
    startPath: true,
    flushPath: true,
    apiTimeout: true,
    wire: true,
    instanceId: true,
    capabilities: true,
    rewriteEndpoint: true,
    connect: true,
    post: true,
    setupTimeout: true,
    concurrency: true,
    queue: true,
    executionDeadline: true,
    leaseLost: true,
    ackWithin: true,
    maxReply: true,
    buffer: true,
    overflow: true,
    retry: true,
    parallel: true,
    delay: true,
    closeCodes: true,
    maxAttempts: true,
    maxElapsed: true,
    while$: true,
    linger: true,
    shutdown$: true,
    shutdownDeadline: true,
    scheduler: true,
    random: true,
  };
  const app: Record<keyof WorkerApp, true> = { name: true, version: true, functions: true, handle: true, parse: true };
  const events: Record<WorkEvent['type'], true> = {
    received: true,
    skipped: true,
    extended: true,
    leaseLost: true,
    completed: true,
    accepted: true,
    buffered: true,
    undelivered: true,
    abandoned: true,
  };

  it.each([
    ['Options', options],
    ['Apps', app],
    ['Events', events],
  ])('tells all there is under %s, and no more', (section, all) => {
    expect([...documentedNames(page.get(section) ?? '')].sort()).toEqual(Object.keys(all).sort());
  });
});

describe('the page on architecture', () => {
  it('has the table of states that the code has', () => {
    const text = read('docs/architecture.md');
    const table = /<!-- states: begin -->([\s\S]*)<!-- states: end -->/.exec(text)?.[1] ?? '';
    const [head = [], ...rows] = cells(table);

    expect(head.slice(1)).toEqual(states.slice(0, -1));
    expect(rows).toEqual(
      stateEvents.map((event) => [
        `\`${event}\``,
        ...states.slice(0, -1).map((state) => transition(state, event) ?? ''),
      ]),
    );
    expect(stateEvents.filter((event) => transition('CLOSED', event))).toEqual([]);
  });
});

describe('reading a reference', () => {
  it('finds sections and the names in their tables', () => {
    const text = '# Page\n## `one`\n| `a` | b |\n### deeper\n| `b` |\n## two\n| c |\n';

    expect([...sections(text)].map(([name, section]) => [name, documentedNames(section)])).toEqual([
      ['one', ['a', 'b']],
      ['deeper', ['b']],
      ['two', []],
    ]);
  });

  it('finds members that an interface has from another', () => {
    expect(interfaceMembers(['interface A extends B { a: 1 }', 'interface B { readonly b?: 2 }']).get('A')).toEqual([
      'a',
      'b',
    ]);
  });
});
