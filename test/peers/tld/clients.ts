// Scenarios with the kernel's own user half next to schedhint: in another process, in the same one, in the same thread.

import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Bed, word } from './bed.js';
import type { Judge, JudgeObject } from './judge.js';
import { KERNEL_ONLY, LENGTHS, NODE_ONLY, OWN, SHARED } from './keys.js';
import { attach, kernelGets, kernelSets, load, stop, store, type Thread } from './remote.js';

/** The kernel's user half, built as an addon, and the judge, for a second map. */
export interface KernelSide {
  readonly addon: string;
  readonly object: JudgeObject;
}

const bytes = (name: string, value: number) => [name, word(value)] as [string, Uint8Array];

/** Two processes with one map: each has its own keys and values. */
export async function otherProcess(bed: Bed, { addon }: KernelSide): Promise<void> {
  const { judge, checks } = bed;
  const ours = await bed.node();
  const theirs = await bed.node();
  const tid = await bed.bind(ours, [SHARED, NODE_ONLY]);
  await ours.run(store, bytes('shared', 1));
  await ours.run(store, bytes('node_only', 2));
  const values = { kernel_only: 3, shared: 4 };
  const set = await theirs.run(kernelSets, { addon, map: judge.map, values });
  checks.same('the kernel’s half binds', set, { open: 0, kernel_only: 1, shared: 1 });
  // It copies a name with strscpy(), so the last of 62 bytes is lost, and BPF finds nothing.
  const longest = LENGTHS.at(-1)!;
  await theirs.run(kernelSets, { addon, map: judge.map, values: { [longest.name]: 9 } });
  checks.same('its 62 bytes', await judge.number(theirs.pid, longest), 'not found');
  checks.same('its 61 bytes', await judge.number(theirs.pid, LENGTHS.at(-2)!), 9n);
  checks.same('ours', await judge.number(tid, SHARED), 1n);
  checks.same('ours only', await judge.number(tid, NODE_ONLY), 2n);
  checks.same('not ours', await judge.number(tid, KERNEL_ONLY), 'not found');
  checks.same('theirs', await judge.number(theirs.pid, SHARED), 4n);
  checks.same('theirs only', await judge.number(theirs.pid, KERNEL_ONLY), 3n);
  checks.same('not theirs', await judge.number(theirs.pid, NODE_ONLY), 'not found');
  await judge.write(tid, SHARED, word(5));
  await judge.write(theirs.pid, SHARED, word(6));
  checks.same('JavaScript reads', await ours.run(load, 'shared'), [...word(5)]);
  checks.same('C reads', await theirs.run(kernelGets, [addon, 'shared'] as [string, string]), 6);
}

/** One process, two maps: both are in each thread, and do not disturb each other. */
export async function otherMap(bed: Bed, { addon, object }: KernelSide): Promise<void> {
  const { judge, checks } = bed;
  const pins = `${dirname(judge.map)}/other`;
  mkdirSync(pins);
  const other: Judge = await object.load(pins);
  try {
    const node = await bed.node();
    const threads: Thread[] = [node, await node.startWorker(), await node.startWorker()];
    for (const [i, thread] of threads.entries()) {
      const values = { shared: 20 + i, kernel_only: 30 + i };
      const tid = await bed.bind(thread, [OWN, SHARED]);
      const set = await thread.run(kernelSets, { addon, map: other.map, values });
      checks.same('the kernel’s half binds', set, { open: 0, shared: 1, kernel_only: 1 });
      for (let round = 0; round < 20; round++) {
        const number = 1000 * i + round;
        await thread.run(store, bytes('shared', number));
        await thread.run(kernelSets, { addon, map: other.map, values: { shared: 500 + round } });
        checks.same('in our map', await judge.number(tid, SHARED), BigInt(number));
        checks.same('in the other', await other.number(tid, SHARED), BigInt(500 + round));
      }
      checks.same('only there', await other.number(tid, KERNEL_ONLY), BigInt(30 + i));
      checks.same('not here', await judge.number(tid, KERNEL_ONLY), 'not found');
    }
  } finally {
    await other.close();
  }
}

/** One map in one thread, the kernel's half first: schedhint leaves the element alone, and says so. */
export async function kernelFirst(bed: Bed, { addon }: KernelSide): Promise<void> {
  const { judge, checks } = bed;
  const node = await bed.node();
  const { map } = judge;
  await node.run(kernelSets, { addon, map, values: { kernel_only: 1 } });
  const { is } = await bed.attach(node, [NODE_ONLY]);
  checks.same('attach', is, 'ERR_SCHEDHINT_TLD_IN_USE');
  await node.run(store, bytes('node_only', 2));
  checks.same('the kernel’s value', await judge.number(node.pid, KERNEL_ONLY), 1n);
  checks.same('no value of ours', await judge.number(node.pid, NODE_ONLY), 'not found');
  await node.run(stop);
  await node.run(kernelSets, { addon, map, values: { kernel_only: 3 } });
  checks.same('after stop()', await judge.number(node.pid, KERNEL_ONLY), 3n);
  // Its other threads are free to use either.
  const worker = await node.startWorker();
  const attached = await worker.run(attach, { map, keys: [NODE_ONLY] });
  checks.same('another thread', attached.is, 'bound');
  await worker.run(store, bytes('node_only', 4));
  checks.same('its value', await judge.number(attached.tid, NODE_ONLY), 4n);
}

/** The other way round: the kernel's half takes the element, and nothing can tell. */
export async function nodeFirst(bed: Bed, { addon }: KernelSide): Promise<void> {
  const { judge, checks } = bed;
  const node = await bed.node();
  const tid = await bed.bind(node, [NODE_ONLY]);
  await node.run(store, bytes('node_only', 1));
  // Nothing has been looked up: what BPF remembers would send it to stray memory from here on.
  const set = await node.run(kernelSets, { addon, map: judge.map, values: { kernel_only: 2 } });
  checks.same('the kernel’s half binds', set.kernel_only, 1);
  checks.same('its value', await judge.number(tid, KERNEL_ONLY), 2n);
  checks.same('ours is gone', await judge.number(tid, NODE_ONLY), 'not found');
  const is = await node.run(({ keep }) => keep.thread.status.state);
  checks.same('the status does not know', is, 'bound');
}
