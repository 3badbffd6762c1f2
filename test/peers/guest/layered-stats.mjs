// scx_layered in the VM, and what it says itself: its --stats, one sample a second.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { nothingIsLoaded } from '../../vm/guest/scheduler.mjs';
import { until } from '../../vm/guest/until.mjs';

const OPS = '/sys/kernel/sched_ext/root/ops';
/** "▶ latency ─ util/open/frac=  97.0/..." */
const LAYER = /\u25b6 (\S+) +\u2500 util\/open\/frac= *([\d.]+)\//;
/** How often hints have moved a task since it began: a line that integrations/scx/layered adds. */
const HINTED = /^nr_hinted=(\d+)$/;

export class Layered {
  #process;
  #samples = [];
  #output = '';
  /** Times that hints have moved a task; null: it does not say. */
  hinted = null;

  /**
   * Loads it and waits until it schedules. It prints the layers of a sample in the config's order.
   *
   * @param {string} program
   * @param {string[]} options but for those of its stats
   * @param {string} layersFile
   */
  static async start(program, options, layersFile) {
    const layered = new Layered();
    const [{ name: firstLayer }] = JSON.parse(readFileSync(layersFile, 'utf8'));
    const args = [...options, '--stats', '1', `f:${layersFile}`];
    layered.#process = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const take = (line) => {
      layered.#output += `${line}\n`;
      const [, hinted] = HINTED.exec(line) ?? [];
      if (hinted !== undefined) layered.hinted = Number(hinted);
      const [, name, util] = LAYER.exec(line) ?? [];
      if (name === undefined) return;
      if (name === firstLayer) layered.#samples.push({});
      if (layered.#samples.length > 0) layered.#samples.at(-1)[name] = Number(util);
    };
    createInterface({ input: layered.#process.stdout }).on('line', take);
    createInterface({ input: layered.#process.stderr }).on('line', take);
    await until(
      'scx_layered schedules',
      () => {
        if (layered.#process.exitCode !== null) throw new Error(layered.#output);
        return existsSync(OPS) && readFileSync(OPS, 'utf8').startsWith('layered');
      },
      () => layered.#output,
    );
    return layered;
  }

  /**
   * The CPU time in each layer from now on, in percent of one CPU: the mean of whole samples. The one
   * in progress and the one after it hold some of what was before.
   */
  async utilisation(samples = 5) {
    const first = this.#samples.length + 1;
    await until(
      'scx_layered has printed its samples',
      () => this.#samples.length > first + samples, // the last one may be incomplete
      () => this.#output.slice(-2000),
    );
    const whole = this.#samples.slice(first, first + samples);
    return Object.fromEntries(
      Object.keys(whole[0]).map((layer) => {
        const sum = whole.reduce((total, sample) => total + sample[layer], 0);
        return [layer, Math.round(sum / samples)];
      }),
    );
  }

  async stop() {
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGINT');
    await ended;
    await nothingIsLoaded();
  }
}
