// Runs a child process that takes commands as lines on stdin and answers with JSON lines on stdout.

import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

type Line = Record<string, unknown>;

/** A program that prints JSON lines and takes commands as lines; it ends with its stdin. */
export class LineProcess {
  readonly #child: ChildProcess;
  readonly #lines: Line[] = [];
  readonly #ended: Promise<unknown>;
  #stderr = '';
  #isOver = false;
  readonly #waiting: ((line: Line | null) => void)[] = [];

  /** @param env - besides this process's own */
  constructor(
    command: string,
    args: readonly string[],
    { cwd, env }: Pick<SpawnOptions, 'cwd' | 'env'> = {},
  ) {
    this.#child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text));
    const lines = createInterface({ input: this.#child.stdout! });
    lines.on('line', (line) => {
      const parsed = JSON.parse(line) as Line;
      const next = this.#waiting.shift();
      if (next !== undefined) next(parsed);
      else this.#lines.push(parsed);
    });
    this.#ended = Promise.all([once(this.#child, 'close'), once(lines, 'close')]).then(() => {
      this.#isOver = true;
      for (const next of this.#waiting.splice(0)) next(null);
    });
    this.#child.stdin!.on('error', () => {}); // it has ended: next() says so
  }

  get pid(): number {
    return this.#child.pid!;
  }

  send(line: string): void {
    this.#child.stdin!.write(`${line}\n`);
  }

  /** The next line; an error, with what it had to say, if it ends instead. */
  async next(): Promise<Line> {
    const line =
      this.#lines.shift() ??
      (this.#isOver ? null : await new Promise<Line | null>((next) => this.#waiting.push(next)));
    if (line === null) throw new Error(`${this.#child.spawnfile} has ended: ${this.#stderr}`);
    return line;
  }

  /** Closes its stdin and waits for its end; what it printed and no one took is returned. */
  async end(): Promise<{ code: number | null; rest: Line[]; stderr: string }> {
    this.#child.stdin!.end();
    await this.#ended;
    return { code: this.#child.exitCode, rest: this.#lines.splice(0), stderr: this.#stderr };
  }

  /** Ends it as no one can prevent, and waits for that. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}
