// Draws the live table of `schedhint top` on the terminal's alternate screen, and handles its keys (scroll, sort, quit).

import { emitKeypressEvents, type Key } from 'node:readline';
import type { Paint } from '@schedhint/core/cli';
import type { HelperTotals, Row } from './rows.js';
import {
  COLUMN_NAMES,
  type ColumnName,
  columnOfKey,
  line,
  type Order,
  sorted,
  summary,
  titles,
} from './table.js';

const ESC = '\x1b[';
const ENTER = `${ESC}?1049h${ESC}?25l`;
const LEAVE = `${ESC}?25h${ESC}?1049l`;
const HELP =
  'q quit  up/down scroll  left/right, letter: sort by  g GC%  d DELAY%  x IN GC  p PREE/s  c CPU%  u URG  i PID  r reverse';
/** Above the rows: the summary and the titles; below: the help. */
const OTHER_LINES = 3;

const NOBODY =
  'No thread is bound to this map yet. `schedhint doctor`, run as the application runs, says why.';

/** What there is to show. */
export interface Shown {
  readonly rows: readonly Row[];
  readonly helpers: HelperTotals;
  readonly map: { readonly map: string; readonly id: number };
}

/** The whole terminal, until a key or a signal ends it. */
export class Screen {
  readonly #out: NodeJS.WriteStream;
  readonly #in: NodeJS.ReadStream;
  readonly #paint: Paint;
  readonly #onQuit: () => void;
  #order: Order;
  #scroll = 0;
  #shown: Shown | null = null;

  constructor(
    out: NodeJS.WriteStream,
    input: NodeJS.ReadStream,
    paint: Paint,
    column: ColumnName,
    onQuit: () => void,
  ) {
    this.#out = out;
    this.#in = input;
    this.#paint = paint;
    this.#order = { column, reverse: false };
    this.#onQuit = onQuit;
  }

  open(): void {
    this.#out.write(ENTER);
    this.#out.on('resize', this.#draw);
    if (!this.#in.isTTY) return;
    this.#in.setRawMode(true);
    emitKeypressEvents(this.#in);
    this.#in.on('keypress', this.#press);
    this.#in.resume();
  }

  close(): void {
    this.#out.off('resize', this.#draw);
    if (this.#in.isTTY) {
      this.#in.off('keypress', this.#press);
      this.#in.setRawMode(false);
      this.#in.pause();
    }
    this.#out.write(LEAVE);
  }

  show(shown: Shown): void {
    this.#shown = shown;
    this.#draw();
  }

  readonly #press = (_text: string | undefined, { name = '', ctrl = false }: Key): void => {
    if (name === 'q' || (ctrl && name === 'c')) this.#onQuit();
    else this.#act(name);
    this.#draw();
  };

  #act(key: string): void {
    const { column, reverse } = this.#order;
    const beside = (step: number) => {
      const at = COLUMN_NAMES.indexOf(column) + step + COLUMN_NAMES.length;
      this.#order = { column: COLUMN_NAMES[at % COLUMN_NAMES.length]!, reverse };
    };
    switch (key) {
      case 'up':
        this.#scroll = Math.max(0, this.#scroll - 1);
        return;
      case 'down':
        this.#scroll++;
        return;
      case 'left':
        beside(-1);
        return;
      case 'right':
        beside(1);
        return;
      case 'r':
        this.#order = { column, reverse: !reverse };
        return;
    }
    const chosen = columnOfKey(key);
    if (chosen !== undefined) this.#order = { column: chosen, reverse: false };
  }

  readonly #draw = (): void => {
    if (this.#shown === null) return;
    const { rows, helpers, map } = this.#shown;
    const room = Math.max(1, this.#out.rows - OTHER_LINES);
    this.#scroll = Math.min(this.#scroll, Math.max(0, rows.length - room));
    const visible = sorted(rows, this.#order).slice(this.#scroll, this.#scroll + room);
    const cut = (text: string) => text.slice(0, this.#out.columns);
    const lines = [
      this.#paint('bold', cut(summary(rows, helpers, map))),
      this.#paint('reverse', cut(titles(this.#order).padEnd(this.#out.columns))),
      ...visible.map((row) => this.#line(row, cut)),
    ];
    if (rows.length === 0) lines.push(cut(NOBODY));
    while (lines.length < room + OTHER_LINES - 1) lines.push('');
    lines.push(this.#paint('dim', cut(HELP)));
    // Over what is there, and not after clearing it: that would flicker.
    this.#out.write(`${ESC}H${lines.map((text) => `${text}${ESC}K`).join('\r\n')}`);
  };

  #line(row: Row, cut: (text: string) => string): string {
    const text = cut(line(row));
    if (row.gc === 'major') return this.#paint('red', text);
    return row.gc === '' ? text : this.#paint('yellow', text);
  }
}
