import { VirtualTimeScheduler } from 'rxjs';
import type { WorkRequest } from '../../src/gateway/messages.js';
import { WorkBook } from '../../src/testing/workBook.js';
import { replyTo } from './workerClient.js';

const json = new TextEncoder().encode('{}');

describe('workBook', () => {
  const scheduler = new VirtualTimeScheduler();
  let book: WorkBook;
  let request: WorkRequest;

  beforeEach(() => {
    book = new WorkBook(scheduler);
    const made = { requestId: book.newId(), runId: book.newId(), jobId: book.newId(), leaseId: book.newId() };
    const names = { accountId: 'a', envId: 'e', appId: 'p', appName: 'p', functionId: 'f', functionSlug: 'p-f' };
    request = { ...made, ...names, systemTraceCtx: json, userTraceCtx: json, payload: json };
  });

  afterEach(() => book.end());

  /** Lets so many milliseconds pass. */
  const pass = (ms: number): void => {
    scheduler.maxFrames = scheduler.now() + ms;
    scheduler.schedule(() => {}, ms);
    scheduler.flush();
  };
  const lease = (expired = (): void => {}): void => book.lease(request, 'worker-1', 100, expired);

  it('makes ids that are ULIDs, all different and in order', () => {
    const ids = Array.from({ length: 100 }, () => book.newId());
    expect(ids.filter((id) => !/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(id))).toEqual([]);
    expect([...new Set(ids)].sort()).toEqual(ids);
  });

  describe('a lease', () => {
    it('has a new id after each extension', () => {
      lease();
      const second = book.extend(request.requestId, request.leaseId, 'worker-1');
      const third = book.extend(request.requestId, second!, 'worker-1');
      expect(book.record(request.requestId)).toMatchObject({
        leaseIds: [request.leaseId, second, third],
        extensions: 2,
        nacks: 0,
      });
    });

    it('is told again to whoever did not hear its new id, and to nobody who is two ids behind', () => {
      lease();
      const { requestId, leaseId } = request;
      const second = book.extend(requestId, leaseId, 'worker-1');
      expect(book.extend(requestId, leaseId, 'worker-1')).toBe(second);
      book.extend(requestId, second!, 'worker-1');
      expect(book.extend(requestId, leaseId, 'worker-1')).toBeUndefined();
      expect(book.record(requestId)).toMatchObject({ extensions: 2, nacks: 1 });
    });

    it('is not extended by another instance, nor under an id that it never had', () => {
      lease();
      expect(book.extend(request.requestId, request.leaseId, 'worker-2')).toBeUndefined();
      expect(book.extend(request.requestId, book.newId(), 'worker-1')).toBeUndefined();
      expect(book.extend('unknown', request.leaseId, 'worker-1')).toBeUndefined();
      expect(book.leases.held).toEqual([request.requestId]);
    });

    it('runs out unless it is extended in time', () => {
      const expired = jest.fn();
      lease(expired);
      pass(99);
      const second = book.extend(request.requestId, request.leaseId, 'worker-1');
      pass(99);
      expect(expired).not.toHaveBeenCalled();
      pass(1);
      expect(expired).toHaveBeenCalledTimes(1);
      expect(book.extend(request.requestId, second!, 'worker-1')).toBeUndefined();
      expect(book.summary()).toMatchObject({ expiries: 1, extensions: 1 });
    });

    it('that is told again is not longer for it', () => {
      lease();
      book.extend(request.requestId, request.leaseId, 'worker-1');
      pass(99);
      book.extend(request.requestId, request.leaseId, 'worker-1');
      pass(1);
      expect(book.summary()).toMatchObject({ expiries: 1 });
    });

    it('ends with the reply, and with its taking away', () => {
      lease();
      book.replied(replyTo(request), 'flush');
      expect(book.leases.held).toEqual([]);
      lease();
      book.leases.revoke(request.requestId);
      expect(book.extend(request.requestId, request.leaseId, 'worker-1')).toBeUndefined();
      pass(200);
      expect(book.summary()).toMatchObject({ expiries: 0 });
    });

    it('given out anew is the only one', () => {
      const [first, second] = [jest.fn(), jest.fn()];
      lease(first);
      pass(60);
      lease(second);
      pass(60);
      expect(first).not.toHaveBeenCalled();
      pass(40);
      expect(second).toHaveBeenCalledTimes(1);
    });
  });

  describe('the summary', () => {
    const zero = {
      sent: 0,
      acked: 0,
      replied: 0,
      lost: 0,
      doubled: 0,
      repeated: 0,
      unasked: 0,
      extensions: 0,
      expiries: 0,
    };

    it('is all zero in the beginning', () => {
      expect(book.summary()).toEqual(zero);
    });

    it('counts requests, however often they were sent and acknowledged', () => {
      book.sent(request, 'one #1');
      book.sent(request, 'one #2');
      book.acked(request.requestId, 'one #1');
      book.acked(request.requestId, 'one #2');
      expect(book.summary()).toEqual({ ...zero, sent: 1, acked: 1, lost: 1 });
      expect(book.record(request.requestId)).toMatchObject({
        sentTo: ['one #1', 'one #2'],
        ackedBy: ['one #1', 'one #2'],
      });
    });

    it('calls lost what was acknowledged and not answered', () => {
      book.sent(request, 'one #1');
      expect(book.summary().lost).toBe(0);
      book.acked(request.requestId, 'one #1');
      expect(book.summary().lost).toBe(1);
      book.replied(replyTo(request), 'one #1');
      expect(book.summary()).toEqual({ ...zero, sent: 1, acked: 1, replied: 1 });
    });

    it('tells a reply that came again from one that says something else', () => {
      book.sent(request, 'one #1');
      book.replied(replyTo(request, '1'), 'one #1');
      book.replied(replyTo(request, '1'), 'flush');
      book.replied(replyTo(request, '2'), 'one #2');
      book.replied({ ...replyTo(request, '1'), status: 'error' }, 'one #2');
      expect(book.summary()).toEqual({ ...zero, sent: 1, replied: 1, repeated: 1, doubled: 2 });
      const { reply, replies } = book.record(request.requestId);
      expect(reply).toEqual({ reply: replyTo(request, '1'), from: 'one #1' });
      expect(replies.map(({ from }) => from)).toEqual(['one #1', 'flush', 'one #2', 'one #2']);
    });

    it('counts replies that nobody asked for apart', () => {
      book.replied(replyTo(request), 'flush');
      expect(book.summary()).toEqual({ ...zero, unasked: 1 });
    });
  });

  describe('a record', () => {
    it('is waited for', async () => {
      const real = new WorkBook();
      const record = real.record(request.requestId);
      const [acked, reply, expired] = [record.waitForAck(), record.waitForReply(), record.waitForExpiry()];
      real.lease(request, 'worker-1', 1, () => {});
      real.acked(request.requestId, 'one #1');
      expect(await acked).toBe(record);
      expect((await expired).expiries).toBe(1);
      real.replied(replyTo(request), 'flush');
      expect(await reply).toEqual(replyTo(request));
      expect(await record.waitForReply()).toEqual(replyTo(request));
      real.end();
    });

    it('tells what happened when nobody answered in time', async () => {
      const real = new WorkBook();
      const record = real.record('r1');
      await expect(record.waitForReply({ within: 1 })).rejects.toThrow(
        'waited 1 ms for a reply of request r1; request r1 was sent to nobody, acknowledged by nobody; replies: none; ' +
          'its lease was extended 0, refused 0 and expired 0 times',
      );
      real.sent({ ...request, requestId: 'r1' }, 'one #1');
      real.acked('r1', 'one #1');
      await expect(record.waitForReply({ within: 1 })).rejects.toThrow('was sent to one #1, acknowledged by one #1;');
      real.end();
    });

    it('is not waited for when all is over', async () => {
      const real = new WorkBook();
      const waiting = real.record('r1').waitForAck();
      real.end();
      await expect(waiting).rejects.toThrow(
        'mockGateway: closed while a test waited for an acknowledgement of request r1',
      );
      await expect(real.record('r2').waitForAck()).rejects.toThrow('closed while');
    });
  });
});
