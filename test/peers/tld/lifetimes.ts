// Scenarios over time: keys that come late, threads that come and go, attaching again.

import { untilQuarantineIsOver } from '../../rig/resource-counts.js';
import { type Bed, word } from './bed.js';
import { HINTS, LATE, OWN } from './keys.js';
import { load, setHints, stop, store } from './remote.js';

const [URGENCY] = HINTS as [(typeof HINTS)[number]];

/** BPF has looked for keys in vain when they are created: it finds them all the same, in threads from before and after. */
export async function late(bed: Bed): Promise<void> {
  const { judge, checks } = bed;
  const node = await bed.node();
  const worker = await node.startWorker();
  const before = [node, worker];
  const tids: number[] = [];
  for (const thread of before) tids.push(await bed.bind(thread, [OWN]));
  for (const tid of tids) {
    for (const key of LATE) {
      checks.same(`no ${key.name} yet`, await judge.bytes(tid, key), 'not found');
    }
  }
  // dynamicBytes is 64: eight of them. Threads create them in turn, each one that the other has not.
  for (const [i, key] of LATE.entries()) {
    const { is } = await bed.attach(before[i % 2]!, [key]);
    checks.same(`${key.name} is created`, is, i < 8 ? 'bound' : 'ERR_SCHEDHINT_TLD_SPACE');
  }
  const made = LATE.slice(0, 8);
  for (const [i, thread] of before.entries()) {
    checks.same('all in one call', (await bed.attach(thread, made)).is, 'bound');
    await bed.storeAndCompare(thread, tids[i]!, made, 10 + i);
    checks.same('no ninth', await judge.bytes(tids[i]!, LATE[8]!), 'not found');
  }
  const after = await node.startWorker();
  await bed.storeAndCompare(after, await bed.bind(after, made), made, 12);
}

/** 60 workers, ten at a time. Each finds zeroes, though memory is used again. */
export async function churn(bed: Bed): Promise<void> {
  const { judge, checks } = bed;
  const node = await bed.node();
  for (let round = 0; round < 6; round++) {
    const workers = await Promise.all(Array.from({ length: 10 }, () => node.startWorker()));
    const tids: number[] = [];
    for (const worker of workers) {
      const tid = await bed.bind(worker, [OWN], { hints: true });
      checks.same('zero at first', await judge.number(tid, OWN), 0n);
      checks.same('no urgency at first', await judge.number(tid, URGENCY), 0n);
      tids.push(tid);
    }
    for (const [i, worker] of workers.entries()) {
      await bed.storeAndCompare(worker, tids[i]!, [OWN], 10 * round + i);
      await worker.run(setHints, 1 + i);
    }
    for (const [i, tid] of tids.entries()) {
      checks.same('each has its own', await judge.number(tid, URGENCY), BigInt(1 + i));
    }
    for (const [i, worker] of workers.entries()) {
      await worker.stop(i % 2 === 0 ? 'end' : 'terminate');
      checks.same('the element goes', await judge.element(tids[i]!), null);
    }
    await untilQuarantineIsOver(node);
  }
}

/**
 * BPF remembers the place of a value for as long as the thread lives. So a thread that attaches again has its values where they
 * were, and no other thread gets the place.
 */
export async function again(bed: Bed): Promise<void> {
  const { judge, checks } = bed;
  const node = await bed.node();
  let tid = 0;
  for (let i = 1; i <= 50; i++) {
    tid = await bed.bind(node, [OWN], { hints: true });
    checks.same('zero again', await judge.number(tid, OWN), 0n);
    await node.run(setHints, i);
    await node.run(store, [OWN.name, word(1000 + i)] as [string, Uint8Array]);
    checks.same(`urgency of time ${i}`, await judge.number(tid, URGENCY), BigInt(i));
    checks.same(`value of time ${i}`, await judge.number(tid, OWN), BigInt(1000 + i));
    await node.run(stop);
    checks.same('no element between', await judge.number(tid, OWN), 'no element');
  }
  await bed.bind(node, [OWN], { hints: true });
  await node.run(store, [OWN.name, word(7)] as [string, Uint8Array]);
  await untilQuarantineIsOver(node);
  const workers = await Promise.all(Array.from({ length: 20 }, () => node.startWorker()));
  const tids: number[] = [];
  for (const [i, worker] of workers.entries()) {
    tids.push(await bed.bind(worker, [OWN], { hints: true }));
    await worker.run(store, [OWN.name, word(100 + i)] as [string, Uint8Array]);
  }
  checks.same('main’s value', await judge.number(tid, OWN), 7n);
  await judge.write(tid, OWN, word(8));
  checks.same('what BPF wrote is main’s', await node.run(load, OWN.name), [...word(8)]);
  for (const [i, worker] of workers.entries()) {
    checks.same('a worker’s value', await judge.number(tids[i]!, OWN), BigInt(100 + i));
    checks.same('untouched', await worker.run(load, OWN.name), [...word(100 + i)]);
  }
}
