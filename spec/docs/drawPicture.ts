import type { Marble, Picture, PictureRow } from './picture.js';

const PAD = 20;
const FRAME = 30;
const RADIUS = 12;
/** From the axis of a row to what stands above and below it. */
const ROW = { above: 28, below: 28, stacked: 27, remark: 16 };
const LINE = 19;
/** Widths of a letter: fonts differ, so these are on the large side. */
const LETTER = { code: 7.6, label: 8.8, small: 6.6 };
/** What is longer is told by its name only. */
const LONGEST_CODE = { own: 92, other: 56 };

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** Fill and letter of each kind of marble, in the light and in the dark. */
const COLOURS: Readonly<Record<string, readonly [light: string, dark: string]>> = {
  connecting: ['#6e7781', '#7d8590'],
  open: ['#1a7f37', '#2ea043'],
  message: ['#0969da', '#388bfd'],
  draining: ['#9a6700', '#bb8009'],
  close: ['#cf222e', '#f85149'],
  reconnecting: ['#bc4c00', '#db6d28'],
  retired: ['#8250df', '#a371f7'],
  pong: ['#1b7c83', '#39a0a8'],
  malformed: ['#bf3989', '#db61a2'],
  dropped: ['#633c01', '#a57104'],
  value: ['#424a53', '#b1bac4'],
};

/** Kinds that have a look of their own; all others look like values. */
const STYLED = [...Object.keys(COLOURS), 'error', 'ring'];
const classOf = (kind: string): string => (STYLED.includes(kind) ? kind : 'value');

const ruleOf = (kind: string, colour: string): string =>
  `.${kind} circle{fill:${colour};stroke:${colour}}.sign.${kind},.${kind}.second text{fill:${colour}}`;

const rules = (mode: 0 | 1): string =>
  Object.entries(COLOURS)
    .map(([kind, colours]) => ruleOf(kind, colours[mode]))
    .join('\n');

const STYLE = `
text{font:13px system-ui,-apple-system,"Segoe UI",sans-serif;fill:#57606a}
.label{font-size:14px;font-weight:600;fill:#1f2328}
.small{font-size:11.5px}
.code{font:12.5px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;fill:#0a3069;white-space:pre}
.code .own{font-weight:700}
.sign{font:600 12px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;fill:#1f2328}
.letter{font:600 13px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;fill:#fff;text-anchor:middle}
.card{fill:#fff;stroke:#d1d9e0}
.box{fill:#eaf5ff;stroke:#54aeff}
.life{fill:#dafbe1;stroke:#4ac26b;stroke-opacity:.5}
.axis{stroke:#848d97;stroke-width:1.5;fill:none}
.guide{stroke:#d1d9e0;stroke-dasharray:1 4}
.end{stroke:#1f2328;stroke-width:2.5;stroke-linecap:round;fill:none}
.error{stroke:#cf222e}
.sign.error{fill:#cf222e;stroke:none}
circle{stroke-width:2}
${rules(0)}
.second circle{fill:#fff;stroke-width:2.5}
.unseen{opacity:.35}
@media (prefers-color-scheme:dark){
text{fill:#9198a1}
.label{fill:#f0f6fc}
.code{fill:#a5d6ff}
.letter{fill:#0d1117}
.sign{fill:#f0f6fc}
.card{fill:#0d1117;stroke:#30363d}
.box{fill:#12233a;stroke:#1f6feb}
.life{fill:#12261e;stroke:#2ea043;stroke-opacity:.6}
.axis{stroke:#7d8590}
.guide{stroke:#30363d}
.end{stroke:#f0f6fc}
.error{stroke:#f85149}
.sign.error{fill:#f85149}
${rules(1)}
.second circle{fill:#0d1117}
}`;

/** How many marbles stand above each other at the busiest moment. */
function heightOf({ marbles, remark }: PictureRow): { readonly stacked: number; readonly height: number } {
  const counts = new Map<number, number>();
  for (const { frame, kind } of marbles) {
    if (kind !== 'complete' && kind !== 'error') counts.set(frame, (counts.get(frame) ?? 0) + 1);
  }
  const stacked = Math.max(1, ...counts.values()) - 1;
  const remarked = remark === undefined ? 0 : ROW.remark;
  return { stacked, height: ROW.above + stacked * ROW.stacked + remarked + ROW.below };
}

