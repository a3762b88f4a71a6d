import type { Duration } from '../core/duration.js';

/** Configures `mockPollingServer()`. */
export interface MockPollingServerOptions {
  /** A free one by default. */
  readonly port?: number;
  /** How long a session lives without a request; 30 s by default. */
  readonly sessionTimeout?: Duration;
}
