/** What a harbour trades, and roughly for how much. */
const GOODS = [
  ['COF', 'Arabica coffee', 412.6],
  ['COC', 'Cocoa beans', 5_984],
  ['TEA', 'Assam tea', 287.4],
  ['COT', 'Raw cotton', 68.35],
  ['SPC', 'Black pepper', 741.2],
  ['SUG', 'Cane sugar', 19.42],
];

/** Prices that wander. Every quote has a number, one more than that of the quote before, so that a client can tell what it missed. */
export function quotes(random = Math.random) {
  const goods = GOODS.map(([symbol, name, price]) => ({ symbol, name, base: price, price, drift: 0 }));
  let number = 0;
  const quote = ({ symbol, name, base, price }) => ({ kind: 'price', n: number, symbol, name, price, base });

  return {
    /** The last price of each, under the number of the last quote: nothing new. */
    all: () => goods.map((good) => ({ ...quote(good), n: undefined })),
    /** Moves one or two, and gives their quotes. */
    move: () =>
      goods
        .filter(() => random() < 0.2)
        .map((good) => {
          good.drift = 0.7 * good.drift + (random() - 0.5) * 0.006 - (0.02 * (good.price - good.base)) / good.base;
          good.price = Number((good.price * (1 + good.drift)).toFixed(2));
          number += 1;
          return quote(good);
        }),
  };
}
