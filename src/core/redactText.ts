/** What stands in the place of a secret. */
export const HIDDEN = '[redacted]';

const LONGEST = 1_000;
const words = 'token|secret|passw|passph|pwd|authori[sz]|cookie|credential|jwt|bearer|signature|session_?id';
const endings = 'keys?|auth|pass|pin|otp|sid';
const secretName = /* @__PURE__ */ new RegExp(`${words}|(?:${endings})$`, 'i');

/** Secrets as they show in a text: in an address, a header, after the name of a scheme, by themselves, and behind their name. */
const secrets = /* @__PURE__ */ new RegExp(
  String.raw`(?<=//)[^\s/@]+(?=@)` +
    String.raw`|(?<=\b(?:authorization|cookie)\s{0,20}[:=]\s{0,20})(?!\s)[^\r\n"']+` +
    String.raw`|(?<=\b(?:bearer|basic|digest|negotiate)\s{1,20})[^\s"',;]+` +
    String.raw`|\beyJ[\w-]+\.[\w.-]+|\b(?:signkey|[spr]k|gh[oprsu]|xox[abpr])[-_][\w-]{8,}` +
    // A query, JSON, JSON in JSON. A list or an object may end anywhere, so all that follows is hidden.
    String.raw`|(?<=(?:(?:${words})[\w-]{0,40}|${endings})\\*["']?\s{0,20}[:=]\s{0,20})(?!\s)` +
    String.raw`(?:\\+"(?:[^"\\]|\\+[^"\\]|\\{3,}")*|"(?:[^"\\]|\\[^])*"?|'(?:[^'\\]|\\[^])*'?|[[{][^]*|[^\s&"']+)`,
  'gi',
);

/** Whether what has this name is a secret. */
export function isSecret(name: string): boolean {
  return secretName.test(name.replace(/[^\p{L}\p{N}]/gu, ''));
}

/** A text without the secrets that show in it, of 1,000 characters at most. */
export function redactText(text: string): string {
  // Cut only after looking: half a secret may not look like one.
  const clean = text.slice(0, 2 * LONGEST).replace(secrets, HIDDEN);
  return clean.slice(0, LONGEST) + (clean.length > LONGEST || text.length > 2 * LONGEST ? '…' : '');
}
