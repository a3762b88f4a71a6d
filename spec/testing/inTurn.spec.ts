import { firstValueFrom, lastValueFrom, of, throwError, toArray } from 'rxjs';
import { inTurn } from '../../src/testing/inTurn.js';
import { marbles } from '../../src/testing/marbles.js';

describe('inTurn', () => {
  it(
    'gives each subscription the next source',
    marbles(({ cold, expectObservable, expectSubscriptions, events }) => {
      const first = cold('   co-m-x|', events);
      const second = cold('      CO-X|', events);
      const source = inTurn(first, second);

      expectObservable(source, '     ^------').toBe('    co-m-x|', events);
      expectObservable(source, '     ----^----').toBe('  ----CO-X|', events);
      expectSubscriptions(first.subscriptions).toBe('    ^-----!');
      expectSubscriptions(second.subscriptions).toBe('   ----^---!');
    }),
  );

  it(
    'unsubscribes its source',
    marbles(({ cold, expectObservable, expectSubscriptions, events }) => {
      const source = cold('                       co---m', events);
      expectObservable(inTurn(source), '          ^--!').toBe('co', events);
      expectSubscriptions(source.subscriptions).toBe('^--!');
    }),
  );

  it('takes whatever an Observable can be made from', async () => {
    await expect(lastValueFrom(inTurn([1, 2]).pipe(toArray()))).resolves.toEqual([1, 2]);
  });

  it('passes errors on', async () => {
    const failed = throwError(() => new Error('refused'));
    await expect(firstValueFrom(inTurn(failed))).rejects.toThrow(new Error('refused'));
  });

  it('errors when it is subscribed more often than it has sources', async () => {
    const source = inTurn(of('first'), of('second'));
    await expect(firstValueFrom(source)).resolves.toBe('first');
    await expect(firstValueFrom(source)).resolves.toBe('second');
    await expect(firstValueFrom(source)).rejects.toThrow(new Error('inTurn: subscribed 3 times, but has 2 sources'));
  });

  it('counts in words that fit', async () => {
    await expect(firstValueFrom(inTurn())).rejects.toThrow(new Error('inTurn: subscribed once, but has 0 sources'));
    const source = inTurn(of('only'));
    await firstValueFrom(source);
    await expect(firstValueFrom(source)).rejects.toThrow(new Error('inTurn: subscribed 2 times, but has 1 source'));
  });
});
