export { inngestWire } from './gateway/inngestWire.js';
