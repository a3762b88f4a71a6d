import type { Observable, Subject } from 'rxjs';
import type { TestScheduler } from 'rxjs/testing';
import { withNewClocks } from '../core/clock.js';
import { compareLifetimes, compareStreams, type Expected } from './compareStreams.js';
import { letters, type Letters } from './letters.js';
import { mockConnection, type MockConnection } from './mockConnection.js';
import { type Lifetime, readLifetime, readMarbles, readTime } from './readMarbles.js';
import { type Recorded, VirtualRun, type VirtualRunConfig } from './virtualRun.js';

/** Letters and what they stand for. */
export type Values<T> = Readonly<Record<string, T>>;

/** A stream made from a diagram, with the subscriptions that it had. */
export interface Subscribed {
  readonly subscriptions: readonly Lifetime[];
}

export interface StreamExpectation {
  /**
   * What the stream does, by the end of the run. Without `values` each letter stands for itself.
   * `#` is an error equal to `error` (name, message, own fields), by default the text `'error'`.
   */
  toBe(diagram: string, values?: Values<unknown>, error?: unknown): void;
}

export interface SubscriptionsExpectation {
  /** When each subscription begins and ends, in their order. `[]` and `''` are none. */
  toBe(diagrams: string | readonly string[]): void;
}

/** What a marble test works with. */
export interface MarbleContext {
  /** A stream that begins anew for every subscriber. Throws on a letter without a value; without `values` each letter stands for itself. */
  readonly cold: <T = string>(diagram: string, values?: Values<T>, error?: unknown) => Observable<T> & Subscribed;
  /** A stream that goes on whoever listens; `^` marks the beginning of the test. */
  readonly hot: <T = string>(diagram: string, values?: Values<T>, error?: unknown) => Subject<T> & Subscribed;
  /** Subscribes a stream at 0, or as `lifetime` says (`'--^----!'`), and compares what it does with a diagram. */
  readonly expectObservable: (stream: Observable<unknown>, lifetime?: string) => StreamExpectation;
  readonly expectSubscriptions: (subscriptions: readonly Lifetime[]) => SubscriptionsExpectation;
  /** Lets all time pass now, and checks what is expected so far. */
  readonly flush: () => void;
  /** Milliseconds up to the `|` of a diagram. */
  readonly time: (diagram: string) => number;
  /** The scheduler of virtual time; rxjs's own schedulers follow it too. */
  readonly scheduler: TestScheduler;
  /** The connection of the lower case letters, open. */
  readonly a: MockConnection;
  /** The connection of the upper case letters, open. */
  readonly b: MockConnection;
  readonly events: Letters;
}

/** One expectation, checked when time has passed. */
interface Check {
  /** Where the expectation was written. */
  readonly site: Error;
  /** `undefined` until `toBe` was called. */
  compare?: () => string | undefined;
}

/** Turns a diagram into what a stream does. */
function recordedFrom<T>(diagram: string, values: Values<T> | undefined, error: unknown): (Expected & Recorded<T>)[] {
  const marks = readMarbles(diagram);
  const start = marks.find(({ sign }) => sign === '^')?.frame ?? 0;
  return marks
    .filter(({ sign }) => sign !== '^')
    .map(({ frame, sign }) => {
      const at = { frame: frame - start, sign };
      if (sign === '!') throw new Error(`marbles: '!' in '${diagram}': it has a meaning for subscriptions only`);
      if (sign === '|') return { ...at, notification: { kind: 'C' } };
      if (sign === '#') return { ...at, notification: { kind: 'E', error } };
      if (values && !(sign in values)) {
        const known = Object.keys(values).join(' ') || 'none';
        const hint = /\d/.test(sign) ? '; a time such as 10ms has a space on both sides' : '';
        throw new Error(`marbles: the letter '${sign}' in '${diagram}' has no value (there are ${known}${hint})`);
      }
      return { ...at, notification: { kind: 'N', value: (values ? values[sign] : sign) as T } };
    });
}

