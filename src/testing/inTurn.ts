import { Observable, type ObservableInput, type ObservedValueOf, from } from 'rxjs';

/**
 * Stands for a connection that is dialed several times: the first subscription gets the first source, the second the second, and so on.
 * One subscription too many gets an error that says so.
 */
export function inTurn<Sources extends readonly ObservableInput<unknown>[]>(
  ...sources: Sources
): Observable<ObservedValueOf<Sources[number]>> {
  let subscribed = 0;
  return new Observable((subscriber) => {
    const source = sources[subscribed++] as ObservableInput<ObservedValueOf<Sources[number]>> | undefined;
    if (!source) {
      const has = `${sources.length} ${sources.length === 1 ? 'source' : 'sources'}`;
      const times = subscribed === 1 ? 'once' : `${subscribed} times`;
      subscriber.error(new Error(`inTurn: subscribed ${times}, but has ${has}`));
      return;
    }
    return from(source).subscribe(subscriber);
  });
}
