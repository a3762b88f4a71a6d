import { once } from 'node:events';
import { filter, firstValueFrom, interval, Subject, type Subscription, timeout } from 'rxjs';
import { WebSocket } from 'ws';
import { type Command, NatsCodec, type Operation } from './natsCodec.js';

const publishers = new Set<NatsPublisher>();

/** A plain `ws` client that publishes numbers in order. */
export class NatsPublisher {
  /** The last number that was published. */
  sent = 0;
  readonly #codec = new NatsCodec();
  readonly #operations = new Subject<Operation>();
  #work: Subscription | undefined;

  private constructor(
    private readonly socket: WebSocket,
    private readonly subject: string,
  ) {
    publishers.add(this);
    socket.on('message', (frame: Buffer) => {
      for (const operation of this.#codec.decode(frame)) this.#operations.next(operation);
    });
  }

  static async connect(url: string, subject: string): Promise<NatsPublisher> {
    const publisher = new NatsPublisher(new WebSocket(url), subject);
    await once(publisher.socket, 'open');
    publisher.#send({ kind: 'CONNECT' });
    await publisher.flush();
    return publisher;
  }

  /** Publishes a text again and again until `pause()`. */
  repeat(text: string): void {
    this.#work = interval(5).subscribe(() => this.#publish(text));
  }

  /** Publishes 1, 2, 3 … until `pause()`. */
  count(perSecond: number): void {
    const began = performance.now();
    this.#work = interval(1).subscribe(() => {
      const due = Math.floor(((performance.now() - began) * perSecond) / 1_000);
      while (this.sent < due) this.#publish(String(++this.sent));
    });
  }

  pause(): void {
    this.#work?.unsubscribe();
  }

  /** Resolves when the server has read everything. */
  async flush(): Promise<void> {
    const answer$ = this.#operations.pipe(
      filter(({ kind }) => kind === 'PONG'),
      timeout({ first: 5_000 }),
    );
    const answer = firstValueFrom(answer$);
    this.#send({ kind: 'PING' });
    await answer;
  }

  async end(): Promise<void> {
    publishers.delete(this);
    this.pause();
    if (this.socket.readyState === WebSocket.CLOSED) return;
    this.socket.terminate();
    await once(this.socket, 'close');
  }

  #publish(payload: string): void {
    this.#send({ kind: 'PUB', subject: this.subject, payload });
  }

  #send(command: Command): void {
    this.socket.send(this.#codec.encode(command));
  }
}

/** Ends all publishers. */
export async function endPublishers(): Promise<void> {
  await Promise.all([...publishers].map((publisher) => publisher.end()));
}
