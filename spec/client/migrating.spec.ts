import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as rxjs from 'rxjs';
import { webSocket } from 'rxjs/webSocket';
import ts from 'typescript';
import { WebSocket } from 'ws';
import { webSocketSubject } from '../../src/client/webSocketSubject.js';
import type { MockServer } from '../../src/testing.js';
import { markdownSnippets } from '../docs/snippets.js';
import { aServer, endAll } from '../transports/servers.js';

const file = 'docs/migrating-from-rxjs-webSocket.md';
const text = readFileSync(join(__dirname, '../..', file), 'utf8');

/** A program of the document, and what it says that it returns. */
interface Program {
  readonly name: string;
  readonly run: (open: unknown, server: MockServer) => Promise<unknown>;
  readonly expected: Readonly<Record<string, unknown>>;
}

function programOf(code: string): Program | undefined {
  const name = /^async function (\w+)/.exec(code)?.[1];
  if (name === undefined) return undefined;
  const { outputText } = ts.transpileModule(code, { compilerOptions: { target: ts.ScriptTarget.ES2022 } });
  const given = { ...rxjs, WebSocketCtor: WebSocket };
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the document is the program
  const make = new Function(...Object.keys(given), `${outputText}\nreturn ${name};`) as (
    ...values: unknown[]
  ) => Program['run'];
  const outcomes = [...code.matchAll(/^\/\/ (rxjs|hawser): +(.*)$/gm)];
  const expected = Object.fromEntries(outcomes.map(([, whose, what]) => [whose, JSON.parse(what ?? '')]));
  return { name, run: make(...Object.values(given)), expected };
}

const programs = markdownSnippets(file, text).flatMap(({ code }) => programOf(code) ?? []);

afterEach(endAll);

describe('the programs of the migration guide', () => {
  it('are one for each row of its table', () => {
    const rows = [...text.matchAll(/^\| \[[^\]]+\]\[(\d+)\]/gm)].map(([, row]) => Number(row));
    expect(rows).toEqual(programs.map((_, index) => index + 1));
  });

  describe.each(programs)('$name', ({ run, expected }) => {
    it('does what is said of rxjs', async () => {
      expect(await run(webSocket, await aServer())).toEqual(expected['rxjs']);
    });

    it('does what is said of hawser, which is something else', async () => {
      expect(await run(webSocketSubject, await aServer())).toEqual(expected['hawser']);
      expect(expected['hawser']).not.toEqual(expected['rxjs']);
    });
  });
});
