import type { Codec } from '../codecs/codec.js';
import type { FromGateway, ToGateway } from '../gateway/messages.js';
import type { HandshakeHost } from './gatewayHandshake.js';
import type { LeaseAcks } from './leaseAcks.js';
import type { ReplyAcks } from './replyAcks.js';
import type { Waiting } from './waiting.js';
import type { WorkBook } from './workBook.js';
import type { WorkerConnection } from './workerConnection.js';

/** What a connection needs of its gateway. */
export interface LinkHost extends HandshakeHost {
  readonly group: string;
  readonly codec: Codec<ToGateway, FromGateway>;
  readonly workBook: WorkBook;
  readonly waiting: Waiting;
  readonly leaseAcks: LeaseAcks;
  readonly replyAcks: ReplyAcks;
  readonly answerHeartbeats: boolean;
  heard(message: ToGateway): void;
  /** A connection takes work from now on. */
  routable(link: WorkerConnection): void;
}
