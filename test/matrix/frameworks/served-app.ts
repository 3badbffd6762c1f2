// Starts an app of a framework, whose handlers the row holds, and asks what the kernel sees of its main thread: see gate.cjs.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../rig/until.js';
import type { KernelReader } from '../row.js';

/** How often it is looked at while something must stay as it is. */
const LOOKS = 10;

export interface Seen {
  readonly urgency: number;
  readonly isDue: boolean;
}

export class ServedApp {
  readonly #child: ChildProcess;
  readonly #reader: KernelReader;
  #held = 0;
  #port = 0;
  #output = '';

  /** @param program its path and arguments @param folder where gate.cjs and config.json are */
  private constructor(node: string, program: string[], folder: string, reader: KernelReader) {
    this.#reader = reader;
    // This is all of what an app needs for its requests to be hints.
    const preload = ['--require', 'schedhint/register'];
    const env = { SCHEDHINT_CONFIG: `${folder}/config.json`, SCHEDHINT_MAP: reader.map };
    this.#child = spawn(node, [...preload, '--require', './gate.cjs', ...program], {
      cwd: folder,
      env: { ...process.env, NODE_OPTIONS: '', SCHEDHINT_BROKER: '', ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
    }
    this.#child.on('message', (message: { held?: number; port?: number }) => {
      this.#held = message.held ?? this.#held;
      this.#port = message.port ?? this.#port;
    });
  }

  static async start(
    node: string,
    program: string[],
    folder: string,
    reader: KernelReader,
  ): Promise<ServedApp> {
    const app = new ServedApp(node, program, folder, reader);
    await app.#until('it listens', () => app.#port !== 0);
    await app.isSeen(0, false);
    return app;
  }

  get port(): number {
    return this.#port;
  }

  /** Waits until its handlers hold so many requests. */
  holds(count: number): Promise<void> {
    return this.#until(`it holds ${count}`, () => this.#held === count);
  }

  /** Lets them answer, or throw. */
  async release(how: 'answer' | 'fail'): Promise<void> {
    this.#child.send(how);
    await this.holds(0);
  }

  /** Waits until the kernel sees this, and sees that it stays so. */
  async isSeen(urgency: number, isDue: boolean): Promise<void> {
    await this.#until(`the kernel sees ${urgency}`, async () => {
      const seen = await this.#seen();
      return seen?.urgency === urgency && seen.isDue === isDue;
    });
    await this.#stays((seen) => seen?.urgency === urgency && seen.isDue === isDue);
  }

  /** Waits until what is held is over: only the load's requests are in flight, if there are any. */
  async isSeenOver(): Promise<void> {
    const isOver = (seen: Seen | undefined) =>
      seen !== undefined && seen.urgency <= 256 && !seen.isDue;
    await this.#until('the kernel sees the end', async () => isOver(await this.#seen()));
    await this.#stays(isOver);
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const closed = once(this.#child, 'close');
    this.#child.kill('SIGKILL');
    await closed;
  }

  async #stays(isRight: (seen: Seen | undefined) => boolean): Promise<void> {
    for (let look = 0; look < LOOKS; look++) {
      await sleep(5);
      const seen = await this.#seen();
      if (!isRight(seen)) throw new Error(`the kernel sees ${JSON.stringify(seen)} in between`);
    }
  }

  async #seen(): Promise<Seen | undefined> {
    const threads = await this.#reader.threads();
    const main = threads.find(({ tid }) => tid === this.#child.pid);
    return main && { urgency: main.hints.urgency, isDue: main.hints.deadlineNs !== '0' };
  }

  async #until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
    const state = async () => ({ held: this.#held, seen: await this.#seen(), said: this.#output });
    await until(what, () => this.#isRunning() && condition(), state);
  }

  #isRunning(): boolean {
    if (this.#child.exitCode === null && this.#child.signalCode === null) return true;
    throw new Error(`it has ended: ${this.#output}`);
  }
}
