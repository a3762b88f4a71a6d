import { VirtualTimeScheduler } from 'rxjs';

/** So many timers are more than any world needs. */
const ENDLESS = 100_000;

/** Virtual time that passes in steps. */
export class VirtualTime extends VirtualTimeScheduler {
  private fired = 0;

  /** Lets so many milliseconds pass. */
  advance(by: number): void {
    const to = this.frame + by;
    for (let next = this.actions[0]; next && next.delay <= to; next = this.actions[0]) {
      if (++this.fired > ENDLESS) throw new Error(`time stands still at ${this.frame}`);
      this.actions.shift();
      this.frame = next.delay;
      const error: unknown = next.execute(next.state, next.delay);
      if (error) throw error;
    }
    this.frame = to;
  }
}
