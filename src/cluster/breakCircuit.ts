import type { Clock } from '../core/clock.js';
import type { ConnectionOperator } from '../core/event.js';
import { operated } from '../core/operate.js';
import type { CircuitBreaker } from './circuitBreaker.js';

/**
 * Tells a circuit how dials went, and ends the stream when it opens.
 *
 *     source   c-r--c-r--c-o    (the second failure in a row opens the circuit)
 *     result   c-r--c-(r#)
 *
 * A dial that does not lead to an open connection is a failure; a connection that was open and is lost is none. The error is the cause of
 * the last failure. Whether a stream may begin at all is asked by whoever subscribes.
 */
export function breakCircuit<In, Out, Session>(
  circuit: CircuitBreaker,
  clock: Clock,
): ConnectionOperator<In, Out, Session> {
  return (source) =>
    operated(source, (subscriber) => {
      let isDialling = true;
      const over = (): void => {
        if (isDialling) circuit.failed(clock.now());
        isDialling = false;
      };
      return {
        next(event) {
          if (event.type === 'connecting') isDialling = true;
          else if (event.type === 'reconnecting') over();
          else if (event.type === 'open') {
            isDialling = false;
            circuit.succeeded();
          }
          subscriber.next(event);
          if (event.type === 'reconnecting' && circuit.state === 'open') subscriber.error(event.cause);
        },
        error(error) {
          over();
          subscriber.error(error);
        },
        complete() {
          over();
          subscriber.complete();
        },
      };
    });
}
