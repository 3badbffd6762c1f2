// A child process that ends with the demo, whatever becomes of the demo: each one watches a pipe to
// it, its stdin or its IPC channel.

import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** How long a child may take to clean up before it is killed. */
const PATIENCE_MS = 10_000;

export class Child {
  /** For people: the observer, the app. */
  name;
  process;
  /** Resolves when it has gone and its output has been read; never rejects. @type {Promise<void>} */
  ended;
  /** What it wrote to stderr, if that is a pipe; its end, if it is long. */
  complaint = '';
  #startError = '';

  /**
   * @param {string} name
   * @param {string} command
   * @param {readonly string[]} args
   * @param {import('node:child_process').SpawnOptions} options
   */
  constructor(name, command, args, options) {
    this.name = name;
    // In a session of its own: Ctrl-C in the terminal is for the demo, which ends its children in
    // order.
    this.process = spawn(command, args, { ...options, detached: true });
    this.process.on('error', (error) => {
      this.#startError = error.message;
    });
    this.process.stdin?.on('error', () => {}); // it has gone: `ended` tells
    this.process.stderr?.setEncoding('utf8').on('data', (text) => {
      this.complaint = (this.complaint + text).slice(-4000);
    });
    this.ended = once(this.process, 'close').then(
      () => {},
      () => {}, // it could not be started
    );
  }

  /** Why it is no more, in one line. */
  get obituary() {
    if (this.#startError !== '') return `${this.name} could not be started: ${this.#startError}`;
    const { exitCode, signalCode } = this.process;
    const how = signalCode === null ? `exit code ${exitCode}` : signalCode;
    const said = this.complaint.trim().split('\n').at(-1);
    return said ? said : `${this.name} ended (${how})`;
  }

  get running() {
    return this.process.pid !== undefined && this.process.exitCode === null && this.process.signalCode === null;
  }

  /** Asks it to end, and makes it, if it does not. */
  async stop() {
    if (this.running) this.process.kill('SIGTERM');
    const insist = setTimeout(() => this.process.kill('SIGKILL'), PATIENCE_MS);
    await this.ended;
    clearTimeout(insist);
  }
}
