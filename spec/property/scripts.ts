import fc from 'fast-check';
import type { CloseCodes } from '../../src/core/closeCodes.js';
import type { LifeEvent } from './pipeline.js';
import type { Act, Life } from './scriptedPeer.js';

/** What the consumer does at a time; the script ends with unsubscribing. */
export type Deed =
  | { readonly at: number; readonly deed: 'send'; readonly count: number }
  | { readonly at: number; readonly deed: 'close'; readonly code: number }
  | { readonly at: number; readonly deed: 'allow'; readonly allows: boolean }
  | { readonly at: number; readonly deed: 'look' };

/** What the consumer does at once when it is told of an event. */
export interface Reaction {
  readonly to: LifeEvent['type'];
  readonly deed: Exclude<Deed, { readonly deed: 'allow' }>;
}

/** The life of a subscription: what its peers do, what the consumer does, and how the operators are set. */
export interface Script {
  readonly lives: readonly Life[];
  readonly deeds: readonly Deed[];
  /** In their order, each once. */
  readonly reactions: readonly Reaction[];
  /** When the consumer unsubscribes. */
  readonly leaveAt: number;
  /** After which event it unsubscribes already, in the midst of it. */
  readonly leaveAfter: number;
  /** Whether it waits, before it unsubscribes, until all has come to rest. */
  readonly waits: boolean;
  readonly always: boolean;
  readonly delays: readonly number[];
  readonly stableAfter: number;
  readonly closeCodes: CloseCodes;
  /** How credentials are fetched, where they are. */
  readonly refresh: 'never' | 'at once' | 'later' | 'in vain';
  readonly maxAttempts: number;
  readonly linger: number;
  /** When `until` lets go of the old connection after the successor opened; 0 is in the same turn. */
  readonly until: number | undefined;
  readonly releases: boolean;
  readonly buffer: number;
  readonly overflow: 'drop-oldest' | 'drop-newest' | 'error';
  readonly ttl: number;
  readonly resetAfter: number;
  readonly random: number;
}

/** Times meet often, for that is where orders matter. */
const time = fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, { weight: 3, arbitrary: fc.nat(6) }, fc.nat(60));
const code = fc.constantFrom(1000, 1001, 1002, 1006, 1008, 1011, 1012, 1013, 3000, 4000, 4401, 4429);
const ownCode = fc.constantFrom(1000, 3000, 4000, 4401);

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ after: time, act: fc.constant('data') }) },
  {
    weight: 5,
    arbitrary: fc.record({
      after: time,
      act: fc.constant('say'),
      message: fc.oneof(
        fc.constant({ kind: 'draining' as const }),
        fc.record({ kind: fc.constant('draining'), within: time }),
      ),
    }),
  },
  { weight: 3, arbitrary: fc.record({ after: time, act: fc.constant('close'), code }) },
  { weight: 1, arbitrary: fc.record({ after: time, act: fc.constant('garbage') }) },
  { weight: 2, arbitrary: fc.record({ after: time, act: fc.constant('freeze') }) },
);

/** How a peer receives a client: nearly always with a welcome. */
const reception = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ after: time, act: fc.constant('say'), message: fc.constant({ kind: 'welcome' }) }),
  },
  fc.record({ after: time, act: fc.constant('say'), message: fc.constant({ kind: 'refused' }) }),
  fc.record({ after: time, act: fc.constant('freeze') }),
) as fc.Arbitrary<Act>;

const life: fc.Arbitrary<Life> = fc.record({
  after: time,
  dial: fc.oneof({ weight: 6, arbitrary: fc.constant('open' as const) }, fc.constantFrom('refuse', 'hang')),
  status: fc.constantFrom(undefined, 401, 403, 429, 503),
  retryAfter: fc.constantFrom(undefined, undefined, 5, 30),
  acts: fc.tuple(reception, fc.array(act, { maxLength: 8 })).map(([first, rest]) => [first, ...rest]),
  latency: fc.constantFrom(1, 4, 15),
});

const at = fc.nat(200);

const send = fc.record({ at, deed: fc.constant('send' as const), count: fc.integer({ min: 1, max: 4 }) });
const close = fc.record({ at, deed: fc.constant('close' as const), code: ownCode });
const look = fc.record({ at, deed: fc.constant('look' as const) });
const allow = fc.record({ at, deed: fc.constant('allow' as const), allows: fc.boolean() });

const reaction: fc.Arbitrary<Reaction> = fc.record({
  to: fc.oneof(
    fc.constantFrom('open', 'draining'),
    fc.constantFrom('connecting', 'message', 'retired', 'close', 'reconnecting', 'dropped'),
  ),
  deed: fc.oneof({ weight: 3, arbitrary: send }, { weight: 2, arbitrary: close }, look),
});

export const script: fc.Arbitrary<Script> = fc.record({
  lives: fc.array(life, { minLength: 1, maxLength: 8 }),
  deeds: fc
    .array(fc.oneof({ weight: 6, arbitrary: send }, close, look, allow), { maxLength: 8 })
    .map((deeds) => deeds.sort((one, other) => one.at - other.at)),
  reactions: fc.array(reaction, { maxLength: 3 }),
  leaveAt: fc.integer({ min: 1, max: 300 }),
  leaveAfter: fc.oneof({ weight: 3, arbitrary: fc.constant(Infinity) }, fc.integer({ min: 1, max: 12 })),
  waits: fc.boolean(),
  always: fc.boolean(),
  delays: fc.array(fc.constantFrom(0, 1, 5, 20), { minLength: 1, maxLength: 4 }),
  closeCodes: fc.constantFrom<CloseCodes>({}, { 1000: 'retry' }, { '4000-4999': 'stop', 1006: 'stop' }),
  refresh: fc.constantFrom('never', 'at once', 'later', 'in vain'),
  stableAfter: fc.constantFrom(0, 10, 1_000),
  maxAttempts: fc.constantFrom(Infinity, Infinity, 1, 3),
  linger: fc.constantFrom(0, 1, 10, 40),
  until: fc.constantFrom(undefined, undefined, 0, 1, 10),
  releases: fc.boolean(),
  buffer: fc.constantFrom(0, 1, 3, 100),
  overflow: fc.constantFrom('drop-oldest', 'drop-newest', 'error'),
  ttl: fc.constantFrom(Infinity, 5, 50),
  resetAfter: fc.constantFrom(0, 7),
  random: fc.constantFrom(0, 0.5, 0.99),
});
