import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setImmediate } from 'node:timers/promises';
import { filter, firstValueFrom, map, ReplaySubject, timeout } from 'rxjs';

/** Debian puts it where only root looks. */
const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/local/sbin` };

/** The version of the nats-server of this machine, `undefined` when there is none. */
export function natsVersion(): string | undefined {
  const { status, stdout } = spawnSync('nats-server', ['--version'], { env, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

const running = new Set<NatsServer>();

/** A real nats-server on free loopback ports. */
export class NatsServer {
  /** Where clients dial; known once it runs. */
  url = '';
  readonly #log = new ReplaySubject<string>(1_000);
  readonly #lines: string[] = [];
  readonly #exit: Promise<unknown>;

  private constructor(
    readonly name: string,
    private readonly folder: string,
    private readonly child: ChildProcess,
  ) {
    running.add(this);
    this.#exit = Promise.race([once(child, 'exit'), once(child, 'error')]);
    createInterface({ input: child.stderr! })
      .on('line', (line) => {
        this.#lines.push(line);
        this.#log.next(line);
      })
      .on('close', () => this.#log.complete());
  }

  /** Starts a server; `route` is a server to form a cluster with. */
  static async start(name: string, route?: NatsServer): Promise<NatsServer> {
    const folder = await mkdtemp(join(tmpdir(), `nats-${name}-`));
    const file = join(folder, 'server.conf');
    const routes = route ? `"nats-route://${await route.#logged(/for route connections on (.*)/)}"` : '';
    await writeFile(
      file,
      `server_name: ${name}
       pid_file: "${join(folder, 'pid')}"
       listen: "127.0.0.1:-1"
       websocket { listen: "127.0.0.1:-1", no_tls: true }
       cluster { name: pair, listen: "127.0.0.1:-1", routes: [${routes}] }
       lame_duck_duration: "30s"
       lame_duck_grace_period: "300ms"`,
    );
    const child = spawn('nats-server', ['-c', file], { env, stdio: ['ignore', 'ignore', 'pipe'] });
    const server = new NatsServer(name, folder, child);
    server.url = await server.#logged(/for websocket clients on (.*)/);
    await server.#logged(/Listening for route connections/);
    if (route) await Promise.all([server, route].map((one) => one.#logged(/Route connection created/)));
    return server;
  }

  /** Tells its clients that it is about to go, and goes. */
  lameDuck(): void {
    this.child.kill('SIGUSR2');
  }

  /** Stops it in its tracks: its connections stay, and are silent. Resolves when every thread of it stands still. */
  async freeze(): Promise<void> {
    this.child.kill('SIGSTOP');
    const tasks = `/proc/${this.child.pid}/task`;
    const states = async (): Promise<string[]> =>
      Promise.all((await readdir(tasks)).map((task) => readFile(join(tasks, task, 'stat'), 'latin1')));
    while (!(await states()).every((stat) => stat.includes(') T'))) await setImmediate();
  }

  async stop(): Promise<void> {
    running.delete(this);
    this.child.kill('SIGKILL');
    await this.#exit;
    await rm(this.folder, { recursive: true });
  }

  /** The first group of the first line of its log that fits. */
  async #logged(pattern: RegExp): Promise<string> {
    const matches = this.#log.pipe(
      map((line) => pattern.exec(line)),
      filter((match) => match !== null),
      timeout({ first: 5_000 }),
    );
    try {
      return (await firstValueFrom(matches))[1] ?? '';
    } catch (cause) {
      throw new Error(`nats-server ${this.name} did not log ${String(pattern)}: ${this.#lines.join('\n')}`, { cause });
    }
  }
}

/** Two servers of one cluster. */
export async function natsPair(): Promise<readonly [NatsServer, NatsServer]> {
  const a = await NatsServer.start('a');
  return [a, await NatsServer.start('b', a)];
}

/** Stops all servers that still run. */
export async function stopNatsServers(): Promise<void> {
  await Promise.all([...running].map((server) => server.stop()));
}
