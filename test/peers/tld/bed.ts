// What every scenario has: the judge of one layout, the counts, and Node.js processes that end with the scenario.

import { NodeProcess } from '../../rig/node-process.js';
import type { Checks } from './checks.js';
import type { Judge } from './judge.js';
import type { Key } from './keys.js';
import { type Attached, attach, store, type Thread } from './remote.js';

export class Bed {
  readonly judge: Judge;
  readonly checks: Checks;
  readonly #started: NodeProcess[] = [];

  constructor(judge: Judge, checks: Checks) {
    this.judge = judge;
    this.checks = checks;
  }

  async node(...execArgv: string[]): Promise<NodeProcess> {
    const started = await NodeProcess.start({ execArgv });
    this.#started.push(started);
    return started;
  }

  /** Attaches a thread to the judge's map. */
  attach(
    thread: Thread,
    keys: readonly Key[],
    options: { hints?: boolean; dynamicBytes?: number } = {},
  ): Promise<Attached> {
    return thread.run(attach, { map: this.judge.map, keys, ...options });
  }

  /** Attaches a thread, and fails the scenario if it is not bound. */
  async bind(thread: Thread, keys: readonly Key[], options = {}): Promise<number> {
    const { is, tid } = await this.attach(thread, keys, options);
    if (is !== 'bound') throw new Error(`expected a bound thread, it is ${is}`);
    return tid;
  }

  /** Stores different bytes in each of a thread's values, and compares what BPF finds. */
  async storeAndCompare(
    thread: Thread,
    tid: number,
    keys: readonly Key[],
    seed: number,
  ): Promise<void> {
    for (const { name, size } of keys) await thread.run(store, [name, pattern(size, seed)]);
    for (const key of keys) {
      const what = `${key.name.slice(0, 20)} of ${key.size} bytes, thread ${seed}`;
      this.checks.bytes(what, await this.judge.bytes(tid, key), pattern(key.size, seed));
    }
  }

  async end(): Promise<void> {
    for (const node of this.#started.splice(0)) await node.kill();
  }
}

/** Bytes that differ from one place, size and seed to the next. */
export function pattern(size: number, seed: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => 1 + ((i * 7 + seed * 31 + size) % 250));
}

/** A number as the 8 bytes of a value. */
export function word(value: number): Uint8Array {
  return new Uint8Array(new BigUint64Array([BigInt(value)]).buffer);
}
