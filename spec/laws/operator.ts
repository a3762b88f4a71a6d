import { Observable, type OperatorFunction, type SchedulerLike, Subject, takeUntil } from 'rxjs';
import { difference } from '../../src/testing/difference.js';
import { close, connecting, dropped, malformed, message, open, pong } from '../../src/testing/letters.js';
import { type MockConnection, mockConnection } from '../../src/testing/mockConnection.js';
import { type Event, Output, Probe, Time } from './probe.js';

export type Operator = OperatorFunction<Event, unknown>;

/** Something that the source, and time, may do. */
export type Step = (context: {
  readonly probe: Probe;
  readonly time: Time;
  readonly a: MockConnection;
  readonly b: MockConnection;
}) => void;

/** An operator in a situation. */
export interface Situation {
  readonly operator: (scheduler: SchedulerLike) => Operator;
  /** What brings it about; by default a connection opens and a message comes. */
  readonly steps?: Step;
}

/** An operator, and what the laws must know about it. */
export interface OperatorUnderLaw extends Pick<Situation, 'operator'> {
  /** Whether it emits something else than the events that it is given. */
  readonly converts?: true;
  /** What it makes of the data of messages; nothing else by default. */
  readonly arrives?: (data: unknown) => unknown;
  /** Data that it understands. */
  readonly data?: readonly [unknown, unknown];
  /** Whether one subscription serves all: its purpose. */
  readonly shares?: true;
  /** Whether an error becomes something else: its purpose. */
  readonly absorbs?: true;
  /** Its callbacks, each one throwing what it is given. */
  readonly throwing?: Readonly<Record<string, (boom: () => never) => Situation>>;
  /** Situations in which timers are set, or other sources are subscribed. */
  readonly busy?: Readonly<Record<string, Situation>>;
  /** Situations in which it sends because a connection opened. */
  readonly acts?: Readonly<Record<string, Situation & { readonly because: 'a' | 'b' }>>;
}

/** Long after everything that an operator may have planned. */
const LONG = 10 * 60_000;

/** A life with every kind of event but those that operators take as an order, and with kinds that no operator knows. */
function life(a: MockConnection, [one, two]: readonly [unknown, unknown]): readonly Event[] {
  return [
    connecting(),
    open(a),
    message(a, one),
    pong(a),
    { type: 'lease', connection: a, id: 7 } as never,
    { type: 'weather', sunny: true } as never,
    malformed(a),
    dropped('old'),
    message(a, two),
  ];
}

const opened: Step = ({ probe, a }) => {
  probe.next(connecting());
  probe.next(open(a));
  probe.next(message(a, '1'));
};

