/** Every error of a gateway worker by its name. */
export interface GatewayErrors {
  AuthError: AuthError;
  ConnectionLimitError: ConnectionLimitError;
  GatewayApiError: GatewayApiError;
  SyncFailedError: SyncFailedError;
  UnexpectedMessageError: UnexpectedMessageError;
  GatewayClosingError: GatewayClosingError;
  ExecutionTimeoutError: ExecutionTimeoutError;
  InvalidPayloadError: InvalidPayloadError;
}

/** Tells an error by its name: `instanceof` fails when two copies of the package meet. */
export function isGatewayError<Name extends keyof GatewayErrors>(
  error: unknown,
  name: Name,
): error is GatewayErrors[Name] {
  return (error as { name?: unknown } | null | undefined)?.name === name;
}

/** What is known of a request to the API that failed. */
export interface ApiFailure {
  /** The HTTP status that is no success; undefined when there was no answer, or none that can be read. */
  readonly status?: number | undefined;
  /** The server's Retry-After in milliseconds, where it sent one. */
  readonly retryAfter?: number | undefined;
  readonly cause?: unknown;
}

/** A request to the API failed: no answer, an answer that cannot be read, or a status that is no success. */
export class GatewayApiError extends Error {
  override readonly name: string = 'GatewayApiError';
  readonly status: number | undefined;
  readonly retryAfter: number | undefined;
  constructor(message: string, { status, retryAfter, cause }: ApiFailure = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** The API did not accept the signing key (401). */
export class AuthError extends GatewayApiError {
  override readonly name = 'AuthError';
}

/** The API has as many connections of this account as it allows (429). */
export class ConnectionLimitError extends GatewayApiError {
  override readonly name = 'ConnectionLimitError';
}

/** The gateway could not register the worker's apps. */
export class SyncFailedError extends Error {
  override readonly name = 'SyncFailedError';
  /** In which phase of the handshake it was told. */
  readonly phase = 'sync';
  constructor(
    /** Why, in the gateway's words: `connect_invalid_function_config`. */
    readonly reason: string,
    message: string,
  ) {
    super(`the gateway could not register the apps (${reason}): ${message}`);
  }
}

/** The other side said something out of turn. */
export class UnexpectedMessageError extends Error {
  override readonly name = 'UnexpectedMessageError';
  /** What the gateway's own clients close with. */
  readonly code = 4001;
  readonly reason = 'UNEXPECTED';
  constructor(
    /** Which phase of the handshake it was. */
    readonly phase: 'hello' | 'ready',
    /** The kind of message that came. */
    readonly got: string,
  ) {
    super(`expected the message '${phase}', got '${got}'`);
  }
}

/** The gateway is about to close, and said so before the worker was ready: another one will have us soon. */
export class GatewayClosingError extends Error {
  override readonly name = 'GatewayClosingError';
  readonly phase = 'closing';
  constructor() {
    super('the gateway is about to close');
  }
}

/** Work took longer than it may. */
export class ExecutionTimeoutError extends Error {
  override readonly name = 'ExecutionTimeoutError';
  constructor(
    /** Milliseconds. */
    readonly within: number,
  ) {
    super(`the work was not done within ${within} ms`);
  }
}

/** The input of a piece of work does not parse. */
export class InvalidPayloadError extends Error {
  override readonly name = 'InvalidPayloadError';
  /** Trying again would not make it parse. */
  readonly noRetry = true;
  constructor(cause: unknown) {
    super(`the payload does not parse${cause instanceof Error ? `: ${cause.message}` : ''}`, { cause });
  }
}
