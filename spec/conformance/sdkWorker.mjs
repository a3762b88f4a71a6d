// A worker made of the official SDK, in a process of its own: `node sdkWorker.mjs inngest`. Its parent tells it what to do.
import { WebSocket } from 'ws';

globalThis.WebSocket = WebSocket;
// How long the SDK waits for the acknowledgement of a reply is not to be set, and too long for a test.
const { setTimeout } = globalThis;
globalThis.setTimeout = (act, delay, ...args) => setTimeout(act, delay === 5_000 ? 500 : delay, ...args);

const [, , name] = process.argv;
const { Inngest, NonRetriableError, RetryAfterError } = await import(name);
const { connect } = await import(`${name}/connect`);
const isOld = name !== 'inngest';

/** Functions that were told to wait, by the names of their inputs. */
const held = new Map();
let connection;

const tell = (type, more = {}) => process.send({ type, ...more });
const warn = (...warning) => tell('warned', { warning: warning.map((part) => part?.message ?? part) });
const logger = { debug() {}, info() {}, warn, error: warn };

async function double({ event }) {
  const { number, hold, fail } = event.data;
  tell('called', { number });
  if (fail === 'for good') throw new NonRetriableError('odd');
  if (fail === 'for now') throw new RetryAfterError('busy', '30s');
  if (hold) await new Promise((resolve) => held.set(number, resolve));
  return { doubled: number * 2 };
}

const acts = {
  async connect({ apiUrl, signingKey, signingKeyFallback }) {
    const keys = { signingKey, signingKeyFallback };
    const client = new Inngest({ id: 'conformance', isDev: true, baseUrl: apiUrl, logger, ...(!isOld && keys) });
    const options = { id: 'double' };
    const trigger = { event: 'number/given' };
    const doubling = isOld
      ? client.createFunction(options, trigger, double)
      : client.createFunction({ ...options, triggers: [trigger] }, double);
    connection = await connect({
      apps: [{ client, functions: [doubling] }],
      instanceId: 'instance-1',
      handleShutdownSignals: [],
      ...(isOld ? keys : { isolateExecution: false, maxWorkerConcurrency: 10 }),
    });
    tell('connected', { connectionId: connection.connectionId });
  },
  finish({ number }) {
    held.get(number)();
  },
  async close() {
    await connection.close();
    tell('closed', { state: connection.state });
  },
};

process.on('message', ({ act, ...what }) => acts[act](what));
process.on('disconnect', () => process.exit());
tell('loaded');
