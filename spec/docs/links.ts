import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

/** A Markdown text without its code, where brackets mean something else. */
function prose(text: string): string {
  return text.replace(/^(\s*)(`{3,})[\s\S]*?^\s*\2\s*$/gm, '').replace(/`[^`\n]*`/g, '');
}

/** The anchors that GitHub gives to the headings of a Markdown text. */
export function anchors(text: string): string[] {
  const used = new Map<string, number>();
  const headings = text.replace(/^(\s*)(`{3,})[\s\S]*?^\s*\2\s*$/gm, '').matchAll(/^#{1,6}\s+(.*?)\s*#*$/gm);
  return [...headings].map(([, heading = '']) => {
    const slug = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-');
    const count = used.get(slug) ?? 0;
    used.set(slug, count + 1);
    return count === 0 ? slug : `${slug}-${count}`;
  });
}

/** Whether an address outside of the project could lead anywhere: there is no network to ask. */
function isAddress(target: string): boolean {
  try {
    const { protocol, hostname, pathname } = new URL(target);
    if (protocol === 'mailto:') return pathname.includes('@');
    return (protocol === 'https:' || protocol === 'http:') && /^[\w-]+(\.[\w-]+)+$/.test(hostname);
  } catch {
    return false;
  }
}

/** Links and pictures of a Markdown file that lead to no file of the project, to no heading in it, or to what is no address. */
export function brokenLinks(file: string, text: string, root: string): string[] {
  const links = prose(text).matchAll(
    /\]\(<?([^)\s>]+)[^)]*\)|<(?:img|a)\s[^>]*(?:src|href)="([^"]*)"|^\[[^\]]+\]:\s+(\S+)/gm,
  );
  return [...links]
    .map(([, link, tag, reference]) => link ?? tag ?? reference ?? '')
    .filter((target) => {
      if (/^[a-z]+:/.test(target)) return !isAddress(target);
      const [path = '', anchor] = target.split('#');
      const full = path === '' ? file : posix.join(posix.dirname(file), path);
      if (path !== '' && !existsSync(join(root, full))) return true;
      if (anchor === undefined) return false;
      return !anchors(path === '' ? text : readFileSync(join(root, full), 'utf8')).includes(anchor);
    })
    .map((target) => `${file} links to ${target}`);
}
