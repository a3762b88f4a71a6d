import { defer, type MonoTypeOperatorFunction, type Observable, Subject, type Subscription } from 'rxjs';
import { CLOSED, type Connection } from '../core/connection.js';
import { NotOpenError } from '../core/errors.js';
import type { ConnectionEvent, ConnectionEvents } from '../core/event.js';
import { operated, receiver } from '../core/operate.js';
import { Outcome } from '../core/outcome.js';
import type { ConnectionProvider, ProviderEvent } from './connectionProvider.js';

/** A node as a provider sees it. */
export interface ProvidedNode<Out> {
  /** What it is called now. */
  id: string;
  /** The open connection to it that is to be used. */
  connection?: Connection<Out> | undefined;
}

/** What all providers have in common: one stream that is begun by `connect()`, and the open connections of its nodes. */
export abstract class Provider<In, Out> implements ConnectionProvider<In, Out> {
  readonly events$: Observable<ProviderEvent<In>>;
  /** The nodes with an open connection, the longest open first. */
  protected readonly open = new Set<ProvidedNode<Out>>();
  private readonly told = new Subject<ProviderEvent<In>>();
  /** Whose connection it is or was, for messages that still come over it. */
  private readonly nodes = new WeakMap<Connection<Out>, ProvidedNode<Out>>();
  private readonly seen = new Set<string>();
  private life: Subscription | undefined;
  private opening: Outcome | undefined;
  /** Closed for good. */
  protected isClosed = false;
  /** Where the last dial led. */
  protected url = 'no server yet';

  constructor() {
    this.events$ = this.told.asObservable();
  }

  get isConnected(): boolean {
    return this.open.size > 0;
  }

  get connectedNodes(): readonly string[] {
    return Array.from(this.open, ({ id }) => id);
  }

  /** Whether somebody waits for a connection. */
  protected get isOpening(): boolean {
    return this.opening !== undefined;
  }

  connect(): Promise<void> {
    if (this.isConnected) return Promise.resolve();
    const opening = (this.opening ??= new Outcome());
    if (this.isClosed) this.gaveUp(this.notOpen());
    else this.begin();
    return opening.promise;
  }

  forceReconnect(): Promise<void> {
    this.hangUp();
    return this.connect();
  }

  getAnyConnection(): Connection<Out> {
    const [node] = this.open;
    if (!node?.connection) throw this.notOpen();
    return node.connection;
  }

  abstract getConnection(key: string): Connection<Out>;

  abstract send(message: Out, key?: string): void;

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.hangUp();
    this.gaveUp(this.notOpen());
    this.told.complete();
  }

  /** The events of all nodes, each of whose streams goes through `follow()`. */
  protected abstract dial(): ConnectionEvents<In, Out>;

  /** Keeps an eye on the connections of a node. */
  protected follow(node: ProvidedNode<Out>): MonoTypeOperatorFunction<ConnectionEvent<In, Out>> {
    return (source) =>
      operated(source, (subscriber) => ({
        next: (event) => {
          const isCurrent = 'connection' in event && event.connection === node.connection;
          const isEnd = event.type === 'close' || event.type === 'retired';
          if (event.type === 'connecting') this.url = event.url;
          else if (event.type === 'reconnecting' || (isCurrent && isEnd)) this.lost(node);
          subscriber.next(event);
          if (event.type === 'open' && !subscriber.closed) this.opened(node, event.connection);
        },
        error: (error) => {
          this.lost(node);
          subscriber.error(error);
        },
        finalize: () => this.lost(node),
      }));
  }

  protected opened(node: ProvidedNode<Out>, connection: Connection<Out>): void {
    const isHandover = this.open.has(node);
    node.connection = connection;
    this.nodes.set(connection, node);
    if (isHandover) return;
    this.open.add(node);
    this.opening?.resolve();
    this.opening = undefined;
    const type = this.seen.has(node.id) ? 'reconnected' : 'connected';
    this.seen.add(node.id);
    this.tell({ type, node: node.id });
  }

  protected tell(event: ProviderEvent<In>): void {
    this.told.next(event);
  }

  protected notOpen(): NotOpenError {
    return new NotOpenError(CLOSED, this.url);
  }

  private lost(node: ProvidedNode<Out>): void {
    node.connection = undefined;
    if (this.open.delete(node)) this.tell({ type: 'disconnected', node: node.id });
  }

  private begin(): void {
    if (this.life) return;
    const life = receiver<ConnectionEvent<In, Out>, never>({
      next: (event) => this.heard(event),
      error: (error) => {
        this.hangUp();
        this.gaveUp(error);
        this.tell({ type: 'error', error });
      },
      complete: () => {
        this.hangUp();
        this.gaveUp(this.notOpen());
      },
    });
    this.life = life;
    defer(() => this.dial()).subscribe(life);
  }

  private heard(event: ConnectionEvent<In, Out>): void {
    if (event.type === 'dropped') this.tell(event);
    else if (event.type === 'message' || event.type === 'malformed') {
      const { id: node = '' } = this.nodes.get(event.connection) ?? {};
      if (event.type === 'message') this.tell({ type: 'message', node, data: event.data });
      else this.tell({ type: 'error', node, error: event.error });
    }
  }

  private gaveUp(error: unknown): void {
    this.opening?.reject(error);
    this.opening = undefined;
  }

  /** Tells of what waits and is not going to be sent; for good where `isClosed`. */
  protected abandon(): void {
    // What waits elsewhere is not ours.
  }

  private hangUp(): void {
    const { life } = this;
    this.life = undefined;
    this.abandon();
    life?.unsubscribe();
  }
}
