import { mergeAll } from 'rxjs';
import { loopback } from '../../src/transports/loopback.js';
import { loopbackHarness } from '../laws/loopbackHarness.js';
import { Recording } from '../laws/recording.js';
import { transportLaws } from '../laws/transport.js';

transportLaws('loopback', () => loopbackHarness(), { deliveredBy: /loopbackSocket/ });
transportLaws('loopback with a latency', () => loopbackHarness({ latency: 2 }), { deliveredBy: /loopbackSocket/ });

describe('loopback', () => {
  it.each<[string, unknown]>([
    ['latency', -1],
    ['latency', 'soon'],
    ['closeTimeout', NaN],
  ])('refuses a `%s` of %p when it is made', (option, value) => {
    expect(() => loopback({ [option]: value })).toThrow(TypeError);
  });

  it('copies bytes: what the sender does with them afterwards is not seen', async () => {
    const link = loopback();
    const bytes = new Uint8Array([1, 2, 3]);
    link.server$.pipe(mergeAll()).subscribe((event) => {
      if (event.type !== 'open') return;
      event.connection.send(bytes);
      bytes.fill(0);
    });
    const recording = new Recording(link.client$);
    await recording.has('message');
    recording.unsubscribe();
    expect(recording.messages).toEqual([new Uint8Array([1, 2, 3])]);
  });

  it('is served once: a second subscriber of the same dial gets a DialError', async () => {
    const link = loopback();
    let second: Recording | undefined;
    link.server$.subscribe((client$) => {
      client$.subscribe();
      second = new Recording(client$);
    });
    const recording = new Recording(link.client$);
    await recording.opened();
    expect(second?.story).toEqual(['DialError']);
    recording.unsubscribe();
  });

  it('has the subprotocol that it is told', async () => {
    const link = loopback({ protocol: 'v1' });
    const protocols: string[] = [];
    link.server$.pipe(mergeAll()).subscribe((event) => {
      if (event.type === 'open') protocols.push(event.connection.protocol);
    });
    const recording = new Recording(link.client$);
    protocols.push((await recording.opened()).protocol);
    recording.unsubscribe();
    expect(protocols).toEqual(['v1', 'v1']);
  });

  it('gives up a peer that does not read after closeTimeout', async () => {
    const link = loopback({ closeTimeout: 5 });
    const deaf$ = link.server$.pipe(mergeAll());
    const served = deaf$.subscribe((event) => {
      if (event.type === 'open') event.connection.pause?.();
    });
    const recording = new Recording(link.client$);
    (await recording.opened()).close(4000, 'bye');
    expect(await recording.ended()).toEqual(['connecting', 'open', 'close 4000 bye', 'ConnectionClosedError']);
    expect(recording.events.at(-1)).toMatchObject({ wasClean: false });
    served.unsubscribe();
  });
});
