// Which runs the experiment is made of, in the order in which they are made: all arms once, then all arms again.

import { ARMS } from './arms.mjs';
import { SCENARIOS } from './scenarios.mjs';

/**
 * @typedef {object} Run
 * @property {string} scenario
 * @property {string} arm
 * @property {number} cpus
 * @property {number[]} [rates] in place of the scenario's
 * @property {number} number 1..., the seed of its arrivals: the runs of one number have the same in all arms
 *
 * @typedef {object} Plan
 * @property {string[]} scenarios
 * @property {string[]} arms
 * @property {number} runs of each
 * @property {number[]} cpus besides, for the headline pair, if both of its arms are among these
 */

/** More CPUs take much longer, so they have fewer rates. */
export const HEADLINE = { scenario: 'equal', arms: ['off', 'on'], rates: [80, 120, 180, 320, 400] };
/** Of the VM. */
const CPUS = 2;

/** @type {Plan} */
export const WHOLE = {
  scenarios: Object.keys(SCENARIOS),
  arms: Object.keys(ARMS),
  runs: 9,
  cpus: [4, 8],
};
/** About 15 minutes: hints off and on, and the kernel's default. @type {Plan} */
export const QUICK = { ...WHOLE, arms: ['default', 'off', 'on'], runs: 1, cpus: [] };

/** @param {Plan} plan @param {number} [usual] CPUs of the machine @returns {Run[]} */
export function runsOf({ scenarios, arms, runs, cpus }, usual = CPUS) {
  const all = [];
  const { scenario: headline, arms: pair, rates } = HEADLINE;
  const hasPair = scenarios.includes(headline) && pair.every((arm) => arms.includes(arm));
  for (let number = 1; number <= runs; number++) {
    // In another order each time.
    const turned = arms.map((_, i) => arms[(i + number) % arms.length]);
    for (const scenario of scenarios) {
      all.push(...turned.map((arm) => ({ scenario, arm, cpus: usual, number })));
    }
    for (const more of hasPair ? cpus : []) {
      all.push(...pair.map((arm) => ({ scenario: headline, arm, cpus: more, rates, number })));
    }
  }
  return all;
}
