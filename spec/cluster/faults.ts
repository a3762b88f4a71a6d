/** A fault of a client of the same kind, and where it is seen that this one does not have it: a file, and words that its test has in its name. */
export type Fault = readonly [
  number: number,
  what: string,
  ...tests: readonly (readonly [file: string, words: string])[],
];

const spec = (name: string): string => `spec/cluster/${name}.spec.ts`;
const marbles = (name: string): string => `marbles/cluster/${name}.marbles.ts`;
const operator = (name: string): string => `marbles/operators/${name}.marbles.ts`;
const polling = 'spec/transports/httpPolling.spec.ts';
const transport = 'spec/laws/transport.ts';

/** Measured in a client that came before, whose numbers they have. */
export const faults: readonly Fault[] = [
  [
    1,
    'a forced reconnect leaves no node connected',
    [
      spec('providers'),
      'really reconnects when it is forced to, more than once, and lets go of the old connection (P1',
    ],
    [spec('providers'), 'reconnects all nodes when it is forced to (P1)'],
    [spec('routeByPartition'), 'all nodes come back after every link was cut, and what waited arrives in order (P1)'],
  ],
  [
    2,
    'nobody is told of the connection that a choice of transports made',
    [spec('providers'), 'does nothing before it is told to connect, and then tells that it is connected once (P2'],
    [spec('providers'), 'goes another way while the best one is blocked, and tells that it is connected (P2)'],
  ],
  [
    3,
    'a connection over HTTP is told of twice',
    [spec('providers'), 'does nothing before it is told to connect, and then tells that it is connected once (P2, P3)'],
  ],
  [
    4,
    'polling stops for ever when a forced reconnect fails once',
    [spec('providers'), 'goes on polling after a reconnection by force that failed at first (P4)'],
    [spec('providers'), 'gives up once after it was connected, and is connected again by force (P4'],
  ],
  [
    5,
    'polls overlap, and what failed is sent again out of order',
    [polling, 'asks one thing at a time, and keeps the order when requests fail (P5)'],
  ],
  [
    6,
    'a node that failed is never dialled again, and takes messages for ever',
    [marbles('pool'), 'is tried again after retryAfter when something waits for it (P6)'],
    [spec('routeByPartition'), 'a node that was gone for good is sent what waited when it is back (P6)'],
    [spec('providers'), 'is connected where one node is reachable, and with the other when that is back (P6'],
    [transport, 'is a DialError, once, when there is no connection'],
  ],
  [
    7,
    'what is sent later overtakes what waited, and the credentials',
    [spec('faults'), 'P7: what waited goes after the credentials, and before what is sent later'],
    [spec('providers'), 'gives a connection before there is one, and sends in order what waited (P7)'],
  ],
  [
    8,
    'a handshake that hangs is waited for without end',
    [marbles('pool'), 'a handshake that hangs ends by the openTimeout of connect'],
    [
      spec('providers'),
      'forced to reconnect while a handshake hangs is connected once, and nothing says otherwise later (P8',
    ],
  ],
  [
    9,
    'a silent peer is never found out, nor asked',
    [marbles('pool'), 'a silent one is left by the heartbeat of connect, and nothing is sent to it meanwhile (P9)'],
  ],
  [
    10,
    'silence about a map that is right is an error, and leaves a listener behind',
    [marbles('partitionMaps'), 'P10: asks whether the map is still right, and takes "unchanged" for news'],
    [marbles('partitionMaps'), 'P10, P31: takes silence for no error, ends the question, and asks again later'],
    [spec('partitionMaps'), 'P10, P31: leaves no listener behind when nobody answers'],
  ],
  [
    11,
    'a refresh that fails is an unhandled rejection',
    [spec('partitionMaps'), 'P11: asks again after refreshes that were rejected, and none of them is left unhandled'],
    [marbles('partitionMaps'), 'P11: lives with a refresh that fails, or throws'],
    [spec('providers'), 'rejects where there is no map (P11'],
  ],
  [
    12,
    'two calls of connect are two connections, one of which nobody closes',
    [spec('providers'), 'makes one connection for two calls, also when it is connected already (P12)'],
    [marbles('pool'), 'belongs to one subscription: two have two, and each hangs up its own (P12)'],
  ],
  [
    13,
    'a forced reconnect while it connects: a stale timer, or an uncaught error',
    [
      spec('providers'),
      'forced to reconnect while it connects has one connection in the end, and both who wait are told (P13)',
    ],
    [
      spec('providers'),
      'forced to reconnect while a handshake hangs is connected once, and nothing says otherwise later (P8, P13)',
    ],
    [transport, 'while it dials: no connection is left'],
  ],
  [
    14,
    'giving up is told twice',
    [spec('providers'), 'gives up once, by an error and a rejection, and connects when it is asked again (P14'],
    [spec('providers'), 'gives up once after it was connected, and is connected again by force (P4, P14)'],
  ],
  [
    15,
    'what was closed comes back to life by force',
    [spec('providers'), 'stays closed (P15)'],
    [
      marbles('pool'),
      'hangs up everywhere when it is unsubscribed, whatever it waits for, and nothing comes back (P15)',
    ],
  ],
  [
    16,
    'an answer of the wrong owner does not reach who sent, and a closing socket swallows messages',
    [spec('providers'), 'sends a message again by its own key where the node that was asked is not the owner (P16)'],
    [marbles('routeByPartition'), 'is not delivered: it asks for a newer map, by which the message is sent again'],
    [
      marbles('routeByPartition'),
      'keeps, in its place, the message that a connection refused because it had just closed',
    ],
    [transport, 'throws a NotOpenError after %s, and sends nothing'],
  ],
  [
    17,
    'connect resolves although no node is reachable',
    [spec('providers'), 'rejects where no node is reachable, and connects when it is asked again (P17)'],
    [spec('providers'), 'gives up once, by an error and a rejection, and connects when it is asked again (P14, P17)'],
  ],
  [
    18,
    'all who were held back are let go at once',
    [spec('faults'), 'P18: what was held back is let go one by one, as far as there is room'],
  ],
  [
    19,
    'after a reset each message is handled twice',
    [spec('faults'), 'P19: after reconnections by force each message is told once'],
  ],
  [
    20,
    'a node that goes by another address or name is dropped, and nobody is told',
    [marbles('pool'), 'keeps its connection where its address is the same (P20)'],
    [spec('providers'), 'keeps the connection of a node that is given another name (P20)'],
    [spec('providers'), 'lets go of a node that is not in the map any more, and tells so (P20)'],
  ],
  [
    21,
    'a node that is renamed while it reconnects never does',
    [marbles('pool'), 'goes on to reconnect, and is sent what waited (P21)'],
    [spec('providers'), 'reconnects a node that is given another name while it reconnects (P21)'],
  ],
  [
    22,
    'bytes, dates, maps and large integers are destroyed on their way',
    [spec('faults'), 'P22: bytes, dates, maps and large integers arrive'],
  ],
  [
    23,
    'closed while it connects over HTTP, it polls all the same',
    [spec('providers'), 'closed while it connects leaves nothing behind (P23, P24)'],
    [polling, 'stops everything when it is unsubscribed while it opens'],
  ],
  [
    24,
    'closed while it chooses a transport, it leaves a connection behind',
    [spec('providers'), 'closed while it connects leaves nothing behind (P23, P24)'],
    [
      marbles('pool'),
      'leaves nothing behind when it is unsubscribed in the middle of a dial, of an open or of a state (P24)',
    ],
  ],
  [
    25,
    'a heartbeat cannot succeed over HTTP',
    [polling, 'carries a heartbeat: a ping goes at once and its answer comes with that request (P25)'],
  ],
  [
    26,
    'a server that accepts and closes is dialled without a pause or an end',
    [marbles('pool'), 'one that accepts and closes is dialled at the pace of reconnect, whatever waits (P26)'],
    [marbles('pool'), 'one that accepts and closes is dialled every retryAfter where connect has no reconnect (P26)'],
    [operator('reconnect'), 'counts anew after a connection that stayed open for stableAfter'],
    [operator('reconnect'), 'gives up after maxAttempts with the last cause'],
  ],
  [
    27,
    'the number of partitions that the map says is ignored',
    [spec('hash'), 'P27: spreads keys over as many partitions as there are'],
    [spec('partitionMap'), 'P27: has as many partitions as the map says, also when that changes'],
    [
      marbles('routeByPartition'),
      'may have another number of partitions: what waits is spread anew, each key in its order (P27)',
    ],
  ],
  [
    28,
    'who is refused keeps an open socket, sends, and tries the same credentials again',
    [spec('faults'), 'P28: who is refused has no connection, is told once, and is not asked again'],
    [spec('faults'), 'P28: refused credentials are not tried again: new ones are'],
  ],
  [
    29,
    'a restarted cluster is refused for ever; an open circuit is ignored, and a half open one lets everything through',
    [spec('partitionMap'), 'P29: is taken from a cluster that was started anew, with version 1 again'],
    [marbles('partitionMaps'), 'P29: takes its map, and what follows, and nothing that is still said of before'],
    [spec('circuitBreaker'), 'P29: lets exactly one trial through when half open'],
    [
      marbles('circuitBreaker'),
      'is not dialled for resetAfter, and then by one trial at a time, until one is open (P29)',
    ],
    [spec('providers'), 'dials, sends to and names no node whose circuit is open (P29)'],
  ],
  [
    30,
    'a body that does not come is waited for without end, and a queue has no bound',
    [polling, 'gives up an answer whose body does not come (P30)'],
    [polling, 'has a bounded queue: one message more than `buffer` throws, and those before are sent (P30)'],
    [spec('providers'), 'has a bounded queue (P30)'],
  ],
  [
    31,
    'each wait for a map leaves a listener behind',
    [spec('partitionMaps'), 'P10, P31: leaves no listener behind when nobody answers'],
    [marbles('partitionMaps'), 'P31: asks until it comes, waiting longer after every silence'],
  ],
  [
    32,
    'a change of the map names nodes that nobody knows, and forgets replicas',
    [spec('partitionMap'), 'P32: is a gap %s'],
    [spec('partitionMap'), 'P32: brings nodes, replicas and ownership at once'],
    [marbles('partitionMaps'), 'P32: asks for the map when a node has left and another one is unknown'],
  ],
];
