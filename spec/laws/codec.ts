import fc from 'fast-check';
import { NEVER, retry, Subject } from 'rxjs';
import { type Codec, codec, type CodecConfig, type CodecOperator } from '../../src/codecs/codec.js';
import type { Connection, Frame } from '../../src/core/connection.js';
import { BufferOverflowError } from '../../src/core/errors.js';
import type { ConnectionEvent } from '../../src/core/event.js';
import { inTurn } from '../../src/testing/inTurn.js';
import { mockConnection, type MockConnection } from '../../src/testing/mockConnection.js';
import { hostileFrames } from './hostileFrames.js';

/** A codec, and what the laws must know about it. */
export interface CodecUnderLaw {
  /** The operator that is tested. */
  operator(config?: CodecConfig): CodecOperator<unknown>;
  /** The codec behind it: what the peer of one connection uses. */
  peer(): Codec<unknown>;
  /** Messages of every kind. */
  readonly messages: fc.Arbitrary<unknown>;
  /** How a message arrives, where that differs. */
  readonly arrives?: (message: unknown) => unknown;
  /** A few messages, alike enough that a codec with a state makes use of it. */
  readonly typical: readonly unknown[];
  readonly malformed: readonly Frame[];
  /** Frames whose data would change prototypes when it is merged into something. */
  readonly poisonous: readonly Frame[];
  readonly unsendable: readonly unknown[];
}

type Event = ConnectionEvent<unknown>;
type FrameEvent = ConnectionEvent<Frame>;

/** How many hostile frames each codec is fed. */
const HOSTILE = 100_000;

/** A connection of frames under the codec, and what came of it. */
class Harness {
  readonly inner: MockConnection<Frame>;
  readonly frames$ = new Subject<FrameEvent>();
  readonly events: Event[] = [];

  constructor(operator: CodecOperator<unknown>, id = 'a') {
    this.inner = mockConnection<Frame>(id);
    this.frames$.pipe(operator).subscribe((event) => this.events.push(event));
    this.frames$.next({ type: 'open', connection: this.inner });
  }

  get connection(): Connection<unknown> {
    return connectionOf(this.events[0]!);
  }

  get last(): Event {
    return this.events.at(-1)!;
  }

  receive(data: Frame): Event {
    this.frames$.next({ type: 'message', connection: this.inner, data });
    return this.last;
  }

  /** The frame that a message is sent as. */
  send(message: unknown): Frame {
    this.connection.send(message);
    return this.inner.sent.at(-1)!;
  }
}

function connectionOf(event: Event): Connection<unknown> {
  if (!('connection' in event)) throw new Error(`a ${event.type} event has no connection`);
  return event.connection;
}

function dataOf(event: Event): unknown {
  if (event.type !== 'message') throw new Error(`expected a message, got ${JSON.stringify(event, ['type', 'error'])}`);
  return event.data;
}

