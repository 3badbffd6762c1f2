// Runs the app of a fault row: a Node.js process with workers that compute, hint and collect. At its end it checks their results
// and that no block, descriptor or thread leaked.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { HintedThread } from '@schedhint/core';
import type { Status } from 'schedhint';
import { type Context, NodeProcess, type NodeWorker, type Remote } from '../rig/node-process.js';
import { holdings } from '../rig/resource-counts.js';
import { until } from '../rig/until.js';
import type { Scheduler } from './scheduler.js';

const workFile = fileURLToPath(new URL('programs/work.cjs', import.meta.url));
const work = createRequire(import.meta.url)(workFile) as { resultOf(rounds: number): number };

const WORK_EVERY_MS = 5;

export interface AppOptions {
  readonly workers?: number;
  /** A command that runs Node.js, e.g. with limits or in a namespace. */
  readonly through?: readonly string[];
  /** The user that it becomes before it attaches. */
  readonly uid?: number | undefined;
  readonly env?: NodeJS.ProcessEnv;
}

/** What an app may hold at its end: all of ours, and what it began with of the kernel's. */
interface Holdings {
  readonly descriptors: number;
  readonly threads: number;
}

/** A Node.js app that works, publishes its collections and hints, and lives through a fault. */
export class App {
  readonly node: NodeProcess;
  readonly map: string;
  readonly #workers: NodeWorker[] = [];
  #tids: number[] = [];
  #before: Holdings | null = null;
  #isOver = false;

  private constructor(node: NodeProcess, map: string) {
    this.node = node;
    this.map = map;
  }

  /** Starts it; its threads have not attached yet, and what it holds is not known. */
  static async launch(map: string, options: AppOptions = {}): Promise<App> {
    const { through = [], env = {} } = options;
    const [execPath, ...execArgv] = [...through, process.execPath];
    const app = new App(await NodeProcess.start({ execPath, execArgv, env }), map);
    await app.#complete(options);
    return app;
  }

  /** Starts it, and all its threads attach and work. */
  static async start(map: string, options: AppOptions = {}): Promise<App> {
    const app = await App.launch(map, { ...options, workers: 0, uid: undefined });
    await app.node.run(warmUp);
    app.#before = await app.node.run(kernelHoldings);
    await app.#complete(options);
    await app.attach();
    return app;
  }

