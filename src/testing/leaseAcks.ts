import type { Duration } from '../core/duration.js';
import { expectCount, expectDuration } from '../core/expect.js';
import type { Later } from './later.js';

/** When the answers to extensions of leases are sent. */
export class LeaseAcks {
  #lost = 0;
  #delay = 0;

  constructor(private readonly later: Later) {}

  /** The next answers get lost. */
  lose(count: number): void {
    this.#lost += expectCount('mockGateway', 'loseLeaseAcks', count, 0);
  }

  delay(delay: Duration): void {
    this.#delay = expectDuration('mockGateway', 'delayLeaseAcks', delay, true);
  }

  answer(send: () => void): void {
    if (this.#lost > 0) this.#lost--;
    else this.later.after(this.#delay, send);
  }
}
