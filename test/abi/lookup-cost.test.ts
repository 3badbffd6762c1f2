// What schedhint_lookup() costs, printed: its length as the verifier leaves it, and the time of one in the kernel. Nothing is
// judged by a time; that each lookup found what it should is.

import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Bpffs, mountBpffs } from '../rig/bpffs.js';
import { describeOnKernel } from '../rig/kernel-support.js';
import { NodeProcess } from '../rig/node-process.js';
import { Lookup } from './lookup.js';

const ROUNDS = 2000;
const KTHREADD = 2;

describeOnKernel('the cost of a lookup', () => {
  let bpffs: Bpffs;
  let lookup: Lookup;
  let node: NodeProcess;

  beforeEach(async () => {
    bpffs = mountBpffs();
    lookup = await Lookup.load(bpffs.path);
    node = await NodeProcess.start();
  });
  afterEach(async () => {
    await node?.kill();
    await lookup?.close();
    bpffs?.unmount();
  });

  test('is printed', async () => {
    const other = await NodeProcess.start();
    try {
      await node.run(({ schedhint }, map) => {
        schedhint.attachThread({ map });
      }, lookup.map);
      const helper = readdirSync(`/proc/${node.pid}/task`)
        .map(Number)
        .find((tid) => tid !== node.pid)!;
      const lines: string[] = [];
      const rows: [string, number, boolean][] = [
        ['a thread with hints', node.pid, true],
        ['a helper thread', helper, true],
        ['a process without hints', other.pid, false],
        ['a thread of the kernel', KTHREADD, false],
      ];
      for (const [name, tid, hit] of rows) {
        await lookup.ask(tid, { remember: 'again' });
        const times = [await lookup.cost(tid, true), await lookup.cost(tid, false)];
        for (const { found } of times) expect([name, found]).toEqual([name, hit ? ROUNDS : 0]);
        const [known, unknown] = times.map(({ ns }) => ns.toFixed(1));
        lines.push(`${name}: ${known} ns, without what is remembered ${unknown} ns`);
      }
      const [whole, frame] = [
        await lookup.reader.instructions('just_look'),
        await lookup.reader.instructions('just_return'),
      ];
      expect(whole).toBeGreaterThan(frame);
      console.log(`schedhint_lookup(): ${whole - frame} instructions\n${lines.join('\n')}`);
    } finally {
      await other.kill();
    }
  });
});
