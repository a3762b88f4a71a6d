import type { ClientSettings } from './clientSettings.js';
import type { ConnectionStatsBook } from './connectionStats.js';
import type { News } from './news.js';

/** What a session asks of its client. */
export interface SessionHost {
  readonly settings: ClientSettings;
  readonly book: ConnectionStatsBook;
  /** Tells what happened in one step: whoever hears the first of it finds all of it in the client's state. */
  tell(...news: readonly News[]): void;
  deliver(data: unknown): void;
  /** The user left, and the peer did not yet. */
  left(): void;
  /** The session is over: another one may begin. */
  ended(): void;
}
