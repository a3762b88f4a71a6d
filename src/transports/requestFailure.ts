/** What an exchange may tell of its failure: properties of the error. */
export interface RequestFailure {
  /** The HTTP status of a bad answer; none when there was no answer. */
  readonly status?: number;
  /** Milliseconds. */
  readonly retryAfter?: number | undefined;
}

/** Whether the same request may succeed later: the network failed, or the server, or it asked for patience. */
export function isPassing(status = 0): boolean {
  return status < 300 || status === 408 || status === 429 || status >= 500;
}

/** Whether the server forgot the session, as after a restart: that is a link that broke, and no fault of the request. */
export function isForgotten(status = 0): boolean {
  return status === 404 || status === 410;
}

/** The close code of a session that a failure ended: 44xx after the HTTP status where the server refused us, else 1006. */
export function closeCodeOf(status = 0): number {
  const isRefusal = status >= 400 && status < 500 && status !== 408 && !isForgotten(status);
  return isRefusal ? 4_000 + status : 1006;
}