/** The laws that every codec keeps. */
export function codecLaws(name: string, law: CodecUnderLaw): void {
  const { arrives = (message) => message, typical, malformed } = law;

  describe(`the laws of a codec: ${name}`, () => {
    it('brings every message over as it was, in both directions', () => {
      fc.assert(
        fc.property(fc.array(law.messages, { minLength: 1, maxLength: 5 }), (messages) => {
          const peer = law.peer();
          const harness = new Harness(law.operator());
          // Three times, because a codec may treat differently what it has seen before.
          for (const message of [...messages, ...messages, ...messages]) {
            expect(peer.decode(harness.send(message))).toEqual(arrives(message));
            expect(dataOf(harness.receive(peer.encode(message)))).toEqual(arrives(message));
          }
        }),
        { numRuns: 300 },
      );
    });

    it('hands every event on at once, and everything but frames as it was', () => {
      const { inner, frames$, events } = new Harness(law.operator());
      const connection = connectionOf(events[0]!);
      const others: FrameEvent[] = [
        { type: 'connecting', url: 'ws://a' },
        { type: 'reconnecting', attempt: 1, delay: 5, cause: 'x' },
        { type: 'dropped', message: 'x', reason: 'expired' },
      ];
      for (const event of others) {
        frames$.next(event);
        expect(events.at(-1)).toBe(event);
      }
      frames$.next({ type: 'pong', connection: inner, roundTrip: 7 });
      expect(events.at(-1)).toEqual({ type: 'pong', connection, roundTrip: 7 });
      frames$.next({ type: 'close', connection: inner, code: 4000, reason: 'enough', wasClean: true });
      expect(events.at(-1)).toEqual({ type: 'close', connection, code: 4000, reason: 'enough', wasClean: true });
    });

    it('gives one connection to all events of a connection, and not the one of the frames', () => {
      const { inner, frames$, events } = new Harness(law.operator());
      const data = law.peer().encode(typical[0]);
      for (const type of ['message', 'draining', 'pong', 'message', 'retired', 'close'] as const) {
        frames$.next({
          type,
          connection: inner,
          data,
          roundTrip: 1,
          reason: 'lost',
          code: 1000,
          wasClean: true,
        } as never);
      }
      frames$.next({ type: 'message', connection: inner, data: malformed[0]! });
      const connections = new Set(events.map(connectionOf));
      expect(events.map(({ type }) => type)).toEqual(
        ['open', 'message', 'draining', 'pong', 'message', 'retired', 'close', 'malformed'], // prettier-ignore
      );
      expect(connections.size).toBe(1);
      expect(connections.has(inner as never)).toBe(false);
      expect([...connections][0]!.id).toBe('a');
    });

    it.each(malformed.map((frame) => [shown(frame), frame]))('takes %s for malformed, and lives', (_, frame) => {
      const harness = new Harness(law.operator());
      const event = harness.receive(frame);
      expect(event).toMatchObject({
        type: 'malformed',
        connection: harness.connection,
        error: { name: 'ProtocolError' },
      });
      expect((event as { raw: unknown }).raw).toBe(frame);
      expect(harness.inner.closed).toEqual([]);
      expect(dataOf(harness.receive(law.peer().encode(typical[0])))).toEqual(arrives(typical[0]));
    });

    it('closes with 4400 after a malformed frame where that is the policy, and only after it told so', () => {
      const harness = new Harness(law.operator({ onMalformed: 'close' }));
      const closedAt: number[] = [];
      const { close } = harness.inner;
      harness.inner.close = (...args) => {
        closedAt.push(harness.events.length);
        close.apply(harness.inner, args);
      };
      harness.receive(malformed[0]!);
      expect(closedAt).toEqual([2]);
      expect(harness.inner.closed).toEqual([{ code: 4400, reason: 'malformed frame' }]);
    });

    it.each(law.unsendable.map((message) => [Object.prototype.toString.call(message), message]))(
      'lets send() throw what has no form: %s',
      (_, message) => {
        const harness = new Harness(law.operator());
        expect(() => harness.connection.send(message)).toThrow(TypeError);
        expect(harness.inner.sent).toEqual([]);
        expect(law.peer().decode(harness.send(typical[0]))).toEqual(arrives(typical[0]));
      },
    );

    it('sends nothing, and takes note of nothing, while the connection is not open', () => {
      const harness = new Harness(law.operator());
      harness.inner.connecting();
      for (const message of [...typical, ...typical]) {
        expect(() => harness.connection.send(message)).toThrow(expect.objectContaining({ name: 'NotOpenError' }));
      }
      harness.inner.open();
      const peer = law.peer();
      for (const message of typical) expect(peer.decode(harness.send(message))).toEqual(arrives(message));
    });

    it('counts on no frame that the connection refused', () => {
      const harness = new Harness(law.operator());
      const peer = law.peer();
      const several = [...typical, ...typical, ...typical];
      for (const message of several) {
        const refusal = new BufferOverflowError(1);
        harness.inner.failSends(refusal);
        expect(() => harness.connection.send(message)).toThrow(refusal);
        expect(() => harness.connection.send(message)).toThrow(refusal);
        harness.inner.acceptSends();
        expect(peer.decode(harness.send(message))).toEqual(arrives(message));
      }
      expect(harness.inner.sent).toHaveLength(several.length);
    });

    it('asks a factory once per connection', () => {
      const made: Connection<Frame>[] = [];
      const operator = codec((connection) => {
        made.push(connection);
        return law.peer();
      });
      const a = new Harness(operator);
      const b = mockConnection<Frame>('b');
      const data = law.peer().encode(typical[0]);
      for (const connection of [a.inner, b, a.inner, b]) {
        a.frames$.next({ type: 'message', connection, data });
        a.connection.send(typical[0]);
      }
      expect(made).toEqual([a.inner, b]);
    });

    it('begins anew with a new connection', () => {
      const a = mockConnection<Frame>('a');
      const b = mockConnection<Frame>('b');
      const lives = [a, b].map(() => new Subject<FrameEvent>());
      const events: Event[] = [];
      inTurn(lives[0]!, lives[1]!, NEVER)
        .pipe(law.operator(), retry())
        .subscribe((event) => events.push(event));
      for (const [index, inner] of [a, b].entries()) {
        const peer = law.peer();
        lives[index]!.next({ type: 'open', connection: inner });
        for (const message of [...typical, ...typical]) {
          const connection = connectionOf(events.at(-1)!);
          connection.send(message);
          expect(peer.decode(inner.sent.at(-1)!)).toEqual(arrives(message));
          lives[index]!.next({ type: 'message', connection: inner, data: peer.encode(message) });
          expect(dataOf(events.at(-1)!)).toEqual(arrives(message));
        }
        lives[index]!.error(new Error('lost'));
      }
    });

    it('keeps two connections that overlap apart', () => {
      const harness = new Harness(law.operator());
      const inners = [harness.inner, mockConnection<Frame>('b')];
      const peers = inners.map(() => law.peer());
      const handed = new Set<Connection<unknown>>();
      for (const message of [...typical, ...typical, ...typical]) {
        for (const [index, inner] of inners.entries()) {
          harness.frames$.next({ type: 'message', connection: inner, data: peers[index]!.encode(message) });
          expect(dataOf(harness.last)).toEqual(arrives(message));
          const connection = connectionOf(harness.last);
          handed.add(connection);
          connection.send(message);
          expect(connection.id).toBe(inner.id);
          expect(peers[index]!.decode(inner.sent.at(-1)!)).toEqual(arrives(message));
        }
      }
      expect(handed.size).toBe(2);
    });

    it('serves several subscriptions with one operator', () => {
      const operator = law.operator();
      const harnesses = [new Harness(operator), new Harness(operator)];
      const peers = harnesses.map(() => law.peer());
      for (const message of [...typical, ...typical]) {
        for (const [index, harness] of harnesses.entries()) {
          expect(peers[index]!.decode(harness.send(message))).toEqual(arrives(message));
        }
      }
    });

    it.each(law.poisonous.map((frame) => [shown(frame), frame]))('leaves __proto__ out of %s', (_, frame) => {
      const data = dataOf(new Harness(law.operator()).receive(frame));
      expect(namesIn(data)).not.toContain('__proto__');
      for (const part of objectsIn(data))
        expect([Object.prototype, Array.prototype]).toContain(Object.getPrototypeOf(part));
      const merged = merge({}, data) as { evil?: unknown };
      expect(merged.evil).toBeUndefined();
      expect(({} as { evil?: unknown }).evil).toBeUndefined();
    });

    it(`survives ${HOSTILE.toLocaleString('en')} hostile frames: each is a message or malformed, and no more than its size`, () => {
      const seed = Number(process.env['SEED'] ?? Date.now() % 0x7fff_ffff);
      const harness = new Harness(law.operator());
      const peer = law.peer();
      // Sound frames first, so that a codec with a state has one to be attacked.
      const sound = [...typical, ...typical, ...typical].map((message) => peer.encode(message));
      for (const frame of sound) harness.receive(frame);
      let messages = 0;
      let at = 0;
      for (const frame of hostileFrames(seed, HOSTILE, [...sound, ...law.malformed, ...law.poisonous])) {
        at++;
        harness.events.length = 1;
        const event = harness.receive(frame);
        const bad = (what: string): Error => new Error(`${what}: frame ${at} of SEED=${seed}, ${shown(frame)}`);
        if (harness.events.length !== 2) throw bad(`${harness.events.length - 1} events`);
        if (event.type === 'message') {
          messages++;
          if (sizeOf(event.data) > frame.length + 1) throw bad('more values than bytes');
        } else if (event.type !== 'malformed' || event.error.name !== 'ProtocolError') {
          throw bad(`a ${event.type} event`);
        }
      }
      expect(at).toBe(HOSTILE);
      expect(messages).toBeGreaterThan(0);
      expect(messages).toBeLessThan(HOSTILE);
      expect(Object.keys(Object.prototype)).toEqual([]);
    });
  });
}

