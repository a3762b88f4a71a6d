import { defer, map, type Observable } from 'rxjs';
import { expectFunction } from '../core/expect.js';
import { withoutSecrets } from '../core/url.js';
import { apiError, decodeAnswer } from './apiErrors.js';
import { expectPath, type GatewayApiConfig, gatewayPost } from './gatewayPost.js';
import type { StartAnswer } from './messages.js';

export interface StartConnectionConfig extends GatewayApiConfig {
  /** Gives another address than the gateway's own. */
  readonly rewriteEndpoint?: (answer: StartAnswer) => string;
}

/**
 * Asks the API where to connect. The groups to exclude are a hint: the API may lead to one of them when there is no other.
 *
 * Errors as `gatewayPost` does, and with a `GatewayApiError` when the endpoint is no address of a WebSocket.
 */
export function startConnection(
  config: StartConnectionConfig,
): (exclude: readonly string[]) => Observable<StartAnswer> {
  const { wire, startPath = '/v0/connect/start', rewriteEndpoint } = config;
  expectPath('startConnection', 'startPath', startPath);
  if (rewriteEndpoint) expectFunction('startConnection', 'rewriteEndpoint', rewriteEndpoint);
  const post = gatewayPost(config);

  return (exclude) =>
    defer(() => post(startPath, wire.startRequest.encode({ exclude }))).pipe(
      map(decodeAnswer(startPath, wire.startAnswer)),
      map((answer) => {
        const endpoint = rewriteEndpoint ? rewriteEndpoint(answer) : answer.endpoint;
        if (!/^wss?:\/\//i.test(endpoint) || !URL.canParse(endpoint)) {
          throw apiError(startPath, 'led to no WebSocket', `'${withoutSecrets(endpoint)}'`);
        }
        return { ...answer, endpoint };
      }),
    );
}
