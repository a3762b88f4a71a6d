/** What a worker behind a gateway has to do, and where it is seen to: a file, and words that its test has in its name. */
export type Behaviour = readonly [
  number: number,
  what: string,
  ...tests: readonly (readonly [file: string, words: string])[],
];

const worker = (name: string): string => `spec/gateway/worker/${name}.spec.ts`;
const spec = (name: string): string => `spec/gateway/${name}.spec.ts`;
const mocks = (name: string): string => `spec/testing/${name}.spec.ts`;
const marbles = (name: string): string => `marbles/gateway/${name}.marbles.ts`;

/** Collected from the systems that came before, their tests, their issues and their faults. */
export const behaviours: readonly Behaviour[] = [
  // start and credentials
  [
    1,
    'a start request with path, hashed key, environment, and no body without exclusions',
    [worker('start'), 'asks the API where to connect, with the hashed key and the environment'],
    [spec('startConnection'), 'sends no bytes when nothing is excluded'],
  ],
  [
    2,
    'the form of a hashed key',
    [spec('signingKeys'), 'keeps the prefix and hashes the bytes behind it'],
    [spec('signingKeys'), 'gives the headers of %s'],
  ],
  [
    3,
    'a branch key without an environment is refused before any request',
    [worker('apps'), 'are refused when there is'],
    [spec('signingKeys'), 'refuses %s before any request is made'],
  ],
  [
    4,
    'on 401 the fallback key at once, and back; never without a key',
    [worker('start'), 'tries the fallback key at once when the key is refused'],
    [worker('start'), 'swaps the keys back and forth while both are refused'],
    [worker('weaknesses'), 'authnofb:'],
  ],
  [
    5,
    '429 is typed and retried, as late as the API asks',
    [worker('start'), 'comes back within the time that the API asks for'],
    [marbles('worker'), 'come by chance within the time that the API asks for'],
  ],
  [
    6,
    'whatever else the API answers is retried and never unhandled',
    [worker('start'), 'asks an API again'],
    [worker('start'), 'waits for an API that is down'],
  ],
  [
    7,
    'a start request that is never answered is given up and made again',
    [worker('weaknesses'), 'hangstart:'],
    [marbles('worker'), 'follow a request that is never answered when its time is up'],
  ],
  [
    8,
    'the end of a worker whose start request is under way',
    [worker('start'), 'aborts its request on'],
    [worker('weaknesses'), 'closehang:'],
  ],
  // handshake
  [
    9,
    'three phases in order, one announcement',
    [worker('handshake'), 'introduces the worker once, when the gateway says hello'],
  ],
  [
    10,
    'a hello that comes with the accept is not lost',
    [worker('handshake'), 'loses no hello that comes in one packet with the accept'],
  ],
  [
    11,
    'another message than hello: 4001, another group, a retry',
    [worker('handshake'), 'fails when the gateway'],
    [marbles('handshake'), 'and closes with 4001 UNEXPECTED'],
  ],
  [
    12,
    'another message than ready, or a failed registration, with its reason',
    [worker('handshake'), 'fails when the gateway says another thing than ready'],
    [worker('weaknesses'), 'syncfailed:'],
  ],
  [
    13,
    'no hello, no ready: timed, closed, another group',
    [worker('handshake'), 'waits for'],
    [marbles('handshake'), 'does not come within 10 s'],
  ],
  [
    14,
    'a late hello is not answered',
    [worker('weaknesses'), 'setuptimeout, latehello:'],
    [marbles('handshake'), 'says nothing over the socket that it gave up'],
  ],
  [15, 'a second hello is answered once', [worker('weaknesses'), 'doublehello:']],
  [
    16,
    'durations of Go, and texts that are none',
    [marbles('handshake'), 'takes the intervals from `ready`'],
    [marbles('handshake'), 'when an interval is no duration'],
    [worker('weaknesses'), 'godur:'],
  ],
  [
    17,
    'intervals of each connection',
    [worker('handshake'), 'takes the intervals of each connection from its gateway'],
    [worker('heartbeat'), 'has the rhythm that each gateway asks for'],
  ],
  [
    18,
    'a gateway that is closing already: soon, elsewhere',
    [worker('handshake'), 'goes elsewhere soon when the gateway is about to close'],
    [spec('gatewayBackoff'), 'waits half a second to one and a half'],
  ],
  [
    19,
    'another endpoint; a refused authentication',
    [worker('handshake'), 'goes to another endpoint than the gateway named'],
    [worker('handshake'), 'fails when the gateway'],
  ],
  [
    20,
    'ready only when requests are listened for',
    [worker('handshake'), 'loses no request that comes in one turn with ready'],
    [marbles('announceReady'), 'passes `open` on before it speaks'],
  ],
  // heartbeat
  [21, 'beats every interval', [marbles('worker'), 'goes out every interval, the first time an interval after ready']],
  [
    22,
    'dead after three intervals, not before',
    [marbles('worker'), 'takes a gateway for dead that left two beats without an answer'],
  ],
  [
    23,
    'a dead connection is closed, and what it says later is ignored',
    [worker('weaknesses'), 'zombie:'],
    [worker('heartbeat'), 'tells of a dead gateway, closes its connection'],
  ],
  [24, 'a dead gateway is avoided', [worker('heartbeat'), 'and asks for another group']],
  [
    25,
    'no beat without a connection, no timer left',
    [marbles('worker'), 'has the rhythm of each connection, and stands still while there is none'],
  ],
  [26, 'beats go on while the worker ends', [worker('heartbeat'), 'goes on while the worker ends and has work to do']],
  [27, 'only the current connection is beaten', [worker('heartbeat'), 'goes over the new connection after a handover']],
  // requests and leases
  [
    28,
    'an acknowledgement before the result, with all ids',
    [worker('requests'), 'is acknowledged before its work ends, with all that it is called by'],
  ],
  [
    29,
    'an unknown app is not acknowledged, and told',
    [worker('requests'), 'that the worker does not have is not acknowledged, and told'],
  ],
  [
    30,
    'statuses, noRetry, retryAfter',
    [worker('requests'), 'in the words of HTTP'],
    [worker('requests'), 'with whether and when to try again'],
  ],
  [
    31,
    'what throws or does not parse is answered',
    [worker('weaknesses'), 'throwing:'],
    [worker('requests'), 'when its handler throws before it gives anything'],
  ],
  [
    32,
    'an acknowledgement that cannot be sent: not executed',
    [spec('serveRequests'), 'that cannot be sent makes the request somebody else’s'],
  ],
  [
    33,
    'a request that comes twice is done once',
    [worker('weaknesses'), 'dup:'],
    [worker('requests'), 'that comes again over another connection is acknowledged there'],
  ],
  [
    34,
    '50 requests with leases of their own; a limit that holds',
    [worker('leases'), 'is its own when 50 requests are in work'],
    [worker('weaknesses'), 'concurrency:'],
  ],
  [
    35,
    'leases are extended until the end, and not after it',
    [worker('leases'), 'is extended with its newest id as long as the work takes, and no longer'],
  ],
  [
    36,
    'the newest id wins, in whatever order answers come',
    [worker('leases'), 'keeps its newest id when the answers come out of order'],
    [spec('newerLease'), 'newer'],
  ],
  [37, 'a lost lease ends the work', [worker('leases'), 'that the gateway takes away ends the work']],
  [38, 'a late answer brings no lease back', [worker('leases'), 'is not there any more when its answer comes late']],
  [
    39,
    'no connection at a tick: the next one, same id',
    [worker('leases'), 'outlives its connection: it is extended over the next one with the id that it had'],
  ],
  [40, 'an extension that throws skips a tick', [marbles('serveRequests'), 'may refuse an extension']],
  [41, 'a lost answer: the same id again', [worker('leases'), 'that was extended while the answer got lost']],
  [
    42,
    'extensions go over the new connection only',
    [worker('leases'), 'is extended over the new connection only'],
    [worker('weaknesses'), '3.40.1 drain:'],
  ],
  [
    43,
    'an execution deadline',
    [worker('requests'), 'that takes too long is answered with an error'],
    [marbles('serveRequests'), 'the execution deadline of serveRequests'],
  ],
  // replies
  [
    44,
    'a reply over the next connection',
    [worker('replies'), 'goes over the new connection when the one that brought its request is gone'],
  ],
  [
    45,
    'no connection: over HTTP, once',
    [worker('replies'), 'goes over HTTP, once, when there is no connection as its work ends'],
  ],
  [
    46,
    'not confirmed in 5 s: over HTTP, while the connection stays',
    [worker('weaknesses'), 'noreplyack:'],
    [marbles('deliverReplies'), 'is waited for 5 s, unless another time is given'],
  ],
  [
    47,
    'confirmed just before and just after the deadline',
    [marbles('deliverReplies'), 'one millisecond'],
    [worker('replies'), 'takes no harm from an acknowledgement that comes when it has gone over HTTP'],
  ],
  [48, 'the end waits for replies', [worker('weaknesses'), 'noreplyackclose:']],
  [
    49,
    'flush: fallback key, backoff, bounded at the end',
    [worker('weaknesses'), 'flushfail:'],
    [worker('flush'), 'is kept when the API'],
    [worker('flush'), 'does not keep a worker from its end for longer than that may wait'],
  ],
  [
    50,
    'a poisoned reply blocks no other',
    [worker('flush'), 'that the API refuses is given up, and holds up no other'],
  ],
  [51, 'never posted twice at once', [worker('flush'), 'is not posted twice at once, whatever comes meanwhile']],
  [52, 'a bounded buffer', [worker('flush'), 'gives way to newer ones when more would wait than may']],
  // reconnect
  [
    53,
    'the table of waits, and chance',
    [spec('gatewayBackoff'), 'waits as the table says when a worker cannot connect'],
    [marbles('worker'), 'come after the waits of the table, the last one for ever'],
  ],
  [
    54,
    'at once after a live connection was lost',
    [marbles('worker'), 'begin at once when a connection was lost'],
    [spec('gatewayBackoff'), 'does not retry at once where that is not wanted'],
  ],
  [
    55,
    'an error and a close count once; refused dials',
    [worker('reconnect'), 'dials again at once, and once, after a'],
    [worker('reconnect'), 'tries again where TLS fails'],
  ],
  [
    56,
    'groups are excluded and forgiven',
    [worker('reconnect'), 'keeps away from the groups that failed'],
    [worker('reconnect'), 'asks for a group again once it has served'],
  ],
  [
    57,
    '50 connections and drops leave nothing behind',
    [worker('reconnect'), 'leaves nothing behind when that happens 50 times in a row'],
  ],
  [58, 'a restarted gateway costs no reply', [worker('replies'), 'arrives once when the gateway is replaced']],
  [
    59,
    'limits and final codes end the stream',
    [worker('reconnect'), 'gives up after as many attempts as it may make'],
    [worker('reconnect'), 'gives up where it is told so'],
  ],
  [
    60,
    'the end in every phase',
    [worker('reconnect'), 'while it waits for hello'],
    [worker('reconnect'), 'while it waits for a retry'],
    [marbles('worker'), 'end at once with the worker'],
  ],

  // drain
  [
    61,
    'new connection ready, then the old one closed; ready on the new one first',
    [worker('drain'), 'makes the new connection, takes work over it, and then lets the old one go'],
  ],
  [
    62,
    'the state that is shown stays ACTIVE',
    [worker('weaknesses'), 'drain:'],
    [spec('connectWorker'), 'shows a handover in the internal state only'],
  ],
  [63, 'the drained group is excluded', [worker('weaknesses'), 'drain:']],
  [
    64,
    'requests on the draining connection are not lost',
    [worker('drain'), 'loses no request that comes before the new connection is there'],
  ],
  [
    65,
    'a replacement that fails; an old connection that dies meanwhile',
    [worker('drain'), 'leaves the work to the old connection as long as there is no new one'],
    [worker('drain'), 'becomes a reconnect when the old connection dies'],
  ],
  [66, 'a second notice on the same connection', [worker('weaknesses'), 'doubleclosing:']],
  [67, 'a notice on the new connection while the old one drains', [worker('drain'), 'may follow on another one']],
  [
    68,
    'the old connection closed by the gateway: one reconnect',
    [worker('drain'), 'makes one new connection when the gateway closes the old one meanwhile'],
  ],
  [
    69,
    'a drain while the worker ends: pause, not ready',
    [worker('drain'), 'of a worker that is about to end tells the new gateway to send nothing'],
  ],
  [
    70,
    'the handover as marbles',
    [marbles('workerHandover'), 'makes the new connection, is ready there, and lets the old one go, without a gap'],
  ],
  // the end
  [
    71,
    'without work: pause, close 1000 WORKER_SHUTDOWN',
    [worker('shutdown'), 'without work says pause, takes leave, and is there'],
  ],
  [
    72,
    'with work: pause first, everything goes on, reply, close',
    [worker('shutdown'), 'comes when the work is done: meanwhile no more is taken'],
  ],
  [
    73,
    'a request after the pause is not executed',
    [worker('shutdown'), 'meanwhile no more is taken'],
    [worker('requests'), 'that comes while the worker ends is not acknowledged'],
  ],
  [74, 'the connection breaks meanwhile', [worker('shutdown'), 'outlasts a connection that breaks']],
  [
    75,
    'the end in a backoff, without work and with it',
    [worker('weaknesses'), 'closeduringbackoff:'],
    [worker('shutdown'), 'goes on dialling while there is work to do'],
  ],
  [
    76,
    'a deadline, and what was abandoned',
    [worker('shutdown'), 'comes at its deadline whatever is left, and tells what that was'],
    [marbles('shutdown'), 'gives up work that is not done in time'],
  ],
  [77, 'the last lease is lost', [worker('shutdown'), 'comes when the last lease is lost']],
  [
    78,
    'asked twice',
    [worker('shutdown'), 'is asked for once, however often it is asked for'],
    [spec('connectWorker'), 'closes once, and gives every caller the same end'],
  ],
  [
    79,
    'signals',
    [worker('signals'), 'emits when the process gets %s, completes, and lets go'],
    [worker('signals'), 'that is the second one ends the process at once'],
    [worker('signals'), 'that is told to listen to none lives on'],
  ],
  [
    80,
    'never from CLOSING back',
    [spec('connectWorker'), 'never goes back from CLOSING'],
    [spec('connectionStateMachine'), 'does with %s what the table says'],
  ],
  // state, events, logs
  [
    81,
    'every transition, legal and not; a history of 50',
    ['spec/core/state.spec.ts', 'leads from %s to %s'],
    [spec('connectionStateMachine'), 'does with %s what the table says'],
    [spec('connectionStateMachine'), 'remembers the last 50 changes'],
  ],
  [
    82,
    'the order of events',
    [worker('events'), 'tell of a life without trouble in its order'],
    [worker('events'), 'tell of a gateway that drains'],
  ],
  [
    83,
    'a listener that throws',
    [worker('events'), 'that throws, and nothing breaks'],
    [spec('connectionStateMachine'), 'is not broken by a listener that throws'],
  ],
  [
    84,
    'logs: an object a record, the connection, levels, off',
    [worker('logs'), 'is one object for each event'],
    [worker('logs'), 'tells by its id which connection something happened on'],
    [worker('logs'), 'is not even begun when it is off'],
  ],
  [85, 'no secret in logs', [worker('logs'), 'shows no secret']],
  [86, 'no flood of logs', [worker('logs'), 'is not flooded']],
  // robustness
  [
    87,
    'frames that are no messages',
    [worker('weaknesses'), 'text, crash:'],
    [worker('robustness'), 'tells of %s, and goes on'],
    [worker('robustness'), 'survives a frame that breaks the WebSocket'],
  ],
  [
    88,
    'big replies, and too big ones',
    [worker('replies'), 'may have 4 MiB; what is bigger goes over HTTP'],
    [worker('robustness'), 'reads a message of nearly 8 MiB'],
  ],
  [
    89,
    'slow, half open, out of order',
    [worker('robustness'), 'does all its work, late and in pieces'],
    [worker('robustness'), 'finds out that a silent link is dead'],
    [worker('replies'), 'in whichever order they are acknowledged'],
  ],
  [
    90,
    '100 workers leave nothing behind',
    [worker('robustness'), 'leave no socket, timer, listener and memory behind'],
  ],
  [
    91,
    'status reports',
    [worker('status'), 'tell again and again which requests are in work'],
    [worker('status'), 'come as each connection asks for'],
    [worker('status'), 'are not made where the gateway says'],
  ],
  // the other side
  [
    92,
    'the mock gateway does what it says: scripts, waits, history, drops, delays, leases that run out',
    [mocks('mockGateway'), 'welcomes a worker in three steps'],
    [mocks('mockGateway'), 'tell what came instead'],
    [mocks('mockGateway'), 'breaks, with and without a reset'],
    [mocks('mockGateway'), 'are answered late'],
    [mocks('mockGateway'), 'run out, and the book knows'],
    [mocks('mockApi'), 'changes an answer, leaves it, or gives bytes'],
    [mocks('mockApi'), 'remembers who asked what'],
  ],
  [93, 'the official worker behind our gateway', ['spec/conformance/sdk.test.mjs', 'as a worker']],
  [
    94,
    'our worker behind the official code',
    ['spec/conformance/worker.test.mjs', 'our worker behind a gateway of the official code'],
  ],
];
