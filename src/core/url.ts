/**
 * A URL that can be logged: credentials, fragment and the values of the query are removed, for tokens travel in all three.
 * What cannot be read as a URL with a host keeps nothing after its first `?` or `#`, and nothing before an `@`.
 */
export function withoutSecrets(url: string): string {
  try {
    const { protocol, host, pathname, searchParams } = new URL(url);
    if (!host) return textWithoutSecrets(url);
    const names = [...new Set(searchParams.keys())].map((name) => `${encodeURIComponent(name)}=…`);
    return `${protocol}//${host}${pathname}${names.length ? `?${names.join('&')}` : ''}`;
  } catch {
    return textWithoutSecrets(url);
  }
}

function textWithoutSecrets(text: string): string {
  const path = text.slice(0, text.search(/[?#]|$/));
  return path.slice(path.lastIndexOf('@') + 1);
}
