import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';

/** What is done with a dial; `accept` upgrades it. */
export type DialAct = (socket: Socket, accept: () => void) => void;

/** Answers with an HTTP status. */
export function refuse(status: number, headers: Readonly<Record<string, string | number>> = {}): DialAct {
  const body = STATUS_CODES[status] ?? 'Refused';
  const lines = Object.entries({ Connection: 'close', 'Content-Length': body.length, ...headers });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return (socket) => void socket.end(`HTTP/1.1 ${status} ${body}\r\n${head}\r\n${body}`);
}

/** Leaves the dial without an answer; it is read on, so that its end is noticed. */
export const hang: DialAct = (socket) => {
  socket.on('end', () => void socket.destroy()).resume();
};

/** Cuts the dial off. */
export const cutOff: DialAct = (socket) => void socket.destroy();
