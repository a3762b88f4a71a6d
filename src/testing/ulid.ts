/** Crockford's base 32: no I, L, O and U. */
const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

function base32(value: number, length: number): string {
  let text = '';
  for (let rest = value; text.length < length; rest = Math.floor(rest / 32)) text = (LETTERS[rest % 32] ?? '') + text;
  return text;
}

/** Makes ids in the form of ULIDs, all different and in the order in which they are made. */
export function ulidMaker(now: () => number, random: () => number = Math.random): () => string {
  let time = 0;
  let count = 0;
  return () => {
    time = Math.max(time, now());
    const chance = Math.floor(random() * 2 ** 45);
    // The count stands before chance, so that ids of one millisecond are in order too.
    return base32(time, 10) + base32(count++, 7) + base32(chance, 9);
  };
}

export function isUlid(text: string): boolean {
  return /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(text);
}
