// Watches by the kernel's reader what the threads of a program publish, on a bpffs that only the test uses.

import { type Bpffs, mountBpffs } from '../rig/bpffs.js';
import { type ObservedThread, Observer } from '../rig/observer-process.js';
import { until } from '../rig/until.js';

export class Published {
  /** The path of the reader's map, for `SCHEDHINT_MAP`. */
  readonly map: string;
  readonly #bpffs: Bpffs;
  readonly #observer: Observer;

  private constructor(bpffs: Bpffs, map: string, observer: Observer) {
    this.#bpffs = bpffs;
    this.map = map;
    this.#observer = observer;
  }

  static async watch(): Promise<Published> {
    const bpffs = mountBpffs();
    const map = `${bpffs.path}/hints`;
    return new Published(bpffs, map, await Observer.start(map));
  }

  async stop(): Promise<void> {
    await this.#observer.stop();
    this.#bpffs.unmount();
  }

  /** Waits until the kernel sees these urgencies, from the lowest, in the threads of a process: its workers, or its main thread alone. */
  async until(
    pid: number,
    urgencies: readonly number[],
    threads: 'main' | 'workers' = 'main',
  ): Promise<ObservedThread['hints'][]> {
    let seen: ObservedThread['hints'][] = [];
    const look = async () => {
      seen = (await this.#observer.threads())
        .filter(({ tgid, kind }) => tgid === pid && kind === 'js')
        .filter(({ tid, exited }) => !exited && (tid === pid) === (threads === 'main'))
        .map(({ hints }) => hints)
        .sort((a, b) => a.urgency - b.urgency);
      return seen.map(({ urgency }) => urgency).join() === urgencies.join();
    };
    await until(`the kernel sees ${urgencies}`, look, () => seen);
    return seen;
  }
}
