// The protobuf code of the official SDK, generated from its schema. Its packages export it to nobody, hence the paths.
import v3 from './node_modules/inngest-v3/proto/src/components/connect/protobuf/connect.js';

export * from './node_modules/inngest/proto/src/components/connect/protobuf/connect.js';
// The newer one leaves out what the SDK does not read.
export const { SystemError } = v3;
