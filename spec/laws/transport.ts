import { inspect } from 'node:util';
import { setTimeout as wait } from 'node:timers/promises';
import { config } from 'rxjs';
import { ReadyState } from '../../src/core/connection.js';
import { type FrameConnection, type FrameEvent, Recording } from './recording.js';
import { PLANTED, type TransportHarness } from './transportHarness.js';

/** What one transport has and another has not. */
export interface TransportFlags {
  /** A function of the platform that must be on the stack when a message is delivered. */
  readonly deliveredBy: RegExp;
  /** Whether there are ping, pause and resume; true by default. */
  readonly node?: boolean;
}

const bytes = (...values: number[]): Uint8Array => new Uint8Array(values);
const MIB = 2 ** 20;

/** The laws that every transport keeps, on a real other end. */
export function transportLaws(
  name: string,
  makeHarness: () => Promise<TransportHarness>,
  { deliveredBy, node = true }: TransportFlags,
): void {
  describe(`${name} keeps the laws of a transport:`, () => {
    let harness: TransportHarness;
    let recordings: Recording[];
    /** What a source said to a subscriber that was not listening any more. */
    let unheard: string[];
    let uncaught: unknown[];

    const record = (act?: (event: FrameEvent, recording: Recording) => void): Recording => {
      const recording = new Recording(harness.source$, act);
      recordings.push(recording);
      return recording;
    };

    beforeEach(async () => {
      harness = await makeHarness();
      recordings = [];
      unheard = [];
      uncaught = [];
      config.onStoppedNotification = ({ kind }, subscriber) => {
        if (Recording.listensBy(subscriber)) unheard.push(kind);
      };
      config.onUnhandledError = (error) => uncaught.push(error);
    });

    afterEach(async () => {
      for (const recording of recordings) recording.unsubscribe();
      await harness.close();
      // rxjs reports these in a timer.
      await wait(0);
      config.onStoppedNotification = null;
      config.onUnhandledError = null;
      expect(unheard).toEqual([]);
    });

    describe('cold', () => {
      it('nothing is dialed before it is subscribed', async () => {
        const { source$ } = harness;
        await wait(0);
        expect(harness.dials()).toBe(0);
        const recording = new Recording(source$);
        recordings.push(recording);
        await recording.opened();
        expect(harness.dials()).toBe(1);
      });

      it('two subscribers are two connections', async () => {
        const [one, two] = [record(), record()];
        const connections = [await one.opened(), await two.opened()] as const;
        expect(harness.live()).toBe(2);
        expect(connections[0].id).not.toBe(connections[1].id);

        connections[0].send('one');
        connections[1].send('two');
        const peers = [await harness.peer(1), await harness.peer(2)] as const;
        const received = [await peers[0].waitForMessage(), await peers[1].waitForMessage()];
        expect(received.sort()).toEqual(['one', 'two']);

        one.unsubscribe();
        await harness.waitUntil(() => harness.live() === 1);
        connections[1].send('still');
        await harness.waitUntil(() => [...peers[0].received, ...peers[1].received].includes('still'));
      });
    });

    describe('unsubscribing hangs up', () => {
      /** Resolves when the other end has seen all that was before. */
      const aLifeLater = async (): Promise<void> => {
        const later = record();
        await later.opened();
        later.unsubscribe();
        await harness.waitUntil(() => harness.live() === 0);
      };

      it('in the `connecting` event: nothing is dialed', async () => {
        const recording = record((_event, self) => self.unsubscribe());
        expect(recording.types).toEqual(['connecting']);
        await aLifeLater();
        expect(harness.dials()).toBe(1);
        expect(recording.story).toEqual(['connecting']);
      });

      it('while it dials: no connection is left', async () => {
        const recording = record();
        recording.unsubscribe();
        await aLifeLater();
        expect(recording.story).toEqual(['connecting']);
      });

      it('while the other end is accepting', async () => {
        const recording = record();
        harness.greet(() => recording.unsubscribe());
        const peer = await harness.peer();
        await peer.closed;
        expect(recording.story).toEqual(['connecting']);
      });

      const inEvent = (type: FrameEvent['type'], prepare: (connection: FrameConnection) => void = () => undefined) =>
        record((event, self) => {
          if (event.type === 'open') prepare(event.connection);
          if (event.type === type) self.unsubscribe();
        });

      it('in the `open` event, with 1000', async () => {
        const recording = inEvent('open');
        expect(await (await harness.peer()).closed).toMatchObject({ code: 1000 });
        expect(recording.story).toEqual(['connecting', 'open']);
      });

      it('in a `message` event, with 1000; what arrived behind it is not delivered', async () => {
        harness.greet((peer) => ['a', 'b', 'c'].forEach((text) => peer.send(text)));
        const recording = inEvent('message');
        expect(await (await harness.peer()).closed).toMatchObject({ code: 1000 });
        expect(recording.story).toEqual(['connecting', 'open', 'a']);
      });

      it('when it is open, with 1000', async () => {
        const recording = record();
        const connection = await recording.opened();
        recording.unsubscribe();
        expect(connection.readyState).toBe(ReadyState.CLOSED);
        expect(await (await harness.peer()).closed).toEqual({ code: 1000, reason: '' });
        expect(recording.story).toEqual(['connecting', 'open']);
      });

      it('after close(): the code of close() stands, and no `close` event follows', async () => {
        const recording = record();
        (await recording.opened()).close(4001, 'enough');
        recording.unsubscribe();
        expect(await (await harness.peer()).closed).toEqual({ code: 4001, reason: 'enough' });
        await aLifeLater();
        expect(recording.story).toEqual(['connecting', 'open']);
      });

      it('while the other end closes', async () => {
        const recording = record();
        await recording.opened();
        const peer = await harness.peer();
        peer.close(4002);
        recording.unsubscribe();
        await peer.closed;
        expect(recording.story).toEqual(['connecting', 'open']);
      });

      it('in the `close` event: the end is not told', async () => {
        inEvent('close', (connection) => connection.close());
        await recordings[0]!.has('close');
        await aLifeLater();
        expect(recordings[0]!.end).toBeUndefined();
        // rxjs is right to report it: nobody heard the end.
        await wait(0);
        expect(unheard.splice(0)).toEqual(['C']);
      });

      it('what was sent in the same turn arrives before', async () => {
        const recording = record();
        const connection = await recording.opened();
        connection.send('one');
        connection.send('two');
        recording.unsubscribe();
        const peer = await harness.peer();
        expect(await peer.closed).toMatchObject({ code: 1000 });
        expect(peer.received).toEqual(['one', 'two']);
      });
    });

    describe('order', () => {
      it('is connecting, open, messages, close, the end', async () => {
        const recording = record();
        await recording.opened();
        const peer = await harness.peer();
        peer.send('a');
        peer.send('b');
        peer.close(1000, 'done');
        expect(await recording.ended()).toEqual(['connecting', 'open', 'a', 'b', 'close 1000 done', 'complete']);
        expect(recording.events.at(-1)).toMatchObject({ wasClean: true });
      });

      it('begins within subscribe()', () => {
        expect(record().types[0]).toBe('connecting');
      });

      it('loses nothing that the other end sends the moment it accepts', async () => {
        const greetings = Array.from({ length: 100 }, (_, at) => `greeting ${at}`);
        harness.greet((peer) => greetings.forEach((text) => peer.send(text)));
        const recording = record();
        await recording.has('message', 100);
        expect(recording.story).toEqual(['connecting', 'open', ...greetings]);
      });

      it('is kept when the other end greets and leaves at once', async () => {
        harness.greet((peer) => {
          peer.send('hello');
          peer.close(4000, 'bye');
        });
        const end = ['connecting', 'open', 'hello', 'close 4000 bye', 'ConnectionClosedError'];
        expect(await record().ended()).toEqual(end);
      });
    });

    describe('the end', () => {
      it.each([3000, 3999, 4000, 4999])('is an error after close code %d', async (code) => {
        const recording = record();
        await recording.opened();
        (await harness.peer()).close(code, 'why');
        expect(await recording.ended()).toEqual(['connecting', 'open', `close ${code} why`, 'ConnectionClosedError']);
        expect(recording.error).toMatchObject({ name: 'ConnectionClosedError', code, reason: 'why' });
      });

      it('is an error after the connection broke: 1006, not clean', async () => {
        const recording = record();
        await recording.opened();
        (await harness.peer()).drop();
        expect(await recording.ended()).toEqual(['connecting', 'open', 'close 1006', 'ConnectionClosedError']);
        expect(recording.events.at(-1)).toMatchObject({ code: 1006, wasClean: false });
      });

      it('is a DialError, once, when there is no connection', async () => {
        harness.refuse();
        const recording = record();
        expect(await recording.ended()).toEqual(['connecting', 'DialError']);
        expect((recording.error as Error).message).toMatch(/^could not connect to /);
      });

      it('leaves the next subscriber alone', async () => {
        harness.refuse();
        await record().ended();
        harness.accept();
        await record().opened();
      });
    });

    describe('the connection', () => {
      it('is the same object in every event', async () => {
        const recording = record((event) => {
          if (event.type === 'message') event.connection.ping?.();
        });
        await recording.opened();
        const peer = await harness.peer();
        peer.send('a');
        await recording.has(node ? 'pong' : 'message');
        peer.close();
        await recording.ended();
        const connections = recording.events.flatMap((event) => ('connection' in event ? [event.connection] : []));
        expect(connections.length).toBe(node ? 4 : 3);
        expect(new Set(connections).size).toBe(1);
      });

      it('knows its state', async () => {
        const states: number[] = [];
        const recording = record((event) => {
          if ('connection' in event) states.push(event.connection.readyState);
          if (event.type !== 'open') return;
          event.connection.close();
          states.push(event.connection.readyState);
        });
        await recording.ended();
        expect(states).toEqual([ReadyState.OPEN, ReadyState.CLOSING, ReadyState.CLOSED]);
      });

      it('keeps the secrets of its address to itself', async () => {
        const recording = record();
        const connection = await recording.opened();
        connection.close(4000);
        await recording.ended();
        harness.refuse();
        const refused = record();
        await refused.ended();
        const urls = recording.events.flatMap((event) => (event.type === 'connecting' ? [event.url] : []));
        expect([connection.url, ...urls].join()).toContain('://');
        expect(
          inspect([connection.url, urls, recording.error, refused.events, refused.error], { depth: 5 }),
        ).not.toMatch(PLANTED);
      });
    });

    describe('send()', () => {
      const frames: [string, string | Uint8Array][] = [
        ['text', 'text'],
        ['text beyond ASCII', 'Größe 水 🚢'],
        ['an empty text', ''],
        ['bytes', bytes(0, 1, 127, 128, 255)],
        ['no bytes', bytes()],
        ['a long text', 'x'.repeat(MIB)],
        ['many bytes', new Uint8Array(MIB).fill(7)],
      ];

      it.each(frames)('%s arrives as it was, there and here', async (_what, frame) => {
        const recording = record();
        (await recording.opened()).send(frame);
        const peer = await harness.peer();
        const there = await peer.waitForMessage();
        peer.send(frame);
        await recording.has('message');
        const here = recording.messages[0]!;
        for (const arrived of [there, here]) {
          expect(typeof arrived).toBe(typeof frame);
          if (typeof frame === 'string') expect(arrived === frame).toBe(true);
          else {
            expect(arrived).toBeInstanceOf(Uint8Array);
            expect(Buffer.compare(arrived as Uint8Array, frame)).toBe(0);
          }
        }
      });

      it('keeps the order, whatever the sizes and kinds', async () => {
        const recording = record();
        const connection = await recording.opened();
        const sizes = [1, 70_000, 0, 125, 126, 16_385, 65_536, 3];
        sizes.forEach((size, at) => connection.send(at % 2 ? 'x'.repeat(size) : new Uint8Array(size)));
        const peer = await harness.peer();
        await peer.waitForMessage(sizes.length);
        expect(peer.received.map(({ length }) => length)).toEqual(sizes);
      });

      it('may be called within the `open` event', async () => {
        record((event) => {
          if (event.type === 'open') event.connection.send('at once');
        });
        expect(await (await harness.peer()).waitForMessage()).toBe('at once');
      });

      it.each<[string, (connection: FrameConnection, recording: Recording) => unknown]>([
        ['close()', (connection) => connection.close()],
        ['unsubscribing', (_connection, recording) => recording.unsubscribe()],
        [
          'the other end closed',
          async (_connection, recording) => {
            (await harness.peer()).close(4000);
            await recording.ended();
          },
        ],
      ])('throws a NotOpenError after %s, and sends nothing', async (_when, act) => {
        const recording = record();
        const connection = await recording.opened();
        const peer = await harness.peer();
        await act(connection, recording);
        const refusal = expect.objectContaining({ name: 'NotOpenError', readyState: connection.readyState }) as Error;
        expect(() => connection.send('late')).toThrow(refusal);
        if (node) expect(() => connection.ping?.()).toThrow(refusal);
        await peer.closed;
        expect(peer.received).toEqual([]);
      });

      it('throws a NotOpenError within the `close` event', async () => {
        let thrown: unknown;
        const recording = record((event) => {
          if (event.type !== 'close') return;
          try {
            event.connection.send('late');
          } catch (error) {
            thrown = error;
          }
        });
        await recording.opened();
        (await harness.peer()).close(4000);
        await recording.ended();
        expect(thrown).toMatchObject({ name: 'NotOpenError', readyState: ReadyState.CLOSED });
      });

      it('counts in bufferedAmount what the network cannot take yet', async () => {
        const connection = await record().opened();
        expect(connection.bufferedAmount).toBe(0);
        const frame = new Uint8Array(MIB);
        for (let sent = 0; sent < 16; sent++) connection.send(frame);
        expect(connection.bufferedAmount).toBeGreaterThan(MIB);
        expect(connection.bufferedAmount).toBeLessThan(17 * MIB);
        await (await harness.peer()).waitForMessage(16);
        expect(connection.bufferedAmount).toBe(0);
      });
    });

    describe('close()', () => {
      it('is quiet: its own code, and completion after 1000', async () => {
        const recording = record();
        (await recording.opened()).close();
        expect(await recording.ended()).toEqual(['connecting', 'open', 'close 1000', 'complete']);
        expect(recording.events.at(-1)).toMatchObject({ wasClean: true });
        expect(await (await harness.peer()).closed).toMatchObject({ code: 1000 });
      });

      it('gives the other end its code and reason, and is an error here too unless it is 1000', async () => {
        const recording = record();
        (await recording.opened()).close(4321, 'grüße');
        expect(await recording.ended()).toEqual(['connecting', 'open', 'close 4321 grüße', 'ConnectionClosedError']);
        expect(await (await harness.peer()).closed).toEqual({ code: 4321, reason: 'grüße' });
      });

      it('counts once', async () => {
        const recording = record();
        const connection = await recording.opened();
        connection.close(4001);
        connection.close(4002);
        expect(await recording.ended()).toContain('close 4001');
        connection.close(4003);
        expect(await (await harness.peer()).closed).toMatchObject({ code: 4001 });
      });

      it('holds when the other end closes with another code at the same time', async () => {
        const recording = record();
        const connection = await recording.opened();
        (await harness.peer()).close(4011, 'crash');
        connection.close();
        expect(await recording.ended()).toEqual(['connecting', 'open', 'close 1000', 'complete']);
      });

      // Browsers drop it.
      (node ? it : it.skip)('still delivers what the other end had sent', async () => {
        const recording = record();
        const connection = await recording.opened();
        (await harness.peer()).send('under way');
        connection.close();
        expect(await recording.ended()).toEqual(['connecting', 'open', 'under way', 'close 1000', 'complete']);
      });

      it.each([999, 1001, 1005, 1006, 1011, 1015, 2999, 5000, 3000.5, NaN, -1])(
        'refuses the code %d, and stays open',
        async (code) => {
          const connection = await record().opened();
          expect(() => connection.close(code)).toThrow(TypeError);
          connection.send('alive');
          expect(await (await harness.peer()).waitForMessage()).toBe('alive');
        },
      );

      it('takes a reason of 123 bytes, and refuses a longer one', async () => {
        const recording = record();
        const connection = await recording.opened();
        expect(() => connection.close(1000, 'é'.repeat(62))).toThrow(TypeError);
        const reason = `${'é'.repeat(61)}!`;
        connection.close(3000, reason);
        expect(await (await harness.peer()).closed).toEqual({ code: 3000, reason });
        await recording.ended();
      });
    });

    describe('delivery', () => {
      it('is synchronous: the subscriber runs within what the platform calls', async () => {
        const { stackTraceLimit } = Error;
        let stack = '';
        const recording = record((event) => {
          if (event.type !== 'message') return;
          Error.stackTraceLimit = Infinity;
          stack = new Error().stack ?? '';
          Error.stackTraceLimit = stackTraceLimit;
        });
        await recording.opened();
        (await harness.peer()).send('a');
        await recording.has('message');
        expect(stack).toMatch(deliveredBy);
      });

      it('goes on when the consumer throws', async () => {
        const recording = record((event) => {
          throw new Error(`consumer of ${event.type}`);
        });
        await recording.opened();
        const peer = await harness.peer();
        peer.send('a');
        peer.send('b');
        peer.close(4000);
        await recording.ended();
        await wait(0);
        expect(recording.story).toEqual(['connecting', 'open', 'a', 'b', 'close 4000', 'ConnectionClosedError']);
        const thrown = ['connecting', 'open', 'message', 'message', 'close'];
        expect(uncaught).toEqual(thrown.map((type) => new Error(`consumer of ${type}`)));
      });
    });

    if (!node) {
      it('ping, pause and resume are not there', async () => {
        const connection = await record().opened();
        expect([connection.ping, connection.pause, connection.resume]).toEqual([undefined, undefined, undefined]);
      });
      return;
    }

    describe('ping()', () => {
      it('is answered by `pong` events with the round trip', async () => {
        const recording = record();
        const connection = await recording.opened();
        connection.ping?.();
        connection.ping?.();
        await recording.has('pong', 2);
        const pongs = recording.events.filter((event) => event.type === 'pong');
        expect(pongs.every(({ roundTrip }) => roundTrip >= 0 && roundTrip < 4_000)).toBe(true);
      });

      it('is answered in vain when we unsubscribe meanwhile', async () => {
        const recording = record();
        (await recording.opened()).ping?.();
        recording.unsubscribe();
        await (
          await harness.peer()
        ).closed;
        expect(recording.types).toEqual(['connecting', 'open']);
      });
    });

    describe('pause()', () => {
      it('holds messages back until resume(), in order', async () => {
        const [paused, flowing] = [record(), record()];
        const connection = await paused.opened();
        await flowing.opened();
        connection.pause?.();
        expect(connection.isPaused?.()).toBe(true);
        for (const nth of [1, 2]) {
          const peer = await harness.peer(nth);
          peer.send('a');
          peer.send('b');
        }
        await flowing.has('message', 2);
        expect(paused.messages).toEqual([]);
        connection.resume?.();
        expect(connection.isPaused?.()).toBe(false);
        await paused.has('message', 2);
        expect(paused.messages).toEqual(['a', 'b']);
      });

      it('does not keep close() from ending', async () => {
        const recording = record();
        const connection = await recording.opened();
        connection.pause?.();
        connection.close();
        expect(await recording.ended()).toEqual(['connecting', 'open', 'close 1000', 'complete']);
        expect(recording.events.at(-1)).toMatchObject({ wasClean: true });
      });
    });
  });
}
