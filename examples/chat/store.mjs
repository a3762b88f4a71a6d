// A store as The Composable Architecture has it: a reducer gives the next state, and an Observable of the actions that follow.
import { BehaviorSubject, Subscription } from 'rxjs';

export function createStore(initialState, reducer, dependencies) {
  const state$ = new BehaviorSubject(initialState);
  const running = new Subscription();
  const send = (action) => {
    const [state, effect$] = reducer(state$.value, action, dependencies);
    state$.next(state);
    running.add(effect$.subscribe(send));
  };
  return { send, state$, close: () => running.unsubscribe() };
}
