import type { Socket } from 'node:net';
import type { SchedulerLike } from 'rxjs';
import { Pump } from './pump.js';
import type { Direction, Toxics } from './toxics.js';

/** What a link needs to know of its proxy. */
export interface LinkContext {
  readonly toxics: Readonly<Record<Direction, Toxics>>;
  readonly scheduler: SchedulerLike;
  readonly random: () => number;
  passed(direction: Direction, bytes: number): void;
}

/** One connection through a proxy: two sockets and a pump for each direction. */
export class Link {
  /** Resolves when both sockets are closed. */
  readonly gone: Promise<void>;
  readonly #sockets: readonly Socket[];
  readonly #pumps: readonly Pump[];

  constructor(client: Socket, upstream: Socket, context: LinkContext) {
    this.#sockets = [client, upstream];
    this.#pumps = [this.#pump('up', client, upstream, context), this.#pump('down', upstream, client, context)];
    upstream.setNoDelay();
    this.gone = Promise.all(this.#sockets.map(closed)).then(() => {
      for (const pump of this.#pumps) pump.stop();
    });
  }

  changed(): void {
    for (const pump of this.#pumps) pump.changed();
  }

  hurry(): void {
    for (const pump of this.#pumps) pump.hurry();
  }

  reset(): void {
    this.#stop();
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** A FIN to both sides; a socket is let go of when its peer has ended too. */
  cut(): void {
    this.#stop();
    for (const socket of this.#sockets) socket.end();
  }

  destroy(): void {
    this.#stop();
    for (const socket of this.#sockets) socket.destroy();
  }

  #stop(): void {
    for (const pump of this.#pumps) pump.stop();
  }

  #pump(direction: Direction, source: Socket, sink: Socket, context: LinkContext): Pump {
    const toxics = context.toxics[direction];
    return new Pump(source, sink, {
      toxics,
      scheduler: context.scheduler,
      random: context.random,
      passed: (bytes) => context.passed(direction, bytes),
      exhausted: () => {
        toxics.left = Infinity;
        if (toxics.cutBy === 'cut') this.cut();
        else this.reset();
      },
    });
  }
}

async function closed(socket: Socket): Promise<void> {
  await new Promise<void>((resolve) => socket.once('close', () => resolve()));
}
