// A scheduler of the scx project in the VM, and what it says itself: by its socket for statistics, and at its end.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { release } from 'node:os';
import { createInterface } from 'node:readline';
import { kernelComplaints, nothingIsLoaded, schedulerName } from '../../vm/guest/scheduler.mjs';
import { until } from '../../vm/guest/until.mjs';

const STATS = '/var/run/scx/root/stats';

/** Goes up each time that a scheduler is loaded: so one that the kernel ended and that came back is noticed. */
const loads = () => readFileSync('/sys/kernel/sched_ext/enable_seq', 'utf8').trim();

/** Where libbpf looks for the kernel's configuration, which the schedulers' programs ask for. A real machine has it. */
export function giveKernelConfig() {
  if (process.env.SCHEDHINT_VM !== '1') return;
  execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', '/boot']);
  writeFileSync(
    `/boot/config-${release()}`,
    'CONFIG_HZ=250\nCONFIG_NR_CPUS=8192\nCONFIG_SCHED_CLASS_EXT=y\n',
  );
}

const bpftool = (...args) =>
  JSON.parse(execFileSync('bpftool', ['-j', ...args], { encoding: 'utf8', maxBuffer: 2 ** 26 }));

/** The instructions of each of the loaded scheduler's operations, as the kernel runs them (xlated). */
export function instructionsOfOps() {
  const programs = bpftool('prog', 'show').filter(({ type }) => type === 'struct_ops');
  return Object.fromEntries(programs.map(({ name, bytes_xlated }) => [name, bytes_xlated / 8]));
}

export const mapsNamed = (name) => bpftool('map', 'show').filter((map) => map.name === name);

export class ScxScheduler {
  #process;
  #closed;
  #stats;
  #loads;
  output = '';
  /** What the kernel calls it. */
  ops;

  /**
   * Loads it and waits until it schedules.
   *
   * @param {string} program
   * @param {string[]} args
   * @param {{ hasStats?: boolean }} [options] `hasStats`: it has a socket for statistics, as those of scx have
   */
  static async start(program, args = [], { hasStats = true } = {}) {
    const scheduler = new ScxScheduler();
    const before = loads();
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    scheduler.#process = child;
    scheduler.#closed = once(child, 'close');
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        scheduler.output += text;
      });
    }
    await until(
      `${program} schedules`,
      () => {
        if (child.exitCode !== null) throw new Error(scheduler.output);
        // The kernel shows the name first, and counts the load last.
        return schedulerName() !== null && loads() !== before && (!hasStats || existsSync(STATS));
      },
      () => scheduler.output.slice(-2000),
    );
    scheduler.ops = schedulerName();
    scheduler.#loads = loads();
    return scheduler;
  }

  /** Throws if the kernel has ended it since {@link start}, even if it was loaded again. */
  checkThatItIsLoaded() {
    const now = schedulerName();
    if (now === this.ops && loads() === this.#loads) return;
    const complaints = kernelComplaints().join('\n');
    throw new Error(`${this.ops} is gone, now: ${now}\n${complaints}\n${this.output.slice(-4000)}`);
  }

  /** Its statistics, as its --monitor gets them. @returns {Promise<Record<string, number>>} */
  async stats() {
    if (this.#stats === undefined) {
      const socket = createConnection(STATS);
      await once(socket, 'connect');
      this.#stats = { socket, lines: createInterface({ input: socket })[Symbol.asyncIterator]() };
    }
    this.#stats.socket.write(`${JSON.stringify({ req: 'stats', args: { target: 'top' } })}\n`);
    const { value } = await this.#stats.lines.next();
    const { errno, args } = JSON.parse(value);
    if (errno !== 0) throw new Error(`stats: ${value}`);
    return args.resp;
  }

  /** How many decisions a hint has changed. */
  async hinted() {
    return (await this.stats()).nr_hinted;
  }

  /** Ends it as a user would. @returns {Promise<string>} all that it printed */
  stop() {
    return this.#end('SIGINT');
  }

  kill() {
    return this.#end('SIGKILL');
  }

  async #end(signal) {
    this.#stats?.socket.destroy();
    this.#process.kill(signal);
    await this.#closed;
    await nothingIsLoaded();
    return this.output;
  }
}
