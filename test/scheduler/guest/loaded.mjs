// A scheduler in the VM, of any version: loads it, notices when the kernel or it itself ends, reads its JSON reports, and ends it. Asserts
// nothing: what it is worth is for the rows to judge.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { nothingIsLoaded, schedulerName } from '../../vm/guest/scheduler.mjs';
import { until } from '../../vm/guest/until.mjs';

export const PIN = '/sys/fs/bpf/schedhint';

/**
 * @typedef {object} Arm
 * @property {string} name
 * @property {string} [program] none: the kernel's default scheduler
 * @property {string[]} [args]
 */

export class Loaded {
  #process;
  #closed;
  /** What it said, but for reports. */
  output = '';
  /** Its last report in JSON. @type {Record<string, number>} */
  report = {};
  /** What the kernel calls it. */
  ops;

  /** Loads it and waits until it schedules. @param {Arm} arm */
  static async start({ program, args = [] }) {
    rmSync(PIN, { force: true }); // of one that was killed
    const loaded = new Loaded();
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    loaded.#process = child;
    loaded.#closed = once(child, 'close');
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => loaded.#take(line));
    }
    await until(
      `${program} schedules`,
      async () => {
        if (!loaded.hasEnded) return schedulerName() !== null;
        await loaded.ended(); // all that it said has arrived
        throw new Error(loaded.output);
      },
      () => loaded.output,
    );
    loaded.ops = schedulerName();
    return loaded;
  }

  #take(line) {
    try {
      const message = JSON.parse(line);
      if (message.type !== 'ready') this.report = message;
    } catch {
      this.output = `${this.output}${line}\n`.slice(-8000); // for people
    }
  }

  get pid() {
    return this.#process.pid;
  }

  /** Whether it has ended, for whatever reason. */
  get hasEnded() {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  /** What it last said for people. */
  get lastWords() {
    return this.output.trim().split('\n').slice(-3).join(' / ');
  }

  /** @returns {Promise<number | null>} its exit code */
  async ended() {
    const [code] = await this.#closed;
    return code;
  }

  kill() {
    this.#process.kill('SIGKILL');
  }

  /** Ends it as a user would. @returns {Promise<number | null>} its exit code */
  async stop() {
    this.#process.kill('SIGTERM');
    const code = await this.ended();
    await nothingIsLoaded();
    return code;
  }
}
