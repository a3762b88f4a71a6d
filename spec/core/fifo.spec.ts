import fc from 'fast-check';
import { Fifo } from '../../src/core/fifo.js';

it('a Fifo gives what it was given, in order, like an array', () => {
  const act = fc.oneof(fc.integer(), fc.constant('shift' as const), fc.constant('clear' as const));
  fc.assert(
    fc.property(fc.array(act), (acts) => {
      const fifo = new Fifo<number>();
      const array: number[] = [];
      for (const one of acts) {
        if (one === 'shift') expect(fifo.shift()).toBe(array.shift());
        else if (one === 'clear') {
          fifo.clear();
          array.length = 0;
        } else {
          fifo.push(one);
          array.push(one);
        }
        expect(fifo.length).toBe(array.length);
      }
    }),
  );
});
