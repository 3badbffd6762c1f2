// A pool of worker threads (piscina) that takes both kinds of a service's work: answers, which are due in 10 ms, and reports, of which some are
// always waiting. Without hints the two differ only in that. An operator's alternative is two pools, one of them nice.

import { Piscina } from 'piscina';
import { withHints } from 'schedhint/piscina';

const WORKER = new URL('pool-worker.mjs', import.meta.url).href;
const ANSWER = { urgency: 'high', deadlineMs: 10 };
const REPORT = { urgency: 'low' };

/** Tasks of each thread before anything is measured. */
const WARM = 15;

const poolOf = (threads, workerData) =>
  new Piscina({
    filename: WORKER,
    minThreads: threads,
    maxThreads: threads,
    idleTimeout: Number.POSITIVE_INFINITY,
    workerData,
  });

export class Pool {
  #answers;
  #reports;
  #count;
  #hinted = withHints;
  #goes = false;
  /** When each report was ready, ms of CLOCK_MONOTONIC. */
  reports = [];

  /** @param {{ threads: number, reports: number, apart?: number, nice?: number }} options `apart`: threads of a second pool, for reports */
  static async start({ threads, reports, apart, nice, objects, automatic }) {
    const pool = new Pool();
    pool.#count = reports;
    if (automatic) pool.#hinted = (task) => task;
    pool.#answers = poolOf(threads, { objects, automatic });
    pool.#reports = apart ? poolOf(apart, { objects, nice }) : pool.#answers;
    // Each thread has run each kind of task until it is compiled.
    for (const one of new Set([pool.#answers, pool.#reports])) {
      const kinds = Array.from({ length: WARM * one.options.maxThreads }, (_, i) =>
        i % 3 === 0 ? 'answer' : 'report',
      );
      await Promise.all(kinds.map((kind) => one.run({ kind })));
    }
    return pool;
  }

  answer() {
    return this.#answers.run(this.#hinted({ kind: 'answer' }, ANSWER));
  }

  #report() {
    return this.#reports.run(this.#hinted({ kind: 'report' }, REPORT));
  }

  /** @returns {Promise<number>} ms of the median of some, while nothing else runs */
  async timeReport() {
    const times = [];
    for (let i = 0; i < 5; i++) {
      const start = performance.now();
      await this.#report();
      times.push(performance.now() - start);
    }
    return times.sort((a, b) => a - b)[2];
  }

  go() {
    this.#goes = true;
    for (let i = 0; i < this.#count; i++) this.#repeat();
  }

  async #repeat() {
    while (this.#goes) {
      await this.#report();
      this.reports.push(Number(process.hrtime.bigint()) / 1e6);
    }
  }

  rest() {
    this.#goes = false;
  }

  states = () => [];
  tids = () => [];
}