  async #complete({ workers = 0, uid }: AppOptions): Promise<void> {
    for (let i = 0; i < workers; i++) this.#workers.push(await this.node.startWorker());
    // What it will run is loaded while it may still open files.
    await this.runInAll(({ require }, file) => void require(file), workFile);
    if (uid !== undefined) await this.node.run(become, uid);
  }

  /** Lets all threads attach and begin their work. */
  async attach(): Promise<void> {
    const argument = { map: this.map, workFile, everyMs: WORK_EVERY_MS };
    this.#tids = [];
    for (const thread of this.#threads) this.#tids.push(await thread.run(begin, argument));
  }

  /** Stops what all threads have attached. */
  async stop(): Promise<void> {
    await this.runInAll(giveBack, undefined);
  }

  /** Of all its JavaScript threads, the main one's first. */
  get tids(): readonly number[] {
    return this.#tids;
  }

  /** Runs a function in the main thread. */
  run<R>(remote: Remote<undefined, R>): Promise<R>;
  run<A, R>(remote: Remote<A, R>, argument: A): Promise<R>;
  run<A, R>(remote: Remote<A, R>, argument?: A): Promise<R> {
    return this.node.run(remote as Remote<A | undefined, R>, argument);
  }

  /** Runs a function in every thread. */
  async runInAll<A, R>(remote: Remote<A, R>, argument: A): Promise<R[]> {
    return Promise.all(this.#threads.map((thread) => thread.run(remote, argument)));
  }

  /** The main thread's. */
  status(): Promise<Status> {
    return this.node.run(({ keep }) => keep.thread.status);
  }

  /** Waits until every thread's status has this state or code. */
  async untilAll(kind: Status['state'] | string): Promise<void> {
    const kinds = () => this.runInAll(kindOfStatus, undefined);
    await until(
      `every thread is ${kind}`,
      async () => (await kinds()).every((found) => found === kind),
      kinds,
    );
  }

  /** Each thread writes a number and reads the same one from the scheduler: both sides read. */
  async isHeard(): Promise<void> {
    await this.runInAll(({ keep }, user) => {
      keep.thread.hints.user = user;
    }, heardNumber++);
    await this.runInAll(untilAnswered, undefined);
  }

  /**
   * The scheduler has all its threads, and both sides read.
   * @returns how long after the map's appearance the last of them was there, milliseconds
   */
  async isBoundTo(scheduler: Scheduler): Promise<number> {
    const ms = Number((await scheduler.bound(this.#tids)) - scheduler.pinnedNs) / 1e6;
    await this.isHeard();
    return ms;
  }

  /** It ends on its own: its work was right, it holds nothing any more, it exits with 0. */
  async end(): Promise<void> {
    if (this.#isOver) return;
    await this.#checkWork();
    for (const worker of this.#workers) assert.equal(await worker.stop(), 0);
    await this.node.run(giveBack);
    await until(
      'nothing is held',
      () => this.node.run(holdsNothing),
      () => this.node.run(holdings),
    );
    if (this.#before !== null) {
      const now = () => this.node.run(kernelHoldings);
      const before = JSON.stringify(this.#before);
      await until(`${before} again`, async () => JSON.stringify(await now()) === before, now);
    }
    this.#isOver = true;
    await this.node.end();
  }

  /** SIGKILL, if it still runs. */
  async kill(): Promise<void> {
    this.#isOver = true;
    await this.node.kill();
  }

  /** The row has ended it in its own way: there is nothing left to check. */
  async hasEnded(): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    this.#isOver = true;
    return this.node.exited;
  }

  get #threads(): (NodeProcess | NodeWorker)[] {
    return [this.node, ...this.#workers];
  }

  async #checkWork(): Promise<void> {
    const done = await this.runInAll(finishWork, undefined);
    for (const { rounds, result } of done) {
      assert.equal(result, work.resultOf(rounds), `the result of ${rounds} rounds`);
    }
  }
}

let heardNumber = 1000;

/** Whatever starts once and stays: libuv's pool. */
async function warmUp({ require }: Context): Promise<void> {
  await require('node:fs/promises').stat('/');
}

function become(_: Context, uid: number): void {
  process.setgroups!([]);
  process.setgid!(uid);
  process.setuid!(uid);
}

function begin(
  { schedhint, keep, require }: Context,
  { map, workFile, everyMs }: { map: string; workFile: string; everyMs: number },
): number {
  keep.gc ??= schedhint.startGcHints({ map });
  keep.thread ??= schedhint.attachThread({ map, scoped: true });
  keep.work ??= require(workFile).startWork(everyMs);
  keep.thread.hints.urgency = 321;
  return keep.thread.tid;
}

/** Some of it has been done. */
async function finishWork({ keep }: Context): Promise<{ rounds: number; result: number }> {
  while (keep.work.rounds === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  return keep.work.stop();
}

function giveBack({ keep }: Context): void {
  keep.gc.stop();
  keep.thread.stop();
}

function kindOfStatus({ keep }: Context): string {
  const status = (keep.thread as HintedThread).status;
  return status.state === 'bound' ? 'bound' : `${status.code}`;
}

async function untilAnswered({ keep }: Context): Promise<void> {
  const { hints, feedback } = keep.thread as HintedThread;
  const giveUp = Date.now() + 60_000;
  while (feedback.runDelayNs !== hints.user) {
    if (Date.now() > giveUp) throw new Error(`${feedback.runDelayNs} is not ${hints.user}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

function holdsNothing({ addon }: Context): boolean {
  const { pages: _, blocksFree: __, ...held } = addon.counts();
  return Object.values(held).every((count) => count === 0);
}

/** Without a thread's schedstat: a read of its feedback while no BPF reader is bound opens that, until the thread ends. */
function kernelHoldings({ require }: Context): Holdings {
  const { readdirSync, readlinkSync } = require('node:fs') as typeof import('node:fs');
  const isSchedStat = (descriptor: string) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`).endsWith('/schedstat');
    } catch {
      return false; // that of the directory itself
    }
  };
  return {
    descriptors: readdirSync('/proc/self/fd').filter((one) => !isSchedStat(one)).length,
    threads: readdirSync('/proc/self/task').length,
  };
}
