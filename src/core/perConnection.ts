/**
 * Remembers what was made for each connection, for as long as the connection is remembered by somebody else.
 * Nearly always there is one connection, so the last one is kept at hand: the hot path is a comparison.
 */
export function perConnection<Key extends object, Value>(make: (connection: Key) => Value): (connection: Key) => Value {
  let lastKey: Key | undefined;
  let lastValue: Value;
  let made: WeakMap<Key, Value> | undefined;
  return (connection) => {
    if (connection === lastKey) return lastValue;
    made ??= new WeakMap();
    let value = made.get(connection);
    if (value === undefined) made.set(connection, (value = make(connection)));
    lastKey = connection;
    lastValue = value;
    return value;
  };
}
