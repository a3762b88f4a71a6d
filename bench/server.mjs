// The far end, in a process of its own: blasts frames made beforehand, or swallows what it is sent, so that the client is what is measured.
import { WebSocketServer } from 'ws';
import { msgpackCodec } from '../dist/esm/msgpack.js';
import { sample } from './samples.mjs';

const CHUNK = 64;

/** A server-to-client frame (RFC 6455 section 5.2), unmasked. */
function frame(payload, opcode) {
  const { length } = payload;
  const head =
    length < 126 ? Buffer.from([0x80 | opcode, length]) : Buffer.from([0x80 | opcode, 126, length >> 8, length & 0xff]);
  return Buffer.concat([head, payload]);
}

/** Structures are announced when they are first met, or soon after: so many frames later there is nothing left to announce. */
const WARM = 4;

/** How a kind of message is encoded on one connection: the first frames, and the one that is repeated. */
function framesOf(kind, size) {
  const message = sample(size);
  if (kind === 'json') {
    const text = frame(Buffer.from(JSON.stringify(message)), 1);
    return [Buffer.concat(Array.from({ length: WARM }, () => text)), text];
  }
  const { encode } = msgpackCodec({ shared: kind === 'shared' })({});
  const next = () => frame(Buffer.from(encode(message)), 2);
  return [Buffer.concat(Array.from({ length: WARM }, next)), next()];
}

const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false, maxPayload: 1 << 20 });
server.on('connection', (socket, request) => {
  const [, kind, size] = request.url.split('/');
  const tcp = socket._socket;
  if (kind === 'echo') {
    socket.on('message', (data) => {
      if (!data.includes('silence')) socket.send(data, { binary: false });
    });
    return;
  }
  if (kind === 'sink') {
    let left = 0;
    socket.on('message', (data) => {
      if (left === 0) left = Number(String(data).replace(/\D/g, ''));
      else if (--left === 0) socket.send('"done"');
    });
    return;
  }
  const [first, repeated] = framesOf(kind, Number(size));
  const chunk = Buffer.concat(Array.from({ length: CHUNK }, () => repeated));
  let begun = false;
  socket.on('message', (data) => {
    let chunks = Math.ceil(Number(String(data).replace(/\D/g, '')) / CHUNK);
    if (!begun) {
      begun = true;
      tcp.write(first);
    }
    const blast = () => {
      while (chunks > 0) {
        chunks--;
        if (!tcp.write(chunk)) {
          tcp.once('drain', blast);
          return;
        }
      }
    };
    blast();
  });
});
server.on('listening', () => process.send({ port: server.address().port }));
process.on('disconnect', () => process.exit());
