import type { Traffic } from '../core/connection.js';

/** What a client did since it was made. */
export interface ConnectionStats {
  /** Messages that went out; pings do not count. */
  readonly messagesSent: number;
  /** Messages that were delivered; answers to pings do not count. */
  readonly messagesReceived: number;
  /** The payloads of all frames, pings that are messages included. */
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** How many connections were made in the place of lost ones. */
  readonly reconnects: number;
  /** How many `error` events there were. */
  readonly errors: number;
  /** Milliseconds since the connection opened; 0 while there is none. */
  readonly uptime: number;
}

/** Keeps count for a client. */
export class ConnectionStatsBook {
  messagesSent = 0;
  messagesReceived = 0;
  reconnects = 0;
  errors = 0;
  private bytesSent = 0;
  private bytesReceived = 0;
  /** Of the connection that is open, which is counted on. */
  private traffic: Traffic | undefined;

  opened(traffic: Traffic | undefined): void {
    this.traffic = traffic;
  }

  closed(): void {
    this.bytesSent += this.traffic?.bytesSent ?? 0;
    this.bytesReceived += this.traffic?.bytesReceived ?? 0;
    this.traffic = undefined;
  }

  read(): Omit<ConnectionStats, 'uptime'> {
    const { messagesSent, messagesReceived, reconnects, errors, traffic } = this;
    return {
      messagesSent,
      messagesReceived,
      bytesSent: this.bytesSent + (traffic?.bytesSent ?? 0),
      bytesReceived: this.bytesReceived + (traffic?.bytesReceived ?? 0),
      reconnects,
      errors,
    };
  }
}
