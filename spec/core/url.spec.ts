import fc from 'fast-check';
import { withoutSecrets } from '../../src/core/url.js';

describe('withoutSecrets', () => {
  it.each([
    ['wss://example.com/chat', 'wss://example.com/chat'],
    ['wss://example.com', 'wss://example.com/'],
    ['wss://example.com:8443/a/b', 'wss://example.com:8443/a/b'],
    ['ws://[::1]:9000/x', 'ws://[::1]:9000/x'],
    ['http://example.com/poll', 'http://example.com/poll'],
    ['/chat', '/chat'],
    ['chat/room', 'chat/room'],
    ['', ''],
  ])('leaves %p as it is, but for what a URL adds', (url, clean) => {
    expect(withoutSecrets(url)).toBe(clean);
  });

  it('removes credentials', () => {
    expect(withoutSecrets('wss://user:s3cret@example.com/chat')).toBe('wss://example.com/chat');
    expect(withoutSecrets('wss://s3cret@example.com/chat')).toBe('wss://example.com/chat');
  });

  it('removes the query, and tells that there was one', () => {
    expect(withoutSecrets('wss://example.com/?token=s3cret&v=2')).toBe('wss://example.com/?…');
    expect(withoutSecrets('wss://example.com/?id=1&id=2')).toBe('wss://example.com/?…');
  });

  it('removes the fragment', () => {
    expect(withoutSecrets('wss://example.com/#s3cret')).toBe('wss://example.com/');
  });

  it('shows nothing of a query whatever its form', () => {
    expect(withoutSecrets('wss://example.com/?s3cret')).toBe('wss://example.com/?…');
    expect(withoutSecrets('wss://example.com/?czNjcmV0==')).toBe('wss://example.com/?…');
    expect(withoutSecrets('wss://example.com/?v=2&s3cret')).toBe('wss://example.com/?…');
    expect(withoutSecrets(`wss://example.com/?${'s3cret'.repeat(10)}=x`)).toBe('wss://example.com/?…');
  });

  it.each([
    ['a port that is none', 'wss://user:s3cret@example.com:99999/chat?token=s3cret', 'example.com:99999/chat'],
    ['an @ in the password', 'wss://user:s3cret@s3cret@exa mple.com/chat', 'exa mple.com/chat'],
    ['no scheme', 'user:s3cret@example.com/chat?token=s3cret', 'example.com/chat'],
    ['no host', 'wss://user:s3cret@/chat', '/chat'],
    ['a relative address', '/chat?token=s3cret#s3cret', '/chat'],
    ['a fragment before the query', 'chat#s3cret?s3cret', 'chat'],
    ['a slash in the password', 'wss://user:1/s3cret@example.com/chat', 'wss://user:1/…@example.com/chat'],
    ['only a query', '?token=s3cret', ''],
    ['backslashes', 'wss:\\\\user:s3cret@example.com\\chat', 'wss://example.com/chat'],
  ])('lets nothing through that it cannot read: %s', (_, url, clean) => {
    expect(withoutSecrets(url)).toBe(clean);
  });

  it('never shows a planted secret, wherever it is and however the address is broken', () => {
    const SECRET = 'S3CRETs3cretS3CRET';
    const junk = fc.string({ maxLength: 5 });
    const place = fc.constantFrom(
      (a: string, b: string) => `wss://u:${SECRET}@h${a}/p?k=${b}`,
      (a: string, b: string) => `wss://u${a}:${SECRET}@h/p${b}`,
      (a: string, b: string) => `wss://h/p?${encodeURIComponent(a)}x=${SECRET}${b}`,
      (a: string, b: string) => `wss://h${a}?t=${SECRET}${b}`,
      (a: string, b: string) => `wss://h/p${a}#${b}${SECRET}`,
      (a: string, b: string) => `${a}//h/p?${b}=${SECRET}`,
      (a: string) => `wss://h/p?${SECRET}${a.replace(/[=&]/g, '')}`,
    );
    fc.assert(
      fc.property(place, junk, junk, (build, a, b) => {
        expect(withoutSecrets(build(a, b))).not.toContain(SECRET);
      }),
      { numRuns: 2_000 },
    );
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.webUrl({ withQueryParameters: true, withFragments: true })), (url) => {
        expect(typeof withoutSecrets(url)).toBe('string');
      }),
    );
  });
});
