/** Tells an error by its name: `instanceof` fails when two copies of the package meet. */
export function isNamed<Name extends keyof HawserErrors>(error: unknown, name: Name): error is HawserErrors[Name] {
  return (error as { name?: unknown } | null | undefined)?.name === name;
}

/** What a thrown value says. */
export function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

/** Every error of this package by its name. */
export interface HawserErrors {
  NotOpenError: NotOpenError;
  DialError: DialError;
  ConnectionClosedError: ConnectionClosedError;
  OpenTimeoutError: OpenTimeoutError;
  HeartbeatTimeoutError: HeartbeatTimeoutError;
  HandshakeError: HandshakeError;
  LeaseLostError: LeaseLostError;
  BufferOverflowError: BufferOverflowError;
  ProtocolError: ProtocolError;
  RequestTimeoutError: RequestTimeoutError;
  RequestDisconnectedError: RequestDisconnectedError;
}

/** An error with its name, its facts and, where there is one, its cause. */
abstract class NamedError extends Error {
  constructor(name: keyof HawserErrors, message: string, facts: object, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    Object.assign(this, { name }, facts);
  }
}

/** A message was sent over a connection that is not open; it was not sent, not even in part. */
export class NotOpenError extends NamedError {
  declare readonly name: 'NotOpenError';
  /** One of `ReadyState`. */
  declare readonly readyState: number;
  /** The connection, secrets removed. */
  declare readonly url: string;
  constructor(readyState: number, url: string) {
    super('NotOpenError', `the connection to ${url} is not open (readyState ${readyState})`, { readyState, url });
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
export class DialError extends NamedError {
  declare readonly name: 'DialError';
  /** Where it should have led, secrets removed. */
  declare readonly url: string;
  declare readonly status: number | undefined;
  declare readonly retryAfter: number | undefined;
  constructor(url: string, why: string, { status, retryAfter, cause }: DialFailure = {}) {
    super('DialError', `could not connect to ${url}: ${why}`, { url, status, retryAfter }, cause);
  }
}

/** An open connection ended with a close code other than 1000. */
export class ConnectionClosedError extends NamedError {
  declare readonly name: 'ConnectionClosedError';
  declare readonly code: number;
  declare readonly reason: string;
  constructor(code: number, reason: string) {
    super('ConnectionClosedError', `the connection was closed with code ${code}${reason && `: ${reason}`}`, {
      code,
      reason,
    });
  }
}

/** No `open` came in time. */
export class OpenTimeoutError extends NamedError {
  declare readonly name: 'OpenTimeoutError';
  /** Milliseconds. */
  declare readonly within: number;
  constructor(within: number) {
    super('OpenTimeoutError', `the connection was not open within ${within} ms`, { within });
  }
}

/** A peer did not answer a ping in time. */
export class HeartbeatTimeoutError extends NamedError {
  declare readonly name: 'HeartbeatTimeoutError';
  /** Milliseconds. */
  declare readonly timeout: number;
  constructor(timeout: number) {
    super('HeartbeatTimeoutError', `no answer to a ping within ${timeout} ms`, { timeout });
  }
}

/** A handshake failed or took too long. */
export class HandshakeError extends NamedError {
  declare readonly name: 'HandshakeError';
  /** Where in the exchange it failed; `'timeout'` when the time was up, `'exchange'` unless the thrown error names another. */
  declare readonly phase: string;
  /** The close code to send, or the peer's code where it closed; undefined where there is none. */
  declare readonly code?: number;
  constructor(why: string, phase: string, code?: number, cause?: unknown) {
    super('HandshakeError', `handshake failed (${phase}): ${why}`, { phase, code }, cause);
  }
}

/** The lease of some work was lost while it ran: somebody else may do the work now. */
export class LeaseLostError extends NamedError {
  declare readonly name: 'LeaseLostError';
  /** The last one that was held. */
  declare readonly lease: unknown;
  constructor(lease: unknown) {
    super('LeaseLostError', 'the lease was lost while the work ran', { lease });
  }
}

/** A queue with the policy `'error'` was full. */
export class BufferOverflowError extends NamedError {
  declare readonly name: 'BufferOverflowError';
  /** How many messages the queue may hold. */
  declare readonly buffer: number;
  constructor(buffer: number) {
    super('BufferOverflowError', `more than ${buffer} messages wait`, { buffer });
  }
}

/** A frame broke the rules of the wire format. */
export class ProtocolError extends NamedError {
  declare readonly name: 'ProtocolError';
  constructor(why: string, cause?: unknown) {
    super('ProtocolError', why, {}, cause);
  }
}

/** A request was not answered in time. */
export class RequestTimeoutError extends NamedError {
  declare readonly name: 'RequestTimeoutError';
  /** Milliseconds. */
  declare readonly timeout: number;
  /** Whether the peer may have got the request; false when it waited for a connection all the time. */
  declare readonly sent: boolean;
  constructor(timeout: number, sent: boolean) {
    const what = sent ? 'no answer to a request' : 'no connection for a request';
    super('RequestTimeoutError', `${what} within ${timeout} ms`, { timeout, sent });
  }
}

/** A request cannot be answered any more, or could not be sent, for want of a connection. */
export class RequestDisconnectedError extends NamedError {
  declare readonly name: 'RequestDisconnectedError';
  /** Whether the peer may have got the request; when false, it is safe to ask again. */
  declare readonly sent: boolean;
  constructor(sent: boolean, cause?: unknown) {
    const why = sent
      ? 'the connection was lost before the answer came'
      : 'the request was not sent: no connection is open';
    super('RequestDisconnectedError', why, { sent }, cause);
  }
}
