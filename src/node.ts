export { type DuplexConfig, toDuplex } from './bindings/toDuplex.js';
export { type ReadableConfig, toReadable } from './bindings/toReadable.js';
export { toWritable, type WritableConfig } from './bindings/toWritable.js';