const isEnd = ({ kind }: Marble): boolean => kind === 'complete' || kind === 'error';

/** A row of marbles; `x` gives the place of a frame. */
function drawRow(row: PictureRow, top: number, right: number, x: (frame: number) => number): string {
  const { stacked } = heightOf(row);
  const y = top + ROW.above;
  const last = row.marbles.find(isEnd);
  const first = Math.min(...row.lifetimes.map(({ subscribedFrame }) => subscribedFrame), row.end);
  const from = row.lifetimes.length > 0 ? x(first) - FRAME / 2 : x(0) - FRAME / 2;
  const to = last ? x(last.frame) : right;
  const isSeen = ({ frame }: Marble): boolean =>
    row.lifetimes.length === 0 ||
    row.lifetimes.some((each) => each.subscribedFrame <= frame && frame <= each.unsubscribedFrame);
  const parts: string[] = [`<text x="${PAD}" y="${y + 5}" class="label">${escape(row.label)}</text>`];
  parts.push(`<path d="M${from} ${y}H${to}${last ? '' : `m-7 -5l7 5l-7 5`}" class="axis"/>`);

  const places = new Map<number, number>();
  for (const marble of [...row.marbles].sort((one, other) => Number(isEnd(other)) - Number(isEnd(one)))) {
    const column = x(marble.frame);
    const unseen = isSeen(marble) ? '' : ' unseen';
    if (marble.kind === 'complete') {
      parts.push(`<path d="M${column} ${y - 20}V${y + 20 + stacked * ROW.stacked}" class="end${unseen}"/>`);
    } else if (marble.kind === 'error') {
      parts.push(
        `<path d="M${column - 15} ${y - 15}l30 30m0 -30l-30 30" class="end error${unseen}"><title>${escape(marble.meaning)}</title></path>`,
      );
    } else {
      const place = places.get(marble.frame) ?? 0;
      places.set(marble.frame, place + 1);
      const middle = y + place * ROW.stacked;
      parts.push(
        `<g class="${classOf(marble.kind)}${marble.isSecond ? ' second' : ''}${unseen}">` +
          (marble.meaning ? `<title>${escape(marble.meaning)}</title>` : '') +
          `<circle cx="${column}" cy="${middle}" r="${RADIUS - 1}"/>` +
          `<text x="${column}" y="${middle + 4.5}" class="letter">${escape(marble.sign)}</text></g>`,
      );
    }
  }
  if (row.remark !== undefined) {
    const below = y + stacked * ROW.stacked + ROW.below + 5;
    parts.push(`<text x="${x(0) - FRAME / 2}" y="${below}" class="small">${escape(row.remark)}</text>`);
  }
  return parts.join('\n');
}

/** The time for which somebody is subscribed, as a band behind the marbles. */
function drawLives(row: PictureRow, top: number, right: number, x: (frame: number) => number): string {
  const y = top + ROW.above - 18;
  const height = 36 + heightOf(row).stacked * ROW.stacked;
  return row.lifetimes
    .map(({ subscribedFrame, unsubscribedFrame }) => {
      const left = x(subscribedFrame) - 17;
      const end = unsubscribedFrame === Infinity ? right - 10 : Math.min(x(unsubscribedFrame) + 17, right - 10);
      return `<rect x="${left}" y="${y}" width="${end - left}" height="${height}" rx="18" class="life"/>`;
    })
    .join('\n');
}

/** What the signs of a picture stand for; those of one kind and meaning go together. */
function legendOf({ inputs, outputs }: Picture): { kind: string; signs: string; meaning: string }[] {
  const marbles = [...inputs, ...outputs].flatMap((row) => row.marbles);
  const found = new Map<string, { kind: string; meaning: string; signs: Set<string> }>();
  for (const { kind, meaning, sign, isSecond } of marbles) {
    if (kind === 'complete' || kind === 'value') continue;
    const entry = found.get(`${kind} ${meaning}`) ?? { kind, meaning, signs: new Set() };
    found.set(`${kind} ${meaning}`, entry);
    // `M` beside `m` is told by the ring.
    if (!isSecond || !entry.signs.has(sign.toLowerCase())) entry.signs.add(kind === 'error' ? '✕' : sign);
  }
  const entries = [...found.values()].map(({ signs, ...entry }) => ({ ...entry, signs: [...signs].join(' ') }));
  const ring = { kind: 'ring', signs: '○', meaning: 'second connection' };
  return marbles.some(({ isSecond }) => isSecond) ? [...entries, ring] : entries;
}

