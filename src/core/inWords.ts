/** What an error message says that it got instead. */
export function inWords(value: unknown): string {
  // What a peer sent may be as long as it likes.
  if (typeof value === 'string') return `'${value.length > 80 ? `${value.slice(0, 80)}…` : value}'`;
  return Object(value) === value ? typeof value : String(value);
}
