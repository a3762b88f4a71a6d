// What was sent and what arrived, key by key: redrawn in a terminal, printed when somebody wants to see it.
import { bold, cyan, dim, green, yellow } from '../gateway-worker/paint.mjs';

const paints = [green, cyan, yellow];

export function openLedger(keys, nodes) {
  const rows = new Map(keys.map((key) => [key, { sent: 0, arrived: 0, latest: 0, outOfOrder: 0, node: '' }]));
  const live = process.stdout.isTTY;
  let drawn = 0;

  const lineOf = ([key, { node, latest }]) => {
    const paint = paints[nodes.indexOf(node)] ?? dim;
    return `  ${key.padEnd(8)} ${paint(`● ${node.padEnd(8)}`)} ${String(latest).padStart(5)}`;
  };
  const clear = () => {
    if (drawn > 0) process.stdout.write(`\u001b[${drawn}A\u001b[J`);
    drawn = 0;
  };
  const print = () => {
    for (const row of rows) console.log(lineOf(row));
  };
  const draw = () => {
    if (!live) return;
    clear();
    print();
    drawn = rows.size;
  };

  return {
    /** The next number of a key. */
    next: (key) => ++rows.get(key).sent,
    arrived(node, { key, n }) {
      const row = rows.get(key);
      row.arrived++;
      if (n <= row.latest) row.outOfOrder++;
      row.latest = Math.max(row.latest, n);
      row.node = node;
      draw();
    },
    get isComplete() {
      return [...rows.values()].every(({ sent, arrived }) => sent === arrived);
    },
    say(text) {
      clear();
      console.log(text);
      draw();
    },
    /** Where the keys are, where nobody sees them move. */
    show() {
      if (!live) print();
    },
    end() {
      clear();
      console.log(bold('\n  key       sent  arrived  lost  out of order'));
      const sum = { lost: 0, outOfOrder: 0 };
      for (const [key, { sent, arrived, outOfOrder }] of rows) {
        const lost = sent - arrived;
        sum.lost += lost;
        sum.outOfOrder += outOfOrder;
        const figures = [sent, arrived, lost, outOfOrder].map((figure, at) =>
          String(figure).padStart([6, 9, 6, 14][at]),
        );
        console.log(`  ${key.padEnd(8)}${figures.join('')}`);
      }
      return sum;
    },
    clear,
  };
}
