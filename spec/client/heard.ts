import type { WebSocketClient } from '../../src/client/webSocketClient.js';
import type { WebSocketEvent } from '../../src/client/webSocketEvent.js';

/** What a client tells, in short. */
export interface Heard {
  readonly told: string[];
  readonly events: WebSocketEvent[];
  /** Resolves when it has told something so many times. */
  until(line: string, times?: number): Promise<void>;
}

/** An event in short: what there is to know of it but the time. */
function line(event: WebSocketEvent): string {
  switch (event.type) {
    case 'disconnected':
      return `disconnected ${event.code}${event.reason && ` ${event.reason}`}${event.wasClean ? '' : ' (unclean)'}`;
    case 'message':
      return `message ${JSON.stringify(event.data)}`;
    case 'error':
      return `error ${event.error.code}`;
    case 'reconnecting':
      return `reconnecting ${event.attempt}`;
    default:
      return event.type;
  }
}

/** Listens to a client's events. */
export function hear(client: Pick<WebSocketClient, 'subscribeToEvents'>): Heard {
  const told: string[] = [];
  const events: WebSocketEvent[] = [];
  const waits = new Set<() => void>();
  client.subscribeToEvents((event) => {
    events.push(event);
    told.push(line(event));
    waits.forEach((look) => look());
  });
  return {
    told,
    events,
    until: async (wanted, times = 1) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (told.filter((each) => each === wanted).length < times) return;
          waits.delete(look);
          resolve();
        };
        waits.add(look);
        look();
      }),
  };
}
