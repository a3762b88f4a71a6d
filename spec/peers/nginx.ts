import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, Program, versionOf } from './program.js';

const NCHAN = '/usr/lib/nginx/modules/ngx_nchan_module.so';

/** A real nginx on a free loopback port. */
export interface Nginx {
  readonly port: number;
  readonly program: Program;
  /** Gives it another configuration and tells it to reload; resolves when a new worker serves. */
  reload(locations: string): Promise<void>;
}

/** The version of the nginx of this machine, `undefined` when there is none. */
export const nginxVersion = (): string | undefined => versionOf('nginx');

/** The same, when it has the module nchan. */
export const nchanVersion = (): string | undefined => (existsSync(NCHAN) ? nginxVersion() : undefined);

/** Starts one with these locations; old workers live one more second after a reload. */
export async function nginx(locations: string, { modules = [] as readonly string[] } = {}): Promise<Nginx> {
  const port = await freePort();
  const write = async (folder: string, served: string): Promise<string> => {
    const file = join(folder, 'nginx.conf');
    const kept = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
    await writeFile(
      file,
      `${modules.map((module) => `load_module ${module};`).join('\n')}
       daemon off;
       pid ${join(folder, 'pid')};
       error_log stderr notice;
       worker_processes 1;
       worker_shutdown_timeout 1s;
       events { worker_connections 64; }
       http {
         access_log off;
         keepalive_timeout 0;
         ${kept.map((name) => `${name}_temp_path ${join(folder, name)};`).join('\n')}
         server {
           listen 127.0.0.1:${port};
           ${served}
         }
       }`,
    );
    return file;
  };
  const program = await Program.start('nginx', async (folder) => {
    const file = await write(folder, locations);
    return ['-p', folder, '-e', 'stderr', '-c', file];
  });
  let workers = 1;
  const started = async (): Promise<void> => program.logged(/start worker process \d/, workers);
  await started();

  return {
    port,
    program,
    async reload(changed) {
      await write(program.folder, changed);
      workers++;
      program.signal('SIGHUP');
      await started();
    },
  };
}

/** Starts one that serves the same channels by WebSocket (`/socket`) and long-poll (`/poll`), from the id `last_event_id` on. */
export async function nchan(): Promise<Nginx> {
  return nginx(
    `nchan_message_buffer_length 2000;
     nchan_message_timeout 10m;
     nchan_subscriber_first_message oldest;
     nchan_subscriber_last_message_id $arg_last_event_id;
     location = /publish { nchan_publisher; nchan_channel_id numbers; }
     location = /socket { nchan_subscriber websocket; nchan_channel_id numbers; }
     location = /poll { nchan_subscriber longpoll; nchan_channel_id numbers; nchan_subscriber_timeout 1; }`,
    { modules: [NCHAN] },
  );
}
