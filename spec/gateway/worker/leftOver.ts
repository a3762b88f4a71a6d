import { setTimeout } from 'node:timers/promises';

const held = (): string[] => process.getActiveResourcesInfo().filter((name) => /^(TCP|Connect|Timeout)/.test(name));

/** What this process holds open beyond what it did before: sockets and timers, once those that are being closed are gone. */
export function leftOver(): () => Promise<readonly string[]> {
  const before = held().length;
  return async () => {
    // A destroyed socket is counted until its peer has let go as well.
    for (let look = 0; look < 200 && held().length > before; look++) await setTimeout(5, undefined, { ref: false });
    return held().slice(before);
  };
}
