/** A message whose JSON is about `size` bytes: numbers, short texts and nesting, as feeds have them. */
export function sample(size) {
  if (size <= 32) return { k: 'm', id: 48231, p: 101.25 };
  const row = (at) => ({
    id: 48231 + at,
    symbol: 'ACME',
    price: 101.25 + at,
    volume: 1200,
    bid: 101.2,
    ask: 101.3,
    open: true,
  });
  const message = { kind: 'quote', sequence: 918273, at: 1790000000123, venue: 'XNAS', rows: [] };
  while (JSON.stringify(message).length < size - 60) message.rows.push(row(message.rows.length));
  return message;
}
