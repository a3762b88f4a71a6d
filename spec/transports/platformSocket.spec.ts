import type { platformSocket as PlatformSocket } from '../../src/transports/platformSocket.js';
import { platformSocket as browserSocket } from '../../src/transports/platformSocket.browser.js';
import { standardWire } from '../../src/transports/wire.js';
import { wireOf as browserWire } from '../../src/transports/wireOf.browser.js';
import { FakeSocket } from './fakeSocket.js';

const scope = globalThis as { WebSocket: unknown };

/** The platform's constructor: notes what it is called with. */
class PlatformWebSocket extends FakeSocket {
  readonly given: readonly unknown[];

  constructor(...given: unknown[]) {
    super();
    this.given = given;
  }
}

/** `platformSocket` on a platform where the package isomorphic-ws finds this. */
function on(platform: unknown): typeof PlatformSocket {
  jest.resetModules();
  jest.doMock('isomorphic-ws', () => ({ __esModule: true, default: platform }));
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return (require('../../src/transports/platformSocket.js') as { platformSocket: typeof PlatformSocket })
    .platformSocket;
}

afterEach(() => {
  jest.dontMock('isomorphic-ws');
});

describe('platformSocket', () => {
  it('gives the options of Node to nobody but ws, not even where a bundler missed the `browser` field', () => {
    const socket = on(PlatformWebSocket)('ws://fake', ['v1'], { headers: { 'X-Token': 't' } }, 2_000);
    expect(socket).toMatchObject({ given: ['ws://fake', ['v1']] });
  });

  it('says so where there is no WebSocket', () => {
    expect(() => on(null)('ws://fake', [], {}, 2_000)).toThrow(
      'this platform has no WebSocket: give one with `createSocket`',
    );
  });
});

describe('in browsers', () => {
  const { WebSocket: before } = scope;

  afterEach(() => {
    scope.WebSocket = before;
  });

  it("it makes the platform's own socket", () => {
    scope.WebSocket = PlatformWebSocket;
    const socket = browserSocket('ws://fake', ['v1']);
    expect(socket).toMatchObject({ given: ['ws://fake', ['v1']] });
  });

  it('every socket is a standard one', () => {
    expect(browserWire).toBe(standardWire);
  });
});
