import { diagram, type Drawn } from '../../src/testing/diagram.js';
import { readMarbles } from '../../src/testing/readMarbles.js';

const draw = (...rows: string[]): string[] => diagram(rows.map(readMarbles));
const at = (frame: number, sign: string): Drawn => ({ frame, sign });

describe('diagram', () => {
  it('puts what happens at the same moment into the same column', () => {
    expect(draw('co-m-d-mO|', 'co-m-d-m-O')).toEqual([
      'co-m-d-mO|', //
      'co-m-d-m-O',
    ]);
  });

  it('goes on to the last sign of any row, and leaves a row empty after its end', () => {
    expect(draw('a|', '', 'a---b')).toEqual([
      'a|', //
      '-----',
      'a---b',
    ]);
  });

  it('draws what happens at once as a group, which takes the time of its signs', () => {
    expect(draw('-(ab)c', '-a---c')).toEqual([
      '-(ab)c', //
      '-a---c',
    ]);
  });

  it('moves all rows to the right where a group leaves no room', () => {
    expect(
      diagram([
        [at(1, 'a'), at(1, 'b'), at(2, 'c')],
        [at(1, 'a'), at(3, 'c')],
      ]),
    ).toEqual([
      '-(ab)c-', //
      '-a   -c',
    ]);
  });

  it('writes waits as times when it would be too wide', () => {
    expect(draw('co 9998ms m 60s x', 'co 9998ms m 30s d')).toEqual([
      'co 9998ms m 30s - 29999ms x', //
      'co 9998ms m 30s d 29999ms -',
    ]);
  });

  it('keeps the dashes of a diagram of up to 80 columns', () => {
    const wait = '-'.repeat(78);
    expect(draw(`a${wait}b`)).toEqual([`a${wait}b`]);
    expect(draw(`a${wait}-b`)).toEqual(['a 79ms b']);
    expect(draw('a--b 9s c')).toEqual(['a--b 9s c']);
    expect(draw('a 9s ---b')).toEqual(['a 9003ms b']);
    expect(draw('a 120s b')).toEqual(['a 2m b']);
  });

  it('draws moments between two milliseconds', () => {
    expect(diagram([[at(0, 'a'), at(1.5, 'b')], [at(2, 'c')]])).toEqual([
      'a 0.5ms b      -', //
      ' 1.5ms   0.5ms c',
    ]);
  });

  it('draws what readMarbles reads back', () => {
    for (const row of ['-(ab)---c|', '10ms a 30s (bc) 2m #', 'a-b-c', '1.5ms a', '(ab|)']) {
      expect(readMarbles(draw(row)[0] ?? '')).toEqual(readMarbles(row));
    }
  });
});
