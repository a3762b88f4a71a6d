import { asyncScheduler } from 'rxjs';
import { clockOf } from '../core/clock.js';
import { expectOpen, ReadyState } from '../core/connection.js';
import { type NodeSocket, parseRetryAfter } from './socketLike.js';
import { TickCork } from './tickCork.js';
import type { MakeWire } from './wire.js';

/** A frame larger than this is written at once: gathering saves system calls, which a large frame needs anyway. */
const LARGE = 16_384;

const asText = { binary: false };

/** The wire of a socket of `ws`. */
export const nodeWire: MakeWire<NodeSocket> = (socket, end, scheduler = asyncScheduler) => {
  const clock = clockOf(scheduler);
  let cork: TickCork | undefined;
  let firstPing = Infinity;
  socket.binaryType = 'nodebuffer';
  socket.on('open', () => end.opened());
  socket.on('message', (data, isBinary) => end.heard(isBinary ? data : data.toString()));
  socket.on('pong', (said) => {
    const pingedAt = Number(said.toString());
    const roundTrip = clock.now() - pingedAt;
    // A peer may send a pong that nobody asked for (RFC 6455 section 5.5.3).
    if (pingedAt >= firstPing && roundTrip >= 0) end.answered(roundTrip);
  });
  socket.on('upgrade', (response) => (cork = new TickCork(response.socket)));
  socket.on('unexpected-response', (_request, response) => {
    const { statusCode: status } = response;
    const retryAfter = parseRetryAfter(response.headers['retry-after'], scheduler.now());
    end.failed(`the server answered ${status}`, { status, retryAfter });
  });
  // Where a name has several addresses and none answers, the error is an aggregate without a message.
  socket.on('error', (error) => end.failed(error.message || String(error.code), { cause: error }));
  socket.on('close', (code, reason) => end.ended(code, reason.toString(), code !== 1006));
  return {
    send(frame) {
      // All writes of a turn go out in one system call: up to 3 times the throughput of bursts, nothing lost for a lone message.
      cork?.hold();
      // A Buffer goes out in one piece, a text in two.
      if (typeof frame === 'string') socket.send(Buffer.from(frame), asText);
      else socket.send(frame as Uint8Array<ArrayBuffer>);
      if (frame.length > LARGE) cork?.release();
    },
    close(code, reason) {
      if (socket.readyState === ReadyState.CONNECTING) {
        socket.terminate();
      } else {
        socket.close(code, reason);
        // Who does not read does not hear the peer's leave either.
        socket.resume();
      }
    },
    abandon() {
      cork?.release();
      socket.terminate();
    },
    abilities: {
      ping() {
        expectOpen(end);
        // The answer repeats what the ping said, so that no answer is taken for another one's.
        const now = clock.now();
        firstPing = Math.min(firstPing, now);
        socket.ping(String(now));
      },
      pause: () => socket.pause(),
      resume: () => socket.resume(),
      isPaused: () => socket.isPaused,
    },
  };
};
