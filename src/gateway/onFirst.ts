import { from, noop, type ObservableInput, type Subscriber, take } from 'rxjs';
import { operate } from '../core/operate.js';

/** Acts once, when `signal$` first emits, as long as `subscriber` listens; an error of the signal is the subscriber's. */
export function onFirst(signal$: ObservableInput<unknown>, subscriber: Subscriber<never>, act: () => void): void {
  operate({ source: from(signal$).pipe(take(1)), subscriber, next: act, complete: noop });
}
