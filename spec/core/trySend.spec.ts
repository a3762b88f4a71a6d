import { BufferOverflowError } from '../../src/core/errors.js';
import { HIGH_WATER, trySend } from '../../src/core/trySend.js';
import { mockConnection } from '../../src/testing/mockConnection.js';

describe('trySend', () => {
  it('sends a message', () => {
    const connection = mockConnection<string>('a');
    expect([trySend(connection, '1'), connection.sent]).toEqual([true, ['1']]);
  });

  it('sends nothing over a connection that is not open, or that has more bytes to hand over than it may', () => {
    const connection = mockConnection<string>('a');
    connection.bufferedAmount = HIGH_WATER + 1;
    expect(trySend(connection, '1')).toBe(false);
    expect([trySend(connection, '2', Infinity), connection.sent]).toEqual([true, ['2']]);
    connection.bufferedAmount = HIGH_WATER;
    expect(trySend(connection, '3')).toBe(true);
    connection.lost();
    expect([trySend(connection, '4'), connection.sent]).toEqual([false, ['2', '3']]);
  });

  it('says so where the connection has taken all it can, or ceases to be open, and throws what else it refuses', () => {
    const connection = mockConnection<string>('a');
    connection.failSends(new BufferOverflowError(1));
    expect(trySend(connection, '1')).toBe(false);
    const wrong = new TypeError('not encodable');
    connection.failSends(wrong);
    expect(() => trySend(connection, '1')).toThrow(wrong);
    connection.send = () => {
      connection.lost();
      throw wrong;
    };
    expect(trySend(connection, '1')).toBe(false);
  });
});
