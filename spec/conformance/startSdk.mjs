import { fork } from 'node:child_process';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/** Starts a worker made of the official SDK; `t` is the test that it does not outlive. */
export async function startSdk(t, name) {
  const child = fork(fileURLToPath(new URL('sdkWorker.mjs', import.meta.url)), [name], { silent: true });
  const log = Promise.all([buffer(child.stdout), buffer(child.stderr)]);
  const exited = once(child, 'exit');
  const told = [];
  const waiting = new Set();
  child.on('message', (message) => {
    told.push(message);
    for (const look of waiting) look();
  });
  t.after(async () => {
    child.kill('SIGKILL');
    await exited;
  });

  /** Resolves with the nth message of a type (counting from 1), also one that came before. */
  const hear = async (type, nth = 1) => {
    let look;
    let limit;
    const heard = new Promise((resolve, reject) => {
      look = () => {
        const message = told.filter((one) => one.type === type)[nth - 1];
        if (message !== undefined) resolve(message);
      };
      waiting.add(look);
      look();
      const late = () => reject(new Error(`${name} was not ${type} after 15 s, but: ${JSON.stringify(told)}`));
      limit = setTimeout(late, 15_000);
    });
    const ended = exited.then(async ([code]) => {
      throw new Error(`${name} ended with ${code} before it was ${type}:\n${(await log).join('\n')}`);
    });
    return Promise.race([heard, ended]).finally(() => {
      clearTimeout(limit);
      waiting.delete(look);
    });
  };

  await hear('loaded');
  return {
    hear,
    /** What it had to complain about so far. */
    warnings: () => told.filter(({ type }) => type === 'warned'),
    /** Tells it what to do. */
    tell: (act, what) => child.send({ act, ...what }),
    /** Lets it end, and resolves with its exit code. */
    async end() {
      child.disconnect();
      const [code] = await exited;
      return code;
    },
  };
}
