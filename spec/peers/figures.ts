/** What became of numbered messages. */
export interface Figures {
  readonly sent: number;
  readonly received: number;
  readonly lost: number;
  readonly duplicates: number;
  /** How many came after a later one, repetitions not counted. */
  readonly outOfOrder: number;
}

/** Compares what was sent, 1 to `sent`, with what arrived. */
export function figures(sent: number, arrived: readonly number[]): Figures {
  const seen = new Set<number>();
  let outOfOrder = 0;
  let highest = 0;
  for (const number of arrived) {
    if (!seen.has(number) && number < highest) outOfOrder++;
    seen.add(number);
    highest = Math.max(highest, number);
  }
  return {
    sent,
    received: arrived.length,
    lost: sent - seen.size,
    duplicates: arrived.length - seen.size,
    outOfOrder,
  };
}
