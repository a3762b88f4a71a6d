import { type Connection, deriveConnection, expectOpen, type Frame } from '../core/connection.js';
import { isNamed, ProtocolError } from '../core/errors.js';
import type { ConnectionEvent, ConnectionEvents } from '../core/event.js';
import { expectOneOf } from '../core/expect.js';
import { operated } from '../core/operate.js';
import { perConnection } from '../core/perConnection.js';

/** Turns messages into frames and back. Either function may throw: the operator tells which frame it was. */
export interface Codec<In, Out = In> {
  encode(message: Out): Frame;
  decode(frame: Frame): In;
  /** Told when the connection refused the last frame: a codec with a state must not count on it. */
  refused?(): void;
}

export interface CodecConfig {
  /** What a frame that does not decode leads to, beside its `malformed` event: nothing more (`'keep'`, the default), or closing with 4400 (`'close'`). */
  readonly onMalformed?: 'keep' | 'close';
}

/** An operator that turns a connection of frames into one of messages. */
export type CodecOperator<In, Out = In> = <Session>(
  source: ConnectionEvents<Frame, Frame, Session>,
) => ConnectionEvents<In, Out, Session>;

/**
 * Makes messages of frames and frames of messages. A factory is called once per connection, so that a codec may keep state.
 *
 *     source   co-1-f-2-x|      (f does not decode)
 *     result   co-m-q-M-x|
 *
 * A frame that does not decode becomes a `malformed` event with the raw frame and a `ProtocolError`, and the connection lives.
 * What `encode` throws is thrown by `send()`; it is not called unless the connection is open.
 *
 * @example
 * const numbers = codec<number>({ encode: (message) => message.toString(), decode: (frame) => Number(frame) });
 */
export function codec<In, Out = In>(
  codec: Codec<In, Out> | ((connection: Connection<Frame>) => Codec<In, Out>),
  { onMalformed = 'keep' }: CodecConfig = {},
): CodecOperator<In, Out> {
  expectOneOf('codec', 'onMalformed', onMalformed, ['keep', 'close']);

  return <Session>(source: ConnectionEvents<Frame, Frame, Session>): ConnectionEvents<In, Out, Session> =>
    operated(source, (subscriber) => {
      const coded = perConnection((inner: Connection<Frame, Session>): Coded<In, Out, Session> => {
        const own = typeof codec === 'function' ? codec(inner) : codec;
        const send = (message: Out): void => {
          // A codec with a state must not be ahead of the wire: what it encodes has to be sent.
          expectOpen(inner);
          const frame = own.encode(message);
          try {
            inner.send(frame);
          } catch (error) {
            own.refused?.();
            throw error;
          }
        };
        return { connection: deriveConnection<Frame, Out, Session>(inner, { send }), codec: own };
      });

      return {
        next(event: ConnectionEvent<Frame, Frame, Session>) {
          if (event.type === 'message') {
            const { connection, codec } = coded(event.connection);
            let data: In;
            try {
              data = codec.decode(event.data);
            } catch (cause) {
              subscriber.next({ type: 'malformed', connection, raw: event.data, error: protocolError(cause) });
              if (onMalformed === 'close' && !subscriber.closed) connection.close(4400, 'malformed frame');
              return;
            }
            subscriber.next({ type: 'message', connection, data });
          } else if ('connection' in event) {
            subscriber.next({ ...event, connection: coded(event.connection).connection });
          } else {
            subscriber.next(event);
          }
        },
      };
    });
}

/** What a connection of frames is turned into. */
interface Coded<In, Out, Session> {
  readonly connection: Connection<Out, Session>;
  readonly codec: Codec<In, Out>;
}

function protocolError(cause: unknown): ProtocolError {
  if (isNamed(cause, 'ProtocolError')) return cause;
  const { message = '' } = Object(cause) as Partial<Error>;
  return new ProtocolError(`a frame does not decode${message && `: ${message}`}`, cause);
}