/**
 * Makes the body of a test that runs in virtual time: `asyncScheduler` and its kin follow it, a sign of a diagram is a millisecond.
 * It fails when a stream differs from its diagram, when a letter has no value, and when a timer is still set although every stream that
 * was looked at has ended. (Timers that are set by ending do not count, nor do those that the body of the test sets itself.)
 *
 * @example
 * it('pings a silent peer', marbles(({ cold, expectObservable, a, events }) => {
 *   const source = cold('  co---------', events);
 *   const result = source.pipe(heartbeat({ interval: 3, timeout: 5, ping: () => a.send('ping') }));
 *
 *   expectObservable(result, ' ^------!').toBe('co', events);
 *   expectObservable(a.sent$).toBe('       ----p', { p: 'ping' });
 * }));
 */
export function marbles(test: (context: MarbleContext) => void, config?: VirtualRunConfig): () => void {
  return () => {
    const run = new VirtualRun(config);
    const checks: Check[] = [];
    const expectation = (caller: (...args: never[]) => unknown): Check => {
      const site = new Error();
      if ('captureStackTrace' in Error) Error.captureStackTrace(site, caller);
      const check: Check = { site };
      checks.push(check);
      return check;
    };

    const cold: MarbleContext['cold'] = <T>(diagram: string, values?: Values<T>, error: unknown = 'error') => {
      if (diagram.includes('^'))
        throw new Error(`marbles: '^' in '${diagram}': a cold stream begins when it is subscribed`);
      const stream = run.createColdObservable<T>('');
      stream.messages.push(...recordedFrom(diagram, values, error));
      return stream;
    };
    const hot: MarbleContext['hot'] = <T>(diagram: string, values?: Values<T>, error: unknown = 'error') => {
      const stream = run.createHotObservable<T>('');
      stream.messages.push(...recordedFrom(diagram, values, error));
      return stream;
    };
    const expectObservable: MarbleContext['expectObservable'] = (stream, lifetime = '') => {
      const check = expectation(expectObservable);
      const recorded = run.record(stream, readLifetime(lifetime));
      return {
        toBe(diagram, values, error = 'error') {
          const expected = recordedFrom(diagram, values, error);
          check.compare = () => compareStreams(recorded, expected, values);
        },
      };
    };
    const expectSubscriptions: MarbleContext['expectSubscriptions'] = (subscriptions) => {
      const check = expectation(expectSubscriptions);
      return {
        toBe(diagrams) {
          const expected = (typeof diagrams === 'string' ? [diagrams] : diagrams)
            .map(readLifetime)
            .filter(({ subscribedFrame }) => subscribedFrame !== Infinity);
          check.compare = () => compareLifetimes(subscriptions, expected);
        },
      };
    };
    const flush = (): void => {
      run.flush();
      const settled = checks.filter(({ compare }) => compare);
      for (const check of settled) checks.splice(checks.indexOf(check), 1);
      fail(settled.map(({ site, compare }) => ({ site, why: compare?.() })));
    };

    const a = mockConnection('a');
    const b = mockConnection('b');
    const events = letters(a, b);
    const body = (): void => {
      try {
        const result: unknown = test({
          cold,
          hot,
          expectObservable,
          expectSubscriptions,
          flush,
          time: readTime,
          scheduler: run,
          a,
          b,
          events,
        });
        if (typeof (result as { then?: unknown } | undefined)?.then === 'function') {
          throw new Error('marbles: the test gave a promise: virtual time does not wait for one');
        }
        flush();
        fail(checks.map(({ site }) => ({ site, why: 'marbles: an expectation without toBe' })));
      } finally {
        run.end();
      }
    };
    run.run(() => withNewClocks(body));
  };
}

/** Throws an error that tells all that failed, and points at the line of the first. */
function fail(failures: readonly { readonly site: Error; readonly why: string | undefined }[]): void {
  const failed = failures.filter(({ why }) => why !== undefined);
  const first = failed[0];
  if (!first) return;
  const { site } = first;
  const calls = site.stack?.split('\n').filter((line) => /^\s+at /.test(line)) ?? [];
  site.message = failed.map(({ why }) => why).join('\n\n');
  site.stack = [`Error: ${site.message}`, ...calls].join('\n');
  throw site;
}
