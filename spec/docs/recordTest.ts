import { readFileSync } from 'node:fs';
import type { Observable } from 'rxjs';
import ts from 'typescript';
import type { MarbleContext, Values } from '../../src/testing/marbles.js';
import { type Lifetime, readLifetime } from '../../src/testing/readMarbles.js';

/** A diagram of a test that has passed, with what its signs stood for. */
export interface RecordedStream {
  readonly role: 'given' | 'expected';
  readonly diagram: string;
  readonly values: Values<unknown> | undefined;
  readonly error: unknown;
  /** When a diagram begins that counts from its subscription; one that is not subscribed begins at 0. */
  readonly starts: readonly number[];
  /** The subscriptions that it had; of an expectation, the one that it made. */
  readonly lifetimes: readonly Lifetime[];
}

/** The first test of a file of marble tests, after it has passed. */
export interface RecordedTest {
  readonly title: string;
  readonly streams: readonly RecordedStream[];
  /** The operators that it tested, as they are written there, first to last. */
  readonly pipeline: readonly string[];
}

type Given = Observable<unknown> & { readonly subscriptions: readonly Lifetime[] };
type Body = (context: MarbleContext) => void;

/** Lets a marble context tell which diagrams it was asked for; to be read when the test is over. */
function recording(context: MarbleContext, streams: (() => RecordedStream)[]): MarbleContext {
  const given =
    (make: (...args: [string, Values<unknown> | undefined, unknown]) => Given, isCold: boolean) =>
    (diagram: string, values?: Values<unknown>, error: unknown = 'error') => {
      const stream = make(diagram, values, error);
      streams.push(() => {
        const lifetimes = [...stream.subscriptions];
        const starts = isCold ? lifetimes.map(({ subscribedFrame }) => subscribedFrame) : [];
        return { role: 'given', diagram, values, error, lifetimes, starts };
      });
      return stream;
    };
  return {
    ...context,
    cold: given(context.cold, true) as MarbleContext['cold'],
    hot: given(context.hot, false) as MarbleContext['hot'],
    expectObservable(stream, lifetime = '') {
      const expectation = context.expectObservable(stream, lifetime);
      return {
        toBe(diagram, values, error = 'error') {
          expectation.toBe(diagram, values, error);
          const lifetimes = [readLifetime(lifetime)].filter(({ subscribedFrame }) => subscribedFrame !== Infinity);
          streams.push(() => ({ role: 'expected', diagram, values, error, lifetimes, starts: [] }));
        },
      };
    },
  };
}

/** Loads a file of marble tests, runs its first one, and tells what it drew. Throws what the test throws. */
export function recordTest(file: string, operator: string): RecordedTest {
  const streams: (() => RecordedStream)[] = [];
  const tests: { readonly title: string; readonly body: () => void }[] = [];
  const collect = (title: string, body: () => void): void => void tests.push({ title, body });
  const nothing = Object.assign(() => undefined, { each: () => () => undefined });
  const globals = globalThis as unknown as Record<string, unknown>;
  const { describe, it } = globals;

  jest.isolateModules(() => {
    const kit = '../../src/testing/marbles.js';
    const actual = jest.requireActual<{ marbles: (test: Body, config?: object) => () => void }>(kit);
    jest.doMock(kit, () => ({
      ...actual,
      marbles: (test: Body, config?: object) => actual.marbles((context) => test(recording(context, streams)), config),
    }));
    Object.assign(globals, {
      describe: (_name: string, body: () => void) => body(),
      it: Object.assign(collect, { each: nothing.each, skip: nothing }),
    });
    try {
      jest.requireActual(file);
    } finally {
      Object.assign(globals, { describe, it });
      jest.dontMock(kit);
    }
  });

  const [first] = tests;
  if (!first) throw new Error(`${file} has no test`);
  first.body();
  return {
    title: first.title,
    streams: streams.map((stream) => stream()),
    pipeline: pipelineOf(readFileSync(file, 'utf8'), operator),
  };
}

/** The operators of the first pipe of a file's first test in which `operator` is called, as they are written. */
export function pipelineOf(text: string, operator: string): string[] {
  const source = ts.createSourceFile('marbles.ts', text, ts.ScriptTarget.Latest, true);
  const written = (node: ts.Node): string =>
    node
      .getText(source)
      .replace(/\s+/g, ' ')
      .replace(/([([]) /g, '$1')
      .replace(/,? ([)\]])/g, '$1')
      .replace(/, }/g, ' }');
  const nameOf = (node: ts.Node): string => (ts.isCallExpression(node) ? node.expression.getText(source) : '');
  const find = (node: ts.Node, name: string): ts.CallExpression | undefined =>
    ts.isCallExpression(node) && nameOf(node) === name ? node : ts.forEachChild(node, (child) => find(child, name));
  const steps = (node: ts.Expression): string[] => {
    if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
      const { expression, name } = node.expression;
      if (name.text === 'pipe') return [...steps(expression), ...node.arguments.map(written)];
    }
    return find(node, operator) ? [written(node)] : [];
  };

  const test = find(source, 'it');
  const call = test && find(test, operator);
  if (!call) return [`${operator}(…)`];
  // Out of the arguments of `.pipe`, and along what is piped further.
  let whole: ts.Expression = call;
  for (let { parent } = whole; ; { parent } = parent) {
    if (ts.isPropertyAccessExpression(parent)) continue;
    if (!ts.isCallExpression(parent) || !nameOf(parent).endsWith('.pipe')) return steps(whole);
    whole = parent;
  }
}
