import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { built, readJson } from './built.js';

let program: string;
let root: string;

beforeAll(() => {
  program = built('limits');
});
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'schedhint-cgroups-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** A cgroup with the file that says what it may use. */
function cgroup(path: string, max: string) {
  mkdirSync(join(root, path), { recursive: true });
  writeFileSync(join(root, path, 'cpu.max'), `${max}\n`);
}

const find = () => readJson(program, [root]) as { count: number; names: string[] };

test('only those with a quota are limited, however deep', () => {
  cgroup('system.slice', 'max 100000');
  cgroup('kubepods/pod1/container', '20000 100000');
  cgroup('kubepods/pod2', 'max 50000');
  writeFileSync(join(root, 'cpu.stat'), 'nr_throttled 1\n');
  expect(find()).toEqual({ count: 1, names: ['/kubepods/pod1/container'] });
});

test('five are named, and all are counted', () => {
  for (let i = 0; i < 9; i++) cgroup(`app${i}`, '5000 100000');
  const { count, names } = find();
  expect(count).toBe(9);
  expect(names).toHaveLength(5);
  for (const name of names) expect(name).toMatch(/^\/app[0-8]$/);
});

test('without cgroups nothing is limited', () => {
  expect(find()).toEqual({ count: 0, names: [] });
  rmSync(root, { recursive: true });
  expect(find()).toEqual({ count: 0, names: [] });
});

test('a file that is not one of limits is not taken for one', () => {
  cgroup('a', '');
  cgroup('b', 'soon');
  mkdirSync(join(root, 'c/cpu.max'), { recursive: true });
  expect(find().count).toBe(0);
});
