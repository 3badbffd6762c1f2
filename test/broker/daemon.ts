import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { until } from '../kernel/until.js';

const PROGRAM = fileURLToPath(new URL('../../broker/build/schedhint-broker', import.meta.url));

/** A schedhint-broker that has said it is ready. */
export class Daemon {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #log = '';

  private constructor(options: readonly string[]) {
    this.#child = spawn(PROGRAM, options, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.#log += text));
    this.#ended = once(this.#child, 'close');
  }

  static async start(socket: string, ...options: string[]): Promise<Daemon> {
    const daemon = new Daemon(['--socket', socket, ...options]);
    await until(
      'the broker is ready',
      () => daemon.#log.includes('event=ready') || daemon.#child.exitCode !== null,
    );
    if (daemon.#child.exitCode !== null) throw new Error(`the broker has ended: ${daemon.#log}`);
    return daemon;
  }

  /** What it has logged so far. */
  get log(): string {
    return this.#log;
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill(signal);
    await this.#ended;
  }
}
