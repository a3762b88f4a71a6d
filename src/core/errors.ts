/** Tells an error by its name: `instanceof` fails when two copies of the package meet. */
export function isNamed<Name extends keyof HawserErrors>(error: unknown, name: Name): error is HawserErrors[Name] {
  return typeof error === 'object' && error !== null && (error as { name?: unknown }).name === name;
}

/** Every error of this package by its name. */
export interface HawserErrors {
  NotOpenError: NotOpenError;
  DialError: DialError;
  ConnectionClosedError: ConnectionClosedError;
  OpenTimeoutError: OpenTimeoutError;
  HeartbeatTimeoutError: HeartbeatTimeoutError;
  HandshakeError: HandshakeError;
  BufferOverflowError: BufferOverflowError;
  ProtocolError: ProtocolError;
}

/** A message was sent over a connection that is not open; it was not sent, not even in part. */
export class NotOpenError extends Error {
  override readonly name = 'NotOpenError';
  constructor(
    /** One of `ReadyState`. */
    readonly readyState: number,
    /** The connection, secrets removed. */
    readonly url: string,
  ) {
    super(
      `the connection to ${url} is not open (readyState ${readyState}): wait for its 'open' event, or let sendFrom() queue`,
    );
  }
}

/** What is known of a dial that failed. */
export interface DialFailure {
  /** The HTTP status of a refused upgrade, where the platform shows it. */
  readonly status?: number | undefined;
  /** The server's Retry-After in milliseconds, where it sent one and the platform shows it. */
  readonly retryAfter?: number | undefined;
  readonly cause?: unknown;
}

/** A connection could not be made. */
export class DialError extends Error {
  override readonly name = 'DialError';
  readonly status: number | undefined;
  readonly retryAfter: number | undefined;
  constructor(
    /** Where it should have led, secrets removed. */
    readonly url: string,
    why: string,
    { status, retryAfter, cause }: DialFailure = {},
  ) {
    super(`could not connect to ${url}: ${why}`, cause === undefined ? undefined : { cause });
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** An open connection ended with a close code other than 1000. */
export class ConnectionClosedError extends Error {
  override readonly name = 'ConnectionClosedError';
  constructor(
    readonly code: number,
    readonly reason: string,
  ) {
    super(`the connection was closed with code ${code}${reason ? `: ${reason}` : ''}`);
  }
}

/** No `open` came in time. */
export class OpenTimeoutError extends Error {
  override readonly name = 'OpenTimeoutError';
  constructor(
    /** Milliseconds. */
    readonly within: number,
  ) {
    super(`the connection was not open within ${within} ms`);
  }
}

/** A peer did not answer a ping in time. */
export class HeartbeatTimeoutError extends Error {
  override readonly name = 'HeartbeatTimeoutError';
  constructor(
    /** Milliseconds. */
    readonly timeout: number,
  ) {
    super(`the peer did not answer a ping within ${timeout} ms`);
  }
}

/** A handshake failed or took too long. */
export class HandshakeError extends Error {
  override readonly name = 'HandshakeError';
  constructor(
    why: string,
    /** Where in the exchange it failed; `'timeout'` when the time was up, `'exchange'` unless the thrown error names another. */
    readonly phase: string,
    /** The close code to send, or the peer's code where it closed; undefined where there is none. */
    readonly code?: number,
    cause?: unknown,
  ) {
    super(`handshake failed (${phase}): ${why}`, cause === undefined ? undefined : { cause });
  }
}

/** A queue with the policy `'error'` was full. */
export class BufferOverflowError extends Error {
  override readonly name = 'BufferOverflowError';
  constructor(
    /** How many messages the queue may hold. */
    readonly buffer: number,
  ) {
    super(`more than ${buffer} messages wait for a connection`);
  }
}

/** A frame broke the rules of the wire format. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  constructor(why: string, cause?: unknown) {
    super(why, cause === undefined ? undefined : { cause });
  }
}
