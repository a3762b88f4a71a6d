import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Codec } from '../../src/codecs/codec.js';
import { fromGateway, toGateway } from '../../src/gateway/inngest/forms.js';
import type { BodyCodec } from '../../src/gateway/gatewayWire.js';
import { msgpackWire } from '../../src/gateway/wire.js';
import { type Said, workedExample } from './workedExample.js';
import { carriedBy } from './wireLaws.js';

const text = readFileSync(join(__dirname, '../../docs/gateway-protocol.md'), 'utf8');
const chapter = (heading: string): string => text.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';

/** The worked example: a title and a block of bytes for each thing that is said, the bytes before the first wide gap of a line. */
const told = [...chapter('A worked example').matchAll(/^(The .+)\n\n```text\n([\s\S]*?)^```$/gm)].map(
  ([, title = '', block = '']) => ({
    title,
    bytes: block
      .split('\n')
      .map((line) => line.trim().split(/ {2,}/)[0])
      .join('')
      .replaceAll(' ', ''),
  }),
);

function titleOf([who, what]: Said): string {
  if ('kind' in what) return `The ${who}: \`${what.kind}\``;
  return `The ${who}`;
}

/** Who says something, and who hears it. */
function endsOf([who]: Said): readonly [BodyCodec<never> | Codec<never>, BodyCodec<unknown> | Codec<unknown>] {
  const { worker, gateway, startRequest, startAnswer } = msgpackWire;
  if (who === 'gateway') return [gateway, worker] as never;
  if (who === 'worker') return [worker, gateway] as never;
  const body = who === 'start request' ? startRequest : startAnswer;
  return [body, body] as never;
}

const keysOf = (value: unknown): string[] =>
  typeof value !== 'object' || value === null || value instanceof Uint8Array
    ? []
    : Object.entries(value).flatMap(([key, part]) => [...(Array.isArray(value) ? [] : [key]), ...keysOf(part)]);

describe('docs/gateway-protocol.md', () => {
  it('tells the worked example in its order', () => {
    expect(told.map(({ title }) => title)).toEqual(workedExample.map(titleOf));
  });

  it.each(workedExample.map((said, at) => [titleOf(said), said, at] as const))(
    'has the bytes of what is said: %s',
    (_, said, at) => {
      const [speaker, listener] = endsOf(said);
      const bytes = told[at]?.bytes ?? '';
      expect(Buffer.from(speaker.encode(said[1] as never) as Uint8Array).toString('hex')).toBe(bytes);
      expect(listener.decode(new Uint8Array(Buffer.from(bytes, 'hex')))).toStrictEqual(said[1]);
    },
  );

  it('names the subprotocol and the content type', () => {
    expect(chapter('The WebSocket')).toContain(`\`${msgpackWire.subprotocol}\``);
    expect(chapter('HTTP')).toContain(`\`${msgpackWire.contentType}\``);
  });

  it('names every kind and every field', () => {
    const missing = carriedBy(msgpackWire).flatMap(({ name, said }) => {
      const values = fc.sample(said, { numRuns: 50, seed: 1 });
      const kinds = values.flatMap((value) => ('kind' in (value as object) ? [(value as { kind: string }).kind] : []));
      const names = new Set([...kinds, ...values.flatMap(keysOf)]);
      return [...names].filter((word) => !text.includes(`\`${word}\``)).map((word) => `${name}: ${word}`);
    });
    expect(missing).toEqual([]);
  });

  it('has the numbers of the other wire', () => {
    const rows = chapter('The wire of Inngest').matchAll(/^\| (\d+) +\| `(\w+)`.*?\| (\d+) +\| `(\w+)`/gm);
    const numbers = [...rows].map(([, a, from, b, to]) => [from, Number(a), to, Number(b)]);
    const [ours, theirs] = [fromGateway, toGateway].map((forms) =>
      Object.entries(forms).map(([kind, { code }]) => [kind, code] as const),
    );
    expect(new Map(numbers.map(([kind, code]) => [kind, code] as [string, number]))).toEqual(new Map(ours));
    expect(new Map(numbers.map(([, , kind, code]) => [kind, code] as [string, number]))).toEqual(new Map(theirs));
  });
});