/** The laws that every operator keeps. */
export function operatorLaws(name: string, law: OperatorUnderLaw): void {
  const { operator, converts, arrives = (data) => data, data = ['1', '2'], shares, absorbs } = law;
  const { throwing = {}, busy = {}, acts = {} } = law;

  /** What an operator should give for these events: the same, or where it converts, what it gives when it is alone with them. */
  const expected = (events: readonly Event[]): readonly unknown[] => {
    if (!converts)
      return events.map((event) => (event.type === 'message' ? { ...event, data: arrives(event.data) } : event));
    const alone = new Probe();
    const output = new Output(alone.events$.pipe(operator(new Time().scheduler)));
    for (const event of events) alone.next(event);
    return output.values;
  };
  const expectSame = (actual: readonly unknown[], wanted: readonly unknown[]): void => {
    expect(actual.map((value) => (value as { type?: unknown }).type)).toEqual(
      wanted.map((value) => (value as { type?: unknown }).type),
    );
    expect(difference(actual, wanted)).toBeUndefined();
  };
  const situation = ({ operator: make, steps = opened }: Situation) => {
    const time = new Time();
    const probe = new Probe();
    const [a, b] = [mockConnection('a'), mockConnection('b')];
    return {
      time,
      probe,
      a,
      b,
      result$: probe.events$.pipe(make(time.scheduler)),
      run: () => steps({ probe, time, a, b }),
    };
  };

  describe(`${name}, by the laws of operators,`, () => {
    it('does nothing before it is subscribed', () => {
      const { probe, time } = situation(law);
      expect(probe.subscribers).toHaveLength(0);
      expect(time.timers).toBe(0);
    });

    it('passes events on in their order, those it does not know unchanged', () => {
      const { probe, result$, a } = situation(law);
      const output = new Output(result$);
      for (const event of life(a, data)) probe.next(event);

      if (!converts) expectSame(output.values, expected(life(a, data)));
      else
        expectSame(output.values, expected(life(a, data).filter(({ type }) => !['lease', 'weather'].includes(type))));
      expect(output.errors).toEqual([]);
    });

    it('is a value: it may be applied to several sources, which do not meet', () => {
      const time = new Time();
      const value = operator(time.scheduler);
      const probes = [new Probe(), new Probe()];
      const connections = [mockConnection('a'), mockConnection('b')];
      const outputs = probes.map((probe) => new Output(probe.events$.pipe(value)));
      const lives = connections.map((connection) => life(connection, data));
      lives[0]?.forEach((_, at) => probes.forEach((probe, which) => probe.next(lives[which]![at]!)));

      outputs.forEach((output, which) => expectSame(output.values, expected(lives[which]!)));
    });

    it(shares ? 'subscribes its source once for all' : 'gives every subscriber a life of its own', () => {
      const { probe, result$, a, b } = situation(law);
      const outputs = [new Output(result$), new Output(result$)];
      const lives = [life(a, data), life(b, data)];
      if (shares) {
        for (const event of lives[0]!) probe.next(event);
        expect(probe.subscribers).toHaveLength(1);
        for (const { values } of outputs) expectSame(values, expected(lives[0]!));
        return;
      }
      lives[0]?.forEach((_, at) => lives.forEach((events, which) => probe.next(events[at]!, which)));
      expect(probe.subscribers).toHaveLength(2);
      outputs.forEach(({ values }, which) => expectSame(values, expected(lives[which]!)));
      outputs[0]?.unsubscribe();
      expect(probe.subscribers.map(({ closed }) => closed)).toEqual([true, false]);
    });

    it('lets go of a synchronous source the moment it is unsubscribed', () => {
      const time = new Time();
      const a = mockConnection('a');
      const stop$ = new Subject<void>();
      let said = 0;
      const chatty$ = new Observable<Event>((subscriber) => {
        for (const event of [connecting(), open(a), message(a, data[0]), message(a, data[1]), pong(a)]) {
          if (subscriber.closed) return;
          said += 1;
          subscriber.next(event);
          if (event.type === 'message') stop$.next();
        }
      });
      const output = new Output(chatty$.pipe(operator(time.scheduler), takeUntil(stop$)));

      expect(output.completed).toBe(1);
      expect(said).toBe(3);
      expect(time.timers).toBe(0);
    });

    it('passes completion on, and leaves nothing behind', () => {
      const { probe, result$, a, time } = situation(law);
      const output = new Output(result$);
      for (const event of [...life(a, data), close(a)]) probe.next(event);
      probe.complete();
      const { length } = output.values;
      expect(time.timers).toBe(0);
      time.pass(LONG);

      expect([output.completed, output.errors, probe.left]).toEqual([1, [], probe.subscribers.length]);
      expect(output.values).toHaveLength(length);
    });

    it(
      absorbs ? 'takes an error in, and leaves nothing behind' : 'passes an error on, and leaves nothing behind',
      () => {
        const { probe, result$, a, time } = situation(law);
        const error = new Error('the source failed');
        const output = new Output(result$);
        for (const event of life(a, data)) probe.next(event);
        probe.error(error);
        const { length } = output.values;
        time.pass(LONG);

        expect(output.errors).toEqual(absorbs ? [] : [error]);
        expect([output.completed, probe.left]).toEqual([absorbs ? 1 : 0, probe.subscribers.length]);
        expect(output.values).toHaveLength(length);
        expect(time.timers).toBe(0);
      },
    );

    describe.each(Object.entries({ 'while a connection is open': law, ...busy }))('unsubscribed %s', (_when, is) => {
      it('lets go of its source exactly once, sets no timer, and is silent', () => {
        const { probe, result$, run, time, a } = situation(is);
        const output = new Output(result$);
        run();
        const { length } = output.values;
        output.unsubscribe();
        expect(time.timers).toBe(0);
        probe.next(message(a, data[0]));
        time.pass(LONG);

        expect(probe.subscribers.length).toBeGreaterThan(0);
        expect(probe.left).toBe(probe.subscribers.length);
        expect([output.values.length, output.errors, output.completed]).toEqual([length, [], 0]);
      });
    });

    if (Object.keys(busy).length > 0) {
      it.each(Object.entries(busy))('has set something that it must let go of %s', (_when, is) => {
        const { probe, result$, run, time } = situation(is);
        new Output(result$);
        run();
        expect(time.timers + probe.subscribers.length).toBeGreaterThan(1);
      });
    }

    if (Object.keys(throwing).length > 0) {
      it.each(Object.entries(throwing))('turns what `%s` throws into the error of the stream', (_callback, throws) => {
        const boom = new Error('thrown by a callback');
        const { probe, result$, run, time } = situation(
          throws(() => {
            throw boom;
          }),
        );
        const output = new Output(result$);
        run();

        expect(output.errors.map((error) => (error as Error).cause ?? error)).toEqual([boom]);
        expect(probe.left).toBe(probe.subscribers.length);
        expect(time.timers).toBe(0);
      });
    }

    if (Object.keys(acts).length > 0) {
      it.each(Object.entries(acts))('passes an event on before it acts on it: %s', (_what, is) => {
        const { probe, result$, run, a, b } = situation(is);
        const answers: unknown[] = [];
        for (const connection of [a, b]) {
          connection.sent$.subscribe(() => {
            answers.push(connection);
            probe.next(message(connection, 'answer'), connection === a ? 0 : probe.subscribers.length - 1);
          });
        }
        const output = new Output(result$);
        run();

        const told = output.values.map((value) => value as Event);
        const cause = told.findIndex((event) => event.type === 'open' && event.connection.id === is.because);
        const answer = told.findIndex((event) => event.type === 'message' && event.data === 'answer');
        expect(answers).toHaveLength(1);
        expect(cause).toBeGreaterThanOrEqual(0);
        expect(answer).toBeGreaterThan(cause);
      });
    }
  });
}
