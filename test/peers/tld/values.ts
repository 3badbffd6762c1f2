// Scenarios of the values themselves: every size, name and number of keys, read and written by BPF.

import { until } from '../../rig/until.js';
import { type Bed, pattern } from './bed.js';
import { HINTS, LENGTHS, LIMITS, MANY, NAMES, SIZES } from './keys.js';
import { load, setHints, stop, store, wait } from './remote.js';

/** The main thread and three workers have values of every size. BPF reads all, and writes what JavaScript then reads. */
export async function sizes(bed: Bed): Promise<void> {
  const { judge, checks } = bed;
  const node = await bed.node();
  const workers = await Promise.all([1, 2, 3].map(() => node.startWorker()));
  const threads = [node, ...workers];
  const tids: number[] = [];
  for (const thread of threads) tids.push(await bed.bind(thread, SIZES, { hints: true }));
  for (const [i, thread] of threads.entries()) {
    await bed.storeAndCompare(thread, tids[i]!, SIZES, i);
    await thread.run(setHints, 100 + i);
  }
  for (const [i, thread] of threads.entries()) {
    const tid = tids[i]!;
    const found = [];
    for (const hint of HINTS) found.push(await judge.number(tid, hint));
    checks.same(`the hints of thread ${i}`, found, [BigInt(100 + i), 1n, 2n, 3n, 4n, 3n]);
    for (const key of SIZES) {
      const bytes = pattern(key.size, 50 + i);
      checks.same(`BPF writes ${key.name}`, await judge.write(tid, key, bytes), 'written');
      checks.same(`JavaScript reads ${key.name}`, await thread.run(load, key.name), [...bytes]);
    }
    // The last question names the thread that the program looks at when it switches.
    await until(`thread ${i} has found its urgency at a switch`, async () => {
      await thread.run(wait);
      return (await judge.urgencyAtSwitch()) === BigInt(100 + i);
    });
    checks.same('in the thread itself', await judge.urgencyAtSwitch(), BigInt(100 + i));
  }
  await workers[0]!.stop();
  checks.same('the element goes with its thread', await judge.element(tids[1]!), null);
  await node.run(stop);
  checks.same('the element goes with stop()', await judge.element(tids[0]!), null);
}

/** Every name that the kernel takes, and none that it does not. */
export async function names(bed: Bed): Promise<void> {
  const { checks } = bed;
  const node = await bed.node();
  const { is, tid } = await bed.attach(node, NAMES);
  checks.same('any string is a name', is, 'bound');
  if (is === 'bound') await bed.storeAndCompare(node, tid, NAMES, 1);
  const other = await bed.node();
  await bed.storeAndCompare(other, await bed.bind(other, LENGTHS), LENGTHS, 2);
  for (const name of ['', 'k'.repeat(63), 'ж'.repeat(32), 'nul\0', '\ud800']) {
    const refused = await bed.attach(node, [{ name, size: 8 }]);
    checks.same(`${JSON.stringify(name)} is refused`, refused.is, 'ERR_SCHEDHINT_OPTION');
  }
}

/** The most bytes that a value can have. */
export async function limits(bed: Bed): Promise<void> {
  const { judge, checks } = bed;
  for (const key of LIMITS) {
    const node = await bed.node();
    const tid = await bed.bind(node, [key]);
    const bytes = pattern(key.size, 3);
    await node.run(store, [key.name, bytes] as [string, Uint8Array]);
    const found = await judge.bytes(tid, key);
    // The kernel's half takes nothing that ends where the page does: docs/channels.md.
    if (key.size === 4088) checks.same('4088 bytes', found, 'not found');
    else checks.bytes(`${key.size} bytes`, found, bytes);
  }
  const more = await bed.attach(await bed.node(), [{ name: 'more', size: 4089 }]);
  checks.same('4089 bytes', more.is, 'ERR_SCHEDHINT_TLD_SPACE');
}

/** 63 keys, and no more. */
export async function many(bed: Bed): Promise<void> {
  const { judge, checks } = bed;
  const node = await bed.node();
  const all = MANY.slice(0, 63);
  const tid = await bed.bind(node, all);
  await bed.storeAndCompare(node, tid, all, 5);
  const refused = await bed.attach(node, MANY.slice(63));
  checks.same('the 64th key', refused.is, 'ERR_SCHEDHINT_TLD_KEYS');
  checks.same('BPF finds no 64th', await judge.bytes(tid, MANY[63]!), 'not found');
  const worker = await node.startWorker();
  await bed.storeAndCompare(worker, await bed.bind(worker, all), all, 6);
  // One attach with all 64: none is made, so any other key still has room.
  const other = await bed.node();
  checks.same('64 in one call', (await bed.attach(other, MANY)).is, 'ERR_SCHEDHINT_TLD_KEYS');
  await bed.storeAndCompare(other, await bed.bind(other, SIZES), SIZES, 7);
}
