import { filter, firstValueFrom, map, startWith, Subject, timeout } from 'rxjs';
import { WebSocket } from 'ws';
import type { WebSocketLike } from '../../src/transports/socketLike.js';

/** What happened, in order; tests wait for entries instead of sleeping. */
export class Diary {
  readonly entries: string[] = [];
  readonly #times: number[] = [];
  readonly #changed = new Subject<void>();
  readonly #sockets = new Set<WebSocket>();

  note(entry: string): void {
    this.entries.push(entry);
    this.#times.push(performance.now());
    this.changed();
  }

  /** Something changed that somebody may wait for. */
  changed(): void {
    this.#changed.next();
  }

  /** When an entry was first made, in milliseconds. */
  timeOf(entry: string): number {
    return this.#times[this.entries.indexOf(entry)] ?? NaN;
  }

  async until(condition: () => boolean): Promise<void> {
    const met$ = this.#changed.pipe(startWith(undefined), map(condition), filter(Boolean), timeout({ first: 5_000 }));
    await firstValueFrom(met$).catch((cause: unknown) => {
      throw new Error(`${String(condition)} is still awaited; so far: ${this.entries.join(', ')}`, { cause });
    });
  }

  /** Resolves when an entry was made. */
  async has(entry: string): Promise<void> {
    await this.until(() => this.entries.includes(entry));
  }

  /** Makes sockets that tell when they are asked to close (`leave`), and when they are closed (`gone`), with the codes. */
  socketsOf(name: string): (url: string, protocols: string[]) => WebSocketLike {
    return (url, protocols) => {
      const socket = new WebSocket(url, protocols, { perMessageDeflate: false });
      this.#sockets.add(socket);
      const close = socket.close.bind(socket);
      let isLeft = false;
      socket.close = (code, reason) => {
        // `ws` itself closes once more when the peer's close frame arrives.
        if (!isLeft) this.note(`leave ${name} ${code}`);
        isLeft = true;
        close(code, reason);
      };
      socket.on('close', (code) => {
        this.#sockets.delete(socket);
        this.note(`gone ${name} ${code}`);
      });
      return socket;
    };
  }

  /** Resolves when all sockets are gone. */
  async closed(): Promise<void> {
    await this.until(() => this.#sockets.size === 0);
  }
}
