// What the scenarios run in a Node.js process, in its main thread or in a worker: each thread has one handle, and its values are
// arrays of bytes.

import type { Context, NodeProcess } from '../../rig/node-process.js';
import type { KernelClient } from './kernel-client.js';
import type { Key } from './keys.js';

/** A thread of a process: its main thread, or a worker. */
export type Thread = Pick<NodeProcess, 'run'>;

export interface Attaching {
  readonly map: string;
  readonly keys: readonly Key[];
  /** By default none. */
  readonly hints?: boolean;
  readonly dynamicBytes?: number;
}

/** What attaching came to: the state of the channel, or the code that says why not. */
export interface Attached {
  readonly is: string;
  readonly tid: number;
}

export function attach({ schedhint, keep }: Context, options: Attaching): Attached {
  const { array, attachThread, tld, u8 } = schedhint;
  const { map, keys, hints, dynamicBytes } = options;
  const types = Object.fromEntries(keys.map(({ name, size }) => [name, array(u8, size)]));
  try {
    const more = dynamicBytes === undefined ? {} : { dynamicBytes };
    const channel = tld({ map, keys: types, ...(hints ? {} : { hints: {} }), ...more });
    keep.thread = attachThread({ channel, scoped: true });
    keep.threads = [...(keep.threads ?? []), keep.thread];
    const { state, code } = keep.thread.status;
    return { is: code ?? state, tid: keep.thread.tid };
  } catch (error) {
    return { is: (error as { code: string }).code, tid: 0 };
  }
}

/** Stores bytes in the thread's value of that name. */
export function store({ keep }: Context, [name, bytes]: [string, Uint8Array]): void {
  for (const [i, byte] of bytes.entries()) keep.thread.blocks[name].set(i, byte);
}

export function load({ keep }: Context, name: string): number[] {
  return [...keep.thread.blocks[name]];
}

export function setHints({ keep }: Context, urgency: number): void {
  keep.thread.hints.set({ urgency, batch: true, sliceUs: 2, user: 4n, phase: 'draining' });
  keep.thread.hints.deadlineNs = 3n;
}

/** Waits as a thread does that has nothing to do: it leaves its CPU. */
export function wait(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
}

export const stop = ({ keep }: Context): void => keep.thread.stop();

/** Sets values by the kernel's user half, in the calling thread. @returns what its functions do */
export function kernelSets(
  { require }: Context,
  { addon, map, values }: { addon: string; map: string; values: Record<string, number> },
): Record<string, number> {
  const client = require(addon) as KernelClient;
  const answers: Record<string, number> = { open: client.open(map) };
  for (const [name, value] of Object.entries(values)) answers[name] = client.set(name, value);
  return answers;
}

export function kernelGets({ require }: Context, [addon, name]: [string, string]): number {
  return (require(addon) as KernelClient).get(name);
}
