import fc from 'fast-check';
import { Fifo } from '../../src/core/fifo.js';

it('a Fifo gives what it was given, in order, like an array', () => {
  const act = fc.oneof(fc.integer(), fc.constantFrom('shift' as const, 'unshift' as const, 'clear' as const));
  fc.assert(
    fc.property(fc.array(act), (acts) => {
      const fifo = new Fifo<number>();
      const array: number[] = [];
      for (const one of acts) {
        if (one === 'shift') expect(fifo.shift()).toBe(array.shift());
        else if (one === 'unshift') {
          fifo.unshift(-1);
          array.unshift(-1);
        } else if (one === 'clear') {
          fifo.clear();
          array.length = 0;
        } else {
          fifo.push(one);
          array.push(one);
        }
        expect([fifo.length, fifo.head]).toEqual([array.length, array[0]]);
      }
    }),
  );
});
