// From pairs of runs to ratios with intervals.

/** @param {number[]} values @param {number} q 0 to 1 */
export function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const low = Math.floor(at);
  return sorted[low] + (sorted[Math.min(low + 1, sorted.length - 1)] - sorted[low]) * (at - low);
}

export const median = (values) => quantile(values, 0.5);

const latencies = (run) => run.requests.map(([, ms]) => ms);

/** What is taken from one run: a number. */
export const MEASURES = [
  ['full', 'full collection', (run) => median(run.full)],
  ['serving', 'the same, while serving', (run) => median(run.collections.map(([, ms]) => ms))],
  ['scavenge', 'scavenge', (run) => median(run.scavenges)],
  ['p50', 'request, p50', (run) => median(latencies(run))],
  ['p99', 'request, p99', (run) => quantile(latencies(run), 0.99)],
  ['p999', 'request, p99.9', (run) => quantile(latencies(run), 0.999)],
];

/** Student's t for 95%, two-sided, by degrees of freedom from 1 on. */
const T95 = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145,
  2.131, 2.12, 2.11, 2.101, 2.093, 2.086,
];
const t95 = (freedom) => T95[freedom - 1] ?? 2.086;

/**
 * A mean and its 95% interval, by Student's t. Of one value there is no interval.
 *
 * @param {number[]} values one of each run
 */
export function estimate(values) {
  const n = values.length;
  const value = values.reduce((sum, one) => sum + one, 0) / n;
  if (n < 2) return { value, low: Number.NaN, high: Number.NaN };
  const variance = values.reduce((sum, one) => sum + (one - value) ** 2, 0) / (n - 1);
  const half = t95(n - 1) * Math.sqrt(variance / n);
  return { value, low: value - half, high: value + half };
}

/** The same for ratios: of their logarithms, so that a/b and b/a say the same. */
export function estimateRatio(ratios) {
  const { value, low, high } = estimate(ratios.map(Math.log));
  return { value: Math.exp(value), low: Math.exp(low), high: Math.exp(high) };
}

export const runOf = (pair, arm) => pair.runs.find((run) => run.arm === arm);

/** A measure of one arm over another, in each pair. */
const ratiosOf = (pairs, measure, over, under) =>
  pairs.map((pair) => measure(runOf(pair, over)) / measure(runOf(pair, under)));

const BUSY = ['kernel', 'off', 'on'];

/** Each measure: ms without hogs; multiples of that in each arm; off / on, of all pairs and of each. */
export function summarize(pairs) {
  const measures = MEASURES.map(([name, title, measure]) => ({
    name,
    title,
    alone: estimateRatio(pairs.map((pair) => measure(runOf(pair, 'alone')))).value,
    arms: Object.fromEntries(
      BUSY.map((arm) => [arm, estimateRatio(ratiosOf(pairs, measure, arm, 'alone'))]),
    ),
    offOn: estimateRatio(ratiosOf(pairs, measure, 'off', 'on')),
    each: ratiosOf(pairs, measure, 'off', 'on'),
  }));
  const hogShare = (run) => run.hogShare;
  const hogs = {
    arms: Object.fromEntries(
      BUSY.map((arm) => [arm, estimate(pairs.map((pair) => runOf(pair, arm).hogShare))]),
    ),
    offOn: estimateRatio(ratiosOf(pairs, hogShare, 'off', 'on')),
  };
  return { measures, hogs };
}

export const mean = (values) => values.reduce((sum, one) => sum + one, 0) / values.length;

/** What the control said: the part of two that spin in the app's cgroup, by arm, mean of all pairs. */
const controlShares = (pairs) =>
  Object.fromEntries(
    BUSY.map((arm) => {
      const each = pairs.map((pair) => runOf(pair, arm).shares);
      const names = Object.keys(each[0]);
      return [
        arm,
        Object.fromEntries(names.map((name) => [name, mean(each.map((one) => one[name]))])),
      ];
    }),
  );

/** CPU time, in ms, that a full collection borrowed; of those that were timed alone. */
export function lentPerCollection(pairs) {
  const on = pairs.map((pair) => runOf(pair, 'on'));
  const lent = on.reduce((sum, { counts }) => sum + counts.full.owedNs / 1e6, 0);
  return lent / on.reduce((sum, { full }) => sum + full.length, 0);
}

const withInterval = ({ value, low, high }) =>
  Number.isNaN(low)
    ? value.toFixed(2)
    : `${value.toFixed(2)} (${low.toFixed(2)}-${high.toFixed(2)})`;

/** A Markdown table. Times are multiples of what the same took without hogs. */
export function table({ measures, hogs }) {
  const row = (cells) => `| ${cells.join(' | ')} |`;
  const lines = [
    row(['', '**hints off / on**', 'no hogs', 'kernel default', 'hints off', 'hints on']),
    row(Array(6).fill('---')),
    ...measures.map(({ title, alone, arms, offOn }) =>
      row([
        title,
        `**${withInterval(offOn)}**`,
        `1 (${alone.toFixed(alone < 10 ? 1 : 0)} ms)`,
        ...BUSY.map((arm) => withInterval(arms[arm])),
      ]),
    ),
    row([
      'CPUs that the hogs had',
      `**${withInterval(hogs.offOn)}**`,
      '-',
      ...BUSY.map((arm) => withInterval(hogs.arms[arm])),
    ]),
  ];
  return `${lines.join('\n')}\n`;
}

/** A Markdown table of off / on in each pair: what the intervals are made of. */
export function tableOfPairs({ measures }) {
  const count = measures[0].each.length;
  const row = (cells) => `| ${cells.join(' | ')} |`;
  return `${[
    row(['hints off / on, by pair', ...Array.from({ length: count }, (_, i) => i + 1)]),
    row(Array(count + 1).fill('---')),
    ...measures.map(({ title, each }) => row([title, ...each.map((one) => one.toFixed(2))])),
  ].join('\n')}\n`;
}

/** A Markdown table of the control. */
export function tableOfControl(pairs) {
  const shares = controlShares(pairs);
  const cell = (arm, name) => shares[arm][name]?.toFixed(2) ?? '-';
  const mode = pairs[0].cgroupMode;
  const rows = [
    ['weights 1:1', 'equal'],
    ['weights 3:1', 'triple'],
    ...(mode === null ? [] : [['weights 1:1, `cgroup_mode` smp', 'older']]),
  ];
  return `${[
    `| control: share of two spinners | kernel default${mode === null ? '' : ` (\`cgroup_mode\` ${mode})`} | hints off | hints on |`,
    '| --- | --- | --- | --- |',
    ...rows.map(
      ([title, name]) => `| ${[title, ...BUSY.map((arm) => cell(arm, name))].join(' | ')} |`,
    ),
  ].join('\n')}\n`;
}
