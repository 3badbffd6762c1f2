// A run fails if a cgroup does not act. A directory stands for /sys/fs/cgroup.

import { mkdirSync, mkdtempSync, rmSync, symlinkSync as symlink, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Cgroups } from './guest/cgroups.mjs';

const SERVICE = 'experiment.slice/a.service';
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'schedhint-cgroups-test-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const file = (name: string, text: string) => {
  mkdirSync(join(root, name, '..'), { recursive: true });
  writeFileSync(join(root, name), text);
};

/** A tree as a kernel would show it once everything is on: plain files keep what is written, so what a kernel adds is there before. */
function tree({ controllers = 'cpu memory' } = {}) {
  file(`${SERVICE}/cgroup.controllers`, controllers);
  file(`${SERVICE}/cgroup.procs`, '');
  return new Cgroups({ root, proc: root });
}

test('a tree with the controller on is made', () => {
  tree().make([{ name: 'a.service', weight: 200 }]);
  tree().make([{ name: 'a.service', idle: true }]);
});

test('a cgroup without the cpu controller fails the run', () => {
  expect(() => tree({ controllers: 'memory cpuset' }).make([{ name: 'a.service' }])).toThrow(
    /a.service has not got the cpu controller/,
  );
});

test('a control file that does not keep what is written fails the run', () => {
  const cgroups = tree();
  // /dev/null takes everything and says nothing back, as a kernel does that ignores a value.
  rmSync(join(root, SERVICE, 'cpu.weight'), { force: true });
  symlink('/dev/null', join(root, SERVICE, 'cpu.weight'));
  expect(() => cgroups.make([{ name: 'a.service' }])).toThrow(/cpu.weight does not keep/);
});

test('a subtree_control that stays empty fails the run', () => {
  symlink('/dev/null', join(root, 'cgroup.subtree_control'));
  expect(() => tree().make([{ name: 'a.service' }])).toThrow(/subtree_control has no cpu/);
});

test('a process that is elsewhere fails the run', () => {
  const cgroups = tree();
  cgroups.make([{ name: 'a.service' }]);
  file('7/cgroup', '0::/\n');
  expect(() => cgroups.enter('a.service', 7)).toThrow(/7 is not in a.service/);
  file('7/cgroup', `0::/${SERVICE}\n`);
  cgroups.enter('a.service', 7);
});
