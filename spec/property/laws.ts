import { shown as shownAs, transition } from '../../src/core/state.js';
import type { LifeConnection, LifeEvent } from './pipeline.js';
import type { Outcome } from './runScript.js';
import type { Script } from './scripts.js';

/** What the events of each connection, and of the stream, do against their order. */
export function orderFaults({ events, end }: Outcome): string[] {
  const faults: string[] = [];
  const alive = new Set<LifeConnection>();
  const gone = new Set<LifeConnection>();
  let current: LifeConnection | undefined;
  let isDialled = false;
  const over = (connection: LifeConnection): void => {
    alive.delete(connection);
    gone.add(connection);
    if (connection === current) current = undefined;
  };
  events.forEach((event, at) => {
    const fault = (why: string): number => faults.push(`event ${at} (${event.type}): ${why}`);
    if (event.type === 'connecting' || event.type === 'reconnecting') {
      if (event.type === 'reconnecting' && current) over(current);
      if (current) fault('the connection before still serves');
      isDialled = event.type === 'connecting';
    } else if (event.type === 'open') {
      if (alive.has(event.connection) || gone.has(event.connection)) fault('opened twice');
      if (!current && !isDialled) fault('came without a dial');
      isDialled = false;
      alive.add(event.connection);
      current = event.connection;
      if (alive.size > 2) fault(`${alive.size} are open`);
    } else if (event.type !== 'dropped' && event.type !== 'closing') {
      if (!alive.has(event.connection))
        fault(gone.has(event.connection) ? 'came after its end' : 'came before its open');
      if (event.type === 'close' || event.type === 'retired') over(event.connection);
    }
  });
  const last = events.filter(({ type }) => type !== 'dropped' && type !== 'retired').at(-1);
  if (end === 'complete' && !(last?.type === 'close' && last.code === 1000))
    faults.push(`completed after ${last?.type}`);
  return faults;
}

/** Old connections that were let go sooner or later than the configuration says. */
export function handoverFaults({ events, times }: Outcome, { linger, until }: Script): string[] {
  return events.flatMap((event, at) => {
    if (event.type !== 'retired' || event.reason === 'lost') return [];
    const opened = events.findIndex((other) => other.type === 'open' && other.connection === event.connection);
    const followed = events.findIndex((other, later) => other.type === 'open' && later > opened);
    const kept = (times[at] ?? NaN) - (times[followed] ?? NaN);
    // Another drain lets go of it earlier.
    const isInTime = event.reason === 'released' ? Math.abs(kept - (until ?? NaN)) < 1e-6 : kept < linger + 1e-6;
    return isInTime ? [] : [`event ${at}: ${event.reason} after ${kept}`];
  });
}

/** What was delivered to an open connection and not passed on, or in another order. */
export function deliveryFaults({ events, delivered: atTheEnd, inTheMidst }: Outcome): string[] {
  const heard = new Map<string, number[]>();
  for (const event of events) {
    if (event.type === 'open') heard.set(event.connection.id, []);
    else if (event.type === 'message' && event.data.kind === 'data') {
      heard.get(event.connection.id)?.push(event.data.number);
    }
  }
  return [...heard].flatMap(([id, numbers]) => {
    const delivered = atTheEnd.get(id) ?? [];
    // What was delivered in the same turn, behind the event after which the consumer left, is for nobody.
    const due = inTheMidst ? delivered.slice(0, numbers.length) : delivered;
    return numbers.join() === due.join() ? [] : [`${id} delivered ${due.join()}, heard was ${numbers.join()}`];
  });
}

/** What became of the messages that were to be sent, if it was not exactly one thing. */
export function sendingFaults({ accepted, sent, events, wasOpen, end }: Outcome, { buffer }: Script): string[] {
  const faults: string[] = [];
  const dropped = events.flatMap((event) =>
    event.type === 'dropped' ? [(event.message as { number: number }).number] : [],
  );
  if (sent.some((number, at) => number <= (sent[at - 1] ?? 0))) faults.push(`sent out of order: ${sent.join()}`);
  const decided = [...sent, ...dropped];
  if (new Set(decided).size < decided.length) faults.push(`sent ${sent.join()} and dropped ${dropped.join()}`);
  const queued = accepted.filter((number) => !decided.includes(number));
  if (end === undefined && queued.length > buffer) faults.push(`${queued.length} queued, more than ${buffer}`);
  if (queued.some((number) => number < (sent.at(-1) ?? 0))) faults.push(`queued ${queued.join()}, sent ${sent.join()}`);
  if (wasOpen && queued.length > 0) faults.push(`${queued.join()} waited although a connection was open`);
  return faults;
}

/** What the state machine, or the snapshots made with it, have wrong. */
export function stateFaults({ illegal, misled, shown, end, connection, inTheMidst }: Outcome): string[] {
  return [
    ...illegal.map((move) => `illegal: ${move}`),
    ...misled.map((event) => `shown after ${event} was not so`),
    ...shown.flatMap(({ history, internalState, state, connection: shownConnection }, at) => {
      const faults: string[] = [];
      let from = history[0]?.from ?? internalState;
      for (const change of history) {
        if (change.from !== from || transition(from, change.event) !== change.to) {
          faults.push(`${change.from} to ${change.to} for ${change.event}, after ${from}`);
        }
        from = change.to;
      }
      if (from !== internalState || state !== shownAs(internalState)) faults.push(`${from} is shown as ${state}`);
      if ((state === 'ACTIVE') !== (shownConnection !== undefined)) faults.push(`${state} with ${shownConnection?.id}`);
      if (end !== undefined && internalState !== 'CLOSED') faults.push(`${internalState} after the end`);
      if (end === undefined && !inTheMidst) {
        if (shownConnection !== connection) faults.push(`shows ${shownConnection?.id}, not ${connection?.id}`);
      }
      return faults.map((fault) => `who looked ${at === 0 ? 'from the beginning' : 'later'}: ${fault}`);
    }),
  ];
}

/** What did not come to rest, although its peers do their duty in the end. */
export function restFaults({ rested, events }: Outcome, { waits }: Script): string[] {
  return waits && !rested ? [`no rest after ${events.length} events`] : [];
}

/** What is there although nobody subscribes any more, or more of it than may be. */
export function leftFaults({ peer, left }: Outcome): string[] {
  return [
    ...(peer.forbidden > 0 ? [`${peer.forbidden} dials that were not allowed`] : []),
    ...(peer.mostLive > 2 ? [`${peer.mostLive} live at once`] : []),
    ...Object.entries(left).flatMap(([what, count]) => (count > 0 ? [`after the end: ${count} ${what}`] : [])),
  ];
}

/** What happened in a run that makes it worth something. */
export function happenings({ events, end, inTheMidst, peer }: Outcome): string[] {
  return [
    ...events.map((event: LifeEvent) =>
      event.type === 'retired' || event.type === 'dropped' ? `${event.type} ${event.reason}` : event.type,
    ),
    peer.mostLive > 1 ? 'two live' : 'one live',
    inTheMidst
      ? 'left in the midst'
      : end === undefined
        ? 'left'
        : end === 'complete'
          ? 'completed'
          : (end.error as Error).name,
  ];
}
