import { asyncScheduler, type Observable, type SchedulerLike } from 'rxjs';
import type { Connection } from '../core/connection.js';
import type { AnyConnectionOperator } from '../core/event.js';
import { expectOneOf } from '../core/expect.js';
import { operated } from '../core/operate.js';
import { redactText } from '../core/redactText.js';

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
  /** What every entry is to hold besides, as it is: the name of a service, an instance. */
  readonly context?: Readonly<Record<string, unknown>>;
  /** What entries are to show of a message or a frame: `redact` shows it with secrets removed. By default they show nothing of it. */
  readonly payloads?: (data: unknown) => unknown;
  /** Where time comes from; `asyncScheduler` by default. */
  readonly scheduler?: SchedulerLike;
}

const severities = ['off', 'error', 'warn', 'info', 'debug'] as const;
const severityOf: Readonly<Record<string, number>> = {
  error: 1,
  reconnecting: 2,
  draining: 2,
  malformed: 2,
  dropped: 2,
  connecting: 3,
  open: 3,
  close: 3,
  retired: 3,
  closing: 3,
  complete: 3,
  message: 4,
  pong: 4,
};

/** The fields of events that hold what was in a message, or that quote it: `error` is the decoder's. */
const payload = ['data', 'raw', 'message', 'error'];

/** An event, known or not, or the end. */
export interface Happening {
  readonly type: string;
  readonly connection?: Connection<never>;
  readonly [fact: string]: unknown;
}

/** 1 (error) to 4 (debug) for an event of a connection, or the end; undefined for what this version does not know. */
export function severity({ type, code, reason }: Happening): number | undefined {
  return (type === 'close' && code !== 1000) || (type === 'retired' && reason === 'lost') ? 2 : severityOf[type];
}

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
 * | `info` | `connecting`, `open`, `close`, `retired`, `closing`, `complete` |
 * | `debug` | `message`, `pong`, events that this version does not know |
 *
 * Of errors an entry shows name, message, code and causes. It is made before its event is passed on, so that the log is in
 * the order of what happened. A logger that throws is ignored: no connection breaks for its log.
 *
 * @example
 * chat$.pipe(logEvents(console, { level: 'debug', context: { service: 'chat' }, payloads: redact }));
 */
export function logEvents(logger: Logger, config: LogEventsConfig = {}): AnyConnectionOperator {
  return eventLog(logger, config, severity);
}

/** Logs any events, each as what `sketch` makes of it. An event that `severityOf` does not know is one for `debug`, and shows no facts. */
export function eventLog(
  logger: Logger,
  { level = 'info', context, payloads, scheduler = asyncScheduler }: LogEventsConfig,
  severityOf: (happening: Happening) => number | undefined,
  sketch = (happening: Happening): Happening => happening,
): <Event extends { readonly type: string }>(source: Observable<Event>) => Observable<Event> {
  expectOneOf('logEvents', 'level', level, severities);
  if (level === 'off') return (source) => source;

  const most = severities.indexOf(level);
  const log = (happening: Happening): void => {
    const known = severityOf(happening);
    const severity = known ?? 4;
    if (severity > most) return;
    try {
      const { type: event, connection, ...facts } = sketch(happening);
      const entry: Record<string, unknown> = { ...context, event, at: scheduler.now() };
      if (connection) Object.assign(entry, { connection: connection.id, url: connection.url });
      for (const [name, fact] of Object.entries(facts)) {
        if (known && !payload.includes(name)) entry[name] = told(fact);
        else if (payloads) entry[name] = payloads(fact);
      }
      logger[severities[severity] as Exclude<LogLevel, 'off'>](entry);
    } catch {
      // No connection breaks for its log.
    }
  };

  return <Event extends { readonly type: string }>(source: Observable<Event>) =>
    operated<Event, Event>(source, (subscriber) => ({
      next(event) {
        log(event);
        subscriber.next(event);
      },
      error(error) {
        log({ type: 'error', cause: error });
        subscriber.error(error);
      },
      complete() {
        log({ type: 'complete' });
        subscriber.complete();
      },
    }));
}

/** What an entry shows of a fact: of an error name, message, code and causes. */
function told(fact: unknown, depth = 0): unknown {
  if (typeof fact === 'string') return redactText(fact);
  if (typeof fact !== 'object' || fact === null) return fact;
  const parts = ['name', 'message', 'code', 'cause'].filter((part) => part in fact && depth < 5);
  return Object.fromEntries(parts.map((part) => [part, told((fact as Happening)[part], depth + 1)]));
}
