import { FakeSocket } from '../transports/fakeSocket.js';

/** A socket made by a constructor, as rxjs's `WebSocketCtor` is one. */
export class MadeSocket extends FakeSocket {
  constructor(
    url: string,
    readonly offered?: string | string[],
  ) {
    super(url);
  }

  /** What was sent, as text. */
  get sent(): readonly string[] {
    return this.done.filter((what) => what.startsWith('send ')).map((what) => what.slice('send '.length));
  }

  /** Hears a message as JSON. */
  says(message: unknown): void {
    this.hears(JSON.stringify(message));
  }
}

/** A constructor of sockets without a network, and the sockets that it made. */
export interface FakeSockets {
  readonly WebSocketCtor: new (url: string, protocols?: string | string[]) => MadeSocket;
  readonly all: readonly MadeSocket[];
  readonly last: MadeSocket;
}

export function fakeSockets(): FakeSockets {
  const all: MadeSocket[] = [];
  class Socket extends MadeSocket {
    constructor(url: string, protocols?: string | string[]) {
      super(url, protocols);
      all.push(this);
    }
  }
  return {
    WebSocketCtor: Socket,
    all,
    get last() {
      const last = all[all.length - 1];
      if (!last) throw new Error('no socket was made');
      return last;
    },
  };
}
