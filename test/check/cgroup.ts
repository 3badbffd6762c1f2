// Makes a cgroup for an app under test, with a CPU quota, a weight or a memory limit, in either version.

import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../rig/until.js';

type Controller = 'cpu' | 'memory';

interface Hierarchy {
  readonly root: string;
  readonly version: 1 | 2;
}

function find(controller: Controller): Hierarchy | null {
  for (const line of readFileSync('/proc/mounts', 'utf8').split('\n')) {
    const [, root, type, options] = line.split(' ');
    if (type === 'cgroup' && options!.split(',').includes(controller)) {
      return { root: root!, version: 1 };
    }
    if (type !== 'cgroup2') continue;
    const controllers = readFileSync(join(root!, 'cgroup.controllers'), 'utf8').trim().split(' ');
    if (controllers.includes(controller)) return { root: root!, version: 2 };
  }
  return null;
}

/** Why there can be no such cgroups here; null: there can. */
export function whyNoCgroup(controller: Controller): string | null {
  if (process.getuid?.() !== 0) return 'making a cgroup needs root';
  return find(controller) === null ? `no cgroup hierarchy has the ${controller} controller` : null;
}

/** A cgroup for one app. */
export class Cgroup {
  static #count = 0;
  readonly #path: string;
  readonly #version: 1 | 2;

  constructor(controller: Controller) {
    const { root, version } = find(controller)!;
    if (version === 2) writeFileSync(join(root, 'cgroup.subtree_control'), `+${controller}`);
    this.#path = join(root, `schedhint-check-${process.pid}-${Cgroup.#count++}`);
    this.#version = version;
    mkdirSync(this.#path);
  }

  /** CPUs that it may use on average. */
  setQuota(cpus: number): this {
    const us = Math.round(cpus * 100_000);
    if (this.#version === 1) this.#write('cpu.cfs_quota_us', `${us}`);
    else this.#write('cpu.max', `${us} 100000`);
    return this;
  }

  /** Before all others. */
  setFirst(): this {
    if (this.#version === 1) this.#write('cpu.shares', '262144');
    else this.#write('cpu.weight', '10000');
    return this;
  }

  setMemoryLimit(bytes: number): this {
    this.#write(this.#version === 1 ? 'memory.limit_in_bytes' : 'memory.max', `${bytes}`);
    return this;
  }

  #write(file: string, value: string): void {
    writeFileSync(join(this.#path, file), value);
  }

  /** A command that becomes another one in this cgroup. */
  get under(): string[] {
    return ['sh', '-c', `echo $$ > ${this.#path}/cgroup.procs && exec "$@"`, 'sh'];
  }

  /** Once it is empty. */
  async remove(): Promise<void> {
    await until(`${this.#path} is empty`, () => {
      try {
        rmdirSync(this.#path);
      } catch {
        // Somebody is still on the way out.
      }
      return !existsSync(this.#path);
    });
  }
}
