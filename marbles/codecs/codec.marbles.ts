import { codec } from '../../src/codecs/codec.js';
import type { Frame } from '../../src/core/connection.js';
import { ProtocolError } from '../../src/core/errors.js';
import { letters, malformed, message } from '../../src/testing/letters.js';
import { marbles } from '../../src/testing/marbles.js';
import { mockConnection } from '../../src/testing/mockConnection.js';

const numbers = {
  encode: (number: number): string => String(number),
  decode(frame: Frame): number {
    if (!/^\d$/.test(String(frame))) throw new SyntaxError('no digit');
    return Number(frame);
  },
};

/** The same connection before and after a codec: 1 and 2 are frames of digits, f is another one. */
function lettersOf() {
  const a = mockConnection<Frame, undefined>('a');
  const events = letters<Frame, undefined>(a, a);
  const error = new ProtocolError('a frame does not decode: no digit', new SyntaxError('no digit'));
  return {
    a,
    frames: { ...events, '1': message(a, '1'), f: message(a, 'f'), '2': message(a, '2') },
    decoded: { ...events, m: message(a, 1), q: malformed(a, 'f', error), M: message(a, 2) },
  };
}

describe('codec', () => {
  it(
    'turns frames into messages, and one that does not decode into an event',
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const { frames, decoded } = lettersOf();
      const source = cold(' co-1-f-2-x|', frames);
      const subs = '        ^---------!';
      const expected = '    co-m-q-M-x|';

      expectObservable(source.pipe(codec(numbers))).toBe(expected, decoded);
      expectSubscriptions(source.subscriptions).toBe(subs);
    }),
  );

  it(
    'tells of the frame first where it closes because of it',
    marbles(({ cold, expectObservable, flush }) => {
      const { a, frames, decoded } = lettersOf();
      const source = cold(' co-1-f-2-', frames);
      const expected = '    co-m-q-M-';

      expectObservable(source.pipe(codec(numbers, { onMalformed: 'close' })), '--------!').toBe(expected, decoded);
      flush();

      expect(a.closed).toEqual([{ code: 4400, reason: 'malformed frame' }]);
    }),
  );

  it(
    'passes errors on, and lets go of its source when it is unsubscribed',
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const { frames, decoded } = lettersOf();
      const fails = cold('  co-1#', frames, 'lost');
      const source = cold(' co-1-2-', frames);
      const subs = '        ^---!  ';

      expectObservable(fails.pipe(codec(numbers))).toBe('co-m#', decoded, 'lost');
      expectObservable(source.pipe(codec(numbers)), '----!').toBe('co-m-', decoded);
      expectSubscriptions(source.subscriptions).toBe(subs);
    }),
  );
});
