import { asyncScheduler, Observable, type SchedulerLike } from 'rxjs';
import type { ConnectionEvent, ConnectionOperator } from '../core/event.js';
import { expectOneOf } from '../core/expect.js';
import { operate } from '../core/operate.js';
import { redact } from '../core/redact.js';

/** How much a log tells: everything from this on. */
export type LogLevel = 'error' | 'warn' | 'info' | 'debug' | 'off';

/** What entries are given to: `console`, or a structured logger. */
export interface Logger {
  error(entry: object): void;
  warn(entry: object): void;
  info(entry: object): void;
  debug(entry: object): void;
}

export interface LogEventsConfig {
  /** `'info'` by default. Entries below it are not even made; `'off'` costs nothing. */
  readonly level?: LogLevel;
  /** What every entry is to hold besides: the name of a service, an instance. */
  readonly context?: Readonly<Record<string, unknown>>;
  /** Whether entries show what was in a message, secrets removed; false by default. */
  readonly payloads?: boolean;
  /** Where time comes from; `asyncScheduler` by default. */
  readonly scheduler?: SchedulerLike;
}

const severities: Readonly<Record<LogLevel, number>> = { off: 0, error: 1, warn: 2, info: 3, debug: 4 };

type Facts = Readonly<Record<string, unknown>>;

/** An event, or the end. */
type Happening =
  ConnectionEvent<unknown, never> | { readonly type: 'error'; readonly error: unknown } | { readonly type: 'complete' };

/** Where events carry what was in messages. */
const hidden: Facts = { data: undefined, raw: undefined, message: undefined };

/**
 * Tells a logger what happens, as entries `{ event, at, connection, url, … }` with secrets removed.
 *
 *     source   co-x#
 *     result   co-x#
 *     log      ii-we      (x has code 1006; i info, w warn, e error)
 *
 * | level | events |
 * |---|---|
 * | `error` | the stream's error |
 * | `warn` | `reconnecting`, `draining`, `malformed`, `dropped`, `close` with a code other than 1000, `retired` because it was lost |
 * | `info` | `connecting`, `open`, `close`, `retired`, `complete` |
 * | `debug` | `message` (without what was in it, unless `payloads` says so), `pong`, events that this version does not know |
 *
 * An entry is made before its event is passed on, so that the log is in the order of what happened. A logger that throws is
 * ignored: no connection breaks for its log.
 *
 * @example
 * chat$.pipe(logEvents(console, { level: 'debug', context: { service: 'chat' } }));
 */
export function logEvents<In, Out, Session>(
  logger: Logger,
  { level = 'info', context, payloads = false, scheduler = asyncScheduler }: LogEventsConfig = {},
): ConnectionOperator<In, Out, Session> {
  expectOneOf('logEvents', 'level', level, Object.keys(severities) as LogLevel[]);
  if (level === 'off') return (source) => source;

  const most = severities[level];
  const common = redact(context ?? {}) as Facts;
  const log = (as: Exclude<LogLevel, 'off'>, happening: Happening): void => {
    if (severities[as] > most) return;
    try {
      const at = scheduler.now();
      const { event, ...facts } = redact(factsOf(happening, payloads)) as Facts;
      logger[as]({ ...common, event, at, ...facts });
    } catch {
      // No connection breaks for its log.
    }
  };

  return (source) =>
    new Observable((subscriber) => {
      operate({
        source,
        subscriber,
        next(event) {
          log(levelOf(event), event);
          subscriber.next(event);
        },
        error(error) {
          log('error', { type: 'error', error });
          subscriber.error(error);
        },
        complete() {
          log('info', { type: 'complete' });
          subscriber.complete();
        },
      });
    });
}

function levelOf(event: ConnectionEvent<unknown, never>): Exclude<LogLevel, 'off'> {
  switch (event.type) {
    case 'connecting':
    case 'open':
      return 'info';
    case 'close':
      return event.code === 1000 ? 'info' : 'warn';
    case 'retired':
      return event.reason === 'lost' ? 'warn' : 'info';
    case 'reconnecting':
    case 'draining':
    case 'malformed':
    case 'dropped':
      return 'warn';
    default:
      return 'debug';
  }
}

/** The fields of an entry: what identifies the connection, and what was in messages only where that is asked for. */
function factsOf(happening: Happening, payloads: boolean): Facts {
  const { type, ...facts } = happening;
  const connection = 'connection' in happening ? happening.connection : undefined;
  const all: Facts = {
    event: type,
    ...facts,
    ...(connection && { connection: connection.id, url: connection.url }),
    ...(type === 'open' && { protocol: connection?.protocol }),
    ...(!payloads && hidden),
    // The parser's message quotes what it could not read.
    ...(!payloads && happening.type === 'malformed' && { error: happening.error.name }),
  };
  return Object.fromEntries(Object.entries(all).filter(([, fact]) => fact !== undefined));
}
