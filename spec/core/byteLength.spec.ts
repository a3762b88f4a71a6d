import fc from 'fast-check';
import { byteLength } from '../../src/core/byteLength.js';

describe('byteLength', () => {
  it('is the length of bytes', () => {
    expect(byteLength(new Uint8Array(3))).toBe(3);
    expect(byteLength(Buffer.from('€'))).toBe(3);
  });

  it('is the length of a text in UTF-8, whatever its characters and however long it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 50 }), fc.nat(600), (text, times) => {
        const long = text.repeat(times);
        expect(byteLength(long)).toBe(new TextEncoder().encode(long).length);
      }),
      { numRuns: 200 },
    );
  });
});
