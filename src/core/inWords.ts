/** What an error message says that it got instead. */
export function inWords(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  return Object(value) === value ? typeof value : String(value);
}
