/** In browsers all sockets are standard ones: the `browser` field of package.json puts this file in the place of `wireOf`. */
export { standardWire as wireOf } from './wire.js';
