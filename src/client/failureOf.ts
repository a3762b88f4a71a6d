import { closeAction } from '../core/closeCodes.js';
import { isNamed, messageOf } from '../core/errors.js';
import { WebSocketError, WS_ERROR_CODES } from './webSocketError.js';

/** Close codes by which a peer says that what we sent was wrong (RFC 6455 section 7.4.1). */
const PROTOCOL = [1002, 1003, 1007, 1009, 1010];

/** What ended a connection or a dial, in the words of a client. */
export function failureOf(cause: unknown): WebSocketError {
  const [code, recoverable] = kindOf(cause);
  return new WebSocketError(messageOf(cause), WS_ERROR_CODES[code], recoverable, cause);
}

function kindOf(cause: unknown): [code: keyof typeof WS_ERROR_CODES, recoverable: boolean] {
  if (isNamed(cause, 'HeartbeatTimeoutError')) return ['HEARTBEAT_TIMEOUT', true];
  if (isNamed(cause, 'OpenTimeoutError')) return ['CONNECTION_TIMEOUT', true];
  if (isNamed(cause, 'DialError')) return ['CONNECTION_FAILED', mayGoWell(cause.status)];
  if (!isNamed(cause, 'ConnectionClosedError')) return ['CONNECTION_FAILED', false];
  return [PROTOCOL.includes(cause.code) ? 'PROTOCOL_ERROR' : 'CONNECTION_FAILED', mayGoWell(cause.code)];
}

/** By the same table by which `reconnect` decides. */
function mayGoWell(code = NaN): boolean {
  return closeAction(code) !== 'stop';
}
