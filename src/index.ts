// core
export type { Backoff, BackoffContext, ExponentialConfig } from './core/backoff.js';
export { constant, decorrelated, exponential, fullJitter, steps } from './core/backoff.js';
export { closeAction, type CloseAction, type CloseCodes } from './core/closeCodes.js';
export { type CloseCodeRule, closeCodeRules } from './core/closeCodeRules.js';
export { type Connection, type Frame, ReadyState, type Traffic } from './core/connection.js';
export { type Duration, duration } from './core/duration.js';
export { BufferOverflowError } from './core/errors.js';
export { ConnectionClosedError } from './core/errors.js';
export { DialError, type DialFailure } from './core/errors.js';
export { HandshakeError } from './core/errors.js';
export { type HawserErrors, isNamed } from './core/errors.js';
export { HeartbeatTimeoutError } from './core/errors.js';
export { LeaseLostError } from './core/errors.js';
export { NotOpenError } from './core/errors.js';
export { OpenTimeoutError } from './core/errors.js';
export { ProtocolError } from './core/errors.js';
export { RequestDisconnectedError, RequestTimeoutError } from './core/errors.js';
export type { AnyConnectionOperator, ConnectionOperator } from './core/event.js';
export type { ConnectionEvent, ConnectionEvents } from './core/event.js';
export type { ConnectingEvent, OpenEvent, ConnectionClose } from './core/event.js';
export type { ConnectionMessage, MalformedEvent, PongEvent } from './core/event.js';
export type { DrainingEvent, RetiredEvent } from './core/event.js';
export type { ClosingEvent, DroppedEvent, ReconnectingEvent } from './core/event.js';
export { redact } from './core/redact.js';
export type { InternalState, State, StateChange, StateEvent } from './core/state.js';

// codecs
export { codec, type Codec, type CodecConfig, type CodecOperator } from './codecs/codec.js';
export { json, jsonCodec } from './codecs/json.js';

// transports
export { fromWebSocket, type FromWebSocketConfig } from './transports/fromWebSocket.js';
export type { WebSocketLike } from './transports/socketLike.js';
export { httpPolling, type HttpPollingConfig } from './transports/httpPolling.js';
export type { Farewell, PollAnswer, PollExchange, PollRequest } from './transports/pollExchange.js';
export type { Address } from './transports/address.js';
export { loopback, type Loopback, type LoopbackConfig } from './transports/loopback.js';
export { webSocket, type WebSocketConfig } from './transports/webSocket.js';

// operators
export { type ConnectionSnapshot, connectionState, type ConnectionStateConfig } from './operators/connectionState.js';
export { type ConnectionStats, connectionStats, type ConnectionStatsConfig } from './operators/connectionStats.js';
export { countTraffic } from './operators/countTraffic.js';
export { dedupe, type DedupeConfig } from './operators/dedupe.js';
export { dial, type DialConfig } from './operators/dial.js';
export { drainHandover, type DrainHandoverConfig } from './operators/drainHandover.js';
export { drainOn, type DrainOnConfig } from './operators/drainOn.js';
export { extendLease, type ExtendLeaseConfig } from './operators/extendLease.js';
export { fallback, type FallbackConfig } from './operators/fallback.js';
export { handshake, type HandshakeConfig } from './operators/handshake.js';
export { heartbeat, type HeartbeatConfig } from './operators/heartbeat.js';
export { logEvents, type LogEventsConfig, type Logger, type LogLevel } from './operators/logEvents.js';
export { messages } from './operators/messages.js';
export { openTimeout, type OpenTimeoutConfig } from './operators/openTimeout.js';
export { reconnect, type ReconnectConfig } from './operators/reconnect.js';
export { sendFrom, type SendFromConfig } from './operators/sendFrom.js';
export { shareConnection, type ShareConnectionConfig } from './operators/shareConnection.js';

// protocol
export { type Channels, channels, type ChannelsConfig } from './protocol/channels.js';
export { type Requests, requests, type RequestsConfig } from './protocol/requests.js';

// bindings
export { eachValueFrom, type EachValueFromConfig, toAsyncIterable } from './bindings/asyncIterable.js';
export type { HostTarget } from './bindings/hostGate.js';
export type { IterationConfig } from './bindings/iteration.js';
export { online$, type OnlineTarget } from './bindings/online.js';
export { toReadableStream } from './bindings/readableStream.js';
export { visible$, type VisibleTarget } from './bindings/visible.js';
export { toWritableStream, type WritableStreamConfig } from './bindings/writableStream.js';
