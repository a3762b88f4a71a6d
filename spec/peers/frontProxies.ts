import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nginx, nginxVersion } from './nginx.js';
import { freePort, Program, versionOf } from './program.js';

/** A reverse proxy in front of a server: cuts tunnels that are idle for 2 s, and after a reload those of its old worker 1 s later. */
export interface FrontProxy {
  readonly url: string;
  /** Tells it to reload; resolves when a new worker serves, which marks its dials with the next generation. */
  reload(): Promise<void>;
}

/** The header in which a worker tells its generation, counting from 1. */
export const GENERATION = 'x-generation';

interface FrontProxyKind {
  readonly name: string;
  readonly version: string | undefined;
  /** The status of a dial while the server behind is gone. */
  readonly goneStatus: number;
  start(target: number): Promise<FrontProxy>;
}

const nginxKind: FrontProxyKind = {
  name: 'nginx',
  version: nginxVersion(),
  goneStatus: 502,
  async start(target) {
    let generation = 1;
    const locations = (): string => `
      location / {
        proxy_pass http://127.0.0.1:${target};
        proxy_http_version 1.1;
        proxy_read_timeout 2s;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection upgrade;
        proxy_set_header ${GENERATION} ${generation};
      }`;
    const server = await nginx(locations());
    return {
      url: `ws://127.0.0.1:${server.port}`,
      async reload() {
        generation++;
        await server.reload(locations());
      },
    };
  },
};

const haproxyKind: FrontProxyKind = {
  name: 'haproxy',
  version: versionOf('haproxy'),
  goneStatus: 503,
  async start(target) {
    const port = await freePort();
    let generation = 1;
    const write = async (folder: string): Promise<string> => {
      const file = join(folder, 'haproxy.cfg');
      await writeFile(
        file,
        ['global', 'hard-stop-after 1s']
          .concat('defaults', 'mode http', 'retries 0', 'timeout connect 1s', 'timeout client 5s', 'timeout server 5s')
          .concat('timeout tunnel 2s', 'frontend front', `bind 127.0.0.1:${port}`, 'default_backend back')
          .concat(`http-request set-header ${GENERATION} ${generation}`)
          .concat('backend back', `server only 127.0.0.1:${target}`, '')
          .join('\n'),
      );
      return file;
    };
    const program = await Program.start('haproxy', async (folder) => ['-W', '-f', await write(folder)]);
    const started = async (): Promise<void> => program.logged(/Loading success/, generation);
    await started();
    return {
      url: `ws://127.0.0.1:${port}`,
      async reload() {
        generation++;
        await write(program.folder);
        // The master starts itself anew after it has logged, and is deaf meanwhile.
        await program.handles('SIGUSR2');
        program.signal('SIGUSR2');
        await started();
      },
    };
  },
};

/** The proxies that are tested. */
export const FRONT_PROXIES: readonly FrontProxyKind[] = [nginxKind, haproxyKind];
