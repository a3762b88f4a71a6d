import { inspect } from 'node:util';
import { defer, firstValueFrom, lastValueFrom, type Observable, of, throwError } from 'rxjs';
import { AuthError, GatewayApiError } from '../../src/gateway/errors.js';
import {
  hashSigningKey,
  type SigningKeys,
  signingKeys,
  type SigningKeysConfig,
} from '../../src/gateway/signingKeys.js';

const DIGITS = '12345678'.repeat(4);
const OTHERS = 'abcdef01'.repeat(4);
const KEY = `signkey-test-${DIGITS}`;
const FALLBACK = `signkey-test-${OTHERS}`;
const HASH = 'ddcbc45ed5383449004fe644dec93827baf94a56322cace8d8139e04572ca01e';
const FALLBACK_HASH = 'a414b75c7422ce4bf5c4517c910965f5a0ebb5d0479275424f3de28583f38781';
const FIRST = `Bearer signkey-test-${HASH}`;
const SECOND = `Bearer signkey-test-${FALLBACK_HASH}`;

const thrown = (act: () => unknown): Error => {
  try {
    act();
  } catch (error) {
    return error as Error;
  }
  throw new Error('it did not throw');
};

describe('hashSigningKey', () => {
  it.each([
    [KEY, `signkey-test-${HASH}`],
    [FALLBACK, `signkey-test-${FALLBACK_HASH}`],
    [`signkey-test-${OTHERS.toUpperCase()}`, `signkey-test-${FALLBACK_HASH}`],
    [`signkey-branch-${DIGITS}`, `signkey-branch-${HASH}`],
    [DIGITS, HASH],
  ])('keeps the prefix and hashes the bytes behind it: %s', (key, hash) => {
    expect(hashSigningKey(key)).toBe(hash);
  });

  it.each([
    ['an odd number of digits', 'signkey-test-123'],
    ['letters that are no digits', 'signkey-test-planted0'],
    ['nothing behind the prefix', 'signkey-test-'],
    ['nothing at all', ''],
    ['a line end, as files have it', `${KEY}\n`],
  ])('refuses %s, and does not show the key', (_what, key) => {
    const error = thrown(() => hashSigningKey(key));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toBe(
      `hashSigningKey: expected \`key\` to be pairs of hex digits after a prefix such as 'signkey-prod-', got a text of ${key.length}`,
    );
  });
});

