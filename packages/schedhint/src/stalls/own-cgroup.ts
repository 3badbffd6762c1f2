// Knows the cgroups whose CPU quota holds for this process, also when it is moved to another.

import { readFileSync } from 'node:fs';
import {
  type CpuCgroup,
  type CpuQuota,
  cpuCgroupOf,
  readCpuQuotas,
  tightest,
} from '../proc/cgroup.js';

/** The process's cgroups. */
export class OwnCgroup {
  #groups = '';
  #found: CpuCgroup | null = null;

  constructor() {
    this.refresh();
  }

  /** null: they cannot be seen. */
  get found(): CpuCgroup | null {
    return this.#found;
  }

  /** Paths of the files that say how long each was throttled. */
  get cpuStats(): string[] {
    return (this.#found?.directories ?? []).map((directory) => `${directory}/cpu.stat`);
  }

  /** Looks where the process is now. @returns whether that is elsewhere */
  refresh(): boolean {
    try {
      const groups = readFileSync('/proc/self/cgroup', 'utf8');
      if (groups === this.#groups) return false;
      this.#found = cpuCgroupOf(groups, readFileSync('/proc/self/mountinfo', 'utf8'));
      this.#groups = groups;
      return true;
    } catch {
      return false; // not Linux, no procfs, or no permission
    }
  }

  /** The smallest quota now. Undefined: none can be seen. */
  quota(): CpuQuota | undefined {
    return this.#found === null ? undefined : tightest(readCpuQuotas(this.#found));
  }
}
