// Who shares the CPUs in a scenario, as the judge of fair shares needs it.

import { SCENARIOS, scaledTo } from './scenarios.mjs';

/** @param {string} name @param {number} cpus */
export function setupOf(name, cpus) {
  const { services, hogs } = scaledTo(SCENARIOS[name], cpus);
  const threads = services.map(({ background, pool }) => pool?.reports ?? background.workers);
  return {
    cpus,
    services: services.length,
    hogs,
    background: threads.reduce((sum, one) => sum + one, 0),
    everyMs: services[0].everyMs,
  };
}
