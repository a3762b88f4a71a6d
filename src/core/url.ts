/**
 * A URL that can be logged: credentials, fragment and the values of the query are removed, for tokens travel in all three.
 * What cannot be read as a URL keeps nothing after its first `?`, `#` or `@`.
 */
export function withoutSecrets(url: string): string {
  try {
    const { protocol, host, pathname, searchParams } = new URL(url);
    const names = [...new Set(searchParams.keys())].map((name) => `${encodeURIComponent(name)}=…`);
    return `${protocol}//${host}${pathname}${names.length ? `?${names.join('&')}` : ''}`;
  } catch {
    return url.slice(0, url.search(/[?#@]|$/));
  }
}
