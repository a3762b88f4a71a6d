/** What is known of a request that failed. */
export interface RequestFailure {
  readonly status?: unknown;
  readonly retryAfter?: unknown;
}

/** An error for an answer with a bad HTTP status. */
export function statusError(status: number, retryAfter: number | undefined): Error & RequestFailure {
  return Object.assign(new Error(`the server answered ${status}`), { status, retryAfter });
}

/** What is known of a thrown value. */
export function requestFailure(error: unknown): {
  readonly status: number | undefined;
  readonly retryAfter: number | undefined;
} {
  const { status, retryAfter } = (error ?? {}) as RequestFailure;
  return {
    status: typeof status === 'number' ? status : undefined,
    retryAfter: typeof retryAfter === 'number' && retryAfter > 0 ? retryAfter : undefined,
  };
}

/** Whether the same request may succeed later: the network failed, or the server, or it asked for patience. */
export function isPassing(status = 0): boolean {
  return status < 300 || status === 408 || status === 429 || status >= 500;
}

/** The close code of a session that a failure ended: 44xx after the HTTP status where the server refused us, else 1006. */
export function closeCodeOf(status = 0): number {
  return isRefusal(status) ? 4_000 + status : 1006;
}

/** Whether the server forgot the session, as after a restart: that is a link that broke, and no fault of the request. */
export function isForgotten(status = 0): boolean {
  return status === 404 || status === 410;
}

function isRefusal(status: number): boolean {
  return status >= 400 && status < 500 && status !== 408 && !isForgotten(status);
}
