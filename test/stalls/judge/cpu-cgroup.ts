// Makes a cgroup with a CPU quota, of version 1 or 2, and says what the kernel has counted of it.

import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';

const V1 = '/sys/fs/cgroup/cpu';
const V2 = '/sys/fs/cgroup';
/** The most that there is: other processes shall not take the CPU from those in the group. */
const WEIGHT = { 1: '262144', 2: '10000' };

/** A quota. */
export interface CpuQuota {
  readonly cpus: number;
  readonly periodMs: number;
}

/** A cgroup of version 1 where the machine has its cpu controller there, else of version 2. */
export class CpuCgroup {
  readonly version: 1 | 2 = existsSync(`${V1}/cpu.cfs_quota_us`) ? 1 : 2;
  readonly #folder: string;

  /** @throws what the kernel says, where it cannot be made */
  constructor(name: string, { cpus, periodMs }: CpuQuota) {
    const periodUs = periodMs * 1000;
    const quotaUs = Math.round(cpus * periodUs);
    this.#folder = `${this.version === 1 ? V1 : V2}/${name}`;
    if (this.version === 2) writeFileSync(`${V2}/cgroup.subtree_control`, '+cpu');
    mkdirSync(this.#folder);
    if (this.version === 1) {
      writeFileSync(`${this.#folder}/cpu.shares`, WEIGHT[1]);
      writeFileSync(`${this.#folder}/cpu.cfs_period_us`, `${periodUs}`);
      writeFileSync(`${this.#folder}/cpu.cfs_quota_us`, `${quotaUs}`);
    } else {
      writeFileSync(`${this.#folder}/cpu.weight`, WEIGHT[2]);
      writeFileSync(`${this.#folder}/cpu.max`, `${quotaUs} ${periodUs}`);
    }
  }

  /** Words before a command that run it in the group. */
  get through(): string[] {
    return ['sh', '-c', `echo $$ > ${this.#folder}/cgroup.procs && exec "$@"`, 'sh'];
  }

  /** For how long it was throttled, ms, and in how many periods. */
  throttled(): { readonly ms: number; readonly periods: number } {
    const text = readFileSync(`${this.#folder}/cpu.stat`, 'utf8');
    const number = (name: string) =>
      Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
    const ns = number('throttled_time') + 1000 * number('throttled_usec');
    return { ms: ns / 1e6, periods: number('nr_throttled') };
  }

  /** When nothing is in it any more. */
  remove(): void {
    rmdirSync(this.#folder);
  }
}
