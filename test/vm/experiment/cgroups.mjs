// The cgroups of the experiment, inside the VM: one for the app and one for the hogs, of equal
// weight, with the cpu controller on. Checked, because a cgroup without the controller looks the same
// and does nothing.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';

const ROOT = '/sys/fs/cgroup';
const read = (file) => readFileSync(`${ROOT}/${file}`, 'utf8').trim();
const write = (file, text) => writeFileSync(`${ROOT}/${file}`, String(text));

export function setWeight(cgroup, weight) {
  write(`${cgroup}/cpu.weight`, weight);
  assert.equal(read(`${cgroup}/cpu.weight`), String(weight));
}

export function makeCgroups(names, weight) {
  write('cgroup.subtree_control', '+cpu');
  assert.match(read('cgroup.subtree_control'), /\bcpu\b/);
  for (const name of names) {
    mkdirSync(`${ROOT}/${name}`);
    assert.match(read(`${name}/cgroup.controllers`), /\bcpu\b/);
    setWeight(name, weight);
  }
}

export function enter(cgroup, processes) {
  for (const { pid } of processes) {
    write(`${cgroup}/cgroup.procs`, pid);
    assert.match(readFileSync(`/proc/${pid}/cgroup`, 'utf8'), new RegExp(`^0::/${cgroup}$`, 'm'));
  }
}

/** How the kernel spreads a cgroup's weight, from 7.2 or so on; the mode that is on has parentheses. */
const MODE = '/sys/kernel/debug/sched/cgroup_mode';

/** @returns {string | null} null: the kernel knows one only */
export function cgroupMode() {
  if (!existsSync('/sys/kernel/debug/sched')) {
    execFileSync('mount', ['-t', 'debugfs', 'debugfs', '/sys/kernel/debug']);
  }
  if (!existsSync(MODE)) return null;
  return /\((\w+)\)/.exec(readFileSync(MODE, 'utf8'))[1];
}

/** Takes a share in the mode of older kernels, where a cgroup has its weight whatever is in it. */
export async function inOlderMode(take) {
  const mode = cgroupMode();
  if (mode === null) return {};
  writeFileSync(MODE, 'smp');
  assert.equal(cgroupMode(), 'smp');
  const older = await take();
  writeFileSync(MODE, mode);
  return { older };
}