function shown(frame: Frame): string {
  const text = typeof frame === 'string' ? JSON.stringify(frame) : Buffer.from(frame).toString('hex');
  return text.length > 60 ? `${text.slice(0, 60)}… (${frame.length})` : text;
}

/** How many values there are in a message, itself included; throws when it is nested deeper than a codec may allow. */
function sizeOf(data: unknown, depth = 0): number {
  if (typeof data !== 'object' || data === null || data instanceof Uint8Array || data instanceof Date) return 1;
  if (depth === 512) throw new Error('nested more than 512 levels deep');
  return Object.values(data).reduce<number>((sum, part) => sum + sizeOf(part, depth + 1), 1);
}

function objectsIn(data: unknown): object[] {
  if (typeof data !== 'object' || data === null) return [];
  return [data, ...Object.values(data).flatMap(objectsIn)];
}

function namesIn(data: unknown): string[] {
  return objectsIn(data).flatMap((part) => Object.getOwnPropertyNames(part));
}

/** Merges as many libraries do: by assignment, all the way down. */
function merge(into: Record<string, unknown>, data: unknown): unknown {
  if (typeof data !== 'object' || data === null) return data;
  for (const name of Object.getOwnPropertyNames(data)) {
    const part = (data as Record<string, unknown>)[name];
    into[name] = typeof part === 'object' ? merge((into[name] ?? {}) as Record<string, unknown>, part) : part;
  }
  return into;
}
