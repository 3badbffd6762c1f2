// The programs that the tests run under the scheduler. Each ends with the test, or with this process.

import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync } from 'node:fs';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
export const REGISTER = here('../../../packages/schedhint/dist/register.cjs');

const running = new Set();

/** Notes a child for {@link endPrograms}. */
export function track(child) {
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/** Ends these now. */
export async function end(children) {
  const gone = children
    .filter((child) => running.has(child))
    .map((child) => {
      child.kill('SIGKILL');
      return once(child, 'exit');
    });
  await Promise.all(gone);
}

/** For `after`: nothing outlives its test file. */
export const endPrograms = () => end([...running]);

/** Processes that want a CPU all of the time. */
export function hogs(count) {
  return Array.from({ length: count }, () => {
    return track(spawn('sh', ['-c', 'while :; do :; done'], { stdio: 'ignore' }));
  });
}

/** The same, with code that costs the machine outside of an emulated CPU less. */
export function cheapHogs(count) {
  const file = inMemory(here('build/hog'));
  return Array.from({ length: count }, () => track(spawn(file, { stdio: 'ignore' })));
}

/**
 * Who an app is.
 *
 * @typedef {object} AppOptions
 * @property {string} [program] that answers as test/vm/guest/app.mjs does
 * @property {string[]} [args] of the program
 * @property {string} [register] the preload: a file, or how an app has it installed
 * @property {string[]} [v8] options of Node.js besides
 * @property {number} [uid] of its user, and of its group
 * @property {string[]} [by] a command that runs it, in other namespaces
 */

/** test/vm/guest/app.mjs, or another: it does what it is asked to, and answers. */
export class App {
  process;
  #answers = new Map();
  #last = 0;

  /** @param {NodeJS.ProcessEnv} [env] @param {AppOptions} [options] */
  constructor(
    env = {},
    { program = here('app.mjs'), args = [], register = REGISTER, v8 = [], uid, by = [] } = {},
  ) {
    const [execPath, ...before] = [...by, process.execPath];
    this.process = track(
      fork(program, args, {
        execPath,
        ...(uid === undefined ? {} : { uid, gid: uid }),
        env: { ...process.env, ...env },
        execArgv: [...before, '--expose-gc', ...v8, '--require', register],
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
        serialization: 'advanced', // deadlines are BigInts
      }),
    );
    this.process.on('message', ({ id, answer }) => {
      this.#answers.get(id)?.resolve(answer);
      this.#answers.delete(id);
    });
    this.process.once('exit', () => {
      for (const { reject, request } of this.#answers.values()) {
        reject(new Error(`the app ended before ${request}`));
      }
    });
  }

  /** @returns {Promise<any>} */
  ask(request, argument) {
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#answers.set(id, { request, resolve, reject });
      this.process.send({ id, request, argument });
    });
  }

  async end() {
    const gone = once(this.process, 'exit');
    this.process.disconnect();
    await gone;
  }
}

/** An app that has to wait for a CPU. */
export async function appBesideHogs() {
  const app = new App();
  await app.ask('state'); // next to the hogs its start would take long
  hogs(3);
  return app;
}

/**
 * In the guest's memory: each start of a program on the shared file system waits for the machine
 * outside, which takes CPU time from one process and not from another.
 */
function inMemory(file) {
  const copy = `/tmp/${basename(file)}-${process.pid}`;
  copyFileSync(file, copy);
  return copy;
}

let spinnerFile;

/** test/vm/guest/spinner.c, waiting for {@link Spinner.go}. */
export class Spinner {
  process;
  /** Resolves when the process has exited. @type {Promise<unknown>} */
  ended;
  #lines;

  /** @param {string[]} args @param {NodeJS.ProcessEnv} [env] */
  static async start(args, env = {}) {
    const spinner = new Spinner();
    spinnerFile ??= inMemory(here('build/spinner'));
    spinner.process = track(
      spawn(spinnerFile, args, {
        env: { ...process.env, ...env },
        stdio: ['pipe', 'pipe', 'inherit'],
      }),
    );
    spinner.ended = once(spinner.process, 'exit');
    spinner.#lines = createInterface({ input: spinner.process.stdout })[Symbol.asyncIterator]();
    await spinner.#lines.next();
    return spinner;
  }

  go() {
    this.process.stdin.write('go\n');
  }

  /** What it prints at its end. @returns {Promise<{ cpu: number, gcCount: number, gcPreempted: number }>} */
  async result() {
    return JSON.parse((await this.#lines.next()).value);
  }
}
