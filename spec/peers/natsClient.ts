import { filter, firstValueFrom, type Observable, tap } from 'rxjs';
import type { Connection } from '../../src/core/connection.js';
import type { ConnectionMessage, ConnectionOperator } from '../../src/core/event.js';
import type { Command, Info, Operation } from './natsCodec.js';

export type NatsConnection = Connection<Command, Info>;
export type NatsMessage = ConnectionMessage<Operation, Command, Info>;
export type NatsOperator = ConnectionOperator<Operation, Command, Info>;

const PING: Command = { kind: 'PING' };
const MARKS = 'marks';

/**
 * Introduces a client, subscribes a subject and leaves a mark. The session is what the server says of itself.
 * The server's answer to the second ping says that the subscription counts.
 */
export const join =
  (subject: string) =>
  async (connection: Connection<Command>, operation$: Observable<Operation>): Promise<Info> => {
    const confirmed = async (...commands: readonly Command[]): Promise<void> => {
      for (const command of [...commands, PING]) connection.send(command);
      await firstValueFrom(operation$.pipe(filter(({ kind }) => kind === 'PONG')));
    };
    const { info } = await firstValueFrom(operation$.pipe(filter((operation) => operation.kind === 'INFO')));
    await confirmed({ kind: 'CONNECT' });
    await confirmed({ kind: 'SUB', subject, id: 1 }, { kind: 'SUB', subject: MARKS, id: 2 });
    connection.send({ kind: 'PUB', subject: MARKS, payload: connection.id });
    return info;
  };

/**
 * Emits when the mark of a later connection has come over an old one: then all that was published before the later one subscribed
 * has come too. To give the old subscription back as soon as the later one counts would lose what is still on its way from server to server.
 */
export function outrun(old: NatsConnection, message$: Observable<NatsMessage>): Observable<NatsMessage> {
  return message$.pipe(
    filter(
      ({ connection, data }) =>
        connection === old && data.kind === 'MSG' && data.subject === MARKS && data.payload !== old.id,
    ),
  );
}

/** Answers the server's pings. */
export const answerPings = (): NatsOperator =>
  tap((event) => {
    if (event.type === 'message' && event.data.kind === 'PING') event.connection.send({ kind: 'PONG' });
  });

/** Resolves when everything that the server sent so far has arrived. */
export async function arrived(connection: NatsConnection, message$: Observable<NatsMessage>): Promise<void> {
  const answer$ = message$.pipe(filter((message) => message.connection === connection && message.data.kind === 'PONG'));
  const answer = firstValueFrom(answer$);
  connection.send(PING);
  await answer;
}
