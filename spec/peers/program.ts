import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setImmediate } from 'node:timers/promises';
import { filter, firstValueFrom, ReplaySubject, timeout } from 'rxjs';

/** Debian puts servers where only root looks. */
const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/local/sbin` };

/** What a program says of its version, `undefined` when there is none on this machine. */
export function versionOf(command: string): string | undefined {
  const { status, stdout, stderr } = spawnSync(command, ['-v'], { env, encoding: 'utf8' });
  return status === 0 ? `${stdout}${stderr}`.trim().split('\n')[0] : undefined;
}

const running = new Set<Program>();

/** A server that somebody else wrote, as a process of its own with a folder of its own. */
export class Program {
  readonly #line$ = new ReplaySubject<string>(1_000);
  readonly #lines: string[] = [];
  readonly #exit: Promise<unknown>;

  private constructor(
    private readonly command: string,
    /** Gone when the program is. */
    readonly folder: string,
    private readonly child: ChildProcess,
  ) {
    running.add(this);
    this.#exit = Promise.race([once(child, 'exit'), once(child, 'error')]);
    createInterface({ input: child.stderr! })
      .on('line', (line) => {
        this.#lines.push(line);
        this.#line$.next(line);
      })
      .on('close', () => this.#line$.complete());
  }

  /** Starts it in the foreground; it is to log to stderr. */
  static async start(command: string, prepare: (folder: string) => Promise<readonly string[]>): Promise<Program> {
    const folder = await mkdtemp(join(tmpdir(), `${command}-`));
    const args = await prepare(folder);
    return new Program(command, folder, spawn(command, args, { env, stdio: ['ignore', 'ignore', 'pipe'] }));
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** Resolves when it handles a signal, which before may be lost. */
  async handles(name: NodeJS.Signals): Promise<void> {
    const bit = 1n << BigInt(constants.signals[name] - 1);
    const caught = async (): Promise<bigint> => {
      const status = await readFile(`/proc/${this.child.pid}/status`, 'latin1');
      return BigInt(`0x${/^SigCgt:\s*(\w+)/m.exec(status)?.[1] ?? '0'}`);
    };
    while (((await caught()) & bit) === 0n) await setImmediate();
  }

  /** Resolves when it has logged so many lines that fit. */
  async logged(pattern: RegExp, times = 1): Promise<void> {
    const nth$ = this.#line$.pipe(
      filter((line) => pattern.test(line)),
      filter((_, index) => index + 1 === times),
      timeout({ first: 5_000 }),
    );
    await firstValueFrom(nth$).catch((cause: unknown) => {
      throw new Error(`${this.command} did not log ${String(pattern)}: ${this.#lines.join('\n')}`, { cause });
    });
  }

  /** Ends it and its workers: a master that is killed outright would leave them behind. */
  async stop(): Promise<void> {
    running.delete(this);
    this.child.kill('SIGTERM');
    await this.#exit;
    await rm(this.folder, { recursive: true });
  }
}

/** Stops all programs that still run. */
export async function stopPrograms(): Promise<void> {
  await Promise.all([...running].map((program) => program.stop()));
}

/** A port that was free a moment ago, for programs that cannot choose one and tell. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
