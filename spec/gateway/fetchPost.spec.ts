import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { firstValueFrom, from, type Observable } from 'rxjs';
import { fetchPost } from '../../src/gateway/fetchPost.js';
import type { HttpAnswer, HttpRequest } from '../../src/gateway/http.js';
import { tcpHandles } from '../testing/wsClient.js';
import { httpServer, closeServers, deadUrl } from './httpServer.js';

const MIB = 1_024 * 1_024;
const BODY = Uint8Array.of(0, 1, 254, 255);

afterEach(closeServers);

const posting = (url: string, request: Partial<HttpRequest> = {}): Observable<HttpAnswer> =>
  from(fetchPost({ url, headers: {}, body: BODY, ...request }));

describe('fetchPost', () => {
  it('posts bytes with headers, and gives status, headers and bytes of the answer', async () => {
    const { url, asked } = await httpServer((response) =>
      response.writeHead(201, { 'X-Told': 'yes' }).end(Buffer.from([255, 0])),
    );
    const answer = await firstValueFrom(posting(`${url}/start?a=b`, { headers: { Authorization: 'Bearer x' } }));

    expect(asked).toMatchObject([{ method: 'POST', path: '/start?a=b', headers: { authorization: 'Bearer x' } }]);
    expect(asked[0]?.body).toEqual(BODY);
    expect(answer).toMatchObject({ status: 201, headers: { 'x-told': 'yes' } });
    expect(answer.body).toEqual(Uint8Array.of(255, 0));
  });

  it('posts and receives nothing', async () => {
    const { url, asked } = await httpServer((response) => response.writeHead(204).end());
    const answer = await firstValueFrom(posting(url, { body: new Uint8Array() }));
    expect(answer).toMatchObject({ status: 204, body: new Uint8Array() });
    expect(asked).toMatchObject([{ headers: { 'content-length': '0' }, body: new Uint8Array() }]);
  });

  it('posts once for every subscriber, and not before', async () => {
    const { url, asked } = await httpServer((response) => response.end());
    const answer$ = posting(url);
    expect(asked).toHaveLength(0);
    await Promise.all([firstValueFrom(answer$), firstValueFrom(answer$)]);
    expect(asked).toHaveLength(2);
  });

  it('takes a failure for an answer', async () => {
    const { url } = await httpServer((response) => response.writeHead(500).end('down'));
    const { status, body } = await firstValueFrom(posting(url));
    expect([status, new TextDecoder().decode(body)]).toEqual([500, 'down']);
  });

  it('does not follow a redirect, to which the credentials would go', async () => {
    const elsewhere = await httpServer((response) => response.end());
    const { url } = await httpServer((response) => response.writeHead(307, { Location: elsewhere.url }).end());
    const answer = await firstValueFrom(posting(url, { headers: { Authorization: 'Bearer x' } }));
    expect(answer).toMatchObject({ status: 307, headers: { location: elsewhere.url } });
    expect(elsewhere.asked).toHaveLength(0);
  });

  it.each([
    ['before the answer', (): void => undefined],
    ['in the middle of it', (response: ServerResponse): void => void response.writeHead(200).write('half')],
  ])('aborts the request when it is unsubscribed %s', async (_when, begin) => {
    const settled: unknown[] = [];
    let arrived: (response: ServerResponse) => void;
    const arrival = new Promise<ServerResponse>((resolve) => (arrived = resolve));
    const { url } = await httpServer((response) => {
      begin(response);
      arrived(response);
    });
    const subscription = posting(url).subscribe({
      next: (answer) => settled.push(answer),
      error: (error: unknown) => settled.push(error),
    });
    const response = await arrival;
    const closed = once(response, 'close');
    subscription.unsubscribe();
    await closed;
    await closeServers();
    expect(settled).toEqual([]);
    expect(await tcpHandles()).toEqual([]);
  });

  it('reads an answer of 4 MiB', async () => {
    const { url } = await httpServer((response) => response.end(Buffer.alloc(4 * MIB, 7)));
    const { body } = await firstValueFrom(posting(url));
    expect([body.length, body[0], body.at(-1)]).toEqual([4 * MIB, 7, 7]);
  });

  it('errors when an answer is longer, and reads no more of it', async () => {
    let cut: Promise<unknown> | undefined;
    const { url } = await httpServer((response) => {
      cut = once(response, 'close');
      response.write(Buffer.alloc(4 * MIB + 1));
    });
    await expect(firstValueFrom(posting(url))).rejects.toThrow('the answer has more than 4194304 bytes');
    await cut;
  });

  it.each([
    ['nobody listens', deadUrl],
    ['the connection breaks', async () => (await httpServer((response) => response.destroy())).url],
    [
      'the connection breaks in the middle of the answer',
      async () =>
        (
          await httpServer((response) =>
            response.writeHead(200, { 'Content-Length': 9 }).write('half', () => response.destroy()),
          )
        ).url,
    ],
  ])('errors when %s', async (_what, address) => {
    await expect(firstValueFrom(posting(await address()))).rejects.toThrow(/fetch failed|terminated/);
  });
});
