import type { Backoff } from '../../src/core/backoff.js';
import { ConnectionClosedError, DialError, HandshakeError, HeartbeatTimeoutError } from '../../src/core/errors.js';
import { GatewayClosingError } from '../../src/gateway/errors.js';
import { gatewayBackoff } from '../../src/gateway/gatewayBackoff.js';

const refused = new DialError('ws://a', 'refused');
const lost = new ConnectionClosedError(1006, '');

/** The waits before the retries of one row of failures that begins with `first`. */
const row = (policy: Backoff, first: unknown, count = 4, then: unknown = refused, random = () => 0): unknown[] =>
  Array.from({ length: count }, (_, at) =>
    policy({ attempt: at + 1, elapsed: 0, cause: at ? then : first, previousDelay: undefined, random }),
  );

describe('gatewayBackoff', () => {
  it('waits as the table says when a worker cannot connect, the last wait for ever', () => {
    expect(row(gatewayBackoff(), refused, 11)).toEqual(
      [1, 2, 5, 10, 20, 30, 60, 120, 300, 300, 300].map((seconds) => seconds * 1_000),
    );
  });

  it.each([lost, new HeartbeatTimeoutError(5)])(
    'retries at once when an open connection is lost, and then as the table says (%s)',
    (cause) => {
      expect(row(gatewayBackoff(), cause)).toEqual([0, 1_000, 2_000, 5_000]);
    },
  );

  it('counts each row anew', () => {
    const policy = gatewayBackoff();
    expect(row(policy, lost, 2)).toEqual([0, 1_000]);
    expect(row(policy, refused, 2)).toEqual([1_000, 2_000]);
    expect(row(policy, lost, 2)).toEqual([0, 1_000]);
  });

  it('does not retry at once where that is not wanted', () => {
    expect(row(gatewayBackoff({ immediate: false }), lost, 2)).toEqual([1_000, 2_000]);
  });

  it('adds a share of the wait by chance', () => {
    expect(row(gatewayBackoff(), refused, 2, refused, () => 0.5)).toEqual([1_150, 2_300]);
    expect(row(gatewayBackoff({ jitter: 0, delays: ['3s'] }), refused, 2, refused, () => 0.5)).toEqual([3_000, 3_000]);
  });

  it.each([
    new HandshakeError('closing', 'closing', undefined, new GatewayClosingError()),
    new HandshakeError('closed', 'closed', 1001, new ConnectionClosedError(1001, 'connect_gateway_closing')),
  ])(
    'waits half a second to one and a half when the gateway turned out to be closing, whatever the attempt (%s)',
    (closing) => {
      expect(row(gatewayBackoff(), closing, 6, closing, () => 0)).toEqual([500, 500, 500, 500, 500, 500]);
      expect(row(gatewayBackoff(), closing, 1, closing, () => 0.999)).toEqual([1_499]);
    },
  );

  it('waits as the table says after any other failed handshake', () => {
    expect(row(gatewayBackoff(), new HandshakeError('no', 'hello'), 2)).toEqual([1_000, 2_000]);
  });
});
