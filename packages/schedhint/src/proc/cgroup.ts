// Finds the cgroups, version 1 or 2, whose CPU quota holds for a process, and reads their quotas and how long they were throttled.

import { readFileSync } from 'node:fs';

/** The cgroups whose CPU quota holds for a process. */
export interface CpuCgroup {
  readonly version: 1 | 2;
  /**
   * Folders: the process's own cgroup first, then its ancestors up to the root of what is mounted, which in a container is the
   * container's own group. Those above it are not visible. Empty: the process's group lies outside of the cgroup namespace.
   */
  readonly directories: readonly string[];
}

/** A cgroup's quota, and what came of it since the cgroup was made. */
export interface CpuQuota {
  readonly directory: string;
  /** CPUs that the group may use on average. `Infinity`: it has no quota. */
  readonly quotaCpus: number;
  /** Periods of the quota (100 ms by default) in which the group ran. */
  readonly periods: number;
  /** Periods in which it used its quota up. */
  readonly throttledPeriods: number;
  /** Nanoseconds that its threads were held back, added up over CPUs. */
  readonly throttledNs: number;
}

/**
 * Finds the cgroups of a process.
 *
 * @param pid `'self'`, or another process
 * @param proc where procfs is mounted. The mounts are those of the caller: `PROC/self/mountinfo`
 * @returns null: the kernel has no `cpu` controller, or it is not mounted where the caller could read it
 * @throws what `readFileSync` throws: ENOENT when there is no such process, EACCES
 */
export function findCpuCgroup(pid: number | 'self', proc = '/proc'): CpuCgroup | null {
  const groups = readFileSync(`${proc}/${pid}/cgroup`, 'utf8');
  return cpuCgroupOf(groups, readFileSync(`${proc}/self/mountinfo`, 'utf8'));
}

/** The same, from the contents of `/proc/PID/cgroup` and `/proc/self/mountinfo`; of another controller too. */
export function cpuCgroupOf(
  groups: string,
  mountinfo: string,
  controller = 'cpu',
): CpuCgroup | null {
  const mounts = mountinfo.split('\n').map(parseMount);
  // A controller is in one hierarchy only: in version 2's, unless a hierarchy of version 1 has it.
  const v1 = pathIn(groups, (_, controllers) => controllers.includes(controller));
  if (v1 !== undefined) {
    const mount = mounts.find((one) => one?.type === 'cgroup' && one.options.includes(controller));
    return mount === undefined ? null : { version: 1, directories: chain(mount, v1) };
  }
  const v2 = pathIn(groups, (id, controllers) => id === '0' && controllers[0] === '');
  const mount = mounts.find((one) => one?.type === 'cgroup2');
  if (v2 === undefined || mount === undefined) return null;
  return { version: 2, directories: chain(mount, v2) };
}

/** A line of /proc/PID/cgroup is ID:CONTROLLERS:PATH. */
function pathIn(groups: string, isIt: (id: string, controllers: string[]) => boolean) {
  for (const line of groups.split('\n')) {
    const [, id, controllers, path] = /^(\d+):([^:]*):(\/.*)$/.exec(line) ?? [];
    if (path !== undefined && isIt(id!, controllers!.split(','))) return path;
  }
  return undefined;
}

interface Mount {
  readonly root: string;
  readonly point: string;
  readonly type: string;
  readonly options: readonly string[];
}

/** A line of mountinfo is ID PARENT DEVICE ROOT POINT OPTIONS [TAGS...] - TYPE SOURCE OPTIONS. */
function parseMount(line: string): Mount | undefined {
  const [before, after] = line.split(' - ');
  const [, , , root, point] = before!.split(' ');
  const [type, , options] = after?.split(' ') ?? [];
  if (root === undefined || point === undefined || type === undefined) return undefined;
  return {
    root: unescaped(root),
    point: unescaped(point),
    type,
    options: options?.split(',') ?? [],
  };
}

/** The kernel writes a space, a tab, a line feed and a backslash in octal. */
const unescaped = (text: string) =>
  text.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)));

/** The folders from a cgroup up to the mount. */
function chain({ root, point }: Mount, path: string): string[] {
  const below = root === '/' ? path : isBelow(path, root) ? path.slice(root.length) : '';
  const names = below.split('/').filter((name) => name !== '');
  // The group lies outside of the cgroup namespace: what is mounted here is not the way to it.
  if (names.some((name) => name === '..' || name === '.')) return [];
  const directories = names.map((_, i) => `${point}/${names.slice(0, names.length - i).join('/')}`);
  return [...directories, point];
}

const isBelow = (path: string, root: string) => path === root || path.startsWith(`${root}/`);

/** The quotas of all groups of a chain, in its order; a group without one (the root) or that cannot be read is left out. */
export function readCpuQuotas({ version, directories }: CpuCgroup): CpuQuota[] {
  const quotas: CpuQuota[] = [];
  for (const directory of directories) {
    const read = (name: string) => readFileSync(`${directory}/${name}`, 'latin1');
    try {
      const quotaCpus =
        version === 1
          ? quotaOf(`${read('cpu.cfs_quota_us').trim()} ${read('cpu.cfs_period_us')}`)
          : quotaOf(read('cpu.max'));
      quotas.push({ directory, quotaCpus, ...parseCpuStat(read('cpu.stat')) });
    } catch {
      // Gone since, or its controller is not enabled.
    }
  }
  return quotas;
}

/** Of the groups of a chain the one with the smallest quota. Undefined: none has one. */
export function tightest(quotas: readonly CpuQuota[]): CpuQuota | undefined {
  const limited = quotas.filter(({ quotaCpus }) => quotaCpus < Number.POSITIVE_INFINITY);
  return limited.sort((a, b) => a.quotaCpus - b.quotaCpus)[0];
}

/** `QUOTA PERIOD` in microseconds; `max` and -1 are no quota. */
function quotaOf(text: string): number {
  const [, quota, period] = /^(\d{1,15}) (\d{1,15})\s*$/.exec(text) ?? [];
  const cpus = Number(quota) / Number(period);
  return cpus > 0 ? cpus : Number.POSITIVE_INFINITY;
}

/** The contents of `cpu.stat` of either version; what is not there is 0. */
export function parseCpuStat(
  text: string,
): Pick<CpuQuota, 'periods' | 'throttledPeriods' | 'throttledNs'> {
  const number = (name: string) =>
    Number(new RegExp(`^${name} (\\d{1,20})$`, 'm').exec(text)?.[1] ?? 0);
  return {
    periods: number('nr_periods'),
    throttledPeriods: number('nr_throttled'),
    throttledNs: number('throttled_time') + 1000 * number('throttled_usec'),
  };
}
