// The cgroups of the experiment, made as systemd makes them for services: a slice with the controllers on, and a cgroup in it for each service.
// What is written is read back, and what does not act fails the run: a cgroup without its controller looks the same and does nothing.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';

const ROOT = '/sys/fs/cgroup';
const SLICE = 'experiment.slice';

/**
 * @typedef {object} Cgroup
 * @property {string} name
 * @property {number} [weight] cpu.weight (100)
 * @property {boolean} [idle] cpu.idle
 */

/** A tree of cgroups under one directory, which is not the real one in tests. */
export class Cgroups {
  #root;
  #proc;

  constructor({ root = ROOT, proc = '/proc' } = {}) {
    this.#root = root;
    this.#proc = proc;
  }

  #read = (file) => readFileSync(`${this.#root}/${file}`, 'utf8').trim();

  #write(file, value) {
    writeFileSync(`${this.#root}/${file}`, String(value));
    assert.equal(this.#read(file), String(value), `${file} does not keep what is written`);
  }

  #enable(directory) {
    const control = `${directory}cgroup.subtree_control`;
    writeFileSync(`${this.#root}/${control}`, '+cpu');
    assert.match(this.#read(control), /\bcpu\b/, `${control} has no cpu`);
  }

  /** @param {Cgroup[]} cgroups */
  make(cgroups) {
    this.#enable('');
    mkdirSync(`${this.#root}/${SLICE}`, { recursive: true });
    this.#enable(`${SLICE}/`);
    for (const { name, weight = 100, idle = false } of cgroups) {
      const directory = `${SLICE}/${name}`;
      mkdirSync(`${this.#root}/${directory}`, { recursive: true });
      const controllers = this.#read(`${directory}/cgroup.controllers`);
      assert.match(controllers, /\bcpu\b/, `${directory} has not got the cpu controller`);
      if (idle) this.#write(`${directory}/cpu.idle`, 1);
      else this.#write(`${directory}/cpu.weight`, weight);
    }
  }

  /** Moves a process into a cgroup. @param {string} name @param {number} pid */
  enter(name, pid) {
    writeFileSync(`${this.#root}/${SLICE}/${name}/cgroup.procs`, String(pid));
    const where = readFileSync(`${this.#proc}/${pid}/cgroup`, 'utf8');
    assert.match(where, new RegExp(`^0::/${SLICE}/${name}$`, 'm'), `${pid} is not in ${name}`);
  }
}
