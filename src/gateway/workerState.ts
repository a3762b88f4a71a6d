import { filter, type Observable } from 'rxjs';
import { type ConnectionSnapshot, connectionState, type ConnectionStateConfig } from '../operators/connectionState.js';
import type { GatewayEvent, WorkerEvent, WorkEvent } from './events.js';
import type { GatewaySession, ToGateway } from './messages.js';

/** How a worker's connection stands. */
export type WorkerState = ConnectionSnapshot<ToGateway, GatewaySession>;

const ofWork: Readonly<Record<WorkEvent['type'], true>> = {
  received: true,
  skipped: true,
  extended: true,
  leaseLost: true,
  completed: true,
  accepted: true,
  buffered: true,
  undelivered: true,
  abandoned: true,
};

/** How a worker's connection stands: `connectionState` on a worker's events, of which those of its work change nothing. */
export function workerState(
  config?: ConnectionStateConfig,
): (source: Observable<WorkerEvent>) => Observable<WorkerState> {
  return (source) => source.pipe(filter(isOfConnection), connectionState(config));
}

function isOfConnection(event: WorkerEvent): event is GatewayEvent {
  return !(event.type in ofWork);
}
