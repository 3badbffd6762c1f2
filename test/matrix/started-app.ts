// An app that something else has started: a process manager, a test runner, a package manager. It is not our child, so it says who
// it is in files, and ends when a file says so: see programs/say.cjs.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ObservedThread } from '../rig/observer-process.js';
import { until } from '../rig/until.js';
import type { KernelReader } from './row.js';

/** What a thread of the app has said of itself. */
export interface Said {
  readonly pid: number;
  readonly tid: number;
  readonly [what: string]: unknown;
}

/** How a program ended. */
export interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** A program that we have started ourselves. */
export class Started {
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;
  output = '';

  constructor(child: ChildProcess) {
    this.#child = child;
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
      });
    }
    this.#closed = once(child, 'close');
  }

  get isOver(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  async ended(): Promise<Ended> {
    await this.#closed;
    return { code: this.#child.exitCode, output: this.output };
  }

  /** @throws Error unless it has ended with 0 */
  async endedWell(): Promise<void> {
    const { code, output } = await this.ended();
    if (code !== 0) throw new Error(`it ended with ${code}: ${output}`);
  }

  /** Ends it with all that it has started. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (!this.isOver) process.kill(-this.#child.pid!, signal);
    await this.#closed;
  }
}

export class StartedApp {
  readonly #reader: KernelReader;
  readonly #scratch = mkdtempSync(join(tmpdir(), 'schedhint-started-'));
  readonly #programs: Started[] = [];

  constructor(reader: KernelReader) {
    this.#reader = reader;
  }

  /** Runs an app in its own folder: what it has left running ends with it. */
  static async run<T>(reader: KernelReader, use: (app: StartedApp) => Promise<T>): Promise<T> {
    const app = new StartedApp(reader);
    try {
      return await use(app);
    } finally {
      await app.#remove();
    }
  }

  /** The environment of an app that is to be seen. */
  env(others: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
    return {
      ...process.env,
      NODE_OPTIONS: '',
      SCHEDHINT_MAP: this.#reader.map,
      SCHEDHINT_BROKER: '',
      SAY_IN: this.#scratch,
      ...others,
    };
  }

  /** Starts a program; it sees no network but the machine's own. */
  start(
    command: string,
    args: readonly string[],
    { cwd, env = {} }: { cwd: string; env?: NodeJS.ProcessEnv },
  ): Started {
    const script = 'ip link set lo up && exec "$@"';
    const child = spawn('unshare', ['--net', 'sh', '-c', script, 'sh', command, ...args], {
      cwd,
      env: this.env(env),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true, // its own group, to end it whole
    });
    const started = new Started(child);
    this.#programs.push(started);
    return started;
  }

  /** Waits until a thread has said something under this name. */
  async said(name: string, isNew: (said: Said) => boolean = () => true): Promise<Said> {
    const file = join(this.#scratch, `${name}.json`);
    let said: Said | undefined;
    const look = () => {
      if (existsSync(file)) said = JSON.parse(readFileSync(file, 'utf8')) as Said;
      else if (this.#programs.some(({ isOver }) => isOver)) throw new Error(this.#output());
      return said !== undefined && isNew(said);
    };
    await until(`${name} has said so`, look, () => this.#output());
    return said!;
  }

  /** Waits until the kernel sees collections of a thread that has said its name, and of a hinted one its urgency. */
  async seen(
    name: string,
    { hinted, isNew }: { hinted: boolean; isNew?: (said: Said) => boolean },
  ): Promise<{ said: Said; thread: ObservedThread }> {
    const said = await this.said(name, isNew);
    const thread = await this.#reader.thread(
      `${name}, thread ${said.tid}${hinted ? ', its urgency' : ''} and its collections`,
      ({ tid, gcCount, hints }) =>
        tid === said.tid && gcCount > 0 && hints.urgency === (hinted ? 900 : 0),
    );
    return { said, thread };
  }

  /** Whether the kernel knows anything of a thread. */
  async isKnown({ tid }: Said): Promise<boolean> {
    return (await this.#reader.threads()).some((thread) => thread.tid === tid);
  }

  /** Asks all of the app to end. */
  end(): void {
    writeFileSync(join(this.#scratch, 'end'), '');
  }

  #output(): string {
    return this.#programs.map(({ output }) => output).join('\n');
  }

  async #remove(): Promise<void> {
    this.end();
    for (const program of this.#programs) await program.kill();
    rmSync(this.#scratch, { recursive: true, force: true });
  }
}
