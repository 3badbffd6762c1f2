// Where the table goes: a terminal, where it is redrawn in place, or a file or pipe, where it is
// printed now and then, or nowhere.

import { table } from './table.mjs';

const PLAIN_EVERY_MS = 2000;

export class Screen {
  #out;
  #head;
  #drawn = 0;
  #printed = 0;

  /** @param {import('node:tty').WriteStream | null} out null: say nothing */
  constructor(out) {
    this.#out = out;
  }

  /** @param {Parameters<typeof table>[0]} head */
  begin(head) {
    this.#head = head;
    this.#printed = performance.now();
  }

  /**
   * @param {any[]} threads
   * @param {import('./observer.mjs').Snapshot | null} snapshot
   */
  update(threads, snapshot) {
    if (this.#out === null) return;
    if (this.#out.isTTY) {
      this.#redraw(table(this.#head, threads, snapshot?.ns));
    } else if (performance.now() - this.#printed >= PLAIN_EVERY_MS) {
      this.#printed = performance.now();
      this.#print(table(this.#head, threads, snapshot?.ns));
    }
  }

  /** The last table, which stays. */
  end(threads, snapshot) {
    if (this.#out === null) return;
    if (this.#out.isTTY) this.#redraw(table(this.#head, threads, snapshot?.ns));
    else this.#print(table(this.#head, threads, snapshot?.ns));
  }

  #print(lines) {
    this.#out.write(`${lines.join('\n')}\n\n`);
  }

  #redraw(lines) {
    // A line that wraps would take two rows, and a table taller than the terminal can't be redrawn.
    const { columns, rows } = this.#out;
    const shown = lines.slice(0, (rows || 24) - 1).map((line) => line.slice(0, columns || 80));
    const up = this.#drawn > 0 ? `\x1b[${this.#drawn}A` : '';
    this.#out.write(`${up}\r\x1b[J${shown.join('\n')}\n`);
    this.#drawn = shown.length;
  }
}
