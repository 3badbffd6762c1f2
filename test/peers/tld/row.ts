// The kernel's own BPF half of task local data judges tld(), in one layout: row.ts LAYOUT. It runs on this machine's kernel.

import { mkdtempSync, rmSync } from 'node:fs';
import { release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { printResult } from '../../matrix/row.js';
import { mountBpffs } from '../../rig/bpffs.js';
import { whyNot } from '../../rig/unsupported-reason.js';
import { Bed } from './bed.js';
import { Checks } from './checks.js';
import * as clients from './clients.js';
import { JudgeObject } from './judge.js';
import { buildKernelClient } from './kernel-client.js';
import { kernelFiles, type Layout } from './kernel-headers.js';
import * as lifetimes from './lifetimes.js';
import * as values from './values.js';

type Scenario = (bed: Bed) => Promise<void>;

async function measure(layout: Layout) {
  const reason = whyNot();
  if (reason !== null) throw new Error(reason);
  const { bpf, user, from } = kernelFiles(layout);
  const scratch = mkdtempSync(join(tmpdir(), 'schedhint-tld-'));
  const bpffs = mountBpffs();
  const checks = new Checks();
  const counts: string[] = [];
  try {
    const object = new JudgeObject(bpf, scratch);
    const scenarios: Record<string, Scenario> = { ...values, ...lifetimes };
    if (user !== null) {
      const addon = join(scratch, 'kernel-client.node');
      buildKernelClient(user, addon);
      for (const [name, run] of Object.entries(clients)) {
        scenarios[name] = (bed) => run(bed, { addon, object });
      }
    }
    for (const [name, run] of Object.entries(scenarios)) {
      const before = checks.count;
      const judge = await object.load(bpffs.path);
      const bed = new Bed(judge, checks);
      try {
        await run(bed);
      } finally {
        await bed.end();
        await judge.close();
      }
      counts.push(`${name} ${checks.count - before}`);
      console.error(`${layout}: ${counts.at(-1)}`);
    }
  } finally {
    bpffs.unmount();
    rmSync(scratch, { recursive: true, force: true });
  }
  if (user === null) {
    console.error(
      `${layout}: the kernel's user half is not tested: of this layout no package has it`,
    );
  }
  for (const fault of checks.faults) console.error(fault);
  if (checks.faults.length > 0) process.exitCode = 1;
  const [version] = release().split('-');
  const failed = `${checks.count} checks, ${checks.faults.length} failed`;
  return {
    versions: `Linux ${version}, ${from}`,
    found: `layout ${layout.toUpperCase()}: ${failed}: ${counts.join(', ')}`,
  };
}

const [layout = ''] = process.argv.slice(2);
await printResult(() => {
  if (!/^[abc]$/.test(layout)) throw new Error(`expected a layout: a, b or c, got ${layout}`);
  return measure(layout as Layout);
});
