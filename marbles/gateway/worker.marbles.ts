import type { GatewayWorkerConfig } from '../../src/gateway/workerConfig.js';
import { marbles } from '../../src/testing/marbles.js';
import { answers, inTurnOf, lost, said, socketOf, worker } from './workerDiagrams.js';

describe('the heartbeat of a worker', () => {
  it(
    'goes out every interval, the first time an interval after ready',
    marbles(({ cold, expectObservable, a }) => {
      const post = cold('    --(s|)                 ', answers);
      const socket = cold('    cohr----b---b---b---  ', socketOf(a));
      const told = '         ----wy---b---b---b---b';
      const expected = '     --c--o----p---p---p---';

      const result = worker({ post: () => post, connect: () => socket });
      expectObservable(result, '^---------------------!').toBe(expected);
      expectObservable(said(a)).toBe(told);
    }),
  );

  it(
    'takes a gateway for dead that left two beats without an answer, three intervals after ready',
    marbles(({ cold, expectObservable, expectSubscriptions, a, b }) => {
      const post = cold('    --(s|)                 ', answers);
      const socket = cold('    cohr------------------', socketOf(a));
      const next = cold('                     cohr---', socketOf(b));
      const socketSubs = '   --^--------------!     ';
      const nextSubs = '     -------------------^---!';
      const expected = '     --c--o-----------r-c--o--';

      const result = worker({ post: () => post, connect: inTurnOf(socket, next) });
      expectObservable(result, '^----------------------!').toBe(expected);
      expectSubscriptions(socket.subscriptions).toBe(socketSubs);
      expectSubscriptions(next.subscriptions).toBe(nextSubs);
    }),
  );

  it.each([
    ['heartbeat', 'cohr----------b-------', '--c--o----------p-----'],
    ['any other message', 'cohr----------k-------', '--c--o----------m-----'],
  ])('finds a gateway alive by %s in the last moment', (_what, diagram, expected) => {
    marbles(({ cold, expectObservable, a }) => {
      const post = cold('--(s|)', answers);
      const socket = cold(diagram, socketOf(a));

      const result = worker({ post: () => post, connect: () => socket });
      expectObservable(result, '^---------------------!').toBe(expected);
    })();
  });

  it(
    'has the rhythm of each connection, and stands still while there is none',
    marbles(({ cold, expectObservable, a, b }) => {
      const post = cold('    ----(s|)                           ', answers);
      const one = cold('         cohr----b---b(x#)              ', socketOf(a), lost);
      const two = cold('                          cohr---b--b--b', socketOf(b, 3));
      const toldOne = '      ------wy---b---b                   ';
      const toldTwo = '      -----------------------wy--b--b--b-';
      const expected = '     ----c--o----p---p(xr)c--o---p--p--p';

      const result = worker({ post: () => post, connect: inTurnOf(one, two) });
      expectObservable(result, '^----------------------------------!').toBe(expected);
      expectObservable(said(a)).toBe(toldOne);
      expectObservable(said(b)).toBe(toldTwo);
    }),
  );
});

describe('the handshake of a worker', () => {
  it.each([
    ['hello', 'co----h', '----------'],
    ['ready', 'coh---r', '----w-----'],
  ])('waits for %s until its time is up, and hears nothing afterwards', (_what, diagram, told) => {
    marbles(({ cold, expectObservable, expectSubscriptions, a, b }) => {
      const post = cold('     --(s|)                   ', answers);
      const late = cold(diagram, socketOf(a));
      const next = cold('                     cohr-----', socketOf(b));
      const lateSubs = '      --^----!                  ';
      const expected = '      --c----r 999ms --c--o--';

      const result = worker({ post: () => post, connect: inTurnOf(late, next), setupTimeout: 4 });
      expectObservable(result, '^ 1020ms !').toBe(expected);
      expectObservable(said(a)).toBe(told);
      expectSubscriptions(late.subscriptions).toBe(lateSubs);
    })();
  });

  it.each<[number, string]>([
    [0, '--c----r 499ms --c--o'],
    [0.5, '--c----r 999ms --c--o'],
    [0.999, '--c----r 1498ms --c--o'],
  ])('is tried elsewhere soon when the gateway is about to close (chance %d)', (chance, expected) => {
    marbles(({ cold, expectObservable, a, b }) => {
      const post = cold('--(s|)', answers);
      const closing = cold('coh--d', socketOf(a));
      const next = cold('cohr', socketOf(b, 60_000));

      const connect = inTurnOf(closing, next);
      const result = worker({ post: () => post, connect, random: () => chance });
      expectObservable(result, '^ 2s !').toBe(expected);
    })();
  });
});

