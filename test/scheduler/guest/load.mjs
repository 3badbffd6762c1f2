// Runs build/load in the guest: a scenario's groups for a while, in their cgroups.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { fileURLToPath } from 'node:url';
import { until } from '../../vm/guest/until.mjs';
import { PIN } from './loaded.mjs';

const CGROUPS = '/sys/fs/cgroup';
const LOAD = '/tmp/load';

/** In the guest's memory, so that no start of it waits for the machine outside. */
export function prepareLoad() {
  copyFileSync(fileURLToPath(new URL('build/load', import.meta.url)), LOAD);
  // Else who started a program would decide about its share.
  const autogroup = '/proc/sys/kernel/sched_autogroup_enabled';
  if (existsSync(autogroup)) writeFileSync(autogroup, '0');
}

/** Makes cgroups with these files, parents first, and reads back what was written. @param {import('../scenario.mjs').Cgroup[]} cgroups */
function makeCgroups(cgroups) {
  const enable = (path) => {
    writeFileSync(`${path}/cgroup.subtree_control`, '+cpu');
    assert.match(readFileSync(`${path}/cgroup.subtree_control`, 'utf8'), /\bcpu\b/);
  };
  for (const { path, ...files } of cgroups) {
    const parent = `${CGROUPS}/${path}`.replace(/\/[^/]*$/, '');
    enable(parent);
    mkdirSync(`${CGROUPS}/${path}`);
    for (const [name, value] of Object.entries(files)) {
      const file = `${CGROUPS}/${path}/${name}`;
      writeFileSync(file, String(value));
      assert.equal(readFileSync(file, 'utf8').trim(), String(value), file);
    }
  }
}

/** Removes them, children first, once their last tasks are gone. */
async function removeCgroups(cgroups) {
  for (const { path } of [...cgroups].reverse()) {
    const events = `${CGROUPS}/${path}/cgroup.events`;
    const isEmpty = () => readFileSync(events, 'utf8').includes('populated 0');
    await until(`the cgroup ${path} is empty`, isEmpty);
    rmdirSync(`${CGROUPS}/${path}`);
  }
}

/** What the kernel counted of each. */
const cpuStats = (cgroups) =>
  Object.fromEntries(
    cgroups.map(({ path }) => {
      const text = readFileSync(`${CGROUPS}/${path}/cpu.stat`, 'utf8').trim();
      const entries = text.split('\n').map((line) => line.split(' '));
      return [path, Object.fromEntries(entries.map(([name, value]) => [name, Number(value)]))];
    }),
  );

/** The threads that end grace periods, which root may move. Boot has RCU do without them; not here. */
function moveKernelThreads(cgroup) {
  const isRcu = (pid) => /^rcu_(preempt|sched)$/m.test(readFileSync(`/proc/${pid}/comm`, 'utf8'));
  const pids = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter(isRcu);
  assert.ok(pids.length > 0, 'there is an RCU thread');
  writeFileSync('/sys/kernel/rcu_expedited', '0');
  for (const pid of pids) writeFileSync(`${CGROUPS}/${cgroup}/cgroup.procs`, pid);
  return () => {
    for (const pid of pids) writeFileSync(`${CGROUPS}/cgroup.procs`, pid);
    writeFileSync('/sys/kernel/rcu_expedited', '1');
  };
}

/**
 * Runs a scenario once.
 *
 * @param {import('../scenario.mjs').Scenario} scenario
 * @param {number} seed
 * @returns {Promise<import('../scenario.mjs').Outcome>}
 */
export async function runLoad(scenario, seed) {
  const { ms, warmMs, groups, kernelThreads, kernelThreadsIn, cgroups = [] } = scenario;
  makeCgroups(cgroups);
  const moveBack = kernelThreadsIn === undefined ? undefined : moveKernelThreads(kernelThreadsIn);
  const args = [
    '--ms',
    ms,
    '--warm-ms',
    warmMs,
    '--seed',
    seed,
    ...(existsSync(PIN) ? ['--pin', PIN] : []),
  ];
  if (kernelThreads !== undefined && existsSync(PIN)) args.push('--kernel-threads', kernelThreads);
  const child = spawn(LOAD, [...args.map(String), ...groups], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (data) => {
    text += data;
  });
  const [code] = await once(child, 'close');
  const stats = cpuStats(cgroups);
  moveBack?.();
  await removeCgroups(cgroups);
  if (code !== 0) throw new Error(`load ended with ${code}`);
  return { ...JSON.parse(text), cpuStats: stats };
}
