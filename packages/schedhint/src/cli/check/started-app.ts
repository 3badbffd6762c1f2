// Starts an application with the preload and its stalls watched, and ends it by SIGINT, as a terminal would.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout as delay } from 'node:timers/promises';

/** How long it may take to end before it is killed. */
const PATIENCE_MS = 10_000;
/** No line for each stall: the verdicts have them. */
const STALLS = '50,none';

/** An application that was started to be measured. */
export class StartedApp {
  readonly #child: ChildProcess;
  readonly #command: string;
  readonly #ended: Promise<unknown>;

  private constructor(child: ChildProcess, command: string) {
    this.#child = child;
    this.#command = command;
    this.#ended = once(child, 'exit');
    this.#ended.catch(() => {});
  }

  /**
   * Starts it in a process group. What it prints goes to stderr, as stdout is for the verdicts.
   *
   * @throws Error `ERR_SCHEDHINT_APP_START` if there is no such program
   */
  static async start([program, ...args]: readonly string[]): Promise<StartedApp> {
    const child = spawn(program!, args, {
      stdio: ['inherit', 2, 2],
      detached: true,
      env: { ...process.env, ...environment() },
    });
    try {
      await once(child, 'spawn');
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw Object.assign(
        new Error(`starting ${program} failed (${code}): give a program, as in -- node app.js`),
        { code: 'ERR_SCHEDHINT_APP_START' },
      );
    }
    return new StartedApp(child, [program, ...args].join(' '));
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Settles when it has ended. */
  get ended(): Promise<unknown> {
    return this.#ended;
  }

  /** Ends it and its children, unless it has ended. @returns one sentence: how it ended */
  async end(): Promise<string> {
    // It may have ended a moment ago, and Node.js has not reported it yet.
    if (isZombie(this.pid)) await this.#ended;
    if (this.#isOver()) return `${this.#command} ended without a signal from here: ${this.#how()}.`;
    this.#signal('SIGINT');
    const patience = new AbortController();
    const late = delay(PATIENCE_MS, true, { signal: patience.signal }).catch(() => false);
    await Promise.race([this.#ended, late]);
    const isStuck = !this.#isOver();
    patience.abort();
    // What it has left behind in its group, too.
    this.#signal('SIGKILL');
    await this.#ended;
    return isStuck
      ? `${this.#command} did not end within ${PATIENCE_MS / 1000} s of SIGINT, and was killed.`
      : `${this.#command} was ended by SIGINT: ${this.#how()}.`;
  }

  #isOver(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  #how(): string {
    const { exitCode, signalCode } = this.#child;
    return exitCode === null ? `signal ${signalCode}` : `exit code ${exitCode}`;
  }

  #signal(signal: NodeJS.Signals): void {
    try {
      process.kill(-this.pid, signal);
    } catch {
      // The group is empty.
    }
  }
}

function environment(): NodeJS.ProcessEnv {
  const register = createRequire(import.meta.url).resolve('schedhint/register');
  const { NODE_OPTIONS = '', SCHEDHINT_STALLS = STALLS } = process.env;
  // Node.js takes a path with spaces in quotes, in which a backslash escapes.
  const quoted = `"${register.replaceAll(/["\\]/g, '\\$&')}"`;
  const isThere = /schedhint[/\\]register|register\.cjs/.test(NODE_OPTIONS);
  return {
    NODE_OPTIONS: isThere ? NODE_OPTIONS : `--require ${quoted} ${NODE_OPTIONS}`.trim(),
    SCHEDHINT_STALLS,
  };
}

function isZombie(pid: number): boolean {
  try {
    return /^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false; // it was reaped, and is over
  }
}
