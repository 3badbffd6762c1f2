// From measured runs to numbers with intervals.

/** @param {number[]} values @param {number} q 0 to 1 */
export function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const low = Math.floor(at);
  return sorted[low] + (sorted[Math.min(low + 1, sorted.length - 1)] - sorted[low]) * (at - low);
}

export const median = (values) => quantile(values, 0.5);

/** A generator of its own, so that the same runs give the same intervals. */
function* uniform(seed = 12345) {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}

const RESAMPLES = 2000;

/**
 * A statistic of pooled values and its 95% interval, by resampling whole runs: what is measured in
 * one run hangs together.
 *
 * @param {number[][]} runs values of each run
 * @param {(values: number[]) => number} statistic
 */
export function estimate(runs, statistic) {
  const random = uniform();
  const pick = () => runs[Math.floor(random.next().value * runs.length)];
  const resampled = Array.from({ length: RESAMPLES }, () => statistic(runs.flatMap(pick)));
  return {
    value: statistic(runs.flat()),
    low: quantile(resampled, 0.025),
    high: quantile(resampled, 0.975),
  };
}

export const MEASURES = [
  ['full', 'full collection', (run) => run.full, median],
  ['serving', 'the same, while serving', (run) => run.collections, median],
  ['scavenge', 'scavenge', (run) => run.scavenges, median],
  ['p50', 'request, p50', (run) => run.latencies, median],
  ['p99', 'request, p99', (run) => run.latencies, (values) => quantile(values, 0.99)],
  ['p999', 'request, p99.9', (run) => run.latencies, (values) => quantile(values, 0.999)],
];

export const ARMS = { alone: 'no hogs', kernel: 'default', off: 'hints off', on: 'hints on' };

/** @returns {{ measures: Record<string, Record<string, { value: number, low: number, high: number }>>, hogs: Record<string, { value: number, low: number, high: number }> }} */
export function summarize(runs) {
  const of = (arm) => runs.filter((run) => run.arm === arm);
  const measures = {};
  for (const [name, , values, statistic] of MEASURES) {
    measures[name] = {};
    for (const arm of Object.keys(ARMS)) {
      measures[name][arm] = estimate(of(arm).map(values), statistic);
    }
  }
  const hogs = {};
  for (const arm of ['kernel', 'off', 'on']) {
    hogs[arm] = estimate(
      of(arm).map((run) => [run.hogShare]),
      median,
    );
  }
  return { measures, hogs };
}

/** CPU time, in ms, that a full collection borrowed; of those that were timed alone. */
export function lentPerCollection(runs) {
  const on = runs.filter(({ arm }) => arm === 'on');
  const lent = on.reduce((sum, { counts }) => sum + counts.full.lentNs / 1e6, 0);
  return lent / on.reduce((sum, { full }) => sum + full.length, 0);
}

const times = ({ value, low, high }, unit) =>
  `${(value / unit).toFixed(2)} (${(low / unit).toFixed(2)}-${(high / unit).toFixed(2)})`;

/** A Markdown table. Times are multiples of what the same took without hogs. */
export function table({ measures, hogs }) {
  const lines = [
    '| | no hogs | kernel default | hints off | hints on | off / on |',
    '| --- | --- | --- | --- | --- | --- |',
  ];
  for (const [name, title] of MEASURES) {
    const row = measures[name];
    const unit = row.alone.value;
    const cells = ['kernel', 'off', 'on'].map((arm) => times(row[arm], unit));
    lines.push(
      `| ${title} | 1 (${unit.toFixed(0)} ms) | ${cells.join(' | ')} | ${(row.off.value / row.on.value).toFixed(2)} |`,
    );
  }
  const shares = ['kernel', 'off', 'on'].map((arm) => times(hogs[arm], 1));
  lines.push(
    `| CPUs that the hogs had | - | ${shares.join(' | ')} | ${(hogs.off.value / hogs.on.value).toFixed(2)} |`,
  );
  return `${lines.join('\n')}\n`;
}
