import { distinctUntilChanged, fromEvent, map, merge, NEVER, type Observable, of } from 'rxjs';

/** What a page, a worker or a test has to listen to; nothing on servers. */
export interface HostTarget {
  addEventListener?(type: string, listener: () => void): void;
  removeEventListener?(type: string, listener: () => void): void;
}

/** What the host says of itself: at once, and whenever one of the events changed it. Never ends. */
export function hostGate(
  target: HostTarget | undefined,
  events: readonly string[],
  isOpen: () => boolean,
): Observable<boolean> {
  const changes = target?.addEventListener ? events.map((name) => fromEvent(target as Listenable, name)) : [NEVER];
  return merge(of(0), ...changes).pipe(map(isOpen), distinctUntilChanged());
}

type Listenable = Required<HostTarget>;
