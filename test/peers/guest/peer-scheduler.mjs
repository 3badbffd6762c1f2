// A scheduler of other people in the VM: loads it, checks that it is still the one that was loaded, and ends it.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { track } from '../../vm/guest/programs.mjs';
import { kernelComplaints, nothingIsLoaded, schedulerName } from '../../vm/guest/scheduler.mjs';
import { until } from '../../vm/guest/until.mjs';

const CONFIG = `/boot/config-${release()}`;

/** Goes up each time that a scheduler is loaded: one that the kernel ended, and that came back, shows. */
const loads = () => readFileSync('/sys/kernel/sched_ext/enable_seq', 'utf8').trim();

/** libbpf looks there for the kernel's configuration, which programs of scx ask for. */
function writeKernelConfig() {
  if (existsSync(CONFIG)) return;
  execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', '/boot']);
  writeFileSync(CONFIG, 'CONFIG_HZ=250\nCONFIG_SCHED_CLASS_EXT=y\n');
}

export class PeerScheduler {
  /** What the kernel calls it. */
  ops;
  #process;
  #output = '';
  #loads;

  /**
   * Loads it and waits until it schedules.
   *
   * @param {{ ops: string, program: string, args: string[] }} what `ops`: how its name begins in the kernel
   */
  static async start({ ops, program, args }) {
    writeKernelConfig();
    const scheduler = new PeerScheduler();
    scheduler.#process = track(spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] }));
    for (const stream of [scheduler.#process.stdout, scheduler.#process.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        scheduler.#output += text;
      });
    }
    await until(
      `${program} schedules`,
      () => {
        if (scheduler.#hasEnded) throw new Error(scheduler.output);
        return schedulerName()?.startsWith(ops) ?? false;
      },
      () => scheduler.output.slice(-2000),
    );
    scheduler.ops = schedulerName();
    scheduler.#loads = loads();
    return scheduler;
  }

  /** All that it has printed. */
  get output() {
    return this.#output;
  }

  get #hasEnded() {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  /** Throws if the kernel has ended it since {@link start}, even if it was loaded again. */
  checkThatItIsLoaded() {
    const now = schedulerName();
    if (this.#hasEnded || now !== this.ops || loads() !== this.#loads) {
      const complaints = kernelComplaints().join('\n');
      throw new Error(
        `${this.ops} is gone, now: ${now}\n${complaints}\n${this.output.slice(-4000)}`,
      );
    }
  }

  /** As Ctrl-C does. Not judged by its exit code: scx_layered 1.1.4 panics in its thread for stats at that. */
  async stop() {
    this.checkThatItIsLoaded();
    const ended = once(this.#process, 'close');
    this.#process.kill('SIGINT');
    await ended;
    await nothingIsLoaded();
  }
}
