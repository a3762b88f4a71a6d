import { noop } from 'rxjs';

/** A promise that its maker settles. Nobody has to look at it: that it is rejected is no failure of the process. */
export class Outcome {
  readonly promise: Promise<void>;
  resolve!: () => void;
  reject!: (error: unknown) => void;

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.promise.catch(noop);
  }
}
