import type { Observable } from 'rxjs';
import type { Connection } from '../../src/core/connection.js';
import { channels, json, reconnect, requests, shareConnection, webSocket } from '../../src/index.js';
import { expectType } from './expectType.js';

type FromServer =
  | { readonly kind: 'answer'; readonly to: number; readonly text: string }
  | { readonly kind: 'news'; readonly topic: string };
type ToServer =
  | { readonly kind: 'ask'; readonly id: number }
  | { readonly kind: 'cancel'; readonly id: number }
  | { readonly kind: 'join' | 'leave'; readonly topic: string };

/** What is tested is that it compiles: it is not run. */
const compiles = (code: () => void): void => expect(code).toBeInstanceOf(Function);
const shared = () => webSocket('ws://127.0.0.1').pipe(json<FromServer, ToServer>(), reconnect(), shareConnection());

describe('the types of requests and channels', () => {
  it('are inferred from the connection, and the id from what the two callbacks give', () => {
    compiles(() => {
      const rpc = requests(shared(), {
        id: (request) => {
          expectType<ToServer>()(request);
          return 'id' in request ? request.id : undefined;
        },
        isReply: (message) => {
          expectType<FromServer>()(message);
          return message.kind === 'answer' ? message.to : undefined;
        },
        cancel: (connection, request) => {
          expectType<Connection<ToServer, undefined>>()(connection);
          if (request.kind === 'ask') connection.send({ kind: 'cancel', id: request.id });
        },
        idempotent: (request) => request.kind === 'ask',
        timeout: '5s',
      });
      expectType<Observable<FromServer>>()(rpc.request({ kind: 'ask', id: 1 }));
      // @ts-expect-error no message that this connection sends
      rpc.request({ kind: 'shout' });
    });
  });

  it('refuse an id of another type than that which answers carry', () => {
    compiles(() => {
      // @ts-expect-error a text never equals a number
      requests(shared(), { id: (m) => ('id' in m ? m.id : 0), isReply: (m) => (m.kind === 'answer' ? m.text : '') });
    });
  });

  it('are inferred for channels', () => {
    compiles(() => {
      const topics = channels(shared(), {
        join: (connection, topic) => {
          expectType<Connection<ToServer, undefined>>()(connection);
          expectType<string>()(topic);
          connection.send({ kind: 'join', topic });
        },
        leave: (connection, topic) => connection.send({ kind: 'leave', topic }),
        topicOf: (message) => {
          expectType<FromServer>()(message);
          return message.kind === 'news' ? message.topic : undefined;
        },
        matches: (pattern, topic) => topic.startsWith(pattern),
        linger: '1s',
      });
      expectType<Observable<FromServer>>()(topics.watch('prices'));
      channels(shared(), {
        // @ts-expect-error no message that this connection sends
        join: (connection, topic) => connection.send({ kind: 'enter', topic }),
        leave: () => undefined,
        topicOf: () => undefined,
      });
    });
  });
});
