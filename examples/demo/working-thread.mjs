// A JavaScript thread of the app: it works, hints what it is doing, and reports what Node.js knows of
// it. The main thread and the workers differ in what they hint only.

import { setImmediate as turn } from 'node:timers/promises';
import { isMainThread } from 'node:worker_threads';
import { attachThread, deadlineIn } from 'schedhint';
import { Collections } from './collections.mjs';
import { Load } from './load.mjs';

/**
 * @typedef {object} Style
 * @property {string} name
 * @property {import('schedhint').PhaseName} phase while it works
 * @property {number} [urgency] unless somebody else sets it
 * @property {number} [sliceUs]
 * @property {number} [dueMs] each request's deadline, from its arrival
 * @property {number} objects that a request makes
 * @property {number} restMs between two requests
 */

export class WorkingThread {
  #style;
  #collections = new Collections();
  #thread = attachThread();
  #load = new Load();
  #requests = 0;
  #working = false;
  /** What this thread has hinted, to be compared with what the kernel reads. */
  #wrote = {
    role: isMainThread ? 'main' : 'worker',
    phase: 'none',
    urgency: 0,
    batch: false,
    sliceUs: 0,
    deadlineNs: '0',
    user: '0',
  };

  /** @param {Style} style */
  constructor(style) {
    this.#style = style;
    const { phase, urgency, sliceUs } = style;
    this.#hint({ phase });
    if (urgency !== undefined) this.#hint({ urgency });
    if (sliceUs !== undefined) this.#hint({ sliceUs });
  }

  get tid() {
    return this.#thread.tid;
  }

  /** What others may ask of this thread: see {@link Calls}. */
  get answers() {
    return {
      tid: () => this.tid,
      status: () => this.status(),
      start: () => this.start(),
      rest: () => this.rest(),
      numbers: () => this.numbers,
      report: () => this.report(),
    };
  }

  /** Once the broker, if there is one to ask, has answered. */
  async status() {
    while (this.#thread.status.code === 'ERR_SCHEDHINT_BROKER_PENDING') {
      await new Promise((resolve) => {
        const listening = this.#thread.onStatus(() => {
          listening.stop();
          resolve(undefined);
        });
      });
    }
    return this.#thread.status;
  }

  start() {
    this.#working = true;
    this.#next();
  }

  /** Stops working, but stays alive. Resolves when perf_hooks has nothing more to deliver. */
  async rest() {
    this.#working = false;
    await settle();
  }

  /** For the live table. */
  get numbers() {
    return { tid: this.tid, ...this.#collections.totals() };
  }

  /**
   * What Node.js knows once no reader writes feedback any more. Collections that ended after the
   * reader's last look at this thread are left out: an idle isolate still collects now and then.
   */
  async report() {
    await settle();
    const { feedback } = this.#thread;
    const lastLook = feedback.readerAbi === 0 ? undefined : feedback.readerSeenNs;
    return {
      tid: this.tid,
      ...this.#collections.totals(lastLook),
      hints: this.#wrote,
      feedback: {
        runDelayNs: Number(feedback.runDelayNs),
        gcRunDelayNs: Number(feedback.gcRunDelayNs),
        onCpuNs: Number(feedback.onCpuNs),
        preempted: feedback.preempted,
        gcPreempted: feedback.gcPreempted,
      },
    };
  }

  #next() {
    if (!this.#working) return;
    const { dueMs, objects, restMs } = this.#style;
    const user = ++this.#requests;
    // A request has arrived. One group: the kernel never sees the one's deadline with the other's id.
    this.#hint(dueMs === undefined ? { user } : { user, deadlineNs: deadlineIn(dueMs) });
    this.#load.request(objects);
    setTimeout(() => this.#next(), restMs);
  }

  /** @param {Parameters<import('schedhint').Hints['set']>[0]} group */
  #hint(group) {
    this.#thread.hints.set(group);
    for (const [name, value] of Object.entries(group)) {
      this.#wrote[name] = name === 'deadlineNs' || name === 'user' ? String(value) : value;
    }
  }
}

/** An entry of perf_hooks reaches its listeners two turns of the loop after the collection. */
async function settle() {
  for (let i = 0; i < 5; i++) await turn();
}
