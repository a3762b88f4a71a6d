import fc from 'fast-check';
import type { Frame } from '../../src/core/connection.js';
import { decodeFrameBody, encodeFrameBody } from '../../src/transports/frameBody.js';

const frames = fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.uint8Array()));

describe('the body of a request', () => {
  it('is for each frame its kind, its length and its bytes', () => {
    const body = encodeFrameBody(['é', new Uint8Array([7, 8, 9]), '']);

    expect([...body]).toEqual([1, 0, 0, 0, 2, 0xc3, 0xa9, 2, 0, 0, 0, 3, 7, 8, 9, 1, 0, 0, 0, 0]);
  });

  it('holds what was put into it', () => {
    fc.assert(fc.property(frames, (given) => expect(decodeFrameBody(encodeFrameBody(given))).toEqual(given)));
  });

  it('keeps a byte order mark', () => {
    expect(decodeFrameBody(encodeFrameBody(['\ufeffa']))).toEqual(['\ufeffa']);
  });

  it('is read also where it is part of a larger buffer', () => {
    const body = encodeFrameBody(['a']);
    const larger = new Uint8Array(100).fill(9);
    larger.set(body, 50);
    expect(decodeFrameBody(larger.subarray(50, 50 + body.length))).toEqual(['a']);
  });

  it('is refused when it was cut anywhere within a frame', () => {
    const body = encodeFrameBody(['text', new Uint8Array([1, 2])]);
    const whole = [0, 9, body.length];
    for (let end = 0; end <= body.length; end++) {
      const read = (): Frame[] => decodeFrameBody(body.subarray(0, end));
      if (whole.includes(end)) expect(read).not.toThrow();
      else expect(read).toThrow(expect.objectContaining({ name: 'ProtocolError' }));
    }
  });

  it.each<[string, number[]]>([
    ['an unknown kind', [3, 0, 0, 0, 0]],
    ['a kind of 0', [0, 0, 0, 0, 0]],
    ['a length beyond the end', [1, 255, 255, 255, 255, 65]],
    ['text that is no UTF-8', [1, 0, 0, 0, 1, 0xff]],
  ])('is refused with %s', (_what, bytes) => {
    expect(() => decodeFrameBody(new Uint8Array(bytes))).toThrow(expect.objectContaining({ name: 'ProtocolError' }));
  });

  it('is read or refused, whatever it is', () => {
    const outcome = (bytes: Uint8Array): string => {
      try {
        return typeof decodeFrameBody(bytes);
      } catch (error) {
        return (error as Error).name;
      }
    };
    fc.assert(fc.property(fc.uint8Array(), (bytes) => ['object', 'ProtocolError'].includes(outcome(bytes))));
  });
});
