import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { built, readJson } from './built.js';

let program: string;
let scratch: string;
let trees = 0;

beforeAll(() => {
  program = built('topology');
  scratch = mkdtempSync(join(tmpdir(), 'schedhint-topology-'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** As /sys/devices/system/cpu has it. `caches`: of a CPU, from the first level to the last, which CPUs share each. */
function tree(possible: string, online: string, caches: Record<number, readonly string[]> = {}) {
  const root = join(scratch, String(++trees));
  mkdirSync(root);
  writeFileSync(join(root, 'possible'), `${possible}\n`);
  writeFileSync(join(root, 'online'), `${online}\n`);
  for (const [cpu, lists] of Object.entries(caches)) {
    for (const [level, list] of lists.entries()) {
      const cache = join(root, `cpu${cpu}`, 'cache', `index${level}`);
      mkdirSync(cache, { recursive: true });
      writeFileSync(join(cache, 'level'), `${level + 1}\n`);
      writeFileSync(join(cache, 'shared_cpu_list'), `${list}\n`);
    }
  }
  return root;
}

const read = (...roots: string[]) => readJson(program, roots);

const TWO_LLCS = {
  0: ['0', '0', '0,2'],
  1: ['1', '1', '1,3'],
  2: ['2', '2', '0,2'],
  3: ['3', '3', '1,3'],
};

test('CPUs that share the last cache are one LLC, and stand together', () => {
  expect(read(tree('0-3', '0-3', TWO_LLCS))).toEqual({
    cpus: 4,
    llcs: 2,
    llcOf: [0, 1, 0, 1],
    llcCpus: [2, 2],
    llcFirst: [0, 2],
    members: [0, 2, 1, 3],
  });
});

test('the highest level counts, in whatever order the kernel lists caches', () => {
  const root = tree('0-1', '0-1', { 0: ['0', '0-1'], 1: ['1', '0-1'] });
  writeFileSync(join(root, 'cpu0/cache/index0/level'), '3\n');
  writeFileSync(join(root, 'cpu1/cache/index0/level'), '3\n');
  expect(read(root)).toMatchObject({ llcs: 2, llcOf: [0, 1] });
});

test('a machine that says nothing of caches has one LLC', () => {
  expect(read(tree('0-2', '0-2'))).toEqual({
    cpus: 3,
    llcs: 1,
    llcOf: [0, 0, 0],
    llcCpus: [3],
    llcFirst: [0],
    members: [0, 1, 2],
  });
});

test('a CPU that is offline is in the first LLC, after those that are online', () => {
  const { 1: _, ...others } = TWO_LLCS;
  const found = read(tree('0-3', '0,2-3', { ...others, 3: ['3', '3', '3'] }));
  expect(found).toEqual({
    cpus: 4,
    llcs: 2,
    llcOf: [0, 0, 0, 1],
    llcCpus: [2, 1],
    llcFirst: [0, 3],
    members: [0, 2, 1, 3],
  });
});

test('a CPU that went offline stays with those that it shared a cache with', () => {
  const all = tree('0-3', '0-3', TWO_LLCS);
  const { 1: _, ...others } = TWO_LLCS;
  const one = tree('0-3', '0,2-3', { ...others, 3: ['3', '3', '3'] });
  expect(read(all, one)).toMatchObject({
    llcOf: [0, 1, 0, 1],
    llcCpus: [2, 1],
    members: [0, 2, 3, 1],
  });
  // Without the whole of the first LLC the second is the first.
  const second = tree('0-3', '1,3', { 1: ['1', '1', '1,3'], 3: ['3', '3', '1,3'] });
  expect(read(all, second)).toMatchObject({ llcs: 1, llcCpus: [2], members: [1, 3, 0, 2] });
  expect(read(all, second, all)).toEqual(read(all));
});

test('a number that no CPU can have is no member', () => {
  const found = read(
    tree('0-1,4-5', '0-1,4-5', {
      0: ['0-1'],
      1: ['0-1'],
      4: ['4-5'],
      5: ['4-5'],
    }),
  );
  expect(found).toEqual({
    cpus: 6,
    llcs: 2,
    llcOf: [0, 0, 0, 0, 1, 1],
    llcCpus: [2, 2],
    llcFirst: [0, 2],
    members: [0, 1, 4, 5, 0, 0], // four, and what is not used
  });
});

test('CPUs without a cache among others that have one are an LLC', () => {
  expect(read(tree('0-3', '0-3', { 0: ['0-1'], 1: ['0-1'] }))).toMatchObject({
    llcs: 2,
    llcOf: [0, 0, 1, 1],
  });
});

test('this machine can be read', () => {
  expect(read('/sys/devices/system/cpu')).toMatchObject({ cpus: expect.any(Number) });
});

test.each([
  ['no such files', () => join(scratch, 'nothing'), /cannot read .*possible: No such file/],
  ['too many CPUs', () => tree('0-1024', '0'), /has CPU 1024; .* below 1024/],
  ['no list of CPUs', () => tree('zero', '0'), /names no CPU/],
  ['half a list', () => tree('0-', '0'), /it is no list of CPUs/],
  ['a CPU that cannot be', () => tree('0-1', '0-3'), /CPU 3 is online and not possible/],
])('%s: it says so', (_, root, message) => {
  expect(() => read(root())).toThrow(message);
});
