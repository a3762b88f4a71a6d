/**
 * Names that examples may use without saying what they are. A name that is not here, nor exported by hawser or rxjs, has to be
 * declared: in the example itself, or in Markdown by a comment before the block, `<!-- docs: declare const x: X; -->`.
 */
export const placeholders: Readonly<Record<string, string>> = {
  a: 'declare const a: MockConnection<any>;',
  Answer: 'interface Answer { readonly key: string }',
  api: 'declare const api: { start(options?: object): Promise<{ endpoint: string; group: string }>; refreshToken(): Promise<string> };',
  App: 'declare class App {}',
  b: 'declare const b: MockConnection<any>;',
  badge: 'declare const badge: (...what: unknown[]) => void;',
  Chat: "interface Chat { readonly kind: 'say' | 'ping' | 'pong'; readonly text?: string; readonly id?: string }",
  bill: 'declare const bill: (input: unknown, signal: AbortSignal) => Promise<{ readonly total: number }>;',
  billing: 'declare const billing: WorkerApp;',
  bootstrapApplication:
    'declare const bootstrapApplication: (component: unknown, config: { providers: unknown[] }) => Promise<unknown>;',
  chat$: 'declare const chat$: ConnectionEvents<Chat>;',
  Command: 'interface Command { readonly key: string; readonly value?: number }',
  computed: 'declare const computed: <T>(compute: () => T) => () => T;',
  connect: 'declare const connect: (target: any) => ConnectionEvents<Chat>;',
  events$: 'declare const events$: ConnectionEvents<Chat>;',
  Feed: 'interface Feed { readonly kind: string; readonly id?: string; readonly within?: number }',
  flush: 'declare const flush: (reply: WorkReply) => Observable<string>;',
  fetchToken: 'declare const fetchToken: () => Promise<string>;',
  gatewayEvents$: 'declare const gatewayEvents$: GatewayEvents;',
  logger: "declare const logger: Record<'error' | 'warn' | 'info' | 'debug', (entry: object) => void>;",
  longWay$: 'declare const longWay$: ConnectionEvents<Chat>;',
  Message: 'interface Message { readonly kind: string; readonly id: string; readonly text?: string }',
  outgoing$: 'declare const outgoing$: Observable<any>;',
  partitionMap$: 'declare const partitionMap$: Observable<PartitionMap>;',
  Price: 'interface Price { readonly symbol: string; readonly price: number }',
  server: 'declare const server: MockServer;',
  show: 'declare const show: (...what: unknown[]) => void;',
  source: 'declare const source: ConnectionEvents<Chat>;',
  source$: 'declare const source$: ConnectionEvents<Chat>;',
  tell: 'declare const tell: (...what: unknown[]) => void;',
  toSignal: 'declare const toSignal: <T>(source$: Observable<T>, options?: object) => () => T;',
  token: 'declare const token: string;',
};
