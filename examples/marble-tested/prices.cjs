const { constant, drainHandover, heartbeat, messages, reconnect } = require('hawser');
const { scan } = require('rxjs');

/**
 * The latest price of every symbol, over whatever connection is given: asks for life after 10 s of silence, dials again
 * 2 s after a loss, and moves without a gap when the server drains.
 */
function latestPrices(connection$) {
  return connection$.pipe(
    heartbeat({ interval: 10_000, timeout: 5_000 }),
    reconnect({ delay: constant(2_000) }),
    drainHandover({ linger: 1_000 }),
    messages(),
    scan((prices, { symbol, price }) => ({ ...prices, [symbol]: price }), {}),
  );
}

module.exports = { latestPrices };
