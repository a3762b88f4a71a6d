import fc from 'fast-check';
import { isNamed } from '../../src/core/errors.js';
import type { Frame } from '../../src/core/connection.js';
import type { Codec } from '../../src/codecs/codec.js';
import type { BodyCodec, GatewayWire } from '../../src/gateway/gatewayWire.js';
import type { FromGateway, ToGateway } from '../../src/gateway/messages.js';
import { hostileFrames } from '../laws/hostileFrames.js';
import { flushAnswer, fromGateway, startAnswer, startRequest, toGateway, workReply } from './arbitraries.js';

/** One thing that a wire carries: what may be said, and both ways of it. */
interface Carried {
  readonly name: string;
  readonly said: fc.Arbitrary<unknown>;
  readonly encode: (value: unknown) => Uint8Array;
  readonly decode: (frame: Frame) => unknown;
}

/** Everything that a wire carries. */
export function carriedBy({ worker, gateway, ...bodies }: GatewayWire): Carried[] {
  const message = <In, Out>(
    direction: string,
    arbitraries: Readonly<Record<string, fc.Arbitrary<unknown>>>,
    speaker: Codec<In, Out>,
    listener: Codec<Out, In>,
  ): Carried[] =>
    Object.entries(arbitraries).map(([kind, said]) => ({
      name: `${direction} ${kind}`,
      said,
      encode: (value) => speaker.encode(value as Out) as Uint8Array,
      decode: (frame) => listener.decode(frame),
    }));
  const body = <Value>(name: string, said: fc.Arbitrary<Value>, codec: BodyCodec<Value>): Carried => ({
    name,
    said,
    encode: (value) => codec.encode(value as Value),
    decode: (frame) => codec.decode(frame as Uint8Array),
  });
  return [
    ...message<ToGateway, FromGateway>('gateway:', fromGateway, gateway, worker),
    ...message<FromGateway, ToGateway>('worker:', toGateway, worker, gateway),
    body('start request', startRequest, bodies.startRequest),
    body('start answer', startAnswer, bodies.startAnswer),
    body('flush request', workReply, bodies.flushRequest),
    body('flush answer', flushAnswer, bodies.flushAnswer),
  ];
}

/** What a hostile frame leads to: its `ProtocolError`, or undefined when it is sound after all. Any other error is thrown on. */
export function refusal(decode: (frame: Frame) => unknown, frame: Frame): Error | undefined {
  try {
    decode(frame);
    return undefined;
  } catch (error) {
    if (!isNamed(error, 'ProtocolError')) throw error;
    return error;
  }
}

/** What every wire does, whatever its bytes look like. `arrives` is what is left of a value on the other side. */
export function wireLaws(wire: GatewayWire, arrives: (value: unknown) => unknown = (value) => value): void {
  const carried = carriedBy(wire);
  const frames = carried.flatMap(({ said, encode }) => fc.sample(said, { numRuns: 5, seed: 1 }).map(encode));

  for (const { name, said, encode, decode } of carried) {
    it(`carries what a ${name} says`, () => {
      fc.assert(fc.property(said, (value) => expect(decode(encode(value))).toStrictEqual(arrives(value))));
    });

    it(`carries a ${name} without what does not belong there`, () => {
      fc.assert(
        fc.property(said, (value) => {
          expect(encode(withStrangers(value))).toStrictEqual(encode(value));
        }),
        { numRuns: 20 },
      );
    });

    it(`takes text that pretends to be a ${name} for malformed`, () => {
      expect(refusal(decode, '{"kind":"hello"}')).toBeDefined();
    });

    it(`meets every beginning of a ${name} with a ProtocolError, or reads it`, () => {
      for (const frame of fc.sample(said, { numRuns: 10, seed: 2 }).map(encode)) {
        for (let length = 0; length < frame.length; length++) refusal(decode, frame.subarray(0, length));
      }
    });

    it(`meets 5,000 frames of noise instead of a ${name} with ProtocolErrors`, () => {
      let refused = 0;
      for (const frame of hostileFrames(20_261_121, 5_000, frames)) if (refusal(decode, frame)) refused++;
      expect(refused).toBeGreaterThan(2_000);
    });
  }

  it('takes what the other end would say for malformed', () => {
    const hello = wire.gateway.encode({ kind: 'hello' });
    const pause = wire.worker.encode({ kind: 'pause' });
    expect(refusal(wire.gateway.decode, hello)?.message).toMatch(/kind/);
    expect(refusal(wire.worker.decode, pause)?.message).toMatch(/kind/);
  });
}

/** The same, with a field too many in every object. */
function withStrangers(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withStrangers);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  const parts = Object.entries(value).map(([key, part]) => [key, withStrangers(part)] as const);
  return { stranger: 'danger', ...Object.fromEntries(parts) };
}
