import type { Duration } from '../core/duration.js';
import { expectCount, expectDuration, expected } from '../core/expect.js';
import type { Later } from './later.js';

/** When replies are acknowledged: at once, not at all, later, or those of 20 ms together in the reverse order. */
export type ReplyAcking = 'now' | 'never' | 'reversed' | { readonly after: Duration };

/** How long acknowledgements are held back to be turned around. */
const GATHERED = 20;

/** When the acknowledgements of replies are sent. */
export class ReplyAcks {
  #mode: 'now' | 'never' | 'reversed' | number = 'now';
  #lost = 0;
  #held: (() => void)[] = [];

  constructor(
    private readonly later: Later,
    mode: ReplyAcking = 'now',
  ) {
    this.mode(mode);
  }

  mode(mode: ReplyAcking): void {
    if (typeof mode === 'object') this.#mode = expectDuration('mockGateway', 'ackReplies.after', mode.after, true);
    else {
      expected(
        ['now', 'never', 'reversed'].includes(mode),
        'mockGateway',
        'ackReplies',
        "'now', 'never', 'reversed' or { after }",
        mode,
      );
      this.#mode = mode;
    }
  }

  /** The next acknowledgements get lost. */
  lose(count: number): void {
    this.#lost += expectCount('mockGateway', 'loseReplyAcks', count, 0);
  }

  answer(send: () => void): void {
    if (this.#lost > 0) this.#lost--;
    else if (this.#mode === 'now') send();
    else if (this.#mode === 'reversed') this.#hold(send);
    else if (this.#mode !== 'never') this.later.after(this.#mode, send);
  }

  #hold(send: () => void): void {
    this.#held.push(send);
    if (this.#held.length > 1) return;
    this.later.after(GATHERED, () => {
      const held = this.#held;
      this.#held = [];
      for (const one of held.reverse()) one();
    });
  }
}
