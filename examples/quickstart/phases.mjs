/** Counts, for each phase, what was sent, received and lost in both directions, and the longest time without a word. */
export function phaseTable({ phases, told, heard, said, arrived }) {
  const news = account(phases, told, heard);
  const chat = account(phases, said, arrived);
  const rows = phases.map(({ title }, at) => [title, ...cells(news[at], ' ms'), ...cells(chat[at], ' ms')]);
  const head = ['', 'news sent', 'received', 'lost', 'longest gap', 'chat sent', 'received', 'lost', 'longest gap'];
  const widths = head.map((name, at) => Math.max(name.length, ...rows.map((row) => row[at].length)));
  const line = (row) =>
    `  ${row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]) : cell.padStart(widths[at]))).join('   ')}`;
  const order = inOrder(arrived) ? 'in order, once' : 'OUT OF ORDER';
  const text = [
    line(head),
    ...rows.map(line),
    '',
    '  news go from the server to whoever is connected: what is told while nobody listens is lost. chat goes from the client:',
    `  while the link was away it was queued, and came ${order}; lost is what was on the wire, or in a frozen server, when the link went.`,
  ].join('\n');
  return { text, news, chat, handoverLost: news.at(-1).lost + chat.at(-1).lost };
}

function cells({ sent, received, lost, gap }, unit) {
  return [String(sent), String(received), String(lost), `${gap}${unit}`];
}

/** A message belongs to the phase in which it was sent, whenever it arrived. */
function account(phases, sent, received) {
  const got = new Set(received.map(({ n }) => n));
  return phases.map(({ from, to }) => {
    const own = sent.filter(({ at }) => at >= from && at < to);
    const times = [from, ...received.map(({ at }) => at).filter((at) => at >= from && at < to), to];
    const gap = Math.max(...times.slice(1).map((at, index) => at - times[index]));
    const lost = own.filter(({ n }) => !got.has(n)).length;
    return { sent: own.length, received: own.length - lost, lost, gap };
  });
}

function inOrder(received) {
  return received.every(({ n }, at) => at === 0 || n > received[at - 1].n);
}
