export { msgpack, msgpackCodec, type MsgpackCodecConfig, type MsgpackConfig } from './codecs/msgpack.js';
