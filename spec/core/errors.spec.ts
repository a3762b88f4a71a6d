import * as errors from '../../src/core/errors.js';
import type { HawserErrors } from '../../src/core/errors.js';

const cause = new Error('ECONNREFUSED');

/** One of each, with its message and its facts. */
const all: readonly (readonly [keyof HawserErrors, Error, string, Readonly<Record<string, unknown>>])[] = [
  [
    'NotOpenError',
    new errors.NotOpenError(2, 'ws://h/'),
    'the connection to ws://h/ is not open (readyState 2)',
    { readyState: 2, url: 'ws://h/' },
  ],
  [
    'DialError',
    new errors.DialError('ws://h/', 'refused', { status: 503, retryAfter: 2_000, cause }),
    'could not connect to ws://h/: refused',
    { url: 'ws://h/', status: 503, retryAfter: 2_000, cause },
  ],
  [
    'ConnectionClosedError',
    new errors.ConnectionClosedError(4401, 'token expired'),
    'the connection was closed with code 4401: token expired',
    { code: 4401, reason: 'token expired' },
  ],
  ['OpenTimeoutError', new errors.OpenTimeoutError(500), 'the connection was not open within 500 ms', { within: 500 }],
  [
    'HeartbeatTimeoutError',
    new errors.HeartbeatTimeoutError(5_000),
    'no answer to a ping within 5000 ms',
    { timeout: 5_000 },
  ],
  [
    'HandshakeError',
    new errors.HandshakeError('no answer', 'timeout', 4000, cause),
    'handshake failed (timeout): no answer',
    { phase: 'timeout', code: 4000, cause },
  ],
  [
    'LeaseLostError',
    new errors.LeaseLostError('lease-2'),
    'the lease was lost while the work ran',
    { lease: 'lease-2' },
  ],
  ['BufferOverflowError', new errors.BufferOverflowError(100), 'more than 100 messages wait', { buffer: 100 }],
  ['ProtocolError', new errors.ProtocolError('a frame of no kind', cause), 'a frame of no kind', { cause }],
  [
    'RequestTimeoutError',
    new errors.RequestTimeoutError(5_000, true),
    'no answer to a request within 5000 ms',
    { timeout: 5_000, sent: true },
  ],
  [
    'RequestTimeoutError',
    new errors.RequestTimeoutError(5_000, false),
    'no connection for a request within 5000 ms',
    { timeout: 5_000, sent: false },
  ],
  [
    'RequestDisconnectedError',
    new errors.RequestDisconnectedError(true, cause),
    'the connection was lost before the answer came',
    { sent: true, cause },
  ],
  [
    'RequestDisconnectedError',
    new errors.RequestDisconnectedError(false),
    'the request was not sent: no connection is open',
    { sent: false },
  ],
];

describe('errors', () => {
  it.each(all)('%s has its name, its message and its facts', (name, error, message, facts) => {
    expect(error).toBeInstanceOf(Error);
    expect(error.name).toBe(name);
    expect(error.message).toBe(message);
    expect(error).toMatchObject(facts);
    expect(String(error)).toBe(`${name}: ${message}`);
  });

  it('are all here', () => {
    const classes = Object.keys(errors).filter((name) => name.endsWith('Error'));
    expect([...new Set(all.map(([name]) => name))].sort()).toEqual(classes.sort());
  });

  it('have a cause only where there is one', () => {
    expect('cause' in new errors.DialError('ws://h/', 'refused')).toBe(false);
    expect('cause' in new errors.HandshakeError('no answer', 'timeout')).toBe(false);
    expect('cause' in new errors.ProtocolError('what?')).toBe(false);
  });

  it('leave open what is not known', () => {
    expect(new errors.DialError('ws://h/', 'refused')).toMatchObject({ status: undefined, retryAfter: undefined });
    expect(new errors.ConnectionClosedError(1006, '').message).toBe('the connection was closed with code 1006');
    expect(new errors.HandshakeError('no', 'exchange').code).toBeUndefined();
  });
});

describe('isNamed', () => {
  it.each(all)('tells a %s by its name', (name, error) => {
    expect(errors.isNamed(error, name)).toBe(true);
    for (const [other] of all) if (other !== name) expect(errors.isNamed(error, other)).toBe(false);
  });

  it('tells the errors of another copy of the package, where instanceof fails', () => {
    let copy: typeof errors | undefined;
    jest.isolateModules(() => {
      copy = jest.requireActual<typeof errors>('../../src/core/errors.js');
    });
    const foreign = new (copy as typeof errors).ConnectionClosedError(1006, '');
    expect(foreign).not.toBeInstanceOf(errors.ConnectionClosedError);
    expect(errors.isNamed(foreign, 'ConnectionClosedError')).toBe(true);
  });

  it.each([undefined, null, 'DialError', 7, {}, new Error('x'), { name: 'dialerror' }])(
    'takes %p for none',
    (value) => {
      expect(errors.isNamed(value, 'DialError')).toBe(false);
    },
  );

  it('narrows the type', () => {
    const error: unknown = new errors.DialError('ws://h/', 'refused', { status: 429 });
    const status: number | undefined = errors.isNamed(error, 'DialError') ? error.status : undefined;
    expect(status).toBe(429);
  });
});
