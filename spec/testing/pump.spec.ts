import { EventEmitter } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { VirtualTimeScheduler } from 'rxjs';
import { Pump, type Sink, type Source } from '../../src/testing/pump.js';
import { noToxics, type Toxics } from '../../src/testing/toxics.js';

class FakeSource extends EventEmitter {
  paused = false;
  pause(): this {
    this.paused = true;
    return this;
  }
  resume(): this {
    this.paused = false;
    return this;
  }
  /** As a socket does: what is paused says nothing. */
  says(text: string): void {
    expect(this.paused).toBe(false);
    this.emit('data', Buffer.from(text));
  }
}

describe('a pump', () => {
  let scheduler: VirtualTimeScheduler;
  let toxics: Toxics;
  let source: FakeSource;
  let sink: EventEmitter & { writable: boolean; full: boolean };
  let pump: Pump;
  let chances: number[];
  let passed: number;
  /** What reached the sink, and when. */
  let log: [at: number, what: string][];

  beforeEach(() => {
    scheduler = new VirtualTimeScheduler();
    toxics = noToxics();
    source = new FakeSource();
    chances = [];
    passed = 0;
    log = [];
    const note = (what: string): void => void log.push([scheduler.now(), what]);
    sink = Object.assign(new EventEmitter(), {
      writable: true,
      full: false,
      write: (bytes: Buffer) => {
        note(bytes.toString());
        return !sink.full;
      },
      end: () => note('FIN'),
      resetAndDestroy: () => note('RST'),
    });
    pump = new Pump(source as unknown as Source, sink as unknown as Sink, {
      toxics,
      scheduler,
      random: () => chances.shift() ?? 0.5,
      passed: (bytes) => (passed += bytes),
      exhausted: () => {
        note('exhausted');
        pump.stop();
      },
    });
  });

  /** Runs virtual time until nothing is due any more, with turns of the event loop in between. */
  const run = async (): Promise<void> => {
    do {
      scheduler.flush();
      for (let turn = 0; turn < 20; turn++) await setImmediate();
    } while (scheduler.actions.length > 0);
  };
  const at = (time: number, act: () => void): void => void scheduler.schedule(act, time);

  it('hands on at once what it is given', () => {
    source.says('one');
    source.emit('end');
    expect(log).toEqual([
      [0, 'one'],
      [0, 'FIN'],
    ]);
    expect(passed).toBe(3);
  });

  it('hands on a reset as a reset', () => {
    source.emit('error', new Error('ECONNRESET'));
    expect(log).toEqual([[0, 'RST']]);
  });

  it('makes every byte late, and the end too', async () => {
    toxics.latency = 100;
    source.says('one');
    at(30, () => source.says('two'));
    at(99, () => source.emit('end'));
    await run();
    expect(log).toEqual([
      [100, 'one'],
      [130, 'two'],
      [199, 'FIN'],
    ]);
  });

  it('varies the latency by chance, and keeps the order', async () => {
    Object.assign(toxics, { latency: 100, jitter: 50 });
    chances = [1, 0, 0, 0.5];
    source.says('latest');
    source.says('early');
    at(20, () => source.says('soon'));
    at(200, () => source.says('even'));
    await run();
    expect(log).toEqual([
      [150, 'latest'],
      [150, 'early'],
      [150, 'soon'],
      [300, 'even'],
    ]);
  });

  it('never makes anything early: a jitter beyond the latency is cut off at none', async () => {
    Object.assign(toxics, { latency: 10, jitter: 50 });
    chances = [0];
    source.says('now');
    await run();
    expect(log).toEqual([[0, 'now']]);
  });

  it('keeps to the bandwidth, a fiftieth of a second at a time', async () => {
    toxics.bandwidth = 100;
    source.says('abcde');
    await run();
    expect(log).toEqual([
      [0, 'ab'],
      [20, 'cd'],
      [40, 'e'],
    ]);
    source.says('f');
    await run();
    // An idle line does not save up.
    expect(log.slice(3)).toEqual([[50, 'f']]);
  });

  it('moves at least a byte at a time', async () => {
    toxics.bandwidth = 1;
    source.says('ab');
    await run();
    expect(log).toEqual([
      [0, 'a'],
      [1000, 'b'],
    ]);
  });

  it('writes slices in turns of the event loop of their own', async () => {
    toxics.slice = 2;
    source.says('abcde');
    expect(log).toEqual([[0, 'ab']]);
    await setImmediate();
    expect(log).toEqual([
      [0, 'ab'],
      [0, 'cd'],
    ]);
    await run();
    expect(log.map(([, text]) => text)).toEqual(['ab', 'cd', 'e']);
  });

  it('is silent: it does not read, hands on nothing, and tells no end', async () => {
    toxics.latency = 10;
    source.says('under way');
    Object.assign(toxics, { silent: true });
    pump.changed();
    expect(source.paused).toBe(true);
    source.emit('error', new Error('ECONNRESET'));
    await run();
    expect(log).toEqual([]);
    Object.assign(toxics, noToxics());
    pump.hurry();
    expect(log.map(([, text]) => text)).toEqual(['under way', 'RST']);
    expect(source.paused).toBe(false);
  });

  it('does not read from the beginning when it is made in silence', () => {
    toxics.silent = true;
    const other = new FakeSource();
    new Pump(other as unknown as Source, sink as unknown as Sink, {
      toxics,
      scheduler,
      random: () => 0,
      passed: () => undefined,
      exhausted: () => undefined,
    });
    expect(other.paused).toBe(true);
  });

  it('forgets latency and bandwidth when it is healed', async () => {
    Object.assign(toxics, { latency: 1_000, bandwidth: 50 });
    source.says('abc');
    at(1_010, () => {
      Object.assign(toxics, noToxics());
      pump.hurry();
    });
    await run();
    expect(log).toEqual([
      [1_000, 'a'],
      [1_010, 'bc'],
    ]);
    source.says('d');
    expect(log.at(-1)).toEqual([1_010, 'd']);
  });

  it('does not read from a source that outruns its sink', () => {
    sink.full = true;
    source.says('a');
    source.says('b'.repeat(256 * 1024));
    expect(source.paused).toBe(false);
    source.says('c');
    expect(source.paused).toBe(true);
    expect(log).toHaveLength(1);
    sink.full = false;
    sink.emit('drain');
    expect(log.map(([, text]) => text.length)).toEqual([1, 256 * 1024, 1]);
    expect(source.paused).toBe(false);
  });

  it('does not read from a source that outruns its latency', async () => {
    toxics.latency = 100;
    source.says('b'.repeat(256 * 1024 + 1));
    expect(source.paused).toBe(true);
    await run();
    expect(source.paused).toBe(false);
  });

  it('lets so many bytes pass and not one more', () => {
    toxics.left = 5;
    source.says('abc');
    source.says('defg');
    source.says('h');
    expect(log).toEqual([
      [0, 'abc'],
      [0, 'de'],
      [0, 'exhausted'],
    ]);
  });

  it('lets no byte pass when none is left', () => {
    toxics.left = 0;
    source.says('a');
    expect(log).toEqual([[0, 'exhausted']]);
  });

  it('throws away what comes for a sink that has ended', () => {
    sink.writable = false;
    source.says('a');
    expect(log).toEqual([]);
    expect(source.paused).toBe(false);
  });

  it('leaves no timer behind when it is stopped, and reads on so that the end is noticed', async () => {
    toxics.latency = 100;
    source.says('abc');
    toxics.silent = true;
    pump.changed();
    expect(source.paused).toBe(true);
    pump.stop();
    expect(scheduler.actions).toEqual([]);
    source.says('d');
    source.emit('end');
    await run();
    expect(log).toEqual([]);
    expect(source.paused).toBe(false);
  });
});
