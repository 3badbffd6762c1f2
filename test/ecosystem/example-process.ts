// Runs a program of examples/ as a child process and reads the JSON lines that it prints.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

type Line = Record<string, unknown>;

/** The deadline that a test gives an example's work: long enough not to expire during the test. */
export const DUE_MS = 25_000;

/** A Node.js program of examples/ that prints JSON lines, and ends at SIGTERM or on its own. */
export class Example {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterableIterator<string>;
  #stderr = '';

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text));
    this.#lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  }

  /** @param name its path in examples/ */
  static start(name: string, env: NodeJS.ProcessEnv, args: readonly string[] = []): Example {
    const program = fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));
    return new Example(
      spawn(process.execPath, [program, ...args], {
        // No broker of the machine's.
        env: {
          ...process.env,
          NODE_OPTIONS: '',
          SCHEDHINT_BROKER: '',
          PORT: '0',
          DUE_MS: String(DUE_MS),
          ...env,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    );
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** The next line; an error, with what it had to say, if it ends instead. */
  async next(): Promise<Line> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`the example has ended: ${this.#stderr}`);
    return JSON.parse(value) as Line;
  }

  /** Asks it to end. */
  async stop(): Promise<void> {
    const closed = once(this.#child, 'close');
    this.#child.kill('SIGTERM');
    const [code, signal] = await closed;
    if (code !== 0) throw new Error(`it ended with ${code ?? signal}: ${this.#stderr}`);
  }

  /** Ends it for good; for `finally`. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const closed = once(this.#child, 'close');
    this.#child.kill('SIGKILL');
    await closed;
  }
}
