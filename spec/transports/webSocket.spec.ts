import { rawFrame } from '../../src/testing.js';
import { webSocket } from '../../src/transports/webSocket.js';
import { transportLaws } from '../laws/transport.js';
import { serverHarness } from '../laws/transportHarness.js';
import { aServer, dialled, endAll } from './servers.js';

transportLaws('webSocket', () => serverHarness((url) => webSocket(url)), { deliveredBy: /receiverOnMessage/ });

describe('a pong', () => {
  afterEach(endAll);

  it.each(['', 'keep-alive', '-1', '7', '9'.repeat(20)])('that nobody asked for is no event: "%s"', async (payload) => {
    const server = await aServer();
    const recording = dialled(server.url);
    const connection = await recording.opened();
    const peer = await server.waitForConnection();
    peer.sendRaw(rawFrame({ opcode: 10, payload }));
    peer.send('before our ping');
    await recording.has('message');
    connection.ping?.();
    await recording.has('pong');
    peer.sendRaw(rawFrame({ opcode: 10, payload }));
    peer.send('after our ping');
    await recording.has('message', 2);
    expect(recording.types).toEqual(['connecting', 'open', 'message', 'pong', 'message']);
  });

  it('is told for each ping, and for one that answers several', async () => {
    const server = await aServer({ answerPings: false });
    const recording = dialled(server.url);
    const connection = await recording.opened();
    const peer = await server.waitForConnection();
    connection.ping?.();
    connection.ping?.();
    await server.waitUntil(() => peer.pings === 2);
    peer.sendRaw(rawFrame({ opcode: 10, payload: Date.now().toString() }));
    await recording.has('pong');
    expect(recording.types).toEqual(['connecting', 'open', 'pong']);
  });
});
