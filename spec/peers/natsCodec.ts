import { mergeMap } from 'rxjs';
import { codec, type Codec } from '../../src/codecs/codec.js';
import type { Frame } from '../../src/core/connection.js';
import type { ConnectionEvents } from '../../src/core/event.js';

/** What a server says of itself: at first, and again when that changes. */
export interface Info {
  readonly server_name: string;
  /** Lame duck mode: the server is about to go. */
  readonly ldm?: boolean;
}

/** What a server sends. */
export type Operation =
  | { readonly kind: 'INFO'; readonly info: Info }
  | { readonly kind: 'MSG'; readonly subject: string; readonly payload: string }
  | { readonly kind: 'ERR'; readonly why: string }
  | { readonly kind: 'PING' | 'PONG' | 'OK' };

/** What a client sends. */
export type Command =
  | { readonly kind: 'CONNECT' | 'PING' | 'PONG' }
  | { readonly kind: 'SUB'; readonly subject: string; readonly id: number }
  | { readonly kind: 'PUB'; readonly subject: string; readonly payload: string };

function textOf(command: Command): string {
  switch (command.kind) {
    case 'CONNECT':
      // Servers tell only clients of protocol 1 that something about them has changed.
      return 'CONNECT {"verbose":false,"protocol":1}\r\n';
    case 'SUB':
      return `SUB ${command.subject} ${command.id}\r\n`;
    case 'PUB':
      return `PUB ${command.subject} ${Buffer.byteLength(command.payload)}\r\n${command.payload}\r\n`;
    default:
      return `${command.kind}\r\n`;
  }
}

/** The text protocol of NATS. It is a stream: a frame may end anywhere, so each connection has a codec that keeps the rest. */
export class NatsCodec implements Codec<readonly Operation[], Command> {
  /** What is not complete yet, a character for each byte. */
  #rest = '';

  encode(command: Command): Frame {
    return Buffer.from(textOf(command));
  }

  decode(frame: Frame): readonly Operation[] {
    this.#rest += Buffer.from(frame as Uint8Array).toString('latin1');
    const operations: Operation[] = [];
    for (let operation = this.#take(); operation; operation = this.#take()) operations.push(operation);
    return operations;
  }

  #take(): Operation | undefined {
    const end = this.#rest.indexOf('\r\n');
    if (end < 0) return undefined;
    const line = utf8(this.#rest.slice(0, end));
    const [verb = '', ...words] = line.split(' ');
    const kind = verb.replace(/^[+-]/, '');
    if (kind === 'MSG') return this.#message(end + 2, words);
    this.#rest = this.#rest.slice(end + 2);
    const said = line.slice(verb.length + 1);
    if (kind === 'INFO') return { kind, info: JSON.parse(said) as Info };
    if (kind === 'ERR') return { kind, why: said };
    if (kind === 'PING' || kind === 'PONG' || kind === 'OK') return { kind };
    throw new Error(`unknown operation '${line}'`);
  }

  #message(from: number, words: readonly string[]): Operation | undefined {
    const to = from + Number(words.at(-1));
    if (this.#rest.length < to + 2) return undefined;
    const payload = utf8(this.#rest.slice(from, to));
    this.#rest = this.#rest.slice(to + 2);
    return { kind: 'MSG', subject: words[0] ?? '', payload };
  }
}

function utf8(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString();
}

/** Makes operations and commands of frames: as a frame may hold any number of operations, each becomes a message of its own. */
export function nats<Session>(
  source: ConnectionEvents<Frame, Frame, Session>,
): ConnectionEvents<Operation, Command, Session> {
  return source.pipe(
    codec(() => new NatsCodec()),
    mergeMap((event) => (event.type === 'message' ? event.data.map((data) => ({ ...event, data })) : [event])),
  );
}
