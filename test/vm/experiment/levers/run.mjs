// What everybody may set on a stock kernel, without root and without hints: a thread's slice, SCHED_BATCH, SCHED_IDLE, nice. On this machine, in real
// time: `npm run experiment:levers`. A service of the experiment next to processes that compute; all in one cgroup. Prints a table;
// `--write` puts it into docs/alternatives.md.

import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg, release, setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { arrivals } from '../../guest/arrivals.mjs';
import { App, cheapHogs, end, track } from '../../guest/programs.mjs';
import { cpuTimesOf } from '../guest/cpu-times.mjs';
import { estimateRatio, median, quantile } from '../statistics.mjs';
import { sendRequests } from './requests.mjs';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const PAGE = here('../../../../docs/alternatives.md');
const MARK = /(<!-- figures: levers -->\n).*?(<!-- \/figures -->)/s;
const HOGS_PER_CPU = 2;
const [RATE, MS] = [100, 5000];
const SERVICE = { objects: 5000, everyMs: 1000, urgency: 900, background: { workers: 0 } };

const ofPid =
  (program, ...args) =>
  (pids) => {
    for (const pid of pids) execFileSync(program, [...args, String(pid)]);
  };

/** What is set, of the service's main thread and of the others. */
const LEVERS = [
  { title: 'nothing' },
  { title: 'a slice of 0.1 ms for the service', service: (pid) => setSlice(pid, 100_000) },
  { title: 'SCHED_BATCH for the others', others: ofPid('chrt', '-b', '-p', '0') },
  {
    title: 'both',
    service: (pid) => setSlice(pid, 100_000),
    others: ofPid('chrt', '-b', '-p', '0'),
  },
  { title: 'nice 19 for the others', others: (pids) => pids.map((pid) => setPriority(pid, 19)) },
  { title: 'SCHED_IDLE for the others', others: ofPid('chrt', '-i', '-p', '0') },
];

function setSlice(pid, ns) {
  const { stdout, status } = spawnSync(here('build/slice'), [String(pid), String(ns)], {
    encoding: 'utf8',
  });
  if (status !== 0 || Number(stdout) !== ns)
    throw new Error(`the kernel keeps a slice of ${stdout.trim()} ns; 6.12 or newer is needed`);
}

/** One run: what the service's clients saw, its collections, and the CPUs that the others had. */
async function measure({ service, others }, seed) {
  const app = new App(
    { SCHEDHINT: 'off' },
    { program: here('../guest/service.mjs'), args: [JSON.stringify(SERVICE)] },
  );
  const port = await app.ask('listen');
  await sendRequests(port, arrivals({ rate: 200, ms: 1500, seed: 0 })); // compiles
  const hogs = cheapHogs(HOGS_PER_CPU * availableParallelism());
  service?.(app.process.pid);
  others?.(hogs.map(({ pid }) => pid));
  await app.ask('begin', { phaseMs: 0 });
  const used = () => hogs.reduce((sum, { pid }) => sum + cpuTimesOf(pid).all, 0);
  const [startMs, before] = [performance.now(), used()];
  const answered = await sendRequests(port, arrivals({ rate: RATE, ms: MS, seed }));
  const hogCpus = (used() - before) / (performance.now() - startMs);
  const { collections } = await app.ask('end');
  await end([...hogs, track(app.process)]);
  return {
    p50: median(answered),
    p99: quantile(answered, 0.99),
    collection: median(collections.map(([, ms]) => ms)),
    hogCpus,
  };
}

/** The rounds' geometric mean, with its interval. */
function cell(runs, what) {
  const { value, low, high } = estimateRatio(runs.map((run) => run[what]));
  const show = (one) => one.toFixed(one < 10 ? 2 : 0);
  return Number.isNaN(low) ? show(value) : `${show(value)} (${show(low)}-${show(high)})`;
}

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '9' }, write: { type: 'boolean', default: false } },
});
for (const directory of ['.', '../guest', '../../guest'])
  execFileSync('make', ['-s', '-C', here(directory)], { stdio: ['ignore', 2, 2] });
const idle = loadavg()[0];
const runs = LEVERS.map(() => []);
for (let round = 1; round <= Number(values.rounds); round++) {
  for (let i = 0; i < LEVERS.length; i++) {
    const which = (i + round) % LEVERS.length;
    runs[which].push(await measure(LEVERS[which], round));
  }
}
const rows = LEVERS.map(({ title }, i) =>
  [title, ...['p50', 'p99', 'collection', 'hogCpus'].map((what) => cell(runs[i], what))].join(
    ' | ',
  ),
);
const date = new Date().toISOString().slice(0, 10);
const text = `| set | p50, ms | p99, ms | collection, ms | CPUs of the others |
| --- | --- | --- | --- | --- |
${rows.map((row) => `| ${row} |`).join('\n')}

Linux ${release()}, ${availableParallelism()} CPUs, load before ${idle.toFixed(1)}, ${HOGS_PER_CPU} other processes for each CPU, ${values.rounds} rounds, ${date}.
`;
process.stdout.write(text);
if (values.write)
  writeFileSync(
    PAGE,
    readFileSync(PAGE, 'utf8').replace(MARK, (_, from, to) => from + text + to),
  );
