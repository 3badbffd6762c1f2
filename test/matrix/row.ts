// Runs a row's program: the last line of output is the result that scripts/matrix.mjs reads. Where the row runs on this machine's kernel,
// its reader judges, on a bpffs that only the row uses.

import { mountBpffs } from '../rig/bpffs.js';
import { type ObservedThread, Observer } from '../rig/observer-process.js';
import { until } from '../rig/until.js';

export interface RowResult {
  /** Of the tools, for example `esbuild 0.28.2`. */
  readonly versions: string;
  /** What was seen, in a few words. */
  readonly found: string;
}

/** observer: a BPF program that reads the hints of each thread. */
export class KernelReader {
  /** The path of its pinned map. */
  readonly map: string;
  readonly #observer: Observer;

  constructor(map: string, observer: Observer) {
    this.map = map;
    this.#observer = observer;
  }

  /** The threads with hints that the kernel knows now. */
  async threads(): Promise<ObservedThread[]> {
    return (await this.#observer.threads()).filter(({ kind }) => kind === 'js');
  }

  /**
   * Waits for a thread that the kernel sees like this.
   *
   * @throws Error with all the threads that it sees instead, after a minute
   */
  async thread(
    description: string,
    matches: (thread: ObservedThread) => boolean,
  ): Promise<ObservedThread> {
    let found: ObservedThread | undefined;
    const look = async () => {
      found = (await this.threads()).find(matches);
      return found !== undefined;
    };
    await until(`the kernel sees ${description}`, look, () => this.threads());
    return found!;
  }
}

/** Prints what a row's program found. A failure is printed, and the process ends with 1. */
export async function printResult(measure: () => Promise<RowResult>): Promise<void> {
  try {
    console.log(JSON.stringify(await measure()));
  } catch (error) {
    console.error(error);
    const [first] = String((error as Error).message).split('\n');
    console.log(JSON.stringify({ versions: '', found: first }));
    process.exitCode = 1;
  }
}

/** Runs a row's program with a reader in this machine's kernel. */
export async function runRow(measure: (reader: KernelReader) => Promise<RowResult>): Promise<void> {
  await printResult(async () => {
    const bpffs = mountBpffs();
    try {
      const map = `${bpffs.path}/schedhint`;
      const observer = await Observer.start(map);
      try {
        return await measure(new KernelReader(map, observer));
      } finally {
        await observer.stop();
      }
    } finally {
      bpffs.unmount();
    }
  });
}
