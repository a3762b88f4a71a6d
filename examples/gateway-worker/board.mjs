// A line for each job: redrawn in a terminal, printed when the job is done elsewhere.
import { dim, green } from './paint.mjs';

const WIDTH = 24;

export function jobBoard() {
  const jobs = new Map();
  const idOf = new Map();
  const live = process.stdout.isTTY;
  let drawn = 0;

  const lineOf = (job, { worker, share, extensions, isDone }) => {
    const full = Math.round(share * WIDTH);
    const bar = '█'.repeat(full) + '░'.repeat(WIDTH - full);
    const what = isDone ? green('replied') : worker ? '' : dim('sent');
    const leases = extensions > 0 ? dim(`lease extended ${extensions}×`) : '';
    return `  job ${String(job).padStart(2)}  ${(worker ?? '').padEnd(8)}  ${bar}  ${what} ${leases}`.trimEnd();
  };
  const clear = () => {
    if (drawn > 0) process.stdout.write(`\u001b[${drawn}A\u001b[J`);
    drawn = 0;
  };
  const draw = () => {
    if (!live) return;
    clear();
    const open = [...jobs].filter(([, { isDone }]) => !isDone);
    for (const [job, state] of open) console.log(lineOf(job, state));
    drawn = open.length;
  };
  const change = (job, facts) => {
    const state = jobs.get(job);
    if (!state) return;
    Object.assign(state, facts);
    draw();
  };

  return {
    add(job, requestId) {
      jobs.set(job, { share: 0, extensions: 0 });
      idOf.set(requestId, job);
      draw();
    },
    progress: (job, worker, share) => change(job, { worker, share }),
    extended(jobId) {
      const job = Number(jobId);
      change(job, { extensions: (jobs.get(job)?.extensions ?? 0) + 1 });
    },
    accepted(requestId) {
      const job = idOf.get(requestId);
      const state = jobs.get(job);
      if (!state) return;
      state.isDone = true;
      clear();
      console.log(lineOf(job, state));
      draw();
    },
    say(text) {
      clear();
      console.log(`  ${text}`);
      draw();
    },
    end: clear,
  };
}
