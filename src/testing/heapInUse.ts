import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes of this process's heap that are in use, once garbage is collected. */
export function heapInUse(): number {
  // Node offers its collector only to those who ask for it, which a running process can do for new contexts.
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  return process.memoryUsage().heapUsed;
}