describe('the retries of a worker', () => {
  it(
    'come after the waits of the table, the last one for ever',
    marbles(({ cold, expectObservable }) => {
      const post = cold('(f|)', answers);
      const expected =
        'r 999ms r 1999ms r 4999ms r 9999ms r 19999ms r 29999ms r 59999ms r 119999ms r 299999ms r 299999ms r 299999ms r';

      const result = worker({ post: () => post });
      expectObservable(result, '^ 20m !').toBe(expected);
    }),
  );

  it(
    'come after the waits of the table where the policy is undefined',
    marbles(({ cold, expectObservable }) => {
      const post = cold('(f|)', answers);
      const config = { delay: undefined } as unknown as Partial<GatewayWorkerConfig>;

      const result = worker({ post: () => post, ...config, random: () => 0.5 });
      expectObservable(result, '^ 4s !').toBe('r 1149ms r 2299ms r');
    }),
  );

  it(
    'begin at once when a connection was lost, and then come after the waits of the table',
    marbles(({ cold, expectObservable, a, b }) => {
      const down = cold('(f|)', answers);
      const up = cold('(s|)', answers);
      const one = cold('cohr(x#)', socketOf(a, 60_000), lost);
      const two = cold('cohr', socketOf(b, 60_000));
      const expected = 'c--o(xrr) 995ms r 1999ms c--o';

      const result = worker({ post: inTurnOf(up, down, down, up), connect: inTurnOf(one, two) });
      expectObservable(result, '^ 4s !').toBe(expected);
    }),
  );

  it.each([
    ['less than 5 s', '4998ms', 'c--o(xrc)--o 4998ms (xr) 996ms c------o'],
    ['5 s', '4999ms', 'c--o(xrc)--o 4999ms (xrc)--o'],
  ])('are counted anew when a connection was open for 5 s (%s)', (_what, life, expected) => {
    marbles(({ cold, expectObservable, a, b }) => {
      const post = cold('(s|)', answers);
      const connect = inTurnOf(
        cold('cohr(x#)', socketOf(a, 60_000), lost),
        cold(`c----ohr ${life} (x#)`, socketOf(b, 60_000), lost),
        cold('c----ohr', socketOf(a, 60_000)),
      );

      const result = worker({ post: () => post, connect });
      expectObservable(result, '^ 20s !').toBe(expected);
    })();
  });

  it(
    'come by chance within the time that the API asks for',
    marbles(({ cold, expectObservable, a }) => {
      const full = cold('(l|)', answers);
      const up = cold('(s|)', answers);
      const socket = cold('cohr', socketOf(a, 60_000));
      const expected = 'r 999ms c--o';

      const result = worker({ post: inTurnOf(full, up), connect: () => socket, random: () => 0.25 });
      expectObservable(result, '^ 2s !').toBe(expected);
    }),
  );

  it(
    'follow a request that is never answered when its time is up',
    marbles(({ cold, expectObservable, expectSubscriptions, a }) => {
      const hangs = cold('       ------              ', answers);
      const up = cold('                       -(s|) ', answers);
      const socket = cold('                     cohr', socketOf(a));
      const hangSubs = '         ^----!              ';
      const expected = '         -----r 999ms -c--o';

      const result = worker({ post: inTurnOf(hangs, up), connect: () => socket, apiTimeout: 5 });
      expectObservable(result, '^ 1s ----------!').toBe(expected);
      expectSubscriptions(hangs.subscriptions).toBe(hangSubs);
    }),
  );

  it(
    'end at once with the worker',
    marbles(({ cold, expectObservable }) => {
      const down = cold('(f|)       ', answers);
      const shutdown = cold('---s   ');
      const expected = '     r--(l|)';

      const result = worker({ post: () => down, shutdown$: shutdown });
      expectObservable(result).toBe(expected);
    }),
  );
});
