import { BehaviorSubject, Subject, takeUntil, VirtualTimeScheduler } from 'rxjs';
import { ReadyState } from '../../src/core/connection.js';
import { connectionState, type ConnectionSnapshot } from '../../src/operators/connectionState.js';
import { type LifeConnection, type LifeEvent, pipeline } from './pipeline.js';
import { ScriptedPeer, type ToPeer } from './scriptedPeer.js';
import type { Deed, Script } from './scripts.js';

/** What came of a script. */
export interface Outcome {
  readonly events: readonly LifeEvent[];
  /** When they came. */
  readonly times: readonly number[];
  /** How the stream ended by itself; undefined when the consumer left first. */
  readonly end: 'complete' | { readonly error: unknown } | undefined;
  /** Whether the consumer left while it was told of an event. */
  readonly inTheMidst: boolean;
  /** The connection that served in the end. */
  readonly connection: LifeConnection | undefined;
  /** Whether it was open when the consumer left. */
  readonly wasOpen: boolean;
  /** What was shown in the end: to who looked from the beginning, then to those who came later. */
  readonly shown: readonly ConnectionSnapshot<ToPeer, true>[];
  /** Events after which what was shown was not so. */
  readonly misled: readonly string[];
  /** What the state machine did not allow. */
  readonly illegal: readonly string[];
  /** The numbers that were given to `sendFrom`. */
  readonly accepted: readonly number[];
  /** The numbers that had been sent when the consumer left. */
  readonly sent: readonly number[];
  /** The data that each connection had delivered when the consumer left. */
  readonly delivered: ReadonlyMap<string, readonly number[]>;
  /** Whether all came to rest, where the consumer waited for that. */
  readonly rested: boolean;
  readonly peer: ScriptedPeer;
  /** After the consumer left: connections and timers that are still there, and what happened since. */
  readonly left: { readonly live: number; readonly timers: number; readonly events: number; readonly sent: number };
}

/** So many timers are more than any script needs. */
const ENDLESS = 100_000;

/** When everything would have happened that was still to come, in milliseconds. */
const LATER = 200_000;

/** Plays a script against the canonical pipeline, in virtual time. */
export function runScript(script: Script): Outcome {
  const scheduler = new VirtualTimeScheduler();
  const outgoing$ = new Subject<ToPeer>();
  const allowed$ = new BehaviorSubject(true);
  const peer = new ScriptedPeer(script.lives, scheduler, () => allowed$.value);
  const shared$ = pipeline(peer.events$, { script, outgoing$, allowed$, scheduler });
  const told$ = new Subject<LifeEvent>();
  const leave$ = new Subject<void>();

  const events: LifeEvent[] = [];
  const times: number[] = [];
  const shown: ConnectionSnapshot<ToPeer, true>[] = [];
  const misled: string[] = [];
  const illegal: string[] = [];
  const accepted: number[] = [];
  const reactions = [...script.reactions];
  let current: LifeConnection | undefined;
  let end: Outcome['end'];
  let hasLeft = false;
  let inTheMidst = false;
  let sent: readonly number[] = [];

  const look = (source: typeof shared$): void => {
    const at = shown.length;
    const onIllegal = (from: string, event: string): number => illegal.push(`${event} while ${from}`);
    source.pipe(connectionState({ onIllegal, scheduler }), takeUntil(leave$)).subscribe((now) => (shown[at] = now));
  };
  const act = (deed: Deed): void => {
    if (deed.deed === 'allow') allowed$.next(deed.allows);
    else if (deed.deed === 'close') current?.close(deed.code);
    else if (deed.deed === 'look') look(shared$);
    else {
      for (let count = 0; count < deed.count && outgoing$.observed && !hasLeft; count++) {
        accepted.push(accepted.length + 1);
        outgoing$.next({ kind: 'number', number: accepted.length });
      }
    }
  };
  const heard = (event: LifeEvent): void => {
    events.push(event);
    times.push(scheduler.now());
    if (event.type === 'open') current = event.connection;
    else if (event.type === 'reconnecting') current = undefined;
    else if ((event.type === 'close' || event.type === 'retired') && event.connection === current) current = undefined;
    // What a clean close leads to is not known before the next event.
    const isKnown = event.type !== 'close' || event.code !== 1000;
    if (isKnown && shown[0]?.connection !== current) misled.push(`event ${events.length - 1} (${event.type})`);
    if (events.length === script.leaveAfter) {
      inTheMidst = true;
      leave();
    } else if (!hasLeft && event.type === reactions[0]?.to) act(reactions.shift()!.deed);
  };
  const leave = (): void => {
    hasLeft = true;
    sent = [...peer.numbers];
    leave$.next();
  };
  let fired = 0;
  const advance = (to: number): void => {
    const { actions } = scheduler;
    for (let next = actions[0]; next && next.delay <= to; next = actions[0]) {
      if (++fired > ENDLESS) throw new Error(`time stands still at ${scheduler.frame}`);
      actions.shift();
      scheduler.frame = next.delay;
      const error: unknown = next.execute(next.state, next.delay);
      if (error) throw error;
    }
    scheduler.frame = to;
  };
  const isAtRest = (): boolean => {
    if (end !== undefined || hasLeft) return true;
    const dropped = events.filter(({ type }) => type === 'dropped').length;
    const isDone = peer.numbers.length + dropped === accepted.length;
    return isDone && peer.live === 1 && current?.readyState === ReadyState.OPEN;
  };

  look(told$);
  told$.subscribe({
    next: heard,
    error: (error: unknown) => (end = { error }),
    complete: () => (end = hasLeft ? undefined : 'complete'),
  });
  shared$.pipe(takeUntil(leave$)).subscribe(told$);
  for (const deed of script.deeds) {
    if (deed.at >= script.leaveAt) break;
    advance(deed.at);
    if (end === undefined && !hasLeft) act(deed);
  }
  advance(script.leaveAt);
  if (script.waits) {
    allowed$.next(true);
    for (let waited = 0; !isAtRest() && waited < LATER; waited += 50) advance(scheduler.frame + 50);
  }
  const rested = isAtRest();
  const wasOpen = !hasLeft && end === undefined && current?.readyState === ReadyState.OPEN;
  const connection = current;
  if (!hasLeft) leave();
  const delivered = new Map([...peer.delivered].map(([id, numbers]) => [id, [...numbers]]));
  const count = events.length;
  advance(scheduler.frame + script.resetAfter);
  const sentSince = peer.numbers.length;
  const [live, timers] = [peer.live, scheduler.actions.length];
  outgoing$.next({ kind: 'number', number: 0 });
  advance(scheduler.frame + LATER);
  const left = { live, timers, events: events.length - count, sent: peer.numbers.length - sentSince };
  return {
    events,
    times,
    end,
    inTheMidst,
    connection,
    wasOpen,
    shown,
    misled,
    illegal,
    accepted,
    sent,
    delivered,
    rested,
    peer,
    left,
  };
}