describe('signingKeys', () => {
  /** Headers of attempts, which are refused until one is listed. */
  const asking = (accepted: readonly (string | undefined)[]) => {
    const attempts: (string | undefined)[] = [];
    const attempt = ({ Authorization: sent }: Readonly<Record<string, string>>): Observable<string> =>
      defer(() => {
        attempts.push(sent);
        return accepted.includes(sent)
          ? of(sent ?? 'nobody')
          : throwError(() => new AuthError(`no ${attempts.length}`));
      });
    return { attempts, attempt };
  };
  const outcome = async (answer$: Observable<string>): Promise<string> =>
    lastValueFrom(answer$).catch((error: unknown) => (error as Error).message);
  const headersOf = async (keys: SigningKeys): Promise<unknown> =>
    firstValueFrom(keys.authorize((headers) => of(headers)));

  it.each<[string, SigningKeysConfig | undefined, object]>([
    ['a key', { key: KEY }, { Authorization: FIRST }],
    ['a key and an environment', { key: KEY, env: 'pr-7' }, { Authorization: FIRST, 'X-Inngest-Env': 'pr-7' }],
    [
      "a branch's key and its environment",
      { key: `signkey-branch-${DIGITS}`, env: 'pr-7' },
      { Authorization: `Bearer signkey-branch-${HASH}`, 'X-Inngest-Env': 'pr-7' },
    ],
    ['an environment that is empty', { key: KEY, env: '' }, { Authorization: FIRST }],
    ['an environment alone', { env: 'dev' }, { 'X-Inngest-Env': 'dev' }],
    ['nothing', undefined, {}],
  ])('gives the headers of %s', async (_what, config, headers) => {
    expect(await headersOf(signingKeys(config))).toEqual(headers);
  });

  it('tries the fallback at once when the key is refused, and begins with it from then on', async () => {
    const { attempts, attempt } = asking([SECOND]);
    const keys = signingKeys({ key: KEY, fallback: FALLBACK });
    expect(await outcome(keys.authorize(attempt))).toBe(SECOND);
    expect(await outcome(keys.authorize(attempt))).toBe(SECOND);
    expect(attempts).toEqual([FIRST, SECOND, SECOND]);
  });

  it('passes on the second refusal, and begins with the key that was tried last', async () => {
    const { attempts, attempt } = asking([]);
    const keys = signingKeys({ key: KEY, fallback: FALLBACK });
    expect(await outcome(keys.authorize(attempt))).toBe('no 2');
    expect(await outcome(keys.authorize(attempt))).toBe('no 4');
    expect(attempts).toEqual([FIRST, SECOND, SECOND, FIRST]);
  });

  it('never drops the header when there is no fallback', async () => {
    const { attempts, attempt } = asking([undefined]);
    const keys = signingKeys({ key: KEY });
    expect(await outcome(keys.authorize(attempt))).toBe('no 1');
    expect(await outcome(keys.authorize(attempt))).toBe('no 2');
    expect(attempts).toEqual([FIRST, FIRST]);
  });

  it('keeps the key for any other error', async () => {
    const keys = signingKeys({ key: KEY, fallback: FALLBACK });
    const sent: unknown[] = [];
    const failing = keys.authorize((headers) => {
      sent.push(headers['Authorization']);
      return throwError(() => new GatewayApiError('down', { status: 500 }));
    });
    expect(await outcome(failing)).toBe('down');
    expect(await outcome(failing)).toBe('down');
    expect(sent).toEqual([FIRST, FIRST]);
  });

  it('changes the keys once for calls that are refused at the same time', async () => {
    const { attempts, attempt } = asking([SECOND]);
    const keys = signingKeys({ key: KEY, fallback: FALLBACK });
    const answered: string[] = [];
    // The second call begins with the first key too, for it begins before the first one is refused.
    const nested = keys.authorize((headers) => {
      if (answered.length === 0) keys.authorize(attempt).subscribe((answer) => answered.push(answer));
      return attempt(headers);
    });
    nested.subscribe((answer) => answered.push(answer));
    expect(answered).toEqual([SECOND, SECOND]);
    expect(await outcome(keys.authorize(attempt))).toBe(SECOND);
    expect(attempts).toEqual([FIRST, SECOND, FIRST, SECOND, SECOND]);
  });

  it('passes on what an attempt throws', async () => {
    const keys = signingKeys({ key: KEY, fallback: FALLBACK });
    expect(
      await outcome(
        keys.authorize<string>(() => {
          throw new Error('broken');
        }),
      ),
    ).toBe('broken');
  });

  it.each<[string, SigningKeysConfig, string]>([
    [
      "a branch's key without an environment",
      { key: `signkey-branch-${DIGITS}` },
      "signingKeys: expected `env` to be there with a branch's key, got undefined",
    ],
    [
      "a branch's fallback without an environment",
      { key: KEY, fallback: `signkey-branch-${DIGITS}`, env: '' },
      "signingKeys: expected `env` to be there with a branch's key, got ''",
    ],
    [
      'a key that is none',
      { key: 'signkey-test-planted' },
      "signingKeys: expected `key` to be pairs of hex digits after a prefix such as 'signkey-prod-', got a text of 20",
    ],
    [
      'a fallback that is none',
      { key: KEY, fallback: 'planted' },
      "signingKeys: expected `fallback` to be pairs of hex digits after a prefix such as 'signkey-prod-', got a text of 7",
    ],
    [
      'a fallback without a key',
      { fallback: FALLBACK },
      'signingKeys: expected `key` to be there with a `fallback`, got undefined',
    ],
    [
      'an environment that no header can hold',
      { env: 'a\r\nb' },
      "signingKeys: expected `env` to be a name in ASCII without spaces, got 'a\r\nb'",
    ],
  ])('refuses %s before any request is made', (_what, config, message) => {
    const error = thrown(() => signingKeys(config));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toBe(message);
  });

  it('does not show its keys to whoever prints it', () => {
    expect(inspect(signingKeys({ key: KEY }), { depth: 9, showHidden: true })).not.toContain(DIGITS);
  });
});
