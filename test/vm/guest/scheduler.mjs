// The scheduler of scheduler/, loaded in the VM.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach } from 'node:test';
import { fileURLToPath } from 'node:url';
import { end, track } from './programs.mjs';
import { StatsClient } from './stats-client.mjs';
import { until } from './until.mjs';

const BUILD = fileURLToPath(new URL('../../../scheduler/build/', import.meta.url));
export const PROGRAM = `${BUILD}scx_schedhint`;
const OPS = '/sys/kernel/sched_ext/root/ops';

/** 'enabled', 'disabled', or what is between. */
export const schedExtState = () => readFileSync('/sys/kernel/sched_ext/state', 'utf8').trim();

/** The scheduler's name as the kernel has it, with its version; null: the kernel's own schedules. */
export const schedulerName = () => (existsSync(OPS) ? readFileSync(OPS, 'utf8').trim() : null);

/** Ours, of whatever version. */
export const OURS = /^schedhint_\d+\.\d+\.\d+/;

export const nothingIsLoaded = () =>
  until('the kernel has its own scheduler back', () => schedExtState() === 'disabled');

const told = new Set();

/** What the kernel says when it throws a scheduler out, or when ours did what it must not: each line once. */
export function kernelComplaints() {
  const bad = /sched_ext: .*(error|stall|watchdog|failed)|BUG:|WARNING:|Oops|soft lockup|rcu: INFO/;
  const log = execFileSync('dmesg', { encoding: 'utf8' });
  const complaints = log.split('\n').filter((line) => bad.test(line) && !told.has(line));
  for (const line of complaints) told.add(line);
  return complaints;
}

const schedulers = new Set();

/** Notes a process that loads a scheduler: it ends with the test. */
export function trackScheduler(child) {
  schedulers.add(track(child));
  child.once('exit', () => schedulers.delete(child));
  return child;
}

/** What a test that failed has not stopped, and what it was not told, would make the next one fail. */
async function endSchedulers() {
  if (schedulers.size > 0) {
    await end([...schedulers]);
    await nothingIsLoaded();
  }
  assert.deepEqual(kernelComplaints(), []);
}

// Node.js sets it for test files. Other programs import this module too, and have no tests.
if (process.env.NODE_TEST_CONTEXT) {
  kernelComplaints(); // an earlier test file has been told
  afterEach(endSchedulers);
}

export class Scheduler {
  process;
  /** What it counted, at its last report. @type {Record<string, number>} */
  counts = {};
  ready;
  /** Each time that it was loaded again. @type {Record<string, unknown>[]} */
  restarts = [];
  /** Why it ended. */
  ended;
  complaint = '';
  #closed;

  constructor(args) {
    this.process = trackScheduler(
      spawn(PROGRAM, ['--json', '--stats', '0.1', ...args], {
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    );
    this.#closed = once(this.process, 'close');
    this.process.stderr.setEncoding('utf8').on('data', (text) => {
      this.complaint += text;
    });
    createInterface({ input: this.process.stdout }).on('line', (line) => {
      const message = JSON.parse(line);
      if (message.type === 'statistics') this.counts = message;
      else if (message.type === 'restarted') this.restarts.push(message);
      else this[message.type] = message; // ready, ended
    });
  }

  /** Loads it and waits until it schedules. @param {...string} args */
  static async start(...args) {
    const scheduler = new Scheduler(args);
    const { process } = scheduler;
    await until('the scheduler is loaded', () => {
      if (process.exitCode !== null) throw new Error(scheduler.complaint);
      return scheduler.ready !== undefined;
    });
    assert.equal(schedExtState(), 'enabled');
    return scheduler;
  }

  /** Another scheduler's object, by the same loader. @param file in scheduler/build, or with a path */
  static startObject(file, ...args) {
    return Scheduler.start('--object', resolve(BUILD, file), ...args);
  }

  /** Waits until it has counted this. @param {(counts: Record<string, number>) => boolean} condition */
  async counted(condition) {
    await until(
      `the scheduler has counted: ${condition}`,
      () => condition(this.counts),
      () => this.counts,
    );
    return this.counts;
  }

  /** What it has counted by now: a report that comes now may have been made before. */
  async countsNow() {
    const client = new StatsClient();
    const counts = await client.ask('stats');
    client.end();
    return counts;
  }

  /**
   * What it has counted when all threads of a process have gone.
   *
   * @param {{ ended: Promise<unknown> }} program
   */
  async countsAfterEndOf({ ended }) {
    await ended;
    // A thread may be waited for before its last turn. The scheduler gives it that within some switches, if others want a CPU as well.
    const { switches } = await this.countsNow();
    await this.counted((counts) => counts.switches > switches + 100);
    return this.countsNow();
  }

  /** Detaches it as a user would, and returns its last counts. */
  async stop() {
    this.process.kill('SIGTERM');
    const [code] = await this.#closed;
    assert.equal(code, 0, this.complaint);
    await nothingIsLoaded();
    assert.deepEqual(kernelComplaints(), []);
    return this.counts;
  }

  /** Waits until it ends without being asked to. @returns {Promise<number>} its exit code */
  async end() {
    const [code] = await this.#closed;
    await nothingIsLoaded();
    return code;
  }

  async kill() {
    this.process.kill('SIGKILL');
    await this.#closed;
    await nothingIsLoaded();
    assert.deepEqual(kernelComplaints(), []);
  }
}
