import { posix } from 'node:path';
import type { Module } from './modules.js';

/** Each layer may import those before it, and its own folder. */
export const layers: readonly (readonly string[])[] = [
  ['core'],
  ['codecs', 'transports', 'operators'],
  ['protocol'],
  ['gateway', 'cluster', 'server', 'client'],
  ['bindings'],
  ['testing'],
];

/** The longest file that still holds one concept. */
const LONGEST = 200;

const folderOf = (path: string): string => (path.includes('/') ? path.slice(0, path.indexOf('/')) : '');
/** `X.browser` takes the place of `X` in bundles. */
const nameOf = (path: string): string => posix.basename(path, '.ts').replace(/\.browser$/, '');
const singular = (name: string): string => name.toLowerCase().replace(/s$/, '');
const layerOf = (path: string): number => layers.findIndex((folders) => folders.includes(folderOf(path)));

/** Imports that go up, sideways, or to an entry. Entries, which lie in the root, may import everything but each other. */
export function layerFaults(modules: readonly Module[]): string[] {
  const paths = new Set(modules.map(({ path }) => path));
  return modules.flatMap(({ path, imports }) => {
    const folder = folderOf(path);
    if (folder !== '' && layerOf(path) === -1) return [`${path} is in no layer`];
    return imports
      .filter((target) => !isPackage(target))
      .flatMap((target) => {
        if (!paths.has(target)) return [`${path} imports ${target}, which is not there`];
        if (folderOf(target) === '') return [`${path} imports the entry ${target}`];
        const below = folder === '' || folderOf(target) === folder || layerOf(target) < layerOf(path);
        return below ? [] : [`${path} imports ${target}, which is not before it`];
      });
  });
}

/** A path has an extension; the name of a package has none. */
function isPackage(target: string): boolean {
  return !target.endsWith('.ts');
}

/** Circles of imports, those for types only too, each told once. */
export function cycles(modules: readonly Module[]): string[] {
  const byPath = new Map(modules.map((module) => [module.path, module]));
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, way: readonly string[]): void => {
    if (way.includes(path)) found.push([...way.slice(way.indexOf(path)), path].join(' → '));
    else if (!done.has(path)) {
      for (const target of byPath.get(path)?.imports ?? []) visit(target, [...way, path]);
      done.add(path);
    }
  };
  for (const { path } of modules) visit(path, []);
  return found;
}

/** Packages that an entry reaches and that are not in the list, with the file that imports them. */
export function packageFaults(modules: readonly Module[], entry: string, allowed: readonly string[]): string[] {
  const byPath = new Map(modules.map((module) => [module.path, module]));
  const reached = new Set<string>();
  const visit = (path: string): void => {
    if (reached.has(path)) return;
    reached.add(path);
    byPath.get(path)?.imports.forEach(visit);
  };
  visit(entry);
  return [...reached].flatMap((path) =>
    (byPath.get(path)?.imports ?? [])
      .filter((target) => isPackage(target) && !allowed.includes(target))
      .map((target) => `${entry} reaches '${target}' through ${path}`),
  );
}

export function lengthFaults(modules: readonly Module[]): string[] {
  return modules.filter(({ lines }) => lines > LONGEST).map(({ path, lines }) => `${path} has ${lines} lines`);
}

/** Time and chance come from the config everywhere but in the test kit, which deals with real sockets. */
export function hostCallFaults(modules: readonly Module[]): string[] {
  return modules
    .filter(({ path }) => folderOf(path) !== 'testing')
    .flatMap(({ path, hostCalls }) => hostCalls.map((call) => `${path} uses ${call}`));
}

/** Files that none of their exports is named after; the parts of something larger, in a folder of their own, are left out. */
export function nameFaults(modules: readonly Module[]): string[] {
  return modules
    .filter(({ path }) => path.split('/').length === 2)
    .filter(({ path, exports }) => !exports.some((name) => name.toLowerCase().includes(singular(nameOf(path)))))
    .map(({ path, exports }) => `${path} exports ${exports.join(', ') || 'nothing'}`);
}

/** The operators: functions that have a file of their own name in a folder of operators. */
export function operators(modules: readonly Module[]): string[] {
  return modules
    .filter(({ path, exports }) => folderOf(path) === 'operators' && exports.includes(nameOf(path)))
    .map(({ path }) => nameOf(path));
}
