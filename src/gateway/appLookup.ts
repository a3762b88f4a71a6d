import { expected, expectFunction } from '../core/expect.js';
import type { WorkApp } from './runWork.js';

/** Apps by their names, or what finds one. */
export type Apps = Readonly<Record<string, WorkApp>> | ((appName: string) => WorkApp | undefined);

/** Finds apps by names that a peer sent: `constructor` is none of ours. */
export function appLookup(apps: Apps): (appName: string) => WorkApp | undefined {
  if (typeof apps === 'function') return apps;
  expected(Object(apps) === apps, 'serveRequests', 'apps', 'an object of apps by their names, or a function', apps);
  for (const [name, app] of Object.entries(apps)) {
    expectFunction('serveRequests', `apps.${name}.handle`, (app as Partial<WorkApp> | undefined)?.handle);
  }
  return (appName) => (Object.hasOwn(apps, appName) ? apps[appName] : undefined);
}
