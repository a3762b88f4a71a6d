import type { RequestIds, WorkRequest } from './messages.js';

/** What an answer repeats of a request: its ids, not its payload. */
export function requestIds({
  requestId,
  accountId,
  envId,
  appId,
  functionSlug,
  stepId,
  runId,
  systemTraceCtx,
  userTraceCtx,
}: WorkRequest): RequestIds {
  const ids = { requestId, accountId, envId, appId, functionSlug, runId, systemTraceCtx, userTraceCtx };
  return stepId === undefined ? ids : { ...ids, stepId };
}
