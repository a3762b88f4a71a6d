import type { Duration } from '../core/duration.js';
import { expectCount, expectDuration, expected } from '../core/expect.js';
import type { Later } from './later.js';

/** When replies are acknowledged: at once, not at all, later, or those of 20 ms together in the reverse order. */
export type ReplyAcking = 'now' | 'never' | 'reversed' | { readonly after: Duration };

/** Checks when replies are to be acknowledged; a delay is in milliseconds. */
export function replyAckDelay(mode: ReplyAcking): 'now' | 'never' | 'reversed' | number {
  if (typeof mode === 'object') return expectDuration('mockGateway', 'ackReplies.after', mode.after, true);
  const what = "'now', 'never', 'reversed' or { after }";
  expected(['now', 'never', 'reversed'].includes(mode), 'mockGateway', 'ackReplies', what, mode);
  return mode;
}

/** How long acknowledgements are held back to be turned around. */
const GATHERED = 20;

/** When the acknowledgements of replies are sent. */
export class ReplyAcks {
  #mode: ReturnType<typeof replyAckDelay>;
  #lost = 0;
  #held: (() => void)[] = [];

  constructor(
    private readonly later: Later,
    mode: ReplyAcking = 'now',
  ) {
    this.#mode = replyAckDelay(mode);
  }

  mode(mode: ReplyAcking): void {
    this.#mode = replyAckDelay(mode);
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
