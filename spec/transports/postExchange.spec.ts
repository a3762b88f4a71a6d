import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Frame } from '../../src/core/connection.js';
import { decodeFrameBody, encodeFrameBody } from '../../src/transports/frameBody.js';
import { httpPolling } from '../../src/transports/httpPolling.js';
import { Recording } from '../laws/recording.js';

const page = readFileSync(join(__dirname, '../../docs/http-polling-wire.md'), 'utf8');

describe('the wire of httpPolling', () => {
  /** The exchange that the page shows: what is asked, and what is answered. */
  const lines = [...page.matchAll(/^([→←]) (\{.*\})(?: (\w+))?(?: +(\(lost\)))?$/gm)].map(
    ([, direction, head = '', message, lost]) => ({ direction, frames: message ? [head, message] : [head], lost }),
  );

  it('is what its page shows', async () => {
    const asked: Frame[][] = [];
    const answers = lines.filter(({ direction }) => direction === '←');
    const recording = new Recording(
      httpPolling({
        url: 'https://example.com/poll',
        interval: 1,
        fetch: async (_url, { body }) => {
          asked.push(decodeFrameBody(body as Uint8Array));
          const { frames = [], lost } = answers[asked.length - 1] ?? {};
          if (lost) throw new Error('lost');
          return new Response(encodeFrameBody(frames) as BodyInit);
        },
      }),
      (event) => {
        if (event.type === 'open') event.connection.send('hello');
        if (event.type === 'message') event.connection.close();
      },
    );

    expect(await recording.ended()).toEqual(['connecting', 'open', 'welcome', 'close 1000', 'complete']);
    expect(asked.length).toBe(4);
    expect(asked).toEqual(lines.filter(({ direction }) => direction === '→').map(({ frames }) => frames));
  });

  it('has the bytes that its page shows', () => {
    const [head = ''] = lines[0]?.frames ?? [];
    const hex = (frame: string, end?: number): string =>
      Buffer.from(encodeFrameBody([frame]).slice(0, end)).toString('hex');
    const shown = page.replaceAll(/(?<=`[\da-f ]*) (?=[\da-f ]*`)/g, '');

    expect(shown).toContain(`\`${hex(head, 5)}\`, and the ${head.length} bytes`);
    expect(shown).toContain(`\`${hex('hello')}\``);
  });
});
