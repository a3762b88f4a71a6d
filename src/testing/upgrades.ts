import { WebSocketServer } from 'ws';
import type { MockServerOptions } from './mockServerOptions.js';

const MIB = 1024 * 1024;

/** What upgrades the dials that are accepted: the connections it makes answer no ping by themselves. */
export function upgrades({ protocols, maxPayload = MIB, compression = false }: MockServerOptions): WebSocketServer {
  return new WebSocketServer({
    noServer: true,
    clientTracking: false,
    autoPong: false,
    maxPayload,
    perMessageDeflate: compression,
    ...(protocols && {
      handleProtocols: (offered: Set<string>) => [...offered].find((one) => protocols.includes(one)) ?? false,
    }),
  });
}
