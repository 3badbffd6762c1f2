import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { cpuCgroupOf, findCpuCgroup, parseCpuStat, readCpuQuotas, tightest } from './cgroup.js';

const made = mkdtempSync(join(tmpdir(), 'schedhint-cgroup-'));
afterAll(() => rmSync(made, { recursive: true }));

const mount = (root: string, point: string, rest: string) =>
  `32 31 0:29 ${root} ${point} rw,relatime shared:9 - ${rest}\n`;
const V1 = mount('/', '/sys/fs/cgroup/cpu,cpuacct', 'cgroup cgroup rw,cpu,cpuacct');
const V2 = mount('/', '/sys/fs/cgroup', 'cgroup2 cgroup2 rw,nsdelegate');

describe('the groups of a process', () => {
  test('version 2', () => {
    expect(cpuCgroupOf('0::/user.slice/app.scope\n', V2)).toEqual({
      version: 2,
      directories: [
        '/sys/fs/cgroup/user.slice/app.scope',
        '/sys/fs/cgroup/user.slice',
        '/sys/fs/cgroup',
      ],
    });
  });

  test('version 1, also next to version 2 without controllers', () => {
    expect(cpuCgroupOf('4:memory:/m\n1:cpu,cpuacct:/a/b\n0::/\n', V2 + V1)).toEqual({
      version: 1,
      directories: [
        '/sys/fs/cgroup/cpu,cpuacct/a/b',
        '/sys/fs/cgroup/cpu,cpuacct/a',
        '/sys/fs/cgroup/cpu,cpuacct',
      ],
    });
    expect(cpuCgroupOf('2:cpuacct:/a\n0::/b\n', V2)).toMatchObject({ version: 2 });
    expect(cpuCgroupOf('1:cpu:/a\n0::/b\n', V2)).toBeNull();
  });

  test('a container: its own group is the root of what is mounted', () => {
    const inside = mount('/docker/abc', '/sys/fs/cgroup', 'cgroup2 cgroup rw');
    const directories = (path: string) => cpuCgroupOf(`0::${path}\n`, inside)?.directories;
    expect(directories('/docker/abc')).toEqual(['/sys/fs/cgroup']);
    expect(directories('/docker/abc/x')).toEqual(['/sys/fs/cgroup/x', '/sys/fs/cgroup']);
    // In a separate cgroup namespace it does not see its name.
    expect(cpuCgroupOf('0::/\n', V2)?.directories).toEqual(['/sys/fs/cgroup']);
    expect(directories('/docker/abcdef')).toEqual(['/sys/fs/cgroup']);
  });

  test('outside of the cgroup namespace nothing can be seen', () => {
    expect(cpuCgroupOf('0::/../../other\n', V2)).toEqual({ version: 2, directories: [] });
  });

  test('a colon in a path, and a space in a mount point', () => {
    const spaced = mount('/', '/my\\040groups', 'cgroup2 none rw');
    const found = cpuCgroupOf('0::/a:b\n', spaced)?.directories;
    expect(found).toEqual(['/my groups/a:b', '/my groups']);
  });

  test('hostile contents give null, or folders below a mount', () => {
    const line = fc.oneof(
      fc.string(),
      fc
        .tuple(fc.nat(), fc.string(), fc.string())
        .map(([id, name, path]) => `${id}:${name}:/${path}`),
      fc.string().map((path) => `0::/${path}`),
      fc.string().map((path) => `1:cpu:/../${path}`),
    );
    const text = fc.array(line).map((lines) => lines.join('\n'));
    fc.assert(
      fc.property(text, text, (groups, mounts) => {
        const found = cpuCgroupOf(groups, `${mounts}\n${V1}${V2}`);
        for (const directory of found?.directories ?? []) {
          expect(directory.startsWith('/sys/fs/cgroup')).toBe(true);
          expect(directory.split('/')).not.toContain('..');
        }
      }),
    );
  });

  test('from a made procfs', () => {
    mkdirSync(join(made, 'proc/7'), { recursive: true });
    mkdirSync(join(made, 'proc/self'));
    writeFileSync(join(made, 'proc/7/cgroup'), '0::/app\n');
    writeFileSync(join(made, 'proc/self/mountinfo'), V2);
    expect(findCpuCgroup(7, join(made, 'proc'))?.directories[0]).toBe('/sys/fs/cgroup/app');
    expect(() => findCpuCgroup(8, join(made, 'proc'))).toThrow('ENOENT');
  });
});

describe('quotas', () => {
  const group = (name: string, files: Record<string, string>) => {
    const directory = join(made, name);
    mkdirSync(directory, { recursive: true });
    for (const [file, text] of Object.entries(files)) writeFileSync(join(directory, file), text);
    return directory;
  };

  test('version 2', () => {
    const inner = group('v2/inner', {
      'cpu.max': '20000 100000\n',
      'cpu.stat': 'usage_usec 5\nnr_periods 10\nnr_throttled 4\nthrottled_usec 250\nnr_bursts 0\n',
    });
    const outer = group('v2/outer', { 'cpu.max': 'max 100000\n', 'cpu.stat': 'usage_usec 5\n' });
    const without = group('v2/without', { 'cpu.stat': 'usage_usec 5\n' });
    const quotas = readCpuQuotas({ version: 2, directories: [inner, outer, without, '/nowhere'] });
    const throttled = { periods: 10, throttledPeriods: 4, throttledNs: 250_000 };
    expect(quotas).toEqual([
      { directory: inner, quotaCpus: 0.2, ...throttled },
      { directory: outer, quotaCpus: Infinity, periods: 0, throttledPeriods: 0, throttledNs: 0 },
    ]);
    expect(tightest(quotas)).toBe(quotas[0]);
    expect(tightest(quotas.slice(1))).toBeUndefined();
  });

  test('version 1', () => {
    const limited = group('v1/limited', {
      'cpu.cfs_quota_us': '150000\n',
      'cpu.cfs_period_us': '100000\n',
      'cpu.stat': 'nr_periods 1\nnr_throttled 1\nthrottled_time 12345\n',
    });
    const free = group('v1/free', {
      'cpu.cfs_quota_us': '-1\n',
      'cpu.cfs_period_us': '100000\n',
      'cpu.stat': 'nr_periods 0\nnr_throttled 0\nthrottled_time 0\n',
    });
    const [first, second] = readCpuQuotas({ version: 1, directories: [limited, free] });
    expect(first).toMatchObject({ quotaCpus: 1.5, periods: 1, throttledNs: 12_345 });
    expect(second).toMatchObject({ quotaCpus: Infinity });
  });

  test('hostile contents give numbers that are not negative', () => {
    const stat = fc.oneof(
      fc.string(),
      fc
        .tuple(fc.constantFrom('nr_periods', 'throttled_time'), fc.string())
        .map((s) => s.join(' ')),
    );
    fc.assert(
      fc.property(fc.array(stat), fc.string(), (lines, max) => {
        const text = lines.join('\n');
        for (const value of Object.values(parseCpuStat(text))) {
          expect(value).toBeGreaterThanOrEqual(0);
        }
        const directory = group('hostile', { 'cpu.max': max, 'cpu.stat': text });
        const [quota] = readCpuQuotas({ version: 2, directories: [directory] });
        expect(quota!.quotaCpus).toBeGreaterThan(0);
      }),
      { numRuns: 50 },
    );
  });
});
