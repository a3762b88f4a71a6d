/** What stands in the place of a secret. */
const HIDDEN = '[redacted]';

/** How far a value is copied: loggers get a sketch of it, not the whole. */
const DEEPEST = 8;
const MOST_ENTRIES = 100;
const MOST_NODES = 2_000;
const LONGEST_TEXT = 1_000;
const LONGEST_JSON = 16_384;

const words = 'token|secret|passw|passphrase|pwd|authori[sz]ation|cookie|credential|jwt|bearer|signature|session_?id';
const endings = 'keys?|auth|pass|pin|otp|sid';
const name = new RegExp(`${words}|(?:${endings})$`, 'i');

/** A name and its value in a text: a query, a header, JSON, JSON in JSON. A list or an object may end anywhere, so it hides all that follows. */
const pair = new RegExp(
  String.raw`(?<![\w-])([\w-]{0,40}?(?:(?:${words})[\w-]{0,40}|(?:${endings})))(\\*["']?\s*[:=]\s*)(?!\[redacted])` +
    String.raw`(\\+"(?:[^"\\]|\\+[^"\\]|\\{3,}")*|"(?:[^"\\]|\\[^])*"?|'(?:[^'\\]|\\[^])*'?|[[{][^]*|[^\s&"']+)`,
  'gi',
);
/** A header's value has spaces in it: it ends with its line. */
const header = /\b((?:proxy-)?authorization|(?:set-)?cookie)(\s*[:=]\s*)[^\r\n"']+/gi;
const scheme = /\b(bearer|basic|digest|negotiate)\s+[^\s"',;]+/gi;
const credentials = /\/\/[^\s/@]+@/g;
/** Secrets that tell themselves: JSON Web Tokens, and keys with a well-known beginning. */
const telling =
  /\beyJ[\w-]+\.[\w.-]+|\b(?:signkey|[spr]k|gh[oprsu]|github_pat|xox[abpr])[-_][\w-]{8,}|\bAKIA[\dA-Z]{16}/g;

/** Whether what has this name is a secret. */
export function isSecret(key: string): boolean {
  return name.test(key.replace(/[^\p{L}\p{N}]/gu, ''));
}

/** A text without the secrets that show in it. */
export function redactText(text: string): string {
  return text
    .replace(credentials, `//${HIDDEN}@`)
    .replace(header, `$1$2${HIDDEN}`)
    .replace(scheme, `$1 ${HIDDEN}`)
    .replace(telling, HIDDEN)
    .replace(pair, `$1$2${HIDDEN}`);
}

/**
 * A copy of a value that can be logged: what a secret's name stands before is hidden, at any depth and in texts too.
 *
 * Bounded: at most 8 levels, 100 entries each, 2,000 values, 1,000 characters a text. Bytes become their number; of an
 * error remain name, message, code and causes. Never throws: what cannot be read says so.
 */
export function redact(value: unknown): unknown {
  let nodes = 0;
  const above = new Set<unknown>();

  const entries = (list: Iterable<readonly [string, () => unknown]>): [string, unknown][] => {
    const copied: [string, unknown][] = [];
    for (const [key, read] of list) {
      if (copied.length === MOST_ENTRIES) {
        copied.push(['…', 'more']);
        break;
      }
      copied.push([redactText(key), isSecret(key) ? HIDDEN : copy(attempt(read))]);
    }
    return copied;
  };
  const object = (of: object, keys: readonly string[] = Object.keys(of)): unknown =>
    Object.fromEntries(
      entries(keys.filter((key) => key in of).map((key) => [key, () => (of as Record<string, unknown>)[key]])),
    );
  const array = (of: readonly unknown[]): unknown[] => {
    // Header lists alternate names and values.
    const copied = of
      .slice(0, MOST_ENTRIES)
      .map((item, at) => (typeof of[at - 1] === 'string' && isSecret(of[at - 1] as string) ? HIDDEN : copy(item)));
    return of.length > MOST_ENTRIES ? [...copied, `… ${of.length - MOST_ENTRIES} more`] : copied;
  };
  const structure = (of: object): unknown => {
    if (Array.isArray(of)) return array(of);
    if (of instanceof Map)
      return Object.fromEntries(entries([...of].map(([key, item]) => [String(key), () => item as unknown])));
    if (of instanceof Set) return array([...of]);
    if (of instanceof Date) return Number.isNaN(of.getTime()) ? 'Invalid Date' : of.toISOString();
    if (of instanceof URL) return text(of.href);
    if (of instanceof ArrayBuffer || ArrayBuffer.isView(of)) return `[${of.byteLength} bytes]`;
    if (of instanceof Error) return object(of, ['name', 'message', 'code', 'cause', 'errors']);
    return object(of);
  };
  const copy = (of: unknown): unknown => {
    if (++nodes > MOST_NODES) return '…';
    if (typeof of === 'string') return text(of);
    if (typeof of === 'bigint' || typeof of === 'symbol') return String(of);
    if (typeof of === 'function') return '[function]';
    if (typeof of !== 'object' || of === null) return of;
    if (above.has(of)) return '[circular]';
    if (above.size === DEEPEST) return '…';
    above.add(of);
    const copied = attempt(() => structure(of));
    above.delete(of);
    return copied;
  };
  const text = (of: string): string => {
    const parsed = /^\s*[[{]/.test(of) && of.length <= LONGEST_JSON ? parse(of) : undefined;
    // Cut only after looking: half a secret may not look like one.
    return parsed === undefined
      ? shortened(redactText(of.slice(0, 2 * LONGEST_TEXT)), of.length)
      : shortened(JSON.stringify(copy(parsed)));
  };
  return copy(value);
}

function shortened(text: string, length = text.length): string {
  const all = length <= 2 * LONGEST_TEXT && text.length <= LONGEST_TEXT;
  return all ? text : `${text.slice(0, LONGEST_TEXT)}… (${length} characters)`;
}

/** What `read` gives, unless it throws. */
function attempt(read: () => unknown): unknown {
  try {
    return read();
  } catch {
    return '[unreadable]';
  }
}

/** What a text of JSON holds; undefined when it is none. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
