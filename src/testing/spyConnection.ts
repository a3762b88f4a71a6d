import { type Observable, Subject } from 'rxjs';
import type { Connection } from '../core/connection.js';

/** One call of a method of a connection. */
export type ConnectionCall<Out> =
  | { readonly method: 'send'; readonly message: Out; readonly threw?: unknown }
  | {
      readonly method: 'close';
      readonly code: number | undefined;
      readonly reason: string | undefined;
      readonly threw?: unknown;
    }
  | { readonly method: 'ping' | 'pause' | 'resume'; readonly threw?: unknown };

/** A connection that remembers what was done to it. */
export interface SpyConnection<Out, Session = unknown> extends Connection<Out, Session> {
  /** What was called, in order; `threw` is there when the call threw. */
  readonly calls: readonly ConnectionCall<Out>[];
  /** The calls as they are made: what `expectObservable` draws. Never ends. */
  readonly calls$: Observable<ConnectionCall<Out>>;
}

class Spy<Out, Session> implements SpyConnection<Out, Session> {
  readonly calls: ConnectionCall<Out>[] = [];
  readonly calls$: Observable<ConnectionCall<Out>>;
  ping?: () => void;
  pause?: () => void;
  resume?: () => void;
  readonly #calls = new Subject<ConnectionCall<Out>>();

  constructor(private readonly inner: Connection<Out, Session>) {
    this.calls$ = this.#calls;
    for (const method of ['ping', 'pause', 'resume'] as const) {
      if (inner[method]) this[method] = () => this.#pass({ method }, () => inner[method]?.());
    }
  }

  get id(): string {
    return this.inner.id;
  }

  get url(): string {
    return this.inner.url;
  }

  get protocol(): string {
    return this.inner.protocol;
  }

  get readyState(): number {
    return this.inner.readyState;
  }

  get bufferedAmount(): number {
    return this.inner.bufferedAmount;
  }

  get session(): Session {
    return this.inner.session;
  }

  send(message: Out): void {
    this.#pass({ method: 'send', message }, () => this.inner.send(message));
  }

  close(code?: number, reason?: string): void {
    this.#pass({ method: 'close', code, reason }, () => this.inner.close(code, reason));
  }

  #pass(call: ConnectionCall<Out>, act: () => void): void {
    try {
      act();
    } catch (threw) {
      this.#note({ ...call, threw });
      throw threw;
    }
    this.#note(call);
  }

  #note(call: ConnectionCall<Out>): void {
    this.calls.push(call);
    this.#calls.next(call);
  }
}

/** Wraps a connection: every call goes through to it and is remembered. */
export function spyConnection<Out, Session = unknown>(
  connection: Connection<Out, Session>,
): SpyConnection<Out, Session> {
  return new Spy(connection);
}
