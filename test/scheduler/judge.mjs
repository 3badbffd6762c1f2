// Checks: what was measured, what it may be at most or must be at least, and whether it is.

import { quantile } from '../vm/experiment/statistics.mjs';

/**
 * @typedef {object} Check
 * @property {string} what
 * @property {string} found with its limit, for people
 * @property {boolean} ok
 */

const digits = (value) => (Math.abs(value) < 10 ? value.toFixed(2) : value.toFixed(1));

/** @returns {Check} */
export const atMost = (what, value, limit, unit = '') => ({
  what,
  found: `${digits(value)}${unit} (<= ${digits(limit)})`,
  ok: value <= limit, // not a number is a failure
});

/** @returns {Check} */
export const atLeast = (what, value, limit, unit = '') => ({
  what,
  found: `${digits(value)}${unit} (>= ${digits(limit)})`,
  ok: value >= limit,
});

/** @returns {Check} of a ratio to what was wanted: within a part of it */
export const within = (what, value, wanted, part, unit = '') => ({
  what,
  found: `${digits(value)}${unit} (${digits(wanted)} +- ${Math.round(part * 100)} %)`,
  ok: Math.abs(value - wanted) <= part * wanted,
});

/** @returns {Check} */
export const holds = (what, ok, found) => ({ what, found, ok });

const TICK_MS = 4; // CONFIG_HZ=250, as Debian builds it
export const SLICE_MS = 20;
export const ONE_TICK_MS = TICK_MS;

/** How late a wakeup may be without hints, from the kernel's default: half of it more, or a tick. @param {number} defaultMs p99 */
export const latestMs = (defaultMs) => Math.max(1.5 * defaultMs, defaultMs + TICK_MS);

/**
 * @param {number[]} us
 * @param {number} [together] how many tasks each of these waited for: then p99 is that of one of them, as if they were independent
 * @returns {{ count: number, p50: number, p99: number, max: number }} in ms
 */
export function lateness(us, together = 1) {
  if (us.length === 0) return { count: 0, p50: Number.NaN, p99: Number.NaN, max: Number.NaN };
  return {
    count: us.length,
    p50: quantile(us, 0.5) / 1000,
    p99: quantile(us, 0.99 ** together) / 1000,
    max: us.reduce((most, one) => Math.max(most, one), 0) / 1000,
  };
}

/** Outcomes of one scenario with several seeds, as one. @param {import('./scenario.mjs').Outcome[]} outcomes */
export function pooled(outcomes) {
  const sum = (of) => outcomes.reduce((total, outcome) => total + of(outcome), 0);
  return {
    ns: sum(({ ns }) => ns),
    exitNs: Math.max(...outcomes.map(({ exitNs }) => exitNs)),
    kernelThreads: {
      cpuNs: sum(({ kernelThreads }) => kernelThreads.cpuNs),
      waitNs: sum(({ kernelThreads }) => kernelThreads.waitNs),
      turns: sum(({ kernelThreads }) => kernelThreads.turns),
    },
    cpuStats: outcomes.at(-1).cpuStats,
    groups: outcomes[0].groups.map(({ name, count }, g) => ({
      name,
      count,
      cpuNs: sum(({ groups }) => groups[g].cpuNs),
      iterations: sum(({ groups }) => groups[g].iterations),
      wakeups: sum(({ groups }) => groups[g].wakeups),
      longestNs: Math.max(...outcomes.map(({ groups }) => groups[g].longestNs)),
      throttledNs: sum(({ groups }) => groups[g].throttledNs),
      grantedNs: sum(({ groups }) => groups[g].grantedNs),
      refused: sum(({ groups }) => groups[g].refused),
      tasks: outcomes[0].groups[g].tasks.map((_, t) => [
        sum(({ groups }) => groups[g].tasks[t][0]),
        sum(({ groups }) => groups[g].tasks[t][1]),
      ]),
      lateUs: outcomes.flatMap(({ groups }) => groups[g].lateUs),
    })),
  };
}

/** What no row allows: that the scheduler ended, or that the kernel complained. @param {any[]} boots @returns {Check[]} */
export function troubles(boots) {
  const ended = boots.flatMap(({ ended: arms }, i) =>
    Object.entries(arms).flatMap(([arm, scenarios]) =>
      Object.entries(scenarios).map(([scenario, reason]) =>
        holds(`${arm}, ${scenario}, boot ${i + 1}: it is still loaded`, false, reason),
      ),
    ),
  );
  const complaints = [...new Set(boots.flatMap(({ complaints: of }) => of))];
  return [
    ...ended,
    ...complaints.map((text) => holds('the kernel does not complain', false, text)),
  ];
}
