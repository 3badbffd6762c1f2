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
  /** Resolves when it is gone and its output has been read; never rejects. @type {Promise<void>} */
  ended;
  /** It has been asked to end, so that its end is no accident. */
  stopping = false;
  /** What it wrote to stderr; of a long text, the end. */
  complaint = '';
  #startError = '';
  #askToEnd;

  /**
   * @param {string} name
   * @param {string} command
   * @param {readonly string[]} args
   * @param {import('node:child_process').SpawnOptions} options
   * @param {(process: import('node:child_process').ChildProcess) => void} [askToEnd] by SIGTERM
   */
  constructor(name, command, args, options, askToEnd = (process) => process.kill('SIGTERM')) {
    this.name = name;
    this.#askToEnd = askToEnd;
    // In a separate session: Ctrl-C in the terminal is for the demo, which ends its children in
    // order.
    this.process = spawn(command, args, { ...options, detached: true });
    this.process.on('error', (error) => {
      this.#startError = error.message;
    });
    this.process.stdin?.on('error', () => {}); // it is gone: see `ended`
    this.process.stderr?.setEncoding('utf8').on('data', (text) => {
      this.complaint = (this.complaint + text).slice(-8000);
    });
    this.ended = once(this.process, 'close').then(
      () => {},
      () => {}, // it could not be started
    );
  }

  get running() {
    const { pid, exitCode, signalCode } = this.process;
    return pid !== undefined && exitCode === null && signalCode === null;
  }

  /** How it ended. */
  get obituary() {
    if (this.#startError !== '') return `${this.name} could not be started: ${this.#startError}`;
    const { exitCode, signalCode } = this.process;
    return `${this.name} ended (${signalCode ?? `exit code ${exitCode}`})`;
  }

  /** The same with all that it said. */
  get accident() {
    return `${this.obituary}\n${this.complaint}`.trim();
  }

  /** Asks it to end, and sees to it that it does. */
  async stop() {
    this.stopping = true;
    if (!this.running) return this.ended;
    this.#askToEnd(this.process);
    const insist = setTimeout(() => this.process.kill('SIGKILL'), PATIENCE_MS);
    await this.ended;
    clearTimeout(insist);
  }
}
