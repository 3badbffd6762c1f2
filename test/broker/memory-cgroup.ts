// A cgroup of the memory controller, in either version of its hierarchy.

import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../rig/until.js';

interface Hierarchy {
  readonly root: string;
  readonly limit: string;
  readonly peak: string;
}

const UNIFIED = { limit: 'memory.max', peak: 'memory.peak' };
const LEGACY = { limit: 'memory.limit_in_bytes', peak: 'memory.max_usage_in_bytes' };

function findHierarchy(): Hierarchy | null {
  const mounts = readFileSync('/proc/mounts', 'utf8').split('\n');
  for (const line of mounts) {
    const [, root, type, options] = line.split(' ');
    if (type === 'cgroup' && options!.split(',').includes('memory'))
      return { root: root!, ...LEGACY };
    if (type !== 'cgroup2') continue;
    const controllers = readFileSync(join(root!, 'cgroup.controllers'), 'utf8').trim().split(' ');
    if (!controllers.includes('memory')) continue;
    writeFileSync(join(root!, 'cgroup.subtree_control'), '+memory');
    return { root: root!, ...UNIFIED };
  }
  return null;
}

/** Null: this kernel, or this container, has no memory controller. */
const hierarchy = findHierarchy();

export const whyNoMemoryCgroup: string | null =
  hierarchy === null ? 'no cgroup hierarchy has the memory controller' : null;

export class MemoryCgroup {
  readonly #path: string;

  constructor(name: string, limit?: number) {
    this.#path = join(hierarchy!.root, `schedhint-${name}-${process.pid}`);
    mkdirSync(this.#path);
    if (limit !== undefined) writeFileSync(join(this.#path, hierarchy!.limit), `${limit}`);
  }

  #read(name: string): number {
    return Number(readFileSync(join(this.#path, name), 'utf8'));
  }

  get limit(): number {
    return this.#read(hierarchy!.limit);
  }

  /** The largest amount that was charged so far, in bytes. */
  get peak(): number {
    return this.#read(hierarchy!.peak);
  }

  /** A command that runs another one in it. */
  get under(): string[] {
    return ['sh', '-c', `echo $$ > ${this.#path}/cgroup.procs && exec "$@"`, 'sh'];
  }

  add(pid: number): void {
    writeFileSync(join(this.#path, 'cgroup.procs'), `${pid}`);
  }

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