function drawLegend(picture: Picture, top: number, width: number): { readonly svg: string; readonly height: number } {
  const lines: string[][] = [[]];
  let used = 0;
  for (const { kind, signs, meaning } of legendOf(picture)) {
    const size = (signs.length + meaning.length + 4) * LETTER.small;
    if (used + size > width - 2 * PAD && used > 0) {
      lines.push([]);
      used = 0;
    }
    used += size;
    const gap = lines.at(-1)?.length ? ' dx="16"' : '';
    lines.at(-1)?.push(`<tspan${gap} class="sign ${classOf(kind)}">${escape(signs)}</tspan> ${escape(meaning)}`);
  }
  const svg = lines.map(
    (parts, at) => `<text x="${PAD}" y="${top + 14 + at * LINE}" class="small">${parts.join('')}</text>`,
  );
  return { svg: svg.join('\n'), height: lines.length * LINE + 3 };
}

/** An operator's picture as SVG, for light and dark pages. */
export function drawPicture(picture: Picture): string {
  const { operator, title, inputs, outputs } = picture;
  const rows = [...inputs, ...outputs];
  const longest = Math.max(...rows.map(({ label }) => label.length));
  const axis = PAD + Math.max(56, longest * LETTER.label) + 30;
  const x = (frame: number): number => Number((axis + frame * FRAME).toFixed(1));
  const isOwn = (line: string): boolean => line.startsWith(`${operator}(`);
  const code = picture.pipeline.map((line) =>
    line.length > LONGEST_CODE[isOwn(line) ? 'own' : 'other'] ? line.replace(/\(.*/, '(…)') : line,
  );
  const wide = Math.max(...code.map((line) => line.length * LETTER.code)) + 2 * PAD + 32;
  const remarks = rows.map(({ remark = '' }) => axis + remark.length * LETTER.small + PAD);
  const frames = Math.max(...rows.map(({ end }) => end));
  const width = Math.ceil(Math.max(480, wide, x(frames) + 20 + PAD, ...remarks));
  const right = width - PAD;

  const drawn: string[] = [];
  let y = 12;
  const drawAll = (all: readonly PictureRow[]): void => {
    for (const row of all) {
      if (all === inputs) drawn.push(drawLives(row, y, right, x));
      drawn.push(drawRow(row, y, right, x));
      y += heightOf(row).height;
    }
  };
  drawAll(inputs);
  y += 6;
  const boxHeight = code.length * LINE + 19;
  drawn.push(`<rect x="${PAD}" y="${y}" width="${width - 2 * PAD}" height="${boxHeight}" rx="8" class="box"/>`);
  code.forEach((line, at) => {
    const own = isOwn(line) ? ' class="own"' : '';
    drawn.push(
      `<text x="${width / 2}" y="${y + 23 + at * LINE}" text-anchor="middle" class="code"><tspan${own}>${escape(line)}</tspan></text>`,
    );
  });
  y += boxHeight + 6;
  drawAll(outputs);

  const bottom = y;
  const ticks = Array.from({ length: Math.floor(frames / 5) + 1 }, (_, at) => at * 5);
  const guides = ticks.map((frame) => `<path d="M${x(frame)} 14V${bottom}" class="guide"/>`);
  const scale = ticks.map(
    (frame) =>
      `<text x="${x(frame)}" y="${bottom + 12}" text-anchor="middle" class="small">${frame}${frame === 0 ? ' ms' : ''}</text>`,
  );
  const legend = drawLegend(picture, bottom + 26, width);
  const height = Math.ceil(bottom + 26 + legend.height + 8);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title">
<title id="title">${escape(operator)} ${escape(title)}</title>
<style>${STYLE}
</style>
<rect x=".5" y=".5" width="${width - 1}" height="${height - 1}" rx="10" class="card"/>
${[...guides, ...drawn.filter((part) => part !== ''), ...scale].join('\n')}
${legend.svg}
</svg>
`;
}
