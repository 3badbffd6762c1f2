// The stand-in for the kernel: a thread that looks at its siblings' blocks about once in a
// millisecond. Its counts are right, but it has to wait for a CPU like everybody else, so its times
// are rough; and what it knows of the others' waiting comes from /proc. The demo says whose numbers
// they are.

import { parentPort, workerData } from 'node:worker_threads';
import { monotonicNs } from '@schedhint/core';
import { loadAddon } from '@schedhint/native';
import { Block } from './block.mjs';
import { Calls } from './calls.mjs';
import { listTasks, ownTask, TaskStats } from './task-stats.mjs';

const LOOK_EVERY_MS = 1;
const REPORT_EVERY_MS = 500;

class WatchedThread {
  tid;
  #block;
  #stats;
  /** What the kernel had counted before this reader came. */
  #before;
  #gcNs = 0;
  /** Its numbers at the first look that found it in the present collection. */
  #atStart = null;
  #inGc = { runDelayNs: 0, preempted: 0 };

  constructor({ threadId, tid }) {
    this.tid = tid;
    const { addon } = loadAddon();
    const places = new Float64Array(5); // of its block and the process's, and what is bound
    addon.attach(workerData.request, threadId, false, places);
    this.#block = new Block(addon.page(places[0]), places[1]);
    this.#stats = new TaskStats(tid);
    this.#before = this.#counters;
  }

  /** @param {number} elapsedNs since the look before; @returns whether it is collecting */
  look(elapsedNs) {
    const collecting = this.#block.gc !== 0;
    if (collecting) this.#gcNs += elapsedNs;
    if (collecting !== (this.#atStart !== null)) {
      if (this.#atStart === null) this.#atStart = this.#counters;
      else this.#endOfCollection();
    }
    return collecting;
  }

  /** @param {bigint} now */
  report(now) {
    const { onCpuNs, runDelayNs, preempted } = this.#counters;
    const feedback = {
      runDelayNs: runDelayNs - this.#before.runDelayNs,
      gcRunDelayNs: this.#inGc.runDelayNs,
      onCpuNs: onCpuNs - this.#before.onCpuNs,
      preempted: preempted - this.#before.preempted,
      gcPreempted: this.#inGc.preempted,
    };
    const { gcCount, hints } = this.#block;
    this.#block.publish(now, feedback);
    return {
      tid: this.tid,
      tgid: process.pid,
      comm: this.#stats.comm,
      kind: 'js',
      exited: false,
      gcCount,
      gcNs: Math.round(this.#gcNs),
      hints,
      feedback,
    };
  }

  #endOfCollection() {
    const { runDelayNs, preempted } = this.#counters;
    this.#inGc.runDelayNs += runDelayNs - this.#atStart.runDelayNs;
    this.#inGc.preempted += preempted - this.#atStart.preempted;
    this.#atStart = null;
  }

  get #counters() {
    return { ...this.#stats.times, preempted: this.#stats.preempted };
  }
}

/** A thread without a block: V8's helpers, and libuv's. */
class Helper {
  #tid;
  #stats;
  #before;
  #atStart = 0;
  #gcCpuNs = 0;

  constructor(tid) {
    this.#tid = tid;
    this.#stats = new TaskStats(tid);
    this.#before = this.#onCpuNs;
  }

  collectionStarts() {
    this.#atStart = this.#onCpuNs;
  }

  collectionEnds() {
    this.#gcCpuNs += this.#onCpuNs - this.#atStart;
  }

  report() {
    return {
      tid: this.#tid,
      tgid: process.pid,
      comm: this.#stats.comm,
      kind: 'helper',
      exited: false,
      feedback: { onCpuNs: this.#onCpuNs - this.#before },
      helperGcNs: this.#gcCpuNs,
    };
  }

  get #onCpuNs() {
    return this.#stats.times.onCpuNs;
  }
}

const threads = workerData.threads.map((thread) => new WatchedThread(thread));
const others = new Set([ownTask(), ...threads.map(({ tid }) => tid)]);
const helpers = listTasks()
  .filter((tid) => !others.has(tid))
  .map((tid) => new Helper(tid));
const timer = new Int32Array(new SharedArrayBuffer(4));
let lookedAt = performance.now();
let reportedAt = lookedAt;
let collecting = false;
let running = true;

function look() {
  const now = performance.now();
  const elapsedNs = (now - lookedAt) * 1e6;
  lookedAt = now;
  const inGc = threads.map((thread) => thread.look(elapsedNs)).includes(true);
  if (inGc !== collecting) {
    for (const helper of helpers) inGc ? helper.collectionStarts() : helper.collectionEnds();
  }
  collecting = inGc;
}

function snapshot(final) {
  const now = monotonicNs();
  const seen = [...threads.map((thread) => thread.report(now)), ...helpers.map((h) => h.report())];
  return { final, ns: String(now), threads: seen };
}

const app = new Calls((message) => parentPort.postMessage(message), {
  ready() {},
  lastLook() {
    running = false;
    look();
    return snapshot(true);
  },
});
parentPort.on('message', (message) => app.receive(message));

// Messages come between two looks. The wait is a precise one; a timer's is rounded to milliseconds.
function turn() {
  if (!running) return;
  Atomics.wait(timer, 0, 0, LOOK_EVERY_MS);
  look();
  if (lookedAt - reportedAt >= REPORT_EVERY_MS) {
    reportedAt = lookedAt;
    app.tell('snapshot', snapshot(false));
  }
  setImmediate(turn);
}
turn();
