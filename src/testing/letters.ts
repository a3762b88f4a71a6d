import type { Connection } from '../core/connection.js';
import type {
  ConnectingEvent,
  ConnectionClose,
  ConnectionEvent,
  ConnectionMessage,
  DrainingEvent,
  DroppedEvent,
  MalformedEvent,
  OpenEvent,
  PongEvent,
  ReconnectingEvent,
  RetiredEvent,
} from '../core/event.js';

/** A `connecting` event. */
export function connecting(url = 'ws://a'): ConnectingEvent {
  return { type: 'connecting', url };
}

/** An `open` event. */
export function open<Out, Session>(connection: Connection<Out, Session>): OpenEvent<Out, Session> {
  return { type: 'open', connection };
}

/** A `message` event. */
export function message<In, Out, Session>(
  connection: Connection<Out, Session>,
  data: In,
): ConnectionMessage<In, Out, Session> {
  return { type: 'message', connection, data };
}

/** A `malformed` event. */
export function malformed<Out, Session>(
  connection: Connection<Out, Session>,
  raw: unknown = '{',
  error: Error = new Error('malformed'),
): MalformedEvent<Out, Session> {
  return { type: 'malformed', connection, raw, error };
}

/** A `pong` event; `roundTrip` in milliseconds. */
export function pong<Out, Session>(connection: Connection<Out, Session>, roundTrip = 1): PongEvent<Out, Session> {
  return { type: 'pong', connection, roundTrip };
}

/** A `draining` event; `within` in milliseconds. */
export function draining<Out, Session>(
  connection: Connection<Out, Session>,
  within?: number,
): DrainingEvent<Out, Session> {
  return within === undefined ? { type: 'draining', connection } : { type: 'draining', connection, within };
}

/** A `retired` event. */
export function retired<Out, Session>(
  connection: Connection<Out, Session>,
  reason: RetiredEvent<Out, Session>['reason'] = 'expired',
): RetiredEvent<Out, Session> {
  return { type: 'retired', connection, reason };
}

/** A `close` event: clean, unless its code says that no close frame arrived (1006, 1015). */
export function close<Out, Session>(
  connection: Connection<Out, Session>,
  code = 1000,
  reason = '',
  wasClean = code !== 1006 && code !== 1015,
): ConnectionClose<Out, Session> {
  return { type: 'close', connection, code, reason, wasClean };
}

/** A `reconnecting` event; `delay` in milliseconds. */
export function reconnecting(attempt = 1, delay = 1_000, cause?: unknown): ReconnectingEvent {
  return { type: 'reconnecting', attempt, delay, cause };
}

/** A `dropped` event. */
export function dropped(message: unknown, reason: DroppedEvent['reason'] = 'overflow'): DroppedEvent {
  return { type: 'dropped', message, reason };
}

type Lower = 'c' | 'o' | 'm' | 'd' | 'x' | 'r' | 't' | 'p' | 'q';

/** A letter of the project's diagrams: lower case for the first connection, upper case for the second. */
export type Letter = Lower | Uppercase<Lower>;

/** What each letter stands for. A plain object: spread it to change a letter. */
export type Letters<In = string, Out = unknown, Session = unknown> = Readonly<
  Record<Letter, ConnectionEvent<In, Out, Session>>
>;

/**
 * The letters of two connections: `c` connecting, `o` open, `m` message, `d` draining, `x` close, `r` reconnecting,
 * `t` retired, `p` pong, `q` malformed. Messages carry `'m'` and `'M'` unless `data` says otherwise.
 *
 * @example
 * const events = letters(a, b, { m: { kind: 'hello' }, M: { kind: 'hello' } });
 */
export function letters<Out, Session>(
  a: Connection<Out, Session>,
  b: Connection<Out, Session>,
): Letters<string, Out, Session>;
export function letters<In, Out, Session>(
  a: Connection<Out, Session>,
  b: Connection<Out, Session>,
  data: { readonly m: In; readonly M: In },
): Letters<In, Out, Session>;
export function letters<Out, Session>(
  a: Connection<Out, Session>,
  b: Connection<Out, Session>,
  data: { readonly m: unknown; readonly M: unknown } = { m: 'm', M: 'M' },
): Letters<unknown, Out, Session> {
  return {
    c: connecting(a.url),
    o: open(a),
    m: message(a, data.m),
    d: draining(a),
    x: close(a),
    r: reconnecting(1),
    t: retired(a),
    p: pong(a),
    q: malformed(a),
    C: connecting(b.url),
    O: open(b),
    M: message(b, data.M),
    D: draining(b),
    X: close(b),
    R: reconnecting(2),
    T: retired(b),
    P: pong(b),
    Q: malformed(b),
  };
}
