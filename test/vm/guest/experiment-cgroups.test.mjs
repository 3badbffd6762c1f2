// The experiment's cgroups on a real kernel: weights act, and one without its controller is noticed.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { Cgroups } from '../experiment/guest/cgroups.mjs';
import { cpuTimesOf } from '../experiment/guest/cpu-times.mjs';
import { cheapHogs, endPrograms } from './programs.mjs';
import { until } from './until.mjs';

const SLICE = '/sys/fs/cgroup/experiment.slice';

after(endPrograms);

test('three times the weight is three times the CPU time', async () => {
  const cgroups = new Cgroups();
  cgroups.make([{ name: 'heavy.service', weight: 300 }, { name: 'light.service' }]);
  const hogs = cheapHogs(2);
  for (const { pid } of hogs) execFileSync('taskset', ['-cp', '0', String(pid)]);
  cgroups.enter('heavy.service', hogs[0].pid);
  cgroups.enter('light.service', hogs[1].pid);
  const used = () => hogs.map(({ pid }) => cpuTimesOf(pid).all);
  const before = used();
  const had = () => used().map((ms, i) => ms - before[i]);
  await until(
    'both have run for some turns',
    () => had().reduce((sum, ms) => sum + ms) > 2000,
    had,
  );
  const [heavy, light] = had();
  assert.ok(heavy > 2.4 * light && heavy < 3.6 * light, `${heavy} and ${light} ms`);
});

test('a cgroup that has lost its controller fails the run', () => {
  new Cgroups().make([{ name: 'a.service' }]);
  assert.match(readFileSync(`${SLICE}/a.service/cgroup.controllers`, 'utf8'), /\bcpu\b/);
  // As on a machine where systemd has not delegated it. What is enabled above cannot be taken away while the slice has it.
  const without = new Cgroups({ root: SLICE });
  writeFileSync(`${SLICE}/cgroup.subtree_control`, '-cpu');
  writeFileSync('/sys/fs/cgroup/cgroup.subtree_control', '-cpu');
  assert.throws(() => without.make([{ name: 'b.service' }]), { code: 'ENOENT' });
  writeFileSync('/sys/fs/cgroup/cgroup.subtree_control', '+cpu'); // for the tests after this one
});
