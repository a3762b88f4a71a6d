import { defer, map, type Observable } from 'rxjs';
import { isNamed } from '../core/errors.js';
import { apiError, decodeAnswer } from './apiErrors.js';
import { isGatewayError } from './errors.js';
import { expectPath, type GatewayApiConfig, gatewayPost } from './gatewayPost.js';
import type { WorkReply } from './messages.js';

/**
 * Posts a reply to the API, and gives the id of the request that the API has the answer to now.
 *
 * Errors as `gatewayPost` does, with a `GatewayApiError` when the API confirms another request, and with what the wire throws for a
 * reply that it cannot encode. `isRefusal` tells whether it makes sense to post the reply again.
 */
export function flushReply(config: GatewayApiConfig): (reply: WorkReply) => Observable<string> {
  const { wire, flushPath = '/v0/connect/flush' } = config;
  expectPath('flushReply', 'flushPath', flushPath);
  const post = gatewayPost(config);

  return (reply) =>
    defer(() => post(flushPath, wire.flushRequest.encode(reply))).pipe(
      map(decodeAnswer(flushPath, wire.flushAnswer)),
      map(({ requestId }) => {
        if (requestId === reply.requestId) return requestId;
        throw apiError(flushPath, 'confirmed another request', `'${requestId}' for '${reply.requestId}'`);
      }),
    );
}

/** Whether an error says that a reply would never be taken: a status from 400 to 499 other than 401, 408 and 429, or a reply that cannot be encoded. */
export function isRefusal(error: unknown): boolean {
  if (isNamed(error, 'ProtocolError')) return true;
  // Those of 401 and 429 have names of their own.
  if (!isGatewayError(error, 'GatewayApiError')) return false;
  const { status = 0 } = error;
  return status >= 400 && status < 500 && status !== 408;
}
