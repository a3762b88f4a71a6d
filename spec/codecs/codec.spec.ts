import { EMPTY, of, Subject } from 'rxjs';
import { codec } from '../../src/codecs/codec.js';
import type { Connection, Frame } from '../../src/core/connection.js';
import { ProtocolError } from '../../src/core/errors.js';
import type { ConnectionEvent } from '../../src/core/event.js';
import { mockConnection } from '../../src/testing/mockConnection.js';

type FrameEvent = ConnectionEvent<Frame>;

/** A codec written as a class, with a state that it reaches through `this`. */
class Counting {
  #sent = 0;
  encode(text: string): string {
    return `${++this.#sent}:${text}`;
  }
  decode(frame: Frame): string {
    if (frame === 'bad') throw new SyntaxError('bad luck');
    if (frame === 'worse') throw 'no error at all';
    if (frame === 'worst') throw Object.create(null);
    return `got ${String(frame)}`;
  }
}

describe('codec', () => {
  const inner = mockConnection<Frame>('a');
  const message = (data: Frame): FrameEvent => ({ type: 'message', connection: inner, data });

  it('calls the functions as methods of the codec they came with', () => {
    const connection = mockConnection<Frame>('a');
    of<FrameEvent>({ type: 'open', connection })
      .pipe(codec(() => new Counting()))
      .subscribe((event) => {
        if (event.type !== 'open') return;
        event.connection.send('x');
        event.connection.send('y');
      });
    expect(connection.sent).toEqual(['1:x', '2:y']);
  });

  it('lets a codec without a state be given as it is', () => {
    const data: unknown[] = [];
    of(message('hi'))
      .pipe(codec(new Counting()))
      .subscribe((event) => data.push('data' in event ? event.data : event));
    expect(data).toEqual(['got hi']);
  });

  it.each([
    ['bad', 'a frame does not decode: bad luck', expect.any(SyntaxError)],
    ['worse', 'a frame does not decode', 'no error at all'],
    ['worst', 'a frame does not decode', expect.anything()],
  ])('makes a ProtocolError of whatever decode throws: %s', (frame, text, cause: unknown) => {
    const events: unknown[] = [];
    of(message(frame))
      .pipe(codec(new Counting()))
      .subscribe((event) => events.push(event));
    expect(events).toEqual([
      { type: 'malformed', connection: expect.anything(), raw: frame, error: expect.objectContaining({ cause }) },
    ]);
    expect((events[0] as { error: Error }).error.name).toBe('ProtocolError');
    expect((events[0] as { error: Error }).error.message).toBe(text);
  });

  it('hands a ProtocolError of the codec on as it is', () => {
    const error = new ProtocolError('the third byte is odd');
    const decode = (): never => {
      throw error;
    };
    const errors: unknown[] = [];
    of(message('x'))
      .pipe(codec({ encode: String, decode }))
      .subscribe((event) => errors.push('error' in event && event.error));
    expect(errors).toEqual([error]);
    expect(errors[0]).toBe(error);
  });

  it('turns what a factory throws into the error of the stream', () => {
    const errors: unknown[] = [];
    const failure = new Error('no codec');
    of(message('x'))
      .pipe(
        codec(() => {
          throw failure;
        }),
      )
      .subscribe({ error: (error: unknown) => errors.push(error) });
    expect(errors).toEqual([failure]);
  });

  it('asks the factory with the connection of frames, so that it can look at the subprotocol', () => {
    const seen: Connection<Frame>[] = [];
    const connection = mockConnection<Frame>('a', { protocol: 'v1' });
    const factory = (of: Connection<Frame>): Counting => {
      seen.push(of);
      return new Counting();
    };
    of<FrameEvent>({ type: 'open', connection }).pipe(codec(factory)).subscribe();
    expect(seen).toEqual([connection]);
    expect(seen[0]!.protocol).toBe('v1');
  });

  it('does not decode for a subscriber that has gone', () => {
    const frames$ = new Subject<FrameEvent>();
    const decode = jest.fn(String);
    const subscription = frames$.pipe(codec({ encode: String, decode })).subscribe();
    subscription.unsubscribe();
    frames$.next(message('x'));
    expect(decode).not.toHaveBeenCalled();
  });

  it('does not close after a malformed frame that made the subscriber leave', () => {
    const connection = mockConnection<Frame>('a');
    const frames$ = new Subject<FrameEvent>();
    const subscription = frames$
      .pipe(codec(new Counting(), { onMalformed: 'close' }))
      .subscribe(() => subscription.unsubscribe());
    frames$.next({ type: 'message', connection, data: 'bad' });
    expect(connection.closed).toEqual([]);
  });

  it('refuses a policy that it does not know when it is made', () => {
    expect(() => codec(new Counting(), { onMalformed: 'panic' as never })).toThrow(
      new TypeError("codec: expected `onMalformed` to be one of 'keep', 'close', got 'panic'"),
    );
  });

  it('ends with its source', () => {
    const complete = jest.fn();
    EMPTY.pipe(codec<string>(new Counting())).subscribe({ complete });
    expect(complete).toHaveBeenCalledTimes(1);
  });
});
