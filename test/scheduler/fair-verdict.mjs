// Judges runs without hints against the kernel's default, and the shares against the weighted max-min ideal.

import { idealOf, weightOf } from './ideal.mjs';
import { atLeast, atMost, lateness, latestMs, pooled } from './judge.mjs';

const ENOUGH_WAKEUPS = 3000;
const WORK_LOST = 0.1;
const SHARE_OFF = 0.1;
/** Of a weight that is so small that the kernel and sched_ext round it differently. */
const LOW = 0.05;
/** A task of the lowest weight has a turn each 4 s, and waits for the turns of some others then. */
const LONGEST_MS = 5000;

const percent = (part) => `${part >= 0 ? '+' : ''}${(part * 100).toFixed(1)} %`;
const isHog = ({ kind = 'hog' }) => kind === 'hog';

/** How far the groups that never sleep are from their ideal. */
export function sharesOf(groups, outcome, cpus) {
  const ideal = idealOf(groups, outcome, cpus);
  return groups.flatMap((group, i) => {
    if (!isHog(group)) return [];
    const had = outcome.groups[i].cpuNs / outcome.ns;
    const isLow = weightOf(group) < LOW && ideal[group.name] < LOW * cpus;
    return [
      { name: group.name, had, ideal: ideal[group.name], off: had / ideal[group.name] - 1, isLow },
    ];
  });
}

const worstOf = (shares) =>
  shares
    .filter(({ isLow }) => !isLow)
    .reduce((worst, share) => (Math.abs(share.off) > Math.abs(worst.off) ? share : worst), {
      off: 0,
      name: '',
    });

const workOf = ({ groups, ns }) => groups.reduce((sum, { iterations }) => sum + iterations, 0) / ns;

/** @param {number} cpus @param {ReturnType<import('./fair-scenarios.mjs').fairScenarios>} scenarios @param {any[]} boots */
export function judgeFair(cpus, scenarios, boots) {
  const table = [
    [
      'scenario',
      'under',
      'who',
      'wakeups',
      'p50 ms',
      'p99',
      'each seed',
      'worst',
      'work',
      'shares off',
      'low ones',
    ],
  ];
  const checks = [];
  let worstRatio = { p99: 0, limit: 1, name: '' };
  for (const { name, groups, ms } of scenarios) {
    const of = (arm) => pooled(boots.map(({ runs }) => runs[arm][name]));
    const kernel = of('kernel');
    for (const arm of Object.keys(boots[0].runs).filter((one) => boots[0].runs[one][name])) {
      const outcome = of(arm);
      const shares = sharesOf(groups, outcome, cpus);
      const work = workOf(outcome) / workOf(kernel);
      const worst = worstOf(shares);
      const low = shares.filter(({ isLow }) => isLow);
      const where = `${arm}, ${name}`;
      let isFirst = true;
      groups.forEach((group, g) => {
        if (isHog(group)) return;
        // A round of kernel workers waits for one on each CPU.
        const together = group.kind === 'kworker' ? cpus : 1;
        const late = lateness(outcome.groups[g].lateUs, together);
        const each = boots.map(({ runs }) =>
          lateness(runs[arm][name].groups[g].lateUs, together).p99.toFixed(2),
        );
        table.push([
          isFirst ? name : '',
          arm,
          group.name,
          String(late.count),
          late.p50.toFixed(2),
          late.p99.toFixed(2),
          each.join(' '),
          late.max.toFixed(1),
          isFirst ? percent(work - 1) : '',
          isFirst ? `${percent(worst.off)} ${worst.name}` : '',
          isFirst ? low.map(({ had }) => `${(had * 100).toFixed(1)} %`).join(' ') : '',
        ]);
        isFirst = false;
        if (arm === 'kernel') return;
        const byDefault = lateness(kernel.groups[g].lateUs, together);
        const limit = latestMs(byDefault.p99);
        if (!(late.p99 / limit <= worstRatio.p99 / worstRatio.limit))
          worstRatio = { p99: late.p99, limit, name: `${group.name}, ${where}` };
        checks.push(atMost(`${where}: p99 of ${group.name}`, late.p99, limit, ' ms'));
        // A task that is late wakes up less often. Less than the default, too, is a failure. How often
        // kernel workers wake up, with one round of all at a time, the default decides alone.
        const enough = boots.length < 3 || group.kind === 'kworker' ? 0 : ENOUGH_WAKEUPS;
        checks.push(
          atLeast(
            `${where}: wakeups of ${group.name}`,
            late.count,
            Math.max(enough, 0.8 * byDefault.count),
          ),
        );
      });
      if (arm === 'kernel') continue;
      checks.push(atLeast(`${where}: work done, of the default's`, work, 1 - WORK_LOST));
      for (const { name: group, off, isLow, had, ideal } of shares) {
        if (isLow) {
          checks.push(
            atMost(`${where}: CPUs of ${group}, which are low`, had, 2 * ideal + 0.02 * cpus),
          );
          const longest = outcome.groups.find((one) => one.name === group).longestNs / 1e6;
          if (ms > LONGEST_MS)
            checks.push(atMost(`${where}: longest wait of ${group}`, longest, LONGEST_MS, ' ms'));
        } else
          checks.push(
            atMost(
              `${where}: share of ${group}, off its ideal`,
              Math.abs(off) * 100,
              SHARE_OFF * 100,
              ' %',
            ),
          );
      }
    }
  }
  return {
    table,
    checks,
    found: `p99 nearest to its limit ${worstRatio.p99.toFixed(2)} of ${worstRatio.limit.toFixed(2)} ms (${worstRatio.name})`,
  };
}
