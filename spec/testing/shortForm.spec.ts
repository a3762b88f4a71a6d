import { NEVER } from 'rxjs';
import { HeartbeatTimeoutError } from '../../src/core/errors.js';
import {
  close,
  connecting,
  draining,
  dropped,
  malformed,
  message,
  open,
  pong,
  reconnecting,
  retired,
} from '../../src/testing/letters.js';
import { mockConnection } from '../../src/testing/mockConnection.js';
import { shortForm } from '../../src/testing/shortForm.js';

const a = mockConnection('a');

describe('shortForm', () => {
  it.each<[unknown, string]>([
    [connecting('ws://host'), "connecting url 'ws://host'"],
    [open(a), 'open a'],
    [message(a, { kind: 'chat', at: 3 }), "message a data { kind: 'chat', at: 3 }"],
    [malformed(a, '{', new Error('no JSON')), "malformed a raw '{' error Error: no JSON"],
    [pong(a, 12), 'pong a roundTrip 12'],
    [draining(a), 'draining a'],
    [draining(a, 30), 'draining a within 30'],
    [retired(a, 'lost'), "retired a reason 'lost'"],
    [close(a, 1006), "close a code 1006 reason '' wasClean false"],
    [
      reconnecting(2, 500, new HeartbeatTimeoutError(5)),
      'reconnecting attempt 2 delay 500 cause HeartbeatTimeoutError: no answer to a ping within 5 ms',
    ],
    [dropped('m'), "dropped message 'm' reason 'overflow'"],
  ])('tells an event as a sentence', (event, text) => {
    expect(shortForm(event)).toBe(text);
  });

  it.each<[unknown, string]>([
    ['text', "'text'"],
    ['x'.repeat(200), `'${'x'.repeat(99)}…'`],
    [undefined, 'undefined'],
    [3n, '3n'],
    [a, 'a'],
    [new Error(), 'Error'],
    [new Uint8Array(), '0 bytes'],
    [new Uint8Array([1, 255]), '2 bytes 01 ff'],
    [new Uint8Array(9), '9 bytes 00 00 00 00 00 00 00 00 …'],
    [new Date(0), '1970-01-01T00:00:00.000Z'],
    [new Date(NaN), 'no date'],
    [/a/g, '/a/g'],
    [shortForm, 'function shortForm'],
    [
      (
        () => () =>
          1
      )(),
      'a function',
    ],
    [NEVER, 'an Observable'],
    [[], '[]'],
    [{}, '{}'],
    [[1, [2]], '[1, [2]]'],
    [Array.from({ length: 9 }, (_, at) => at), '[0, 1, 2, 3, 4, 5, 6, 7, … 9 in all]'],
    [new Map([['a', 1]]), "Map { 'a' → 1 }"],
    [new Set([1]), 'Set { 1 }'],
    [{ one: { two: { three: { four: 5 } } } }, '{ one: { two: { three: {…} } } }'],
    [expect.any(Number), 'Any<Number>'],
    [{ asymmetricMatch: () => true }, 'a matcher'],
    [{ type: 'shape', side: 2 }, "{ type: 'shape', side: 2 }"],
  ])('writes %p as %s', (value, text) => {
    expect(shortForm(value)).toBe(text);
  });
});
