/**
 * A URL that can be logged: credentials, fragment and the values of the query are removed, for tokens travel in all three.
 * What cannot be read as a URL with a host keeps nothing after its first `?` or `#`, and nothing before an `@`.
 */
export function withoutSecrets(url: string): string {
  try {
    const { protocol, host, pathname, searchParams } = new URL(url);
    if (!host) return textWithoutSecrets(url);
    const names = [...new Set([...searchParams].map(queryPart))];
    // A password with a slash in it makes a path of itself.
    const path = pathname.replace(/^.*@/, '/…@');
    return `${protocol}//${host}${path}${names.length ? `?${names.join('&')}` : ''}`;
  } catch {
    return textWithoutSecrets(url);
  }
}

/** The name of a query parameter, unless it may be a token itself: one that has no value, or is longer than names are. */
function queryPart([name, value]: readonly [string, string]): string {
  return /^=*$/.test(value) || name.length > 32 ? '…' : `${encodeURIComponent(name)}=…`;
}

function textWithoutSecrets(text: string): string {
  const path = text.slice(0, text.search(/[?#]|$/));
  return path.slice(path.lastIndexOf('@') + 1);
}
