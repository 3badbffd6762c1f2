// A pool of worker threads (piscina) that takes both kinds of a service's work: answers, which are due in 10 ms, and reports, of which some are
// always waiting. Without hints the two differ only in that. An operator's alternative is two pools, one of them nice.

import { Piscina } from 'piscina';
import { withHints } from 'schedhint/piscina';
import { majorCollections, newRecord } from './major-collections.mjs';

const WORKER = new URL('pool-worker.mjs', import.meta.url).href;
const DUE_MS = 10;

/** Tasks of each thread before anything is measured. */
const WARM = 15;

function poolOf(threads, options) {
  const records = Array.from({ length: threads }, newRecord);
  const started = new Int32Array(new SharedArrayBuffer(4)); // each thread takes the next record
  const pool = new Piscina({
    filename: WORKER,
    minThreads: threads,
    maxThreads: threads,
    idleTimeout: Number.POSITIVE_INFINITY,
    workerData: { ...options, records, started },
  });
  return { pool, records };
}

export class Pool {
  #answers;
  #reports;
  #count;
  #automatic;
  #records;
  #goes = false;
  /** When each report was ready, ms of CLOCK_MONOTONIC, and the CPU time that it took, ms. */
  reports = [];

  /** @param {import('../scenarios.mjs').PoolOptions & { automatic?: boolean }} options */
  static async start({ threads, reports, apart, nice, objects, urgency, automatic }) {
    const pool = new Pool();
    pool.#count = reports;
    pool.#automatic = automatic;
    const answers = poolOf(threads, { objects, urgency, automatic });
    const reporters = apart ? poolOf(apart, { objects, urgency, nice }) : answers;
    pool.#answers = answers.pool;
    pool.#reports = reporters.pool;
    pool.#records = [...new Set([...answers.records, ...reporters.records])];
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
    const task = { kind: 'answer' };
    return this.#answers.run(this.#automatic ? task : withHints(task, { deadlineMs: DUE_MS }));
  }

  #report() {
    return this.#reports.run({ kind: 'report' });
  }

  go() {
    this.#goes = true;
    for (let i = 0; i < this.#count; i++) this.#repeat();
  }

  async #repeat() {
    while (this.#goes) {
      const used = await this.#report();
      this.reports.push([Number(process.hrtime.bigint()) / 1e6, used]);
    }
  }

  rest() {
    this.#goes = false;
  }

  /** Of all threads. */
  majorCollections = () => this.#records.flatMap(majorCollections);
  states = () => [];
  tids = () => [];
}
