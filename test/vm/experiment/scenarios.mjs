// The scenarios of the experiment: which programs run next to each other, in which cgroups, at which loads.

/**
 * @typedef {object} Scenario
 * @property {string} title
 * @property {Service[]} services that get requests
 * @property {number} hogs processes that want a CPU all of the time, in a cgroup named batch.service
 * @property {number[]} rates the staircase: requests a second for each service
 * @property {number[]} objectives ms that p99 may be; the first is the one of the tables
 * @property {number} compared of these, the one at which arms are compared: serving needs 0.7 to 0.85 of its fair share
 * @property {Levers} levers what an operator of a stock kernel sets, in words and in inputs
 *
 * @typedef {object} Service
 * @property {string} name of its cgroup
 * @property {number} objects alive in its heap: what a full collection goes through
 * @property {number} [everyMs] between full collections
 * @property {number} urgency of its main thread
 * @property {{ workers: number, batch?: boolean, nice?: number }} background worker threads that compute all of the time
 * @property {PoolOptions} [pool] in place of those
 *
 * @typedef {object} PoolOptions
 * @property {number} threads for answers, and for reports too
 * @property {number} reports that are always there
 * @property {number} objects alive in each thread's heap
 * @property {number} urgency of each thread, but while it makes a report
 * @property {number} [apart] threads of a second pool, which has the reports
 * @property {number} [nice] of those
 *
 * @typedef {object} Levers
 * @property {string} words
 * @property {string} short for a legend
 * @property {{ name?: string, weight?: number, idle?: boolean }} [batch] of the batch job's cgroup
 * @property {Service['background']} [background]
 * @property {PoolOptions} [pool]
 */

const service = (name, background) => ({
  name,
  objects: 5000,
  everyMs: 1000,
  urgency: 900,
  background,
});

/** @type {Record<string, Scenario>} */
export const SCENARIOS = {
  batch: {
    title: 'a service next to a batch job',
    services: [service('a.service', { workers: 0, batch: false })],
    hogs: 4,
    rates: [150, 250, 350, 450, 550],
    objectives: [200, 100, 400],
    compared: 350, // the service takes about 0.7 CPUs, of 0.95: half of what the clients leave
    levers: { words: '`cpu.idle` for the batch job', short: 'cpu.idle', batch: { idle: true } },
  },
  equal: {
    title: 'two equal services',
    services: [
      service('a.service', { workers: 2, batch: true }),
      service('b.service', { workers: 2, batch: true }),
    ],
    hogs: 0,
    rates: [40, 80, 120, 180, 240, 320, 400, 480],
    objectives: [200, 100, 400],
    compared: 80, // the services take 0.5 CPUs, of 0.65; without hints queues begin above 120
    levers: {
      words: 'nice 19 for the background threads',
      short: 'nice 19',
      background: { workers: 2, nice: 19 },
    },
  },
  classes: {
    title: 'two urgency classes in one process',
    services: [
      {
        ...service('a.service', { workers: 0, batch: false }),
        // Answers are due in 10 ms, so the main thread has no heap whose collection takes 40.
        ...{ objects: 0, everyMs: undefined },
        pool: { threads: 6, reports: 4, objects: 2000, urgency: 900 },
      },
    ],
    hogs: 0,
    rates: [80, 160, 240, 360, 480, 600, 720],
    objectives: [50, 25, 100],
    compared: 160, // the answers take about 0.6 CPUs, of 0.85
    levers: {
      words: 'a separate pool, of nice 19, for the reports',
      short: 'two pools',
      pool: { threads: 2, reports: 4, objects: 2000, urgency: 900, apart: 4, nice: 19 },
    },
  },
};

/**
 * The fair share of background work, as a part of all CPU time: that of its cgroup, or of its threads. As long as serving needs less than the
 * rest, it gets more.
 *
 * @param {Scenario} scenario
 */
export function shareOfBackground({ hogs, services: [{ background, pool }] }) {
  if (hogs > 0) return 1 / 2; // its cgroup has the weight of all services
  if (pool) return pool.reports / (pool.threads + 1); // and the main thread
  return background.workers / (background.workers + 1);
}

/**
 * How fast a CPU of the VM is while all are busy, as a multiple of that with two: its time counts the instructions of all CPUs together.
 *
 * @param {number} cpus
 */
export const paceOfVm = (cpus) => 2 / cpus;

/**
 * The same for another machine: as often as it has two CPUs, requests as its speed allows, and collections as often in relation to them. Objectives
 * are as much shorter as an answer is.
 *
 * @param {Scenario} scenario
 * @param {number} cpus an even number
 * @param {number} pace how fast a CPU is, as a multiple of the VM's with two
 */
export function scaledTo(scenario, cpus, pace) {
  const times = cpus / 2;
  const paced = ({ everyMs, ...service }) => ({
    ...service,
    ...(everyMs && { everyMs: Math.round(everyMs / pace) }),
  });
  return {
    ...scenario,
    hogs: scenario.hogs * times,
    services: Array.from({ length: times }, (_, i) =>
      scenario.services.map((service) => ({
        ...paced(service),
        name: i === 0 ? service.name : `${i}-${service.name}`,
      })),
    ).flat(),
    rates: scenario.rates.map((rate) => Math.round(rate * pace)),
    objectives: scenario.objectives.map((ms) => Number((ms / pace).toPrecision(2))),
    compared: Math.round(scenario.compared * pace),
  };
}

/** As many requests at each rate, as far as a slow machine can. @param {typeof TIMES} times @param {number} pace */
export const timesFor = (times, pace) => ({
  ...times,
  stepMs: Math.round(times.stepMs / Math.min(1, pace)),
});

/** How long things take, in ms. */
export const TIMES = {
  warmMs: 1000, // requests at the lowest rate before the first step
  stepMs: 4000, // of requests at each rate
  gapMs: 500, // without requests after each step, so that none inherits a short queue
  answerMs: 5000, // after the last request, until one counts as unanswered
};

/** With fewer requests in each step, p99 says less. */
export const QUICK_TIMES = { ...TIMES, stepMs: 1500 };
