// The kernel's side: the observer of observer/, in a separate process.

import { EventEmitter } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Child } from './child.mjs';

const PROGRAM = fileURLToPath(new URL('../../observer/build/observer', import.meta.url));

/**
 * What a reader sees of a thread: in a line that the observer prints, or that the embedded reader
 * sends.
 *
 * @typedef {object} Seen
 * @property {number} tid
 * @property {number} tgid
 * @property {string} comm
 * @property {'js' | 'helper'} kind
 * @property {boolean} exited
 * @property {number} [gcCount]
 * @property {number} [gcNs]
 * @property {{ role: number, phase: number, urgency: number, batch: boolean, sliceUs: number, deadlineNs: string, user: string }} [hints]
 * @property {Record<string, number>} feedback
 * @property {number} [helperGcNs]
 *
 * @typedef {{ final: boolean, ns: string, threads: Seen[] }} Snapshot
 */

/** Emits `snapshot`. */
export class Observer extends EventEmitter {
  child;
  /** Resolves to whether it works; if not, {@link refusal} says why. @type {Promise<boolean>} */
  ready;
  /** The kernel's id of the map, once it is ready. */
  mapId = 0;
  /** @type {Snapshot | null} */
  #final = null;
  #pin;
  #reused;

  /** @param {string} pin */
  constructor(pin) {
    super();
    this.#pin = pin;
    this.#reused = existsSync(pin);
    this.child = new Child('the observer', PROGRAM, ['--pin', pin], { stdio: 'pipe' });
    if (this.child.process.stdout) {
      const lines = createInterface({ input: this.child.process.stdout });
      lines.on('line', (line) => this.#read(JSON.parse(line)));
    }
    this.ready = Promise.race([
      new Promise((resolve) => this.once('ready', () => resolve(true))),
      this.child.ended.then(() => false),
    ]);
  }

  get refusal() {
    const said = this.child.complaint.trim().split('\n').at(-1);
    return said ? said.replace(/^observer: /, '') : this.child.obituary;
  }

  /**
   * Ends it. It detaches its programs before its last look, so that what the blocks hold from then
   * on is exactly what this returns.
   *
   * @returns {Promise<Snapshot | null>} null if it had no last word
   */
  async finish() {
    await this.child.stop();
    // It has removed the pin itself, unless it was killed.
    if (!this.#reused) rmSync(this.#pin, { force: true });
    return this.#final;
  }

  #read(message) {
    if (message.type === 'ready') {
      this.mapId = message.mapId;
      this.emit('ready');
    } else if (message.type === 'snapshot') {
      if (message.final) this.#final = message;
      else this.emit('snapshot', message);
    }
  }
}

/** @returns {string} why there is no observer to start; '' if there is one */
export function whyNoObserver() {
  if (process.platform !== 'linux') return `BPF needs Linux, this is ${process.platform}`;
  if (!existsSync(PROGRAM)) return `the observer has not been built: run npm run build`;
  return '';
}
