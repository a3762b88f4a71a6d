/**
 * A URL that can be logged: credentials, query and fragment are removed, for tokens travel in all three.
 * What cannot be read as a URL with a host keeps nothing after its first `?` or `#`, and nothing before an `@`.
 */
export function withoutSecrets(url: string): string {
  if (URL.canParse(url)) {
    const { protocol, host, pathname, search } = new URL(url);
    // A password with a slash in it makes a path of itself.
    if (host) return `${protocol}//${host}${pathname.replace(/^.*@/, '/…@')}${search && '?…'}`;
  }
  return url.replace(/[?#][^]*/, '').replace(/^[^]*@/, '');
}
