// Runs the quickstart and draws what happened as docs/timeline.svg, and as text in the README: `npm run -s build && node tools/timelineSvg.mjs`.
import { readFileSync, writeFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { story } from '../examples/quickstart/main.mjs';
import { lives, timeline } from '../examples/quickstart/timeline.mjs';

const { records, phases, from, to, news, chat, text: table } = story;
if (!news) process.exit(1);

const LEFT = 76;
const RIGHT = 944;
const WIDTH = 960;
const TOP = { phases: 18, letters: 62, messages: 100, links: 142, counts: 246, axis: 296, legend: 326 };
const LINK = 22;
const RADIUS = 9;

const LETTERS = { connecting: 'c', open: 'o', draining: 'd', close: 'x', reconnecting: 'r', retired: 't' };
const KINDS = { c: 'quiet', o: 'good', d: 'warn', x: 'bad', r: 'warn', t: 'calm' };

const x = (at) => Number((LEFT + ((at - from) / (to - from)) * (RIGHT - LEFT)).toFixed(1));
const text = (at, y, content, kind = '', extra = '') =>
  `<text x="${at}" y="${y}" class="${kind}"${extra}>${content.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</text>`;

/** A letter in a circle; one that would cover another goes below it. */
function letters() {
  const placed = [];
  return records
    .filter(({ event }) => event.type in LETTERS)
    .map(({ at, event }) => {
      const letter = LETTERS[event.type];
      const column = Math.max(x(at), LEFT + RADIUS);
      const below = placed.filter((other) => Math.abs(other.column - column) < 2 * RADIUS);
      const row = below.length ? Math.max(...below.map((other) => other.row)) + 1 : 0;
      placed.push({ column, row });
      const y = TOP.letters - 10 + row * (2 * RADIUS + 2);
      return (
        `<g class="${KINDS[letter]}"><circle cx="${column}" cy="${y}" r="${RADIUS}"/>` +
        `<text x="${column}" y="${y + 4}" text-anchor="middle" class="letter">${letter}</text></g>`
      );
    });
}

function links() {
  return [...lives(records, to)].map((life, at) => {
    const y = TOP.links + at * LINK;
    const [start, stop] = [x(life.from), x(life.to)];
    const bar = `<rect x="${start}" y="${y}" width="${stop - start}" height="12" rx="3" class="bar"/>`;
    const end =
      life.end === 'live'
        ? ''
        : `<path d="M${stop} ${y - 3}v18" class="${life.end === 'retired' ? 'calm' : 'bad'} end"/>`;
    const last = records.find(({ at: when, event }) => when === life.to && ['close', 'retired'].includes(event.type));
    const why =
      last?.event.type === 'close' ? `closed with ${last.event.code}` : life.end === 'retired' ? 'let go' : 'given up';
    const label = life.end === 'live' ? '' : text(stop + 6, y + 10, why, 'small');
    return text(8, y + 10, `link ${at + 1}`, 'label') + bar + end + label;
  });
}

const bands = phases.map(({ title, from: start, to: stop }, at) => {
  const [left, right] = [x(start), x(stop)];
  const middle = (left + right) / 2;
  return (
    `<rect x="${left}" y="4" width="${right - left}" height="${TOP.axis - 22}" class="band${at % 2}"/>` +
    text(middle, TOP.phases, title.replace(/^\d\s+/, ''), 'title', ' text-anchor="middle"') +
    [news[at], chat[at]]
      .map(({ lost, sent }, row) =>
        text(
          middle,
          TOP.counts + row * 18,
          `${lost} of ${sent} lost`,
          lost ? 'count' : 'count none',
          ' text-anchor="middle"',
        ),
      )
      .join('')
  );
});

const ticks = records
  .filter(({ event }) => event.type === 'message')
  .map(({ at }) => `M${x(at)} ${TOP.messages}v16`)
  .join('');

const axis = Array.from({ length: Math.floor((to - from) / 1_000) + 1 }, (_, second) => {
  const at = x(from + second * 1_000);
  return (
    `<path d="M${at} ${TOP.axis - 18}v5" class="tick"/>` +
    (second % 2 ? '' : text(at, TOP.axis, `${second} s`, 'small', ' text-anchor="middle"'))
  );
});

const legend = Object.entries(LETTERS).map(([name, letter], at) => {
  const left = LEFT + at * 140;
  return (
    `<g class="${KINDS[letter]}"><circle cx="${left + RADIUS}" cy="${TOP.legend}" r="${RADIUS}"/>` +
    `<text x="${left + RADIUS}" y="${TOP.legend + 4}" text-anchor="middle" class="letter">${letter}</text></g>` +
    text(left + 24, TOP.legend + 4, name, 'small')
  );
});

const told = phases.map(
  ({ title }, at) =>
    `${title.replace(/^\d\s+/, '')}: ${news[at].lost} of ${news[at].sent} news and ${chat[at].lost} of ${chat[at].sent} chat messages lost`,
);

const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${TOP.legend + 18}" role="img" aria-labelledby="title desc">
<title id="title">A run of the quickstart</title>
<desc id="desc">${told.join('. ')}. In the handover the old link lives on until the new one has taken over.</desc>
<style>
  text { font: 13px system-ui, sans-serif; fill: #57606a; }
  .label, .small { font-size: 12px; }
  .title { font-weight: 600; fill: #24292f; }
  .count { font-size: 12px; fill: #bc4c00; }
  .none { fill: #1a7f37; }
  .letter { font: 600 12px ui-monospace, monospace; fill: #fff; }
  .band0 { fill: #8c959f; opacity: 0.1; }
  .band1 { fill: none; }
  .messages { stroke: #6e7781; stroke-width: 0.8; }
  .tick { stroke: #8c959f; }
  .bar { fill: #2da44e; opacity: 0.85; }
  .end { stroke-width: 3; }
  .quiet circle { fill: #6e7781; } .good circle { fill: #1a7f37; } .warn circle { fill: #9a6700; }
  .bad circle { fill: #cf222e; } .calm circle { fill: #0969da; }
  .bad { stroke: #cf222e; } .calm { stroke: #0969da; } g.bad, g.calm { stroke: none; }
  @media (prefers-color-scheme: dark) {
    text { fill: #9198a1; }
    .title { fill: #f0f6fc; }
    .count { fill: #f0883e; }
    .none { fill: #3fb950; }
    .letter { fill: #fff; }
    .messages { stroke: #9198a1; }
  }
</style>
${bands.join('\n')}
${text(8, TOP.letters - 6, 'events', 'label')}
${letters().join('\n')}
${text(8, TOP.messages + 12, 'news', 'label')}
<path d="${ticks}" class="messages"/>
${links().join('\n')}
${text(8, TOP.counts, 'news', 'label')}
${text(8, TOP.counts + 18, 'chat', 'label')}
${axis.join('\n')}
${legend.join('\n')}
</svg>
`;
writeFileSync(new URL('../docs/timeline.svg', import.meta.url), svg);

const readme = new URL('../README.md', import.meta.url);
const drawn = stripVTControlCharacters(`${timeline(records, from, to)}\n\n${table.split('\n\n')[0]}`).replace(
  / +$/gm,
  '',
);
const block = `<!-- timeline: begin -->\n\n\`\`\`text\n${drawn}\n\`\`\`\n\n<!-- timeline: end -->`;
writeFileSync(
  readme,
  readFileSync(readme, 'utf8').replace(/<!-- timeline: begin -->[^]*<!-- timeline: end -->/, () => block),
);
console.log(`\ndocs/timeline.svg: ${svg.length} bytes`);
