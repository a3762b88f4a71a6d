import type { Corkable } from './socketLike.js';

const settled = /* @__PURE__ */ Promise.resolve();

/** Holds back what is written in one turn of the event loop, so that it leaves in one system call when the turn is over. */
export class TickCork {
  #corked = false;

  constructor(private readonly tcp: Corkable) {}

  /** Holds back what is written from now on. */
  hold(): void {
    if (this.#corked) return;
    this.#corked = true;
    this.tcp.cork();
    void settled.then(this.release);
  }

  /** Lets go of what is held back. */
  readonly release = (): void => {
    this.#corked = false;
    this.tcp.uncork();
  };
}
