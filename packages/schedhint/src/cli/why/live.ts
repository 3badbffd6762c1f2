// Draws the table of `schedhint why` on the terminal's alternate screen, each second, until q or Ctrl-C.

import { emitKeypressEvents, type Key } from 'node:readline';
import type { Paint } from '@schedhint/core/cli';
import type { ProcessUse } from '../process/use.js';
import { columnsFor, inOrder, line, titles } from './table.js';

const ESC = '\x1b[';
const ENTER = `${ESC}?1049h${ESC}?25l`;
const LEAVE = `${ESC}?25h${ESC}?1049l`;
/** Above the rows: what is shown, and the titles; below: what is known, and the keys. */
const OTHER_LINES = 4;

/** The whole terminal, until {@link Live.close}. */
export class Live {
  readonly #out: NodeJS.WriteStream;
  readonly #in: NodeJS.ReadStream;
  readonly #paint: Paint;
  readonly #onQuit: () => void;

  constructor(out: NodeJS.WriteStream, input: NodeJS.ReadStream, paint: Paint, onQuit: () => void) {
    this.#out = out;
    this.#in = input;
    this.#paint = paint;
    this.#onQuit = onQuit;
  }

  open(): void {
    this.#out.write(ENTER);
    if (!this.#in.isTTY) return;
    this.#in.setRawMode(true);
    emitKeypressEvents(this.#in);
    this.#in.on('keypress', this.#press);
    this.#in.resume();
  }

  close(): void {
    if (this.#in.isTTY) {
      this.#in.off('keypress', this.#press);
      this.#in.setRawMode(false);
      this.#in.pause();
    }
    this.#out.write(LEAVE);
  }

  show(heading: string, use: ProcessUse, known: string): void {
    const { columns: width, rows: height } = this.#out;
    const cut = (text: string) => text.slice(0, width);
    const columns = columnsFor(use.threads);
    const room = Math.max(1, height - OTHER_LINES);
    const rows = inOrder(use.threads).map((thread) => line(columns, thread, use.ms));
    const lines = [
      this.#paint('bold', cut(heading)),
      this.#paint('reverse', cut(titles(columns).padEnd(width))),
      ...rows.slice(0, room).map(cut),
    ];
    while (lines.length < room + 2) lines.push('');
    lines.push(this.#paint('dim', cut(known)), this.#paint('dim', 'q quit, with a summary'));
    // Over what is there, and not after clearing it: that would flicker.
    this.#out.write(`${ESC}H${lines.map((text) => `${text}${ESC}K`).join('\r\n')}`);
  }

  readonly #press = (_text: string | undefined, { name = '', ctrl = false }: Key): void => {
    if (name === 'q' || (ctrl && name === 'c')) this.#onQuit();
  };
}
