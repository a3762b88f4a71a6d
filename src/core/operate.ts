import { type Observable, Subscriber } from 'rxjs';

/** What an operator does with what its source says. Whatever a handler throws becomes the subscriber's error. */
export interface Handlers<In, Out> {
  /** Who gets the operator's output; unsubscribing it ends the operation, also in the middle of a synchronous source. */
  readonly subscriber: Subscriber<Out>;
  readonly next: (value: In) => void;
  /** Without it, errors are passed on. */
  readonly error?: ((error: unknown) => void) | undefined;
  /** Without it, completion is passed on. */
  readonly complete?: (() => void) | undefined;
  /** Runs once, however the operation ends. */
  readonly finalize?: (() => void) | undefined;
}

/**
 * The receiving end of an operator: the one place that touches rxjs's `Subscriber` class.
 * A subclass with prototype methods costs 11 ns an event and stage in a process with many pipelines, a closure per operator 13, a built-in operator 17.
 */
class Operation<In, Out> extends Subscriber<In> {
  readonly #out: Subscriber<Out>;
  readonly #handlers: Handlers<In, Out>;
  readonly #next: (value: In) => void;

  constructor(handlers: Handlers<In, Out>) {
    super(handlers.subscriber);
    this.#out = handlers.subscriber;
    this.#handlers = handlers;
    this.#next = handlers.next;
  }

  protected override _next(value: In): void {
    try {
      this.#next(value);
    } catch (error) {
      this.#out.error(error);
    }
  }

  protected override _error(error: unknown): void {
    this.#end(() => (this.#handlers.error ? this.#handlers.error(error) : this.#out.error(error)));
  }

  protected override _complete(): void {
    this.#end(() => (this.#handlers.complete ? this.#handlers.complete() : this.#out.complete()));
  }

  #end(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#out.error(error);
    } finally {
      this.unsubscribe();
    }
  }

  override unsubscribe(): void {
    if (this.closed) return;
    super.unsubscribe();
    this.#handlers.finalize?.();
  }
}

/** Makes the receiving end without subscribing it, for operators that must be able to let go of it while the source is still subscribing. */
export function receiver<In, Out>(handlers: Handlers<In, Out>): Subscriber<In> {
  return new Operation(handlers);
}

/** Subscribes an operator to its source. */
export function operate<In, Out>({
  source,
  ...handlers
}: Handlers<In, Out> & { readonly source: Observable<In> }): Subscriber<In> {
  const operation = new Operation(handlers);
  source.subscribe(operation);
  return operation;
}
