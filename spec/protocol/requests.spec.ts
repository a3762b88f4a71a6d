import { Subject, VirtualTimeScheduler } from 'rxjs';
import type { ConnectionEvent } from '../../src/core/event.js';
import { requests } from '../../src/protocol/requests.js';
import { message, open } from '../../src/testing/letters.js';
import { mockConnection } from '../../src/testing/mockConnection.js';

const COUNT = 10_000;

describe('10,000 pending requests', () => {
  it('cost one subscription, one timer, and one look at each answer', () => {
    const connection = mockConnection<number>('a');
    const events$ = new Subject<ConnectionEvent<number>>();
    const scheduler = new VirtualTimeScheduler();
    const schedule = jest.spyOn(scheduler, 'schedule');
    const subscribe = jest.spyOn(events$, 'subscribe');
    const isReply = jest.fn((answer: number) => answer);
    const rpc = requests(events$, { id: (request) => request, isReply, scheduler });
    const told: number[] = [];

    rpc.request(0).subscribe((answer) => told.push(answer));
    events$.next(open(connection));
    for (let id = 1; id < COUNT; id++) rpc.request(id).subscribe((answer) => told.push(answer));
    expect(connection.sent).toHaveLength(COUNT);
    for (let id = COUNT; id--;) events$.next(message(connection, id));

    expect(told).toEqual([...Array(COUNT).keys()].reverse());
    expect(isReply).toHaveBeenCalledTimes(COUNT);
    expect(subscribe).toHaveBeenCalledTimes(1);
    expect(schedule).toHaveBeenCalledTimes(1);
    expect(events$.observed).toBe(false);
  });
});
