import type { Observable } from 'rxjs';
import { eventLog, type Happening, type LogEventsConfig, type Logger, severity } from '../operators/logEvents.js';
import { isGatewayError } from './errors.js';
import type { WorkerEvent, WorkEvent } from './events.js';
import type { WorkReply, WorkRequest } from './messages.js';

const WARN = 2;
const DEBUG = 4;

const ofWork: Readonly<Record<WorkEvent['type'], number>> = {
  received: DEBUG,
  extended: DEBUG,
  completed: DEBUG,
  accepted: DEBUG,
  skipped: WARN,
  leaseLost: WARN,
  buffered: WARN,
  undelivered: WARN,
  abandoned: WARN,
};

/**
 * Tells a logger what happens to a worker, as entries `{ event, at, … }` with secrets removed: `logEvents` that knows events of work too.
 *
 *     source   co-w-k-s-
 *     log      ii-d-d-w-      (i info, d debug, w warn; w received, k completed, s skipped)
 *
 * | level | events of work |
 * |---|---|
 * | `warn` | `completed` with an error, `skipped`, `leaseLost`, `buffered`, `undelivered`, `abandoned` |
 * | `debug` | `received`, `extended`, `completed`, `accepted` |
 *
 * Of a request an entry shows the id and the function, of a reply the status, of an error what `logEvents` does; never a payload or a body.
 *
 * @example
 * gatewayWorker({ apiUrl: 'https://api.example.com', apps: [billing] }).pipe(logWorker(console)).subscribe();
 */
export function logWorker(
  logger: Logger,
  config: LogEventsConfig = {},
): (source: Observable<WorkerEvent>) => Observable<WorkerEvent> {
  return eventLog(logger, config, severityOf, sketch);
}

function severityOf(happening: Happening): number | undefined {
  if (happening.type === 'completed' && happening['error'] !== undefined) return WARN;
  return (ofWork as Readonly<Record<string, number>>)[happening.type] ?? severity(happening);
}

function sketch(happening: Happening): Happening {
  if (!(happening.type in ofWork)) return happening;
  const { request, reply, requests, replies, error, ...facts } = happening as Happening & {
    readonly request?: WorkRequest;
    readonly reply?: WorkReply;
    readonly requests?: readonly string[];
    readonly replies?: readonly string[];
  };
  return {
    ...facts,
    ...(reply && { requestId: reply.requestId, status: reply.status }),
    ...(request && { requestId: request.requestId, functionSlug: request.functionSlug }),
    // As texts: those are cut where they are long.
    ...(requests && { requests: requests.join(' ') }),
    ...(replies && { replies: replies.join(' ') }),
    // What does not parse is quoted by who could not parse it.
    ...(error !== undefined && { cause: isGatewayError(error, 'InvalidPayloadError') ? { name: error.name } : error }),
  };
}
