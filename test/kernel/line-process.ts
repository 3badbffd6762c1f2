import { type ChildProcess, spawn } from 'node:child_process';
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
  #wake: () => void = () => {};

  constructor(command: string, args: readonly string[]) {
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text));
    const lines = createInterface({ input: this.#child.stdout! });
    lines.on('line', (line) => {
      this.#lines.push(JSON.parse(line) as Line);
      this.#wake();
    });
    this.#ended = Promise.all([once(this.#child, 'close'), once(lines, 'close')]).then(() => {
      this.#isOver = true;
      this.#wake();
    });
    this.#child.stdin!.on('error', () => {}); // it has ended: next() says so
  }

  send(line: string): void {
    this.#child.stdin!.write(`${line}\n`);
  }

  /** The next line; an error, with what it had to say, if it ends instead. */
  async next(): Promise<Line> {
    while (this.#lines.length === 0) {
      if (this.#isOver) throw new Error(`${this.#child.spawnfile} has ended: ${this.#stderr}`);
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    return this.#lines.shift()!;
  }

  /** Closes its stdin and waits for its end; what it printed and nobody took is returned. */
  async end(): Promise<{ code: number | null; rest: Line[] }> {
    this.#child.stdin!.end();
    await this.#ended;
    return { code: this.#child.exitCode, rest: this.#lines.splice(0) };
  }
}
