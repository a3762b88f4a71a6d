const colour = process.stdout.isTTY && !process.env.NO_COLOR;
const paint = (code) => (text) => (colour ? `\x1b[${code}m${text}\x1b[0m` : text);
export const dim = paint('2');
export const bold = paint('1');
export const green = paint('32');
export const yellow = paint('33');
export const red = paint('31');
export const cyan = paint('36');

const LETTERS = {
  connecting: 'c',
  open: 'o',
  message: '·',
  draining: 'd',
  close: 'x',
  reconnecting: 'r',
  retired: 't',
};
const COLOURS = { c: dim, o: green, '·': dim, d: yellow, x: red, r: yellow, t: cyan };
/** When several events fall on one column, the rarest is drawn. */
const RANK = ['·', 'c', 'o', 't', 'r', 'x', 'd'];

/** Draws recorded events as marbles: one line for what the consumer saw, and one for the life of each connection. */
export function timeline(records, from, to, width = 96) {
  const step = (to - from) / width;
  const column = (at) => Math.min(width - 1, Math.max(0, Math.floor((at - from) / step)));
  const lines = [];

  const events = Array.from({ length: width }, () => ' ');
  for (const { at, event } of records) {
    const letter = LETTERS[event.type];
    if (letter && RANK.indexOf(letter) > RANK.indexOf(events[column(at)])) events[column(at)] = letter;
  }
  lines.push(['events', events.map((letter) => (COLOURS[letter] ?? String)(letter)).join('')]);

  for (const life of lives(records, to)) {
    const first = column(life.from);
    const last = column(life.to);
    const bar = `${green('╺' + '━'.repeat(Math.max(0, last - first - 1)))}${life.end === 'live' ? green('━') : life.end === 'retired' ? cyan('╸') : red('╳')}`;
    lines.push([`link ${life.id}`, ' '.repeat(first) + bar]);
  }

  const marks = Math.floor((to - from) / 1_000);
  let axis = '';
  for (let second = 0; second <= marks; second += 2) {
    axis = axis.padEnd(column(from + second * 1_000)) + `${second}s`;
  }
  return [['', dim(axis)], ...lines].map(([name, line]) => `  ${name.padEnd(8)} ${line}`).join('\n');
}

/** When each connection was open, and how that ended. */
export function lives(records, to) {
  const all = new Map();
  for (const { at, event } of records) {
    if (event.type === 'open') all.set(event.connection.id, { id: all.size + 1, from: at, to, end: 'live' });
    const ends = event.type === 'reconnecting' ? [...all.values()].filter(({ end }) => end === 'live') : [];
    if (event.type === 'close' || event.type === 'retired') ends.push(all.get(event.connection.id));
    for (const life of ends) if (life?.end === 'live') Object.assign(life, { to: at, end: event.type });
  }
  return all.values();
}
